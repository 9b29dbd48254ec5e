#!/bin/sh
# run.sh OUTDIR [versions]: OUTDIR/go<version>.csv of each version (default: one of each pace).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "$1" && pwd)
shift
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cp "$here/main.go.txt" "$dir/main.go"
cd "$dir"
for v in ${*:-1.13.15 1.14.15 1.16.15 1.18.10 1.22.12 1.27.0}; do
	root=$(GOENV=off GOFLAGS= GOTOOLCHAIN=go$v go env GOROOT)
	GOENV=off GOFLAGS= GO111MODULE=off GOTOOLCHAIN=local GOROOT="$root" "$root/bin/go" build -o pace main.go
	echo ms,heap_released,heap_idle,heap_inuse > "$out/go$v.csv"
	GOMAXPROCS=2 ./pace | tr ' ' , >> "$out/go$v.csv"
done

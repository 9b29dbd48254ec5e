#!/bin/sh
# run.sh OUTDIR VERSION...: OUTDIR/go<version>.csv of each version (to 1.25: from 1.26 on the heap begins at a random address).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "$1" && pwd)
shift
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cp "$here/main.go.txt" "$dir/main.go"
cd "$dir"
for v in "$@"; do
	root=$(GOENV=off GOFLAGS= GOTOOLCHAIN=go$v go env GOROOT)
	GOENV=off GOFLAGS= GO111MODULE=off GOTOOLCHAIN=local GOROOT="$root" "$root/bin/go" build -o growth main.go
	echo pages,page,sys > "$out/go$v.csv"
	GOMAXPROCS=1 ./growth >> "$out/go$v.csv"
done

#!/bin/sh
# Runs the benchmark under the Go versions given (default 1.13.15 and 1.14.15) with 1 and 2 Ps.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cp "$here/main.go.txt" "$dir/main.go"
: > "$dir/empty.s" # lets functions without bodies be linked in
cd "$dir"
for v in ${*:-1.13.15 1.14.15}; do
	root=$(GOENV=off GOFLAGS= GOTOOLCHAIN=go$v go env GOROOT)
	GOENV=off GOFLAGS= GO111MODULE=off GOTOOLCHAIN=local GOROOT="$root" "$root/bin/go" build -o bench .
	for p in 1 2; do ./bench $p; done
done

#!/bin/sh
# generate.sh GOROOT VERSION OUTDIR: writes OUTDIR/scavenger/*.ndjson.gz with the scavenger of the runtime in GOROOT
# (Go 1.19 or newer; it is only read, but must lie outside the module cache).
set -eu
root=$(cd "$1" && pwd)
version=$2
mkdir -p "$3/scavenger"
out=$(cd "$3/scavenger" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
printf '{"Replace":{"%s":"%s"}}' "$root/src/runtime/zz_pace_test.go" "$here/controller_test.go.txt" > "$tmp/overlay.json"
(cd "$root/src/runtime" && GOROOT=$root GOENV=off GOFLAGS= GODEBUG=goindex=0 GOTOOLCHAIN=local "$root/bin/go" test -vet=off -overlay "$tmp/overlay.json" -c -o "$tmp/test" runtime)
PACE_OUT=$out PACE_VERSION=$version "$tmp/test" -test.run TestScavengerPaceVectors
gzip -9nf "$out"/*.ndjson

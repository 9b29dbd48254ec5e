#!/bin/sh
# generate.sh GOROOT VERSION OUTDIR: writes OUTDIR/spanheap/*.ndjson with the runtime in GOROOT, a writable copy of
# Go 1.11.13 (VERSION 1.11), 1.12.0 to 1.12.4 (VERSION 1.12.0 ... 1.12.4) or a later 1.12 (VERSION 1.12).
# SPANHEAP_SEED=n in the environment is added to every seed.
set -eu
root=$(cd "$1" && pwd)
version=$2
mkdir -p "$3"
out=$(cd "$3" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
rt=$root/src/runtime

# The runtime's own tests are not needed and slow the build; export_*_test.go are.
mkdir -p "$rt.tests"
for f in "$rt"/*_test.go; do
	case $f in */export_*test.go) ;; *) mv "$f" "$rt.tests/" ;; esac
done
case $version in
1.11) heap=1.11 ;;
*) heap=1.12 ;;
esac
cp "$here/clock.go.txt" "$rt/spanheap_clock.go"
cp "$here/run_test.go.txt" "$rt/spanheap_run_test.go"
cp "$here/heap_${heap}_test.go.txt" "$rt/spanheap_heap_test.go"
cp "$here/write_test.go.txt" "$rt/spanheap_write_test.go"
sed -i 's/s\.unusedsince = nanotime()/s.unusedsince = spanheapNanotime()/' "$rt/mheap.go"
grep -q spanheapNanotime "$rt/mheap.go"

bin=$(mktemp)
trap 'rm -f "$bin"' EXIT
(cd "$rt" && GOROOT=$root GOENV=off GOFLAGS= GOTOOLCHAIN=local GO111MODULE= "$root/bin/go" test -vet=off -c -o "$bin" runtime)
SPANHEAP_OUT=$out SPANHEAP_VERSION=$version "$bin" -test.run TestSpanHeapVectors -test.v

#!/bin/sh
# build.sh DIRECTORY: libflengine.so into it, and its header. GO, CC, GOARCH, GOAMD64 and the like
# are as go has them.
set -eu
[ $# = 1 ] || { echo "usage: $0 DIRECTORY" >&2; exit 2; }
mkdir -p "$1"
to=$(cd "$1" && pwd)
cd "$(dirname "$0")"
# Without symbols, and without paths and versions of this machine: the same source gives the same bytes.
CGO_ENABLED=1 ${GO:-go} build -buildmode=c-shared -trimpath -buildvcs=false \
	-ldflags "-s -w -extldflags '-Wl,-soname,libflengine.so -Wl,--version-script=$PWD/exports.map -Wl,-z,defs'" \
	-o "$to/libflengine.so" .
rm -f "$to/libflengine.h" # cgo's own, of what entry.c calls
cp flengine.h "$to/"

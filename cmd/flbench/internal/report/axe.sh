#!/usr/bin/env bash
# Holds pages of flbench report, in Chromium, against the rules of axe-core on access, which it
# fetches from npm's registry. The file is used, not kept: its licence is the MPL 2.0.
set -euo pipefail
cd "$(dirname "$0")"
version=4.14.1
sum=e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
curl -fsSL --retry 3 --max-time 120 -o "$work/axe.tgz" "https://registry.npmjs.org/axe-core/-/axe-core-$version.tgz"
echo "$sum  $work/axe.tgz" | sha256sum -c --quiet
tar xzf "$work/axe.tgz" -C "$work" package/axe.min.js
FLENGINE_AXE=$work/package/axe.min.js FLENGINE_REQUIRE_CHROMIUM=1 ${GO:-go} test -tags axe -count=1 -v -run TestAxe .

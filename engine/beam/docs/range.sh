#!/bin/sh
# usage: range.sh PATH [flags of flbench merge]
# Evaluates one large file in eight tasks, two at a time.
set -eu
path=$1
shift
mkdir ranges
seq 8 | xargs -P 2 -I I flbench eval --workers 1 --range I/8 --partial ranges/I.jsonl "$path"
flbench merge "$@" --expect 1 ranges/*.jsonl

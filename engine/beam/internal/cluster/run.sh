#!/usr/bin/env bash
# Runs the recipes of engine/beam/docs and flbeam on what they are for, all on this
# machine: Dask with two processes, Spark with two executors, apache-beam's job service with
# two workers. Spark needs Java 17 or later. Flags are those of go test, such as -run Dask,
# and -anchors and -shards for other data than 77.9 million scores in 32 files.
#
# It makes a virtual environment of 1.2 GB in $VENV, by default flengine-cluster in the
# user's cache, with the versions of requirements.txt, and uses it again the next time.
set -euo pipefail
cd "$(dirname "$0")"
venv=${VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/flengine-cluster}
command -v java >/dev/null || {
	echo 'run.sh: no java: Spark wants Java 17 or later, as of apt-get install openjdk-17-jre-headless' >&2
	exit 1
}
stamp=$venv/installed-$(cksum <requirements.txt | tr ' ' -)
if [ ! -e "$stamp" ]; then
	[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
	"$venv/bin/pip" install -r requirements.txt
	touch "$stamp"
fi
FLENGINE_CLUSTER_VENV=$venv ${GO:-go} test -tags cluster -count=1 -timeout 1h -v . -anchors 973750 -shards 32 "$@"

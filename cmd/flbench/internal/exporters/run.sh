#!/usr/bin/env bash
# Runs the exporters of cmd/flbench/docs against the packages that they are for, with
# random weights and a made-up image, and holds what flbench makes of their files
# against the packages' own losses.
#
# usage: run.sh [torchvision] [ultralytics] [mmdetection]
#
# It makes a virtual environment of 6 GB in $VENV, by default flengine-exporters in
# the user's cache, with the versions below, and uses it again the next time.
set -euo pipefail
cd "$(dirname "$0")"
venv=${VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/flengine-exporters}
[ $# -gt 0 ] || set -- torchvision ultralytics mmdetection

# install NAME PACKAGE...: unless that was done.
install() {
	local name=$1 stamp
	shift
	stamp="$venv/$name: $*"
	stamp="$venv/installed-$(cksum <<<"$stamp" | tr ' ' -)"
	[ -e "$stamp" ] || { "$venv/bin/pip" install "$@" && touch "$stamp"; }
}

[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
install torch torch==2.15.0 torchvision==0.29.2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/flbench" github.com/flengine/flengine/cmd/flbench
export YOLO_CONFIG_DIR=$work # what Ultralytics writes on its first run

for name; do
	case $name in
	torchvision) ;;
	ultralytics) install "$name" ultralytics-opencv-headless==8.4.190 ;;
	mmdetection)
		# mmcv without its compiled operators, which the dense heads do not need; its
		# setup.py wants an old setuptools.
		install setuptools 'setuptools<80' wheel
		install "$name" --no-build-isolation mmcv-lite==2.1.0 mmengine==0.10.7 pycocotools shapely terminaltables scipy six tqdm
		install mmdet --no-deps mmdet==3.3.0
		;;
	*)
		echo "run.sh: unknown package $name: want torchvision, ultralytics or mmdetection" >&2
		exit 2
		;;
	esac
	mkdir "$work/$name"
	"$venv/bin/python" check.py "$name" "$work/flbench" "$work/$name"
done

#!/usr/bin/env bash
# Runs the tests of flengine.torch with the library of this tree, with two PyTorches: that of
# Debian (packages python3-torch, python3-numpy, python3-pytest) and the newest of PyPI.
#
# usage: run.sh [debian] [pypi]
#
# The latter is, with torchvision, in a virtual environment of 6 GB in $VENV, by default
# flengine-torch in the user's cache, which is brought up to date each time. PYTHON is the Python
# that makes it. With PyPI's no test may be skipped; with Debian's pytest says which were, and why.
# Beside PyPI's run those of the package's other tests that want more than NumPy: LightGBM, XGBoost,
# scikit-learn, README's snippets, and mypy.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/flengine-torch}
[ $# -gt 0 ] || set -- debian pypi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${GO:-go}" build -buildmode=c-shared -trimpath -o "$work/libflengine.so" github.com/flengine/flengine/cmd/libflengine
export FLENGINE_LIBRARY=$work/libflengine.so PYTHONPATH=$PWD PYTHONDONTWRITEBYTECODE=1
export TORCHINDUCTOR_CACHE_DIR=$work/inductor

# tests PYTHON: bounded, as a hang is what a forked Go runtime would do.
tests() {
	"$1" -c 'import torch; print("PyTorch", torch.__version__)'
	timeout --kill-after=10 30m "$1" -m pytest -q -p no:cacheprovider --show-capture=stdout tests_torch
}

for which; do
	case $which in
	debian)
		python=/usr/bin/python3
		"$python" -c 'import torch, numpy, pytest' 2>/dev/null || {
			echo "run.sh: Debian's PyTorch is missing: apt-get install python3-torch python3-numpy python3-pytest" >&2
			exit 1
		}
		tests "$python"
		;;
	pypi)
		[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
		"$venv/bin/python" -m pip install -q --upgrade torch torchvision numpy pytest setuptools lightgbm xgboost scikit-learn mypy
		export FLENGINE_REQUIRE_TORCH=1 FLENGINE_REQUIRE_BOOSTING=1 FLENGINE_REQUIRE_MYPY=1
		tests "$venv/bin/python"
		timeout --kill-after=10 30m "$venv/bin/python" -m pytest -q -p no:cacheprovider tests/test_{boosting,docs,types}.py
		;;
	*)
		echo "run.sh: unknown PyTorch $which: want debian or pypi" >&2
		exit 2
		;;
	esac
done

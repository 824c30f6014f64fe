#!/usr/bin/env bash
# wheels.sh DIRECTORY [native | amd64 | arm64]...: wheels of the Python package into DIRECTORY, each
# tested as it is installed, in a virtual environment of its own.
#
# native is a wheel for this machine, by its own C compiler, that glibcs as new as this one's can
# load. The others, both where none is named, are for glibc 2.17 and later, by PyPI's ziglang, and
# checked by auditwheel. Of this machine's architecture the package's tests run, and of the other
# one, under qemu-ARCH-static, the library's own; with SYSROOT, a folder with a Debian of that
# architecture, the package's tests, too. One comes by
#
#     debootstrap --arch=arm64 --foreign --variant=minbase --include=python3 bookworm SYSROOT
#     for deb in SYSROOT/var/cache/apt/archives/*.deb; do dpkg-deb -x $deb SYSROOT; done
#
# GO and PYTHON name the programs.
set -euo pipefail
unset FLENGINE_LIBRARY
[ $# -ge 1 ] || { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- amd64 arm64
here=$(cd "$(dirname "$0")" && pwd)
go=${GO:-go} python=${PYTHON:-python3}
host=$($go env GOHOSTARCH)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

zig=
tools=(build "setuptools>=77")
for arch; do
	case $arch in
	native) ;;
	amd64 | arm64) zig=1 ;;
	*) echo "wheels.sh: $arch: want native, amd64 or arm64" >&2; exit 2 ;;
	esac
done
[ -z "$zig" ] || tools+=(ziglang auditwheel)
$python -m venv "$work/tools"
"$work/tools/bin/pip" install -q "${tools[@]}"

declare -A machine=([amd64]=x86_64 [arm64]=aarch64)

# hazards LIBRARIES COMPILER...: the library's own tests, those of C programs, and what it prints of
# its bits.
hazards() {
	local libraries=$1 test
	shift
	cp "$libraries/libflengine.so" "$libraries/second.so"
	"$@" -std=gnu99 -O2 -I "$libraries" "$here/testdata/hazards.c" -o "$libraries/hazards" -lpthread -lm -ldl
	for test in small fork "fork before" threads "small stacks" signals fault two "loading environment" environment; do
		timeout 300 $emulator "$libraries/hazards" "$test" "$libraries/libflengine.so" "$libraries/second.so" >"$libraries/bits" ||
			{ echo "wheels.sh: $libraries: hazards $test failed" >&2; return 1; }
	done
}

for target; do
	arch=$target platform= emulator= compiler=(cc)
	if [ "$target" = native ]; then
		arch=$host
		[ "$arch" = amd64 ] || [ "$arch" = arm64 ] || { echo "wheels.sh: native: this is $arch: want amd64 or arm64" >&2; exit 2; }
		platform=linux_${machine[$arch]}
		"$here/build.sh" "$work/$target"
	else
		platform=manylinux2014_${machine[$arch]} # pip knew that name first
		compiler=("$work/tools/bin/python-zig" cc -target "${machine[$arch]}-linux-gnu.2.17")
		GOARCH=$arch CC="${compiler[*]}" "$here/build.sh" "$work/$target"
	fi
	ls -l "$work/$target/libflengine.so"

	# The source folder stays as it is.
	mkdir -p "$work/$target/source"
	cp -r "$here/python/"{pyproject.toml,setup.py,README.md,flengine} "$here/../../LICENSE" "$work/$target/source/"
	rm -rf "$work/$target/source/flengine/"{__pycache__,libflengine.*}
	cp "$work/$target/libflengine.so" "$work/$target/source/flengine/"
	"$work/tools/bin/python" -m build --wheel --no-isolation -C--build-option=--plat-name="$platform" \
		-o "$work/$target/wheel" "$work/$target/source" >"$work/log" || { cat "$work/log" >&2; exit 1; }
	wheel=$(echo "$work/$target/wheel/"*.whl)
	case $wheel in
	*-py3-none-"$platform".whl) ;;
	*) echo "wheels.sh: built $wheel: want one for py3-none-$platform" >&2; exit 1 ;;
	esac
	if [ "$target" != native ]; then
		"$work/tools/bin/auditwheel" show "$wheel" | tee "$work/audit"
		grep -q "\"manylinux_2_17_${machine[$arch]}\"" "$work/audit" || { echo "wheels.sh: auditwheel does not take it for manylinux_2_17" >&2; exit 1; }
	fi

	if [ "$arch" = "$host" ]; then
		hazards "$work/$target" "${compiler[@]}"
		cp "$work/$target/bits" "$work/bits"
		$python -m venv "$work/$target/venv"
		"$work/$target/venv/bin/pip" install -q "$wheel" pytest ml_dtypes safetensors
		# Not from here, where Python would find the source.
		(cd "$work" && "$work/$target/venv/bin/pytest" -q -p no:cacheprovider "$here/python/tests")
	else
		emulator=qemu-${machine[$arch]}-static
		command -v "$emulator" >/dev/null || { echo "wheels.sh: $arch: want $emulator, to test what this machine cannot run" >&2; exit 1; }
		prefix=${SYSROOT:-/usr/${machine[$arch]}-linux-gnu}
		[ -d "$prefix" ] || { echo "wheels.sh: $arch: want its glibc in $prefix, as Debian's libc6-$arch-cross has it, or SYSROOT" >&2; exit 1; }
		export QEMU_LD_PREFIX=$prefix FLENGINE_EMULATOR=$emulator
		hazards "$work/$target" "${compiler[@]}"
		if [ -n "${SYSROOT:-}" ]; then
			# sys.executable is this script, so that tests can start Pythons.
			interpreter=$work/$target/python3 site=$work/$target/site
			cat >"$interpreter" <<-END
				#!/bin/sh
				export PYTHONHOME="$SYSROOT/usr" PYTHONPATH="$site"
				exec $emulator -0 "\$0" "$SYSROOT/usr/bin/python3" "\$@"
			END
			chmod +x "$interpreter"
			version=$("$interpreter" -c 'import platform; print(platform.python_version())')
			"$work/tools/bin/pip" install -q --target "$site" --only-binary=:all: --platform "manylinux2014_${machine[$arch]}" \
				--python-version "$version" "$wheel" pytest ml_dtypes safetensors
			(cd "$work" && "$interpreter" -m pytest -q -p no:cacheprovider "$here/python/tests")
		fi
		unset QEMU_LD_PREFIX FLENGINE_EMULATOR
		if [ -e "$work/bits" ]; then
			cmp "$work/bits" "$work/$target/bits" || { echo "wheels.sh: $arch has other bits than $host" >&2; exit 1; }
			echo "$arch: the bits of $host"
		fi
	fi
	cp "$wheel" "$out/"
	echo "built and tested $out/${wheel##*/}"
done

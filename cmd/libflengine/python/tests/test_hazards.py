"""What goes wrong around a library of Go's in Python: forks, signals, threads, other libraries, another libc."""

from __future__ import annotations

import ctypes
import mmap
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import run_python

import flengine
from flengine import _engine, _lib

CALL = "flengine.loss(np.zeros(100000, np.float32), np.zeros(100000, bool), 'ce').sum"


def succeeded(run: subprocess.CompletedProcess[str]) -> str:
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_forked_child_raises() -> None:
    """Not one that hangs: 20 children, each with several workers and a garbage collection."""
    program = f"""
import os, sys, numpy as np, flengine
want = {CALL}
for _ in range(20):
    child = os.fork()
    if child == 0:
        code = 1
        for call in (lambda: {CALL}, flengine.kernels, flengine.version, lambda: flengine.Result(), lambda: flengine.focal().full()):
            try:
                call()
                break
            except flengine.ForkError as e:
                assert "'spawn'" in str(e) and isinstance(e, RuntimeError), e
        else:
            code = 0
        os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert {CALL} == want  # the parent goes on
print("done")
"""
    assert succeeded(run_python(program)) == "done\n"


def test_multiprocessing() -> None:
    program = f"""
import multiprocessing, sys, numpy as np, flengine

def call(_):
    return {CALL}

if __name__ == "__main__":
    want = call(0)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        try:
            pool.map(call, range(4))
        except flengine.ForkError as e:
            print("fork:", str(e)[:40])
    for method in ("spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(method, pool.map(call, range(4)) == [want] * 4)
"""
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"flengine-{os.getpid()}.py"
    try:
        path.write_text(program)  # spawn wants a file
        run = subprocess.run([sys.executable, "-W", "ignore", str(path)], capture_output=True, text=True, timeout=300)
    finally:
        path.unlink()
    assert succeeded(run) == "fork: flengine was called in a forked child of\nspawn True\nforkserver True\n"


def test_fork_before_the_first_call() -> None:
    """Who only imported the package may fork, even while a thread is about to load the library."""
    program = f"""
import os, sys, numpy as np, flengine
from flengine import _lib
focal = flengine.focal(0.25, 2)
_lib._loading.acquire()
child = os.fork()
if child == 0:
    os._exit(0 if {CALL} > 0 else 1)
_lib._loading.release()
print(os.waitpid(child, 0)[1], {CALL} > 0)
"""
    assert succeeded(run_python(program)) == "0 True\n"


BIG = np.broadcast_to(np.float32(-3), (1 << 23, 80))  # 671 million scores of 4 bytes in all
NONE = np.broadcast_to(np.int32(-1), 1 << 23)


class Watch:
    """Wraps fl_evaluate: tells when a call runs, and runs something in another thread meanwhile."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        flengine.kernels()
        self.calls, self.running, self.evaluate = 0, threading.Event(), _lib.lib.fl_evaluate
        monkeypatch.setattr(_lib.lib, "fl_evaluate", self.watched)

    def watched(self, *arguments: Any) -> Any:
        self.calls += 1
        self.running.set()
        try:
            return self.evaluate(*arguments)
        finally:
            self.running.clear()


def test_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C during a call over a large array ends it after a part, and the next call works."""
    monkeypatch.setattr(signal, "default_int_handler", signal.default_int_handler)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    watch = Watch(monkeypatch)
    parts = BIG.size // _engine.PART
    assert parts == 20

    def interrupt() -> None:
        watch.running.wait()
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            flengine.loss(BIG, NONE)
    finally:
        thread.join()
        signal.signal(signal.SIGINT, before)
    assert 1 <= watch.calls < parts
    assert flengine.loss(np.zeros(3, np.float32), np.zeros(3, bool), "ce").sum == pytest.approx(3 * np.log(2))


def test_gil_is_released(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other threads run Python during a call."""
    watch = Watch(monkeypatch)
    seen = []

    def look() -> None:
        watch.running.wait()
        for _ in range(20):
            time.sleep(0.001)
            seen.append(watch.running.is_set())

    thread = threading.Thread(target=look)
    thread.start()
    rows = 1 << 20
    monkeypatch.setattr(_engine, "PART", 1 << 40)
    while thread.is_alive():
        flengine.loss(BIG[:rows], NONE[:rows], workers=1)
    assert sum(seen) >= 10


def test_threads(rng: np.random.Generator) -> None:
    """Calls of several threads at once, each with its own arrays, are those of one."""
    engine = flengine.Engine("focal")
    batches = [(rng.normal(-2, 3, (n, 7)).astype(np.float32), rng.integers(-2, 7, n)) for n in range(50, 3000, 97)]
    want = [engine.losses_and_gradients(x, c) for x, c in batches]
    wrong: list[Any] = []

    def work(seed: int) -> None:
        for i in np.random.default_rng(seed).integers(0, len(batches), 200):
            x, c = batches[i]
            losses, gradients, result = engine.losses_and_gradients(x, c)
            if losses.tobytes() != want[i][0].tobytes() or gradients.tobytes() != want[i][1].tobytes() or result != want[i][2]:
                wrong.append(i)
            try:
                engine.loss(x, c + 100)
                wrong.append(i)
            except flengine.InputError as e:
                if e.index != 0 or e.value != c[0] + 100:
                    wrong.append((i, str(e)))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_workers(rng: np.random.Generator) -> None:
    x, c = rng.normal(-2, 3, (20000, 20)).astype(np.float32), rng.integers(-2, 20, 20000)
    want = flengine.gradients(x, c, workers=1)
    for n in (2, 3, 64):
        grad, result = flengine.gradients(x, c, workers=n)
        assert grad.tobytes() == want[0].tobytes() and result == want[1]
    for kernel in flengine.kernels():
        grad, result = flengine.gradients(x, c, kernel=kernel)
        assert grad.tobytes() == want[0].tobytes() and result == want[1], kernel
    assert flengine.kernels()[-1] == "generic"


@pytest.mark.parametrize("said,workers,warned", [("3", 3, ""), ("2,4", 2, ""), ("", 0, ""), ("0", 0, "want a number"), ("x", 0, "want a number")])
def test_omp_num_threads(said: str, workers: int, warned: str) -> None:
    program = f"""
import numpy as np, flengine
from flengine import _lib
flengine.kernels()
seen, evaluate = [], _lib.lib.fl_evaluate
def spy(at, *others):
    seen.append(_lib.Request.from_address(at).workers)
    return evaluate(at, *others)
_lib.lib.fl_evaluate = spy
{CALL}
flengine.loss([0.0], [True], workers=7)
print(seen)
"""
    run = run_python(program, OMP_NUM_THREADS=said)
    assert succeeded(run) == f"[{workers}, 7]\n"
    assert (warned in run.stderr) if warned else run.stderr == ""


def test_two_go_libraries(tmp_path: Path) -> None:
    """A second Go runtime in the process: here another copy of the library."""
    copy = tmp_path / "another.so"
    shutil.copy(_lib.find_library(), copy)
    program = f"""
import ctypes, threading, numpy as np, flengine
from flengine import _lib
want = {CALL}
other = ctypes.CDLL({str(copy)!r})
for name, arguments in _lib._signatures.items():
    getattr(other, name).argtypes = arguments
mine = _lib.lib.fl_evaluate
assert ctypes.cast(other.fl_evaluate, ctypes.c_void_p).value != ctypes.cast(mine, ctypes.c_void_p).value
both = []
def work(evaluate):
    slot = _lib.Slot()
    x, y = np.zeros(100000, np.float32), np.zeros(100000, np.uint8)
    r = slot.request
    r.loss, r.rows, r.columns = b"ce", x.size, 1
    r.scores, r.labels, r.labels_form, r.labels_type = x.ctypes.data, y.ctypes.data, _lib.LABELS, _lib.UINT8
    for _ in range(200):
        assert evaluate(slot.at_request, slot.at_result, slot.at_error) == 0
        both.append(slot.result.sum == want)
threads = [threading.Thread(target=work, args=(f,)) for f in (mine, other.fl_evaluate) * 3]
[t.start() for t in threads]
[t.join() for t in threads]
print(len(both), all(both), {CALL} == want)
"""
    assert succeeded(run_python(program)) == "1200 True True\n"


CONTROL = {  # machine code that gets and sets the control register at an address
    "x86_64": ("0fae1fc3", "0fae17c3", 0x8040),  # stmxcsr [rdi], ldmxcsr [rdi]; flush to zero, denormals are zero
    "aarch64": (
        "01443bd5010000b9c0035fd6",  # mrs x1, fpcr; str w1, [x0]; ret
        "010040b901441bd5c0035fd6",  # ldr w1, [x0]; msr fpcr, x1; ret
        1 << 24,
    ),
}


def test_flush_to_zero_changes_no_bit() -> None:
    """What torch.set_flush_denormal and libraries built with -ffast-math do to the thread."""
    if platform.machine() not in CONTROL:
        pytest.skip(f"flush-to-zero is not set here on {platform.machine()}")
    get, put, bits = CONTROL[platform.machine()]
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(bytes.fromhex(get).ljust(64, b"\0") + bytes.fromhex(put))
    at = ctypes.addressof(ctypes.c_char.from_buffer(code))
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
    usual, flushing = ctypes.c_uint32(), ctypes.c_uint32()
    function(at)(ctypes.addressof(usual))
    flushing.value = usual.value | bits
    x = -np.linspace(60, 104, 5000)
    scores = [x.astype(np.float32), x, np.full(5000, 1e-40), np.full(5000, 1e-40, np.float32)]
    labels = np.zeros(5000, bool)
    want = [(flengine.losses_and_gradients(s, labels, "ce"), flengine.gradients_and_hessians(s, labels, "ce")) for s in scores]
    assert np.any((want[0][0][0] > 0) & (want[0][0][0] < np.finfo(np.float32).tiny))  # there are subnormals to flush
    for workers in (1, 2):
        function(at + 64)(ctypes.addressof(flushing))
        try:
            flushes = float(np.float32(1e-30) * np.float32(1e-10)) == 0
            got = [
                (flengine.losses_and_gradients(s, labels, "ce", workers=workers), flengine.gradients_and_hessians(s, labels, "ce", workers=workers))
                for s in scores
            ]
            after = ctypes.c_uint32()
            function(at)(ctypes.addressof(after))
        finally:
            function(at + 64)(ctypes.addressof(usual))
        assert flushes and after.value & bits == bits
        for a, b in zip(got, want):
            for (first, second, result), (first_want, second_want, result_want) in zip(a, b):
                assert first.tobytes() == first_want.tobytes() and second.tobytes() == second_want.tobytes()
                assert result == result_want


def test_missing_library(tmp_path: Path) -> None:
    run = run_python("import flengine", FLENGINE_LIBRARY=str(tmp_path / "none.so"))
    assert run.returncode != 0
    assert re.search(r"ImportError: flengine's library is missing: .*none.so: no such file; FLENGINE_LIBRARY names it: set it", run.stderr)
    package = tmp_path / "flengine"
    shutil.copytree(Path(flengine.__file__).parent, package, ignore=shutil.ignore_patterns("libflengine.*", "__pycache__"))
    environment = {k: v for k, v in os.environ.items() if k not in ("FLENGINE_LIBRARY", "PYTHONPATH")}
    run = subprocess.run([sys.executable, "-c", "import flengine"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert "install the wheel that `make wheels` builds, or build the library, go build -buildmode=c-shared" in run.stderr
    wrong = tmp_path / "wrong.so"
    wrong.write_bytes(b"\x7fELF")
    run = run_python(f"import numpy as np, flengine\n{CALL}", FLENGINE_LIBRARY=str(wrong))
    assert re.search("ImportError: flengine's library .*wrong.so cannot be loaded: .*; want that of this package's version", run.stderr)


def test_musl_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def confstr(name: str) -> str:
        raise ValueError("unrecognized configuration name")  # as Python on musl

    monkeypatch.setattr(os, "confstr", confstr)
    with pytest.raises(ImportError, match="on musl, as of Alpine Linux, Go cannot be a shared library; use an image with glibc"):
        _lib.find_library()


def test_structures_are_those_of_the_header() -> None:
    """Names and order of the fields, by flengine.h where the repository is there."""
    header = Path(__file__).resolve().parents[2] / "flengine.h"
    text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
    for name, structure in (("fl_request", _lib.Request), ("fl_result", _lib.RawResult), ("fl_error", _lib.RawError)):
        body = re.search(rf"typedef struct {name} {{(.*?)}} {name};", text, re.S)
        assert body, name
        fields: list[str] = []
        for line in body[1].split(";"):
            words = re.sub(r"\[\d+\]|\*|const|\bvoid\b|\bchar\b|\bfloat\b|\bdouble\b|u?int\d+_t", " ", line)
            fields += re.findall(r"\w+", words)
        assert fields == [field for field, *_ in structure._fields_]
    for name, value in re.findall(r"FL_(\w+) = (\d+)", text):
        ours = getattr(_lib, name, None)
        assert ours is None or ours == int(value), name
    assert set(re.findall(r"^(?:int32_t|const char \*)\s*(fl_\w+)\(", text, re.M)) == set(_lib._signatures)
    version = re.search(r'FL_VERSION "(.*?)"', header.read_text())
    assert version and version[1] == flengine.version()
    pyproject = (Path(__file__).resolve().parents[1] / "pyproject.toml").read_text()
    assert f'version = "{flengine.version()}"' in pyproject

"""Types: the package, and a program that uses it, pass mypy --strict."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import flengine

PROGRAM = """
import numpy as np
import flengine
from flengine.boosting import Objective

x = np.zeros((4, 3), np.float32)
total: flengine.Result = flengine.loss(x, [0, 1, 2, -1], flengine.focal(0.25, 2), workers=1, ignored=(-2, -100))
mean: float = total.mean
grad, total = flengine.gradients(x, x, "qfl", form="soft", out=x)
hard, total = flengine.Engine("ce", background=3).hardest(2, x, [0, 1, 2, 3], among="negatives")
results: list[flengine.Result] = flengine.sweep(x, x, ["ce", flengine.focal()])
flags: list[str] = flengine.dump("image.npz", x, x)
objective = Objective("focal", step=3.0, kernel="generic")
"""

WRONG = """
import flengine
flengine.loss([0.0], [True], worker=1)
flengine.loss([0.0], [True], form="classes")
flengine.hardest("3", [0.0], [True])
"""


def test_types(tmp_path: Path) -> None:
    """It takes mypy long to read NumPy, so this is run where it is asked for."""
    if not os.environ.get("FLENGINE_REQUIRE_MYPY"):
        pytest.skip("mypy is run where FLENGINE_REQUIRE_MYPY is set")
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "wrong.py").write_text(WRONG)
    package = Path(flengine.__file__).parent
    assert (package / "py.typed").exists()
    environment = {**os.environ, "MYPYPATH": "" if "site-packages" in str(package) else str(package.parent)}
    files = [str(path) for path in (tmp_path / "program.py", tmp_path / "wrong.py")]
    files += [str(path) for path in package.glob("*.py") if "torch" not in path.stem]
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(tmp_path), *files]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment)
    errors = [line for line in run.stdout.splitlines() if ": error:" in line]
    assert {tuple(line.split(":")[:2]) for line in errors} == {("wrong.py", n) for n in "345"}, run.stdout + run.stderr

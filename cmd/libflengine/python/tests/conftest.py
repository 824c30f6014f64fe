"""What the tests share: the repository's data, the command flbench, and what may be missing."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Iterator

import numpy as np
import pytest

import flengine
from flengine import _lib

REPOSITORY = Path(__file__).resolve().parents[4]


def missing(what: str, variable: str) -> None:
    """Skips a test, unless a variable of the environment says that what it needs must be there."""
    if os.environ.get(variable):
        pytest.fail(f"{what} is missing, and {variable} is set")
    pytest.skip(f"no {what} here")


def wanted(name: str, variable: str = "FLENGINE_REQUIRE_PYTHON") -> ModuleType:
    """A module, without which the test is skipped."""
    try:
        return importlib.import_module(name)
    except ImportError:
        missing(f"module {name}", variable)
        raise AssertionError from None


@pytest.fixture(scope="session")
def testdata() -> Path:
    """The repository's testdata."""
    return REPOSITORY / "testdata"


@pytest.fixture(scope="session")
def flbench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command: FLENGINE_FLBENCH, or built with go."""
    given = os.environ.get("FLENGINE_FLBENCH")
    if given:
        return Path(given)
    go = shutil.which("go")
    if go is None:
        missing("go, which builds flbench", "FLENGINE_REQUIRE_PYTHON")
        raise AssertionError
    path = tmp_path_factory.mktemp("bin") / "flbench"
    subprocess.run([go, "build", "-o", str(path), "./cmd/flbench"], cwd=REPOSITORY, check=True)
    return path


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20260101)


@pytest.fixture
def requests_seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """The fields of each request that the library is given."""
    flengine.kernels()  # the library is loaded
    seen: list[dict[str, Any]] = []

    def spying(name: str) -> Callable[..., int]:
        function = getattr(_lib.lib, name)

        def spy(at: int, *others: Any) -> int:
            request = _lib.Request.from_address(at)
            seen.append({field: getattr(request, field) for field, _ in _lib.Request._fields_})
            code: int = function(at, *others)
            return code

        return spy

    for name in ("fl_evaluate", "fl_sweep", "fl_hardest"):
        monkeypatch.setattr(_lib.lib, name, spying(name))
    yield seen


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a program in a Python of its own."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=os.path.abspath(os.sep),  # not where Python would find the package's source
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=300,
    )

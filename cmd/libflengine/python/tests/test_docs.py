"""What users are shown runs: README's snippets, the example, and the docstrings."""

from __future__ import annotations

import doctest
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import REPOSITORY, wanted

import flengine
from flengine import _engine, _losses

PACKAGE = Path(__file__).resolve().parents[1]
README = (PACKAGE / "README.md").read_text()
SECTIONS = {  # with the modules that they need
    "NumPy": {},
    "PyTorch": {"torch": "FLENGINE_REQUIRE_TORCH"},
    "LightGBM": {"lightgbm": "FLENGINE_REQUIRE_BOOSTING"},
    "XGBoost": {"xgboost": "FLENGINE_REQUIRE_BOOSTING"},
    "Files for flbench": {},
}


def snippets(section: str) -> list[str]:
    body = README.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", body, re.S)


def test_all_snippets_are_run() -> None:
    assert README.count("```python") == sum(len(snippets(section)) for section in SECTIONS)


def test_snippet_of_the_repository() -> None:
    assert snippets("NumPy")[0] in (REPOSITORY / "README.md").read_text()


@pytest.mark.parametrize("section", SECTIONS)
def test_snippets(section: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    for module, variable in SECTIONS[section].items():
        wanted(module, variable)
    rng = np.random.default_rng(1)
    x = rng.normal(size=(500, 4))
    names: dict[str, Any] = {"np": np, "flengine": flengine, "x": x, "y": (x[:, 0] + x[:, 1] > 2).astype(int)}
    if section != "NumPy":
        names |= {"logits": rng.normal(-4, 2, (10, 80)).astype(np.float32), "classes": np.full(10, 80)}
    for snippet in snippets(section):
        exec(compile(snippet, f"README.md: {section}", "exec"), names)
        for line in re.findall(r"print\(.*\)  # (.*)", snippet):
            assert line in capsys.readouterr().out
    if "probabilities" in names:
        p = names["probabilities"]
        assert p[names["y"] == 1].min() > p[names["y"] == 0].mean()
    if section == "PyTorch":
        assert names["logits"].grad is not None


def test_example(testdata: Path) -> None:
    """The example prints what README shows, but for what NumPy's own sums round elsewhere."""
    folder = testdata / "detector-logits" / "nanodet"
    run = subprocess.run([sys.executable, str(PACKAGE / "examples" / "train_head.py"), str(folder)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    shown = re.search(r"```text\n(.*?)```", README, re.S)
    assert shown
    got, want = ([re.findall(r"[\d.]+", line) for line in text.splitlines()] for text in (run.stdout, shown[1]))
    assert got[:2] == want[:2] and len(got) == len(want)
    for a, b in zip(got[2:], want[2:]):
        assert a[0] == b[0]
        np.testing.assert_allclose([float(v) for v in a[1:]], [float(v) for v in b[1:]], rtol=0.1)
    assert float(got[-1][1]) < float(got[1][0]) and float(got[-1][2]) < float(got[1][1])


def test_docstrings() -> None:
    """Everything public says what it is; examples in them give what they show."""
    for name in flengine.__all__:
        thing = getattr(flengine, name)
        assert inspect.getdoc(thing), name
        if inspect.isclass(thing):
            for member, value in vars(thing).items():
                if callable(value) and not member.startswith("_"):
                    assert inspect.getdoc(value), f"{name}.{member}"
    for module in (_engine, _losses):
        failed, tried = doctest.testmod(module, extraglobs={"np": np, "flengine": flengine}, optionflags=doctest.ELLIPSIS)
        assert not failed
    assert not doctest.testmod(flengine, extraglobs={"np": np, "flengine": flengine}, optionflags=doctest.ELLIPSIS).failed


def test_losses_are_those_of_go(flbench: Path) -> None:
    """Every family of the engine has a constructor here."""
    families = re.findall(r"^  (\w+) {2,}", subprocess.run([str(flbench), "eval", "--help"], capture_output=True, text=True).stdout.split("The losses are\n")[1].split("--loss takes")[0], re.M)
    constructors = [flengine.cross_entropy, flengine.balanced_cross_entropy, flengine.focal, flengine.quality_focal, flengine.varifocal]
    constructors += [flengine.heatmap_focal, flengine.asymmetric, flengine.softmax_cross_entropy, flengine.softmax_focal]
    assert [str(make()).partition("(")[0] for make in constructors] == families
    for make, name in zip(constructors, families):
        assert make().full() == flengine.Loss(name).full()  # the defaults, too
        with_rows = name in _losses.ROWS
        try:
            flengine.losses(np.zeros((2, 3), np.float32), np.zeros((2, 3), bool), make())
            assert not with_rows
        except flengine.InputError:
            assert with_rows

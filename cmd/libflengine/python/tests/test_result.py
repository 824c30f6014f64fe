"""Results: exact sums, whatever comes of them."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import flengine


def results(rng: np.random.Generator, n: int = 40) -> list[flengine.Result]:
    x = (rng.normal(-2, 3, (n, 4096)) * 10.0 ** rng.integers(-20, 3, (n, 1))).astype(np.float32)
    return [flengine.loss(row, np.zeros(row.shape, bool), "ce", weights=np.abs(row)) for row in x]


def test_merge(rng: np.random.Generator) -> None:
    parts = results(rng)
    total = sum(parts)
    assert isinstance(total, flengine.Result)
    for _ in range(5):
        rng.shuffle(parts)  # type: ignore[arg-type]
        half = parts[0].merge(*parts[1:20])
        assert half + sum(parts[20:]) == total == parts[0].merge(*parts[1:])
        assert (half + sum(parts[20:])).weighted_mean == total.weighted_mean  # type: ignore[union-attr]
    assert total + flengine.Result() == total and flengine.Result() + total == total
    assert total.scores == 40 * 4096
    with pytest.raises(TypeError):
        total + 1  # type: ignore[operator]


def test_forms(rng: np.random.Generator) -> None:
    a, b = results(rng, 2)
    assert a != b and a == a + flengine.Result() and a != 0 and hash(a) == hash(copy.deepcopy(a))
    for again in (
        pickle.loads(pickle.dumps(a)),
        flengine.Result.from_exact(a.exact),
        flengine.Result.from_exact(a.text),
        flengine.Result.from_exact(f"{a.text[:20]}\n{a.text[20:]}\n"),
    ):
        assert again == a and hash(again) == hash(a)
        for name in ("scores", "positives", "ignored", "sum", "mean", "per_positive", "weighted_mean", "exact"):
            assert getattr(again, name) == getattr(a, name)
    assert repr(a) == f"<flengine.Result: 4096 scores, 0 positive, 0 ignored, sum {a.sum!r}>"
    j = a.json()
    assert j["exact"] == a.text and j["sum"] == a.sum and j["scores"] == 4096
    with pytest.raises(AttributeError):
        a.sum = 1.0
    for bad in (b"\1" + a.exact[1:], a.exact[:-1], a.exact + b"\0", b"x" * 1000, "no base64!", a.text[:-4], a.text[:5] + "!" + a.text[5:]):
        with pytest.raises(flengine.InputError):
            flengine.Result.from_exact(bad)


def test_infinite_sum() -> None:
    x = np.full(3, 3e38, np.float32)
    result = flengine.loss(x, np.zeros(3, bool), flengine.cross_entropy().weighted(1, 10))
    assert result.sum == result.mean == float("inf") and result.json()["sum"] == "Infinity"
    assert flengine.Result.from_exact(result.text) == result

"""Random arguments: a result, or one of the errors that are promised, and the same for arrays in other memory."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

import flengine

LOSSES = ["ce", "focal", "focal(gamma=1.5,pos=1,neg=1)", "qfl", "vfl", "heatmap", "asl", "softmaxce", "softmaxfocal", "ce(smoothing=0.1)", "nonsense", "focal(gamma=-1)"]
FLOATS = ["f2", "f4", "f8", ">f4"]
ANY = [*FLOATS, "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">i4", "?", "c8", "O", "S1", "M8[s]"]


class Fuzz:
    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def one(self, *choices: Any) -> Any:
        return choices[int(self.rng.integers(len(choices)))]

    def often(self, usual: Any, *others: Any) -> Any:
        return usual if self.rng.random() < 0.85 else self.one(*others)

    def shape(self) -> tuple[int, ...]:
        columns = self.often(int(self.rng.integers(1, 9)), 0, 1)
        return self.one((int(self.rng.integers(0, 40)),), (int(self.rng.integers(0, 30)), columns), (2, int(self.rng.integers(0, 9)), columns), ())

    def array(self, shape: tuple[int, ...], dtype: str, low: float, high: float) -> Any:
        values = self.rng.uniform(low, high, shape)
        if dtype in ANY[4:13]:
            values = np.floor(values)
        if self.rng.random() < 0.1 and values.size:
            values.reshape(-1)[int(self.rng.integers(values.size))] = self.one(np.nan, np.inf, -1, 2, 255, 1e300, -np.inf)
        with np.errstate(all="ignore"):
            return values.astype(dtype)

    def elsewhere(self, a: Any) -> Any:
        """An equal array in other memory."""
        if a.ndim and self.rng.random() < 0.5:
            return a[::-1].copy()[::-1]
        if a.ndim > 1 and self.rng.random() < 0.5:
            return np.asfortranarray(a)
        wide = np.empty((*a.shape, 2), a.dtype)
        wide[..., 1] = a
        return wide[..., 1]

    def case(self) -> tuple[dict[str, Any], dict[str, Any]]:
        shape = self.shape()
        rows, columns = shape[:-1] if len(shape) > 1 else shape, shape[-1] if len(shape) > 1 else 1
        probs = self.rng.random() < 0.1
        scores = self.array(shape, self.often(self.one(*FLOATS), *ANY), 0 if probs else -20, 1 if probs else 20)
        form = self.one("classes", "labels", "soft")
        if form == "classes":
            targets = self.array(self.often(rows, shape, (3,)), self.one("i1", "i4", "i8"), -2, columns)
        elif form == "labels":
            targets = self.array(self.often(shape, rows), self.often(self.one("u1", "?", "i8", "i2"), *ANY), 0, 2)
        else:
            targets = self.array(self.often(shape, rows), self.one(*FLOATS), 0, 1)
        arrays = {"scores": scores, "targets": targets}
        for name, of in (("weights", rows), ("score_weights", shape), ("class_weights", (columns,)), ("column_weights", (columns,))):
            if self.rng.random() < 0.15:
                arrays[name] = self.array(self.often(of, (2,)), self.often("f4", *ANY), 0, 3)
        options: dict[str, Any] = {"loss": self.often(self.one(*LOSSES[:10]), *LOSSES)}
        if probs:
            options["probs"] = True
        for name, values in (("background", (0, columns, -1, 7)), ("ignored", (-2, -100, (-1, 255), (), 1)), ("form", ("class", "binary", "soft", "x")), ("workers", (1, 2, 0)), ("kernel", ("generic", "sse"))):
            if self.rng.random() < 0.1:
                options[name] = self.one(*values)
        return arrays, options


def outcome(function: Any, arrays: dict[str, Any], options: dict[str, Any]) -> Any:
    """What comes of a call, as something that can be compared."""
    try:
        got = function(**arrays, **options)
    except flengine.InputError as e:
        assert e.field and e.reason and (e.index is None) == (e.multi_index is None)
        assert "FL_" not in str(e) and "With" not in str(e), e
        return "InputError", str(e)
    except TypeError as e:
        assert "argument" not in str(e), e  # not Python's own
        return "TypeError", str(e)
    got = got if isinstance(got, tuple) else (got,)
    return [v.tolist() if isinstance(v, np.ndarray) else v for v in got]


def test_fuzz() -> None:
    """FLENGINE_FUZZ is how many cases there are, FLENGINE_SEED where they begin."""
    first = int(os.environ.get("FLENGINE_SEED", 1))
    results = 0
    for seed in range(first, first + int(os.environ.get("FLENGINE_FUZZ", 1500))):
        fuzz = Fuzz(seed)
        arrays, options = fuzz.case()
        function = fuzz.one(flengine.loss, flengine.losses, flengine.gradients, flengine.losses_and_gradients, flengine.gradients_and_hessians)
        if fuzz.rng.random() < 0.1:
            function, options = flengine.hardest, {**options, "k": 3}
        here = outcome(function, arrays, options)
        there = outcome(function, {name: fuzz.elsewhere(a) for name, a in arrays.items()}, options)
        assert repr(here) == repr(there), (seed, function.__name__, options)
        results += isinstance(here, list)
    assert results > 0.2 * int(os.environ.get("FLENGINE_FUZZ", 1500))

"""Errors: their fields, and faults at the very end of arrays."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import flengine


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_nan_at_the_last_element(dtype: str) -> None:
    for shape in ((1,), (7,), (100, 80), (3, 1000, 7)):
        x = np.zeros(shape, dtype)
        x[(-1,) * len(shape)] = np.nan
        targets = np.zeros(shape, bool)
        for call in (flengine.loss, flengine.losses, flengine.gradients, flengine.losses_and_gradients, flengine.gradients_and_hessians):
            with pytest.raises(flengine.InputError) as e:
                call(x, targets)
            last = tuple(n - 1 for n in shape)
            assert (e.value.field, e.value.index, e.value.multi_index) == ("scores", x.size - 1, last)
            assert np.isnan(e.value.value) and e.value.reason == "want a number"
            assert str(e.value) == f"scores[{', '.join(map(str, last))}] is NaN: want a number"
        with pytest.raises(flengine.InputError):
            flengine.hardest(3, x, targets)
        with pytest.raises(flengine.InputError):
            flengine.sweep(x, targets, ["ce", "focal"])


def test_infinities() -> None:
    inf = np.array([np.inf, -np.inf], np.float32)
    assert flengine.loss(inf, np.array([True, False])).sum == 0
    with pytest.raises(flengine.InputError, match=r"scores\[0\] is \+Inf: want a finite logit, or −Inf, for background"):
        flengine.loss(inf, np.array([False, False]))
    with pytest.raises(flengine.InputError, match=r"scores\[1\] is -Inf"):
        flengine.loss(inf, np.array([True, True]))


def test_attributes() -> None:
    x = np.zeros((4, 3), np.float32)
    with pytest.raises(ValueError) as e:
        flengine.loss(x, np.array([0, 1, 2, 3]))
    error = e.value
    assert isinstance(error, flengine.InputError)
    for again in (error, pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (again.field, again.index, again.multi_index, again.value) == ("targets", 3, (3,), 3)
        assert again.reason == "want a class in [0, 3), -1 for background, or -2 for ignored"
        assert str(again) == "targets[3] is 3: " + again.reason
    with pytest.raises(flengine.InputError) as whole:
        flengine.loss(x, np.zeros(4, int), workers=0)
    assert (whole.value.field, whole.value.index, whole.value.value) == ("workers", None, 0)


def test_options() -> None:
    x, c = np.zeros((4, 3), np.float32), np.zeros(4, int)
    for kwargs, field, text in (
        ({"loss": "foo"}, "loss", 'loss "foo" is unknown: want one of ce'),
        ({"loss": "focal(gamma=-1)"}, "gamma", "gamma is -1: want a finite number"),
        ({"kernel": "sse"}, "kernel", '(kernel )*unknown kernel "sse"; usable here: '),
        ({"kernel": "sse", "background": -2}, "background", "background is -2: want a class that is not ignored"),
        ({"workers": 2**31}, "workers", "workers is 2147483648"),
        ({"background": 2**31}, "background", "background is 2147483648"),
        ({"weights": np.ones(3)}, "weights", r"weights has shape \(3,\): want \(4,\), one per anchor"),
        ({"score_weights": np.ones(4)}, "score_weights", r"score_weights has shape \(4,\): want \(4, 3\), one per score"),
        ({"class_weights": [1, 2]}, "class_weights", "class_weights has length 2: want 3, one per column of scores"),
        ({"column_weights": [1, 2, -1]}, "column_weights", r"column_weights\[2\] is -1: want a finite weight"),
        ({"weights": [0, 1, np.inf, 1]}, "weights", r"weights\[2\] is \+Inf"),
        ({"weights": [0, 1e300, 1, 1]}, "weights", r"weights\[1\] is \+Inf"),
        ({"weights": np.full(4, 1e38), "class_weights": [1e38] * 3}, "weights", r"weights\[0\] is 1e\+38: want a weight whose product with class_weights\[0\], 1e\+38"),
        ({"probs": True}, "scores", r"scores\[0, 0\] is 2: want a probability"),
    ):
        scores = x + 2 if "probs" in kwargs else x
        with pytest.raises(flengine.InputError, match=text) as e:
            flengine.loss(scores, c, **kwargs)  # type: ignore[arg-type]
        assert e.value.field == field
    with pytest.raises(flengine.InputError, match="want logits, by which second derivatives are"):
        flengine.gradients_and_hessians(x, c, probs=True)
    with pytest.raises(flengine.InputError, match="among is 'some': want 'all'"):
        flengine.hardest(1, x, c, among="some")  # type: ignore[arg-type]
    with pytest.raises(flengine.InputError, match="k is -1"):
        flengine.hardest(-1, x, c)
    with pytest.raises(TypeError, match="k is 1.5: want an integer"):
        flengine.hardest(1.5, x, c)  # type: ignore[arg-type]
    for least in (float("nan"), "x"):
        with pytest.raises((flengine.InputError, ValueError), match="least|could not convert"):
            flengine.hardest(1, x, c, least=least)  # type: ignore[arg-type]


def test_engine_is_immutable(rng: np.random.Generator) -> None:
    x, c = rng.normal(0, 1, (50, 3)).astype(np.float32), rng.integers(0, 3, 50)
    w = np.array([1, 2, 3], np.float32)
    engine = flengine.Engine("focal", class_weights=w)
    want = engine.loss(x, c)
    w[:] = np.nan
    assert engine.loss(x, c) == want
    again = pickle.loads(pickle.dumps(flengine.Engine("focal", class_weights=[1, 2, 3])))
    assert again.loss(x, c) == want
    assert repr(engine) == "<flengine.Engine: focal>"


def test_texts_that_c_would_cut() -> None:
    """What stands behind a NUL is not ignored in silence."""
    x, y = np.zeros(2, np.float32), np.zeros(2, bool)
    for loss in ("ce\0rubbish", "ce\ud800"):
        with pytest.raises(flengine.InputError, match="want a text without NUL") as e:
            flengine.loss(x, y, loss)
        assert e.value.field == "loss"
        with pytest.raises(flengine.InputError, match="want a text without NUL"):
            flengine.Loss(loss).full()
        with pytest.raises(flengine.InputError, match="want a text without NUL"):
            flengine.sweep(x, y, ["ce", loss])
    with pytest.raises(flengine.InputError, match="kernel has 'generic.x00x': want a text without NUL"):
        flengine.loss(x, y, kernel="generic\0x")


def test_arguments_of_other_types_are_named() -> None:
    x, y = np.zeros(2, np.float32), np.zeros(2, bool)

    class Refusing:
        def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad")

    with pytest.raises(TypeError, match="kernel is a int: want a name"):
        flengine.loss(x, y, kernel=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="targets is None"):
        flengine.loss(x, None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="scores is a Refusing that NumPy makes no array of: Can't call"):
        flengine.loss(Refusing(), y)
    with pytest.raises(TypeError, match="exact is a int: want bytes"):
        flengine.Result.from_exact(5)  # type: ignore[arg-type]
    with pytest.raises(flengine.InputError, match="^exact is no result"):
        flengine.Result.from_exact(b"zz")

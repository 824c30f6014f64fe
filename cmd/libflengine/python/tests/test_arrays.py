"""Arrays: types, layouts, what is read where it is and what is copied, and what is no array to read or write."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from conftest import wanted

import flengine
from flengine import InputError, _engine, _lib

Seen = list[dict[str, Any]]


@pytest.fixture
def x(rng: np.random.Generator) -> Any:
    return rng.normal(-2, 3, (500, 12)).astype(np.float32)


@pytest.fixture
def c(rng: np.random.Generator) -> Any:
    return rng.integers(-2, 12, 500)


def test_contiguous_arrays_are_not_copied(x: Any, c: Any, requests_seen: Seen) -> None:
    soft = np.zeros(x.shape, np.float32)
    labels = np.zeros(x.shape, np.uint8)
    for scores, targets in (
        (x, c),
        (x, c.astype(np.int32)),
        (x, labels),
        (x, labels.view(bool)),
        (x, soft),
        (x.astype(np.float16), soft.astype(np.float64)),
        (x.astype(np.float64), soft.astype(np.float16)),
        (x.reshape(20, 25, 12), c.reshape(20, 25)),
        (x[100:200], c[100:200]),
        (x[:, 0].copy(), labels[:, 0].copy()),
    ):
        scores.flags.writeable = targets.flags.writeable = False  # nor are those that cannot be written
        w, v, out = np.ones(scores.shape[:-1] or scores.shape, np.float32), np.ones(scores.shape, np.float32), np.empty(scores.shape, np.float32)
        flengine.losses(scores, targets, weights=w, score_weights=v, out=out)
        r = requests_seen.pop()
        got = [r[field] for field in ("scores", "labels", "weights", "score_weights", "losses", "scores_strides", "labels_strides")]
        assert got == [a.ctypes.data for a in (scores, targets, w, v, out)] + [None, None]


def test_bfloat16(x: Any, c: Any, requests_seen: Seen) -> None:
    bfloat16 = wanted("ml_dtypes").bfloat16
    b = x.astype(bfloat16)
    want = flengine.loss(b.astype(np.float32), c)
    assert flengine.loss(b, c) == want
    assert requests_seen[-1]["scores"] == b.ctypes.data
    assert flengine.loss(b[::2], c[::2]) == flengine.loss(b[::2].astype(np.float32), c[::2])
    soft = np.full(x.shape, 0.5, bfloat16)
    assert flengine.loss(x, soft, "qfl") == flengine.loss(x, soft.astype(np.float32), "qfl")
    out = np.empty(x.shape, bfloat16)
    grad, _ = flengine.gradients(x, c, out=out)
    assert grad is out and np.array_equal(out, flengine.gradients(x, c)[0].astype(bfloat16))
    for n in (0, 1, 500):  # np.isin has ways for few and for many
        for ignored in ((-1,), (-3, *range(-100, -50))):
            soft = np.full((n, 12), 0.5, bfloat16)
            soft[:, 0] = ignored[0]
            assert flengine.loss(x[:n], soft, ignored=ignored).ignored == n


def test_types(x: Any, c: Any) -> None:
    half = x.astype(np.float16)
    assert flengine.loss(half, c) == flengine.loss(half.astype(np.float32), c)
    wide = x.astype(np.float64) * (1 + 1e-12)  # rounds to x again
    assert flengine.loss(wide, c) == flengine.loss(x, c)
    assert flengine.loss(x.astype(">f4"), c) == flengine.loss(x, c)
    assert flengine.loss(x.tolist(), c.tolist()) == flengine.loss(x, c)
    for kind in (np.intc, np.longlong, np.int_):
        assert flengine.loss(x, c.astype(kind)) == flengine.loss(x, c)
    for bad in (x.astype(int), x > 0, x.astype(np.longdouble), x.astype(complex), x.astype(str), x.astype("M8[s]")):
        with pytest.raises(TypeError, match="scores has dtype .*: want float32, float16, bfloat16"):
            flengine.loss(bad, c)
    with pytest.raises(TypeError, match="scores has dtype object"):
        flengine.loss(np.array([None, 1]), c)
    with pytest.raises(TypeError, match="scores (is a list that NumPy makes no array of|has dtype object)"):
        flengine.loss([[1.0], ["x", {}]], c)
    with pytest.raises(TypeError, match="scores is a masked array, whose mask would be lost"):
        flengine.loss(np.ma.masked_array(x, x > 0), c)
    with pytest.raises(TypeError, match="targets is a masked array"):
        flengine.loss(x, np.ma.masked_array(c, c < 0))
    for name in ("weights", "score_weights", "class_weights", "column_weights"):
        with pytest.raises(TypeError, match=f"{name} has dtype"):
            flengine.loss(x, c, **{name: np.array(["a"] * 12)})  # type: ignore[arg-type]


def layouts(a: Any) -> list[Any]:
    """Arrays that are equal to one of two axes, each in other memory."""
    wide = np.zeros((a.shape[0] * 2, a.shape[1] * 3 + 1), a.dtype)
    wide[::2, 1::3] = a
    odd = np.zeros(a.nbytes + 1, np.uint8)[1:].view(a.dtype).reshape(a.shape)
    odd[...] = a
    record = np.zeros(a.shape, np.dtype([("flag", np.uint8), ("value", a.dtype)], align=False))
    record["value"] = a
    return [np.asfortranarray(a), wide[::2, 1::3], a[::-1, ::-1].copy()[::-1, ::-1], odd, record["value"], a.astype(a.dtype.newbyteorder())]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_layouts_change_no_bit(x: Any, c: Any, dtype: str) -> None:
    x = x.astype(dtype)
    soft = (x > 0).astype(np.float32)
    losses, grad, want = flengine.losses_and_gradients(x, c)
    for y in layouts(x):
        got = flengine.losses_and_gradients(y, c)
        assert (got[0].tobytes(), got[1].tobytes(), got[2]) == (losses.tobytes(), grad.tobytes(), want)
        assert flengine.hardest(5, y, c)[0].tolist() == flengine.hardest(5, x, c)[0].tolist()
        assert flengine.sweep(y, c, ["focal"]) == [want]
    for t in layouts(soft):
        assert flengine.loss(x, t) == flengine.loss(x, soft)
    for t in layouts((x > 0).astype(np.uint8)):
        assert flengine.loss(x, t) == flengine.loss(x, x > 0)
    for d in (np.repeat(c, 3)[::3], c[::-1].copy()[::-1], np.asfortranarray(np.stack([c, c], 1))[:, 0], c.astype(">i8")):
        assert flengine.loss(x, d) == want
    for w in layouts(np.abs(soft)):
        assert flengine.loss(x, c, score_weights=w) == flengine.loss(x, c, score_weights=soft)
    head = np.ascontiguousarray(x.T)[None]  # (1, C, A), as of YOLO
    assert flengine.loss(np.moveaxis(head, 1, -1), c[None]) == want
    batch = np.stack([x.T, x.T])
    assert flengine.loss(np.moveaxis(batch, 1, -1), np.stack([c, c])) == flengine.loss(np.stack([x, x]), np.stack([c, c]))


def test_strides_are_not_copied(x: Any, c: Any, requests_seen: Seen) -> None:
    flengine.loss(x[:, ::2], np.minimum(c, 5)[::-1])
    r = requests_seen.pop()
    assert r["scores"] == x.ctypes.data and r["scores_strides"] and r["labels_strides"]
    broadcast = np.broadcast_to(np.float32(-3), (1000, 80))
    assert flengine.loss(broadcast, np.broadcast_to(-1, 1000)) == flengine.loss(broadcast.copy(), np.full(1000, -1))


def test_empty() -> None:
    for scores, targets in (
        (np.zeros(0, np.float32), np.zeros(0, np.uint8)),
        (np.zeros(0, np.float32), np.zeros(0, int)),
        (np.zeros((0, 5), np.float32), np.zeros(0, int)),
        (np.zeros((0, 5), np.float64), np.zeros((0, 5), np.float32)),
        (np.zeros((3, 0, 5), np.float16), np.zeros((3, 0), np.int8)),
        ([], []),
    ):
        result = flengine.loss(scores, targets)
        assert result == flengine.Result() and result.sum == result.mean == result.per_positive == 0
        grad, _ = flengine.gradients(scores, targets, weights=np.zeros(0), out=np.empty(np.shape(scores), np.float32))
        assert grad.size == 0
        assert len(flengine.hardest(5, scores, targets)[0]) == 0
        assert flengine.sweep(scores, targets, ["ce"]) == [result]
    losses, _ = flengine.losses(np.zeros((0, 5), np.float32), np.zeros(0, int), "softmaxce")
    assert losses.shape == (0,)


def test_outputs(x: Any, c: Any) -> None:
    losses, grad, want = flengine.losses_and_gradients(x, c)
    out = np.full(x.shape, np.nan, np.float32)
    assert flengine.losses(x, c, out=out)[0] is out and out.tobytes() == losses.tobytes()
    for dtype in (np.float16, np.float64):
        out = np.empty(x.shape, dtype)
        flengine.gradients(x, c, out=out)
        assert np.array_equal(out, grad.astype(dtype))
    both = flengine.losses_and_gradients(x, c, out=(None, out))  # type: ignore[arg-type]
    assert both[1] is out and both[0].tobytes() == losses.tobytes()
    inplace = x.copy()
    assert flengine.gradients(inplace, c, out=inplace)[1] == want and inplace.tobytes() == grad.tobytes()
    large = np.zeros((2, *x.shape), np.float32)
    for bad, error, text in (
        (np.empty(x.shape, np.int32), TypeError, "out has dtype int32: want float32"),
        (np.empty(x.shape, ">f4"), TypeError, "out has dtype >f4, whose byte order"),
        (x.tolist(), TypeError, "out is a list: want an array of NumPy"),
        (np.ma.zeros(x.shape), TypeError, "out is a MaskedArray"),
        (np.empty(x.shape[::-1], np.float32), InputError, r"out has shape \(12, 500\): want \(500, 12\)"),
        (np.empty(x.size, np.float32), InputError, "out has shape"),
        (np.empty(x.shape[::-1], np.float32).T, InputError, "out is not contiguous"),
        (np.frombuffer(x.tobytes(), np.float32).reshape(x.shape), InputError, "out is read-only"),
        (np.zeros(x.nbytes + 1, np.uint8)[1:].view(np.float32).reshape(x.shape), InputError, "out is not contiguous and aligned"),
    ):
        with pytest.raises(error, match=text):
            flengine.losses(x, c, out=bad)  # type: ignore[arg-type]
    shifted = large.reshape(-1)[12 : 12 + x.size].reshape(x.shape)
    for scores, targets, kwargs, text in (
        (large[0], c, {"out": shifted}, "out overlaps scores: want memory of its own"),
        (large[0][::-1], c, {"out": large[0]}, "out overlaps scores"),
        (large[0].view(np.int32).view(np.float16)[:, ::2], c, {"out": large[0]}, "out overlaps scores"),
        (x, large[0], {"out": shifted}, "out overlaps targets"),
        (x, c, {"out": large[0], "score_weights": large[0]}, "out overlaps score_weights"),
        (x, c, {"out": large[0], "weights": large[0].reshape(-1)[:500]}, "out overlaps weights"),
    ):
        with pytest.raises(InputError, match=text):
            flengine.losses(scores, targets, **kwargs)
    with pytest.raises(InputError, match=r"out\[1\] overlaps out\[0\]"):
        flengine.losses_and_gradients(x, c, out=(large[0], shifted))
    with pytest.raises(TypeError, match="out is no pair of arrays"):
        flengine.losses_and_gradients(x, c, out=large[0])  # type: ignore[arg-type]
    with pytest.raises(InputError, match="out overlaps scores"):  # losses of rows have another shape
        flengine.losses(large[0], np.maximum(c, 0), "softmaxce", out=large[0].reshape(-1)[:500])


def test_parts_change_no_bit(monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> None:
    """A call in parts, as those of more than 2^25 scores are: results, outputs, and the places of errors."""
    n, columns = 9000, 12
    x = rng.normal(-2, 3, (n, columns)).astype(np.float32)
    c = rng.integers(-2, columns, n)
    soft = rng.random(x.shape).astype(np.float32)
    w, v = rng.random(n).astype(np.float32), rng.random(x.shape).astype(np.float32)
    apart = x.copy()  # rows by turns of tiny losses, so that sums within a block round
    apart[np.arange(n), np.maximum(c, 0)] += np.where(np.arange(n) // 256 % 2, 30, -90)
    upside_down, class_major = x[::-1], np.asfortranarray(x)

    def everything() -> list[Any]:
        got: list[Any] = []
        for scores, targets, kwargs in (
            (x, c, {}),
            (upside_down, c[::-1], {"weights": w}),
            (class_major, soft, {"score_weights": v, "loss": "qfl"}),
            (x.astype(np.float64), (soft > 0.5), {"loss": "ce"}),
            (x[:, 0].copy(), soft[:, 0].copy(), {"weights": w}),
            (apart, np.maximum(c, 0), {"loss": "softmaxce", "weights": w}),
        ):
            got += flengine.losses_and_gradients(scores, targets, **kwargs)  # type: ignore[arg-type]
            got.append(flengine.hardest(50, scores, targets, **kwargs))  # type: ignore[arg-type]
            if kwargs.get("loss") != "softmaxce":
                if targets.dtype == np.float32 and "loss" not in kwargs:
                    kwargs["loss"] = "ce"  # focal loss has no second derivative of soft targets
                got += flengine.gradients_and_hessians(scores, targets, **kwargs)  # type: ignore[arg-type]
                kwargs.pop("loss", None)
                got += flengine.sweep(scores, targets, ["ce", "focal"], **kwargs)  # type: ignore[arg-type]
        ties = np.zeros((n, columns), np.float32)
        got.append(flengine.hardest(5000, ties, np.full(n, -1)))
        return got

    def faults() -> list[Any]:
        got = []
        for at, field, value in ((n - 1, "x", np.nan), (n - 1, "c", 99), (8000, "w", -1), (8000, "v", np.inf), (n - 1, "s", 2)):
            a = {"x": x.copy(), "c": c.copy(), "w": w.copy(), "v": v.copy(), "s": soft.copy()}
            a[field].reshape(n, -1)[at, -1] = value
            if field == "x":
                a["c"][at] = 3
            with pytest.raises(InputError) as e:
                flengine.loss(a["x"], a["s"] if field == "s" else a["c"], "ce", weights=a["w"], score_weights=a["v"])
            assert e.value.multi_index is not None and e.value.multi_index[0] == at
            got.append((str(e.value), e.value.field, e.value.index, e.value.multi_index))
        return got

    whole, errors = everything(), faults()
    calls = 0
    evaluate = _lib.lib.fl_evaluate

    def counting(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        return evaluate(*arguments)

    monkeypatch.setattr(_lib.lib, "fl_evaluate", counting)
    monkeypatch.setattr(_engine, "PART", 1 << 13)
    in_parts = everything()
    assert calls > 50
    assert faults() == errors

    def bits(value: Any) -> Any:
        if not isinstance(value, np.ndarray):
            return value
        return value.tolist() if value.dtype.names else value.tobytes()  # records have bytes between their fields

    for a, b in zip(whole, in_parts):
        a, b = (a, b) if isinstance(a, tuple) else ((a,), (b,))
        assert [bits(v) for v in a] == [bits(v) for v in b]
    with pytest.raises(InputError, match="out overlaps scores"):  # which no part alone would see
        both = np.zeros(2 * x.size, np.float32)
        flengine.losses(both[: x.size].reshape(x.shape), c, out=both[8192 : 8192 + x.size].reshape(x.shape))


def test_engines_do_not_follow_arrays() -> None:
    """An engine is what its options were when it was made, pickled and found again or not."""

    class Tensor:  # as torch's: an array that has a hash, by identity
        def __init__(self, values: list[float]) -> None:
            self.values = values

        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return np.array(self.values, np.float32)

    x, classes = np.zeros((4, 2), np.float32), np.array([0, 1, -1, 0])
    one, two = (flengine.loss(x, classes, "ce", class_weights=[w, w]).sum for w in (1, 2))
    for name in ("class_weights", "column_weights"):
        tensor = Tensor([1, 1])
        first = flengine.loss(x, classes, "ce", **{name: tensor}).sum
        tensor.values = [2, 2]
        assert flengine.loss(x, classes, "ce", **{name: tensor}).sum > first == one
    weights = np.ones(2, np.float32)
    engine = flengine.Engine("ce", class_weights=weights)
    weights *= 2
    assert engine.loss(x, classes).sum == one != two
    assert pickle.loads(pickle.dumps(engine)).loss(x, classes).sum == one
    assert copy.deepcopy(engine).loss(x, classes).sum == one
    assert flengine.loss(x, classes, "ce", background=-1).sum == one
    with pytest.raises(TypeError, match="background is -1.0: want an integer"):  # though it equals what was found
        flengine.loss(x, classes, "ce", background=-1.0)  # type: ignore[arg-type]

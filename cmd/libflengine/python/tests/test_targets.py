"""What targets of each dtype and shape are taken for: as flbench eval, and an error where they can mean two things."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flengine
from flengine import InputError

A, C = 6, 3
LOGITS = np.linspace(-4, 3, A * C).astype(np.float32).reshape(A, C)
CLASSES = np.array([-1, 0, 2, -1, -2, 1])
HOT = np.where(CLASSES[:, None] == -2, -1, np.arange(C) == CLASSES[:, None]).astype(int)
WANT = flengine.loss(LOGITS, CLASSES)
INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]


def test_reference() -> None:
    assert (WANT.scores, WANT.positives, WANT.ignored) == (15, 3, 3)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_classes(dtype: str) -> None:
    if dtype.startswith("u"):
        named = np.select([CLASSES == -1, CLASSES == -2], [C, C + 1], CLASSES).astype(dtype)
        assert flengine.loss(LOGITS, named, background=C, ignored=C + 1) == WANT
    else:
        assert flengine.loss(LOGITS, CLASSES.astype(dtype)) == WANT
        assert flengine.loss(LOGITS, np.where(CLASSES == -2, -100, CLASSES).astype(dtype), ignored=(-2, -100)) == WANT
    assert flengine.loss(LOGITS, CLASSES.tolist()) == WANT
    assert flengine.loss(LOGITS, CLASSES.astype(">i4")) == WANT


@pytest.mark.parametrize("dtype", INTEGERS)
def test_labels_per_score(dtype: str) -> None:
    if dtype == "uint8":
        labels = np.where(HOT < 0, 255, HOT).astype(dtype)
        assert flengine.loss(LOGITS, labels) == WANT
        assert flengine.loss(LOGITS, labels, ignored=7) == WANT  # 255 stays
    elif dtype.startswith("u"):
        assert flengine.loss(LOGITS, np.where(HOT < 0, 9, HOT).astype(dtype), ignored=9) == WANT
    else:
        labels = HOT.astype(dtype)
        assert flengine.loss(LOGITS, labels, ignored=-1) == WANT
        with pytest.raises(InputError, match=r"targets\[4, 0\] is -1: want 0, 1, or what ignored= says"):
            flengine.loss(LOGITS, labels)
    hot = np.maximum(HOT, 0)
    assert flengine.loss(LOGITS, hot.astype(dtype)) == flengine.loss(LOGITS, hot.astype(bool))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_soft_targets(dtype: str) -> None:
    soft = np.where(HOT == 1, 0.5, HOT).astype(dtype)
    result = flengine.loss(LOGITS, soft, "qfl")
    assert (result.scores, result.positives, result.ignored) == (15, 3, 3)
    named = np.where(HOT < 0, -100, soft).astype(dtype)
    assert flengine.loss(LOGITS, named, "qfl", ignored=-100) == result
    with pytest.raises(InputError, match=r"targets\[4, 0\] is -1: want 0 to 1, or -100 for ignored"):
        flengine.loss(LOGITS, soft, "qfl", ignored=-100)
    with pytest.raises(InputError, match=r"targets\[1, 0\] is 0.5: want 0, 1, or -1 for ignored; form='soft'"):
        flengine.loss(LOGITS, soft, form="binary")
    with pytest.raises(InputError, match=r"targets\[1, 0\] is 1.5"):
        flengine.loss(LOGITS, (soft * 3).astype(dtype), ignored=-3)
    assert flengine.loss(LOGITS, HOT.astype(dtype), form="binary") == WANT
    as_targets = flengine.loss(LOGITS, HOT.astype(dtype))
    assert as_targets == flengine.loss(LOGITS, HOT.astype(dtype), form="soft")
    assert as_targets.sum == pytest.approx(WANT.sum, rel=1e-6)


ONE = LOGITS[:, 0].copy()
OBJECTS = np.array([0, 1, 1, 0, 0, 1])


@pytest.mark.parametrize("scores", [ONE, ONE[:, None]], ids=["vector", "column"])
def test_one_column(scores: Any) -> None:
    want = flengine.loss(ONE, OBJECTS.astype(bool))
    assert want.positives == 3
    assert flengine.loss(scores, OBJECTS.astype(bool)) == want
    assert flengine.loss(scores, OBJECTS.astype(np.uint8)) == want
    assert flengine.loss(scores, OBJECTS.astype(np.float32)).positives == 3
    for dtype in INTEGERS:
        labels = OBJECTS.astype(dtype)
        if dtype != "uint8":
            with pytest.raises(InputError, match=r"targets .*can mean two things: want form='binary'"):
                flengine.loss(scores, labels)
        assert flengine.loss(scores, labels, form="binary") == want
        as_classes = flengine.loss(scores, np.zeros(A, dtype), form="class")
        assert as_classes.positives == A
        assert flengine.loss(scores, 1 - labels, background=1, form="class" if dtype == "uint8" else None) == want  # type: ignore[arg-type]
    # A negative one that is not said to be ignored makes classes.
    assert flengine.loss(scores, OBJECTS - 1).positives == 3
    with pytest.raises(InputError, match="can mean two things"):
        flengine.loss(scores, OBJECTS - 1, ignored=-1)
    assert flengine.loss(scores, np.where(OBJECTS, 1, -1), ignored=-1, form="binary").ignored == 3
    with pytest.raises(InputError, match="background is 1 beside targets per score"):
        flengine.loss(scores, OBJECTS.astype(np.uint8), background=1)


def test_shapes() -> None:
    for scores, targets in (
        (LOGITS, CLASSES[:, None]),
        (LOGITS[None], CLASSES),
        (LOGITS[None], CLASSES[None]),
        (LOGITS.reshape(2, 3, C), CLASSES.reshape(2, 3)),
        (LOGITS.reshape(2, 3, C), CLASSES),
        (LOGITS.reshape(2, 3, C), np.where(HOT < 0, 255, HOT).astype(np.uint8).reshape(2, 3, C)),
        (LOGITS.reshape(2, 3, C), np.where(HOT < 0, 255, HOT).astype(np.uint8)),
        (LOGITS.reshape(1, 2, 3, C), np.where(HOT < 0, 255, HOT).astype(np.uint8).reshape(2, 3, 1, C)),
    ):
        assert flengine.loss(scores, targets) == WANT, (scores.shape, targets.shape)
    for scores, targets, text in (
        (LOGITS, CLASSES[1:], r"targets has shape \(5,\): want \(6,\), a class per row of scores, or \(6, 3\)"),
        (LOGITS.reshape(2, 3, C), CLASSES.reshape(3, 2), r"targets has shape \(3, 2\): want \(2, 3\)"),
        (LOGITS, CLASSES.reshape(2, 3), r"targets has shape \(2, 3\): want \(6,\)"),
        (ONE, OBJECTS[1:].astype(bool), r"targets has shape \(5,\): want \(6,\), that of scores"),
        (LOGITS[:, :0], CLASSES, r"scores has shape \(6, 0\): want a row of C >= 1"),
        (np.float32(1), CLASSES, r"scores has shape \(\): want"),
        (LOGITS.T, CLASSES, r"targets has shape \(6,\): want \(3,\)"),
    ):
        with pytest.raises(InputError, match=text) as e:
            flengine.loss(scores, targets)
        assert e.value.index is None and e.value.multi_index is None


def test_refused() -> None:
    for kwargs, targets, text in (
        ({}, CLASSES.astype(np.float32), "targets has dtype float32 and shape .6,., one per row of 3 scores: want classes of an integer type"),
        ({}, CLASSES > 0, "targets has dtype bool and shape"),
        ({}, CLASSES.astype(complex), "targets has dtype complex128"),
        ({"form": "soft"}, HOT, "targets .*form='soft': want numbers from 0 to 1 of a float type"),
        ({"loss": "softmaxce"}, CLASSES.astype(np.float64), "targets .*beside a loss of rows"),
        ({"background": 1.5}, CLASSES, "background is 1.5: want an integer"),
        ({"ignored": "x"}, CLASSES, "ignored is 'x': want an integer"),
        ({"nonsense": 1}, CLASSES, "unknown option 'nonsense': want one of background"),
    ):
        with pytest.raises(TypeError, match=text):
            flengine.loss(LOGITS, targets, **kwargs)  # type: ignore[arg-type]
    for kwargs, targets, text in (
        ({"form": "class"}, HOT, r"targets .*one per score, beside form='class': want \(6,\)"),
        ({"form": "binary"}, CLASSES, r"targets .*one per row, beside form='binary': want \(6, 3\)"),
        ({"form": "x"}, CLASSES, "form is 'x': want 'class'"),
        ({"background": 3}, np.maximum(HOT, 0), "background is 3 beside targets per score"),
        ({"ignored": 1}, np.maximum(HOT, 0), r"ignored is \(1,\) beside targets per score"),
        ({"ignored": 7}, HOT > 0, r"ignored is \(7,\) beside targets of dtype bool"),
        ({"ignored": []}, CLASSES, "ignored is empty"),
        ({"loss": "softmaxce"}, HOT, r"targets .*beside a loss of rows: want \(6,\)"),
        ({"loss": "softmaxce"}, CLASSES, r"targets\[0\] is -1: under softmax every class is a column"),
        ({}, CLASSES + 1, r"targets\[2\] is 3: want a class in \[0, 3\), -1 for background, or -2 for ignored"),
        ({}, CLASSES.astype(np.int64) + 2**32, r"targets\[0\] is 4294967295"),
        ({}, np.full(A, 2**64 - 1, np.uint64), r"targets\[0\] is 1.8446744e\+19: want a class in the range"),
        ({}, np.full((A, C), 2, np.uint8), r"targets\[0, 0\] is 2"),
        ({"background": -2}, CLASSES, "background is -2: want a class that is not ignored, which ignored= sets"),
    ):
        with pytest.raises(InputError, match=text):
            flengine.loss(LOGITS, targets, **kwargs)  # type: ignore[arg-type]

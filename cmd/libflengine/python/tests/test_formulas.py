"""Values, gradients and second derivatives against the formulas in float64."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
import pytest

import flengine

Array = Any


def softplus(x: Array) -> Array:
    return np.logaddexp(0, x)


def sigmoid(x: Array) -> Array:
    return np.exp(-softplus(-x))


def ce(x: Array, y: Array) -> Array:
    return y * softplus(-x) + (1 - y) * softplus(x)


def focal(alpha: float, gamma: float) -> Callable[[Array, Array], Array]:
    def f(x: Array, y: Array) -> Array:
        p = sigmoid(x)
        q = p * (1 - y) + (1 - p) * y
        return (alpha * y + (1 - alpha) * (1 - y)) * q**gamma * ce(x, y)

    return f


def quality(x: Array, y: Array) -> Array:
    return np.abs(y - sigmoid(x)) ** 2 * ce(x, y)


def varifocal(x: Array, y: Array) -> Array:
    return np.where(y > 0, y * ce(x, y), 0.75 * sigmoid(x) ** 2 * softplus(x))


def heatmap(x: Array, y: Array) -> Array:
    p = sigmoid(x)
    return np.where(y == 1, (1 - p) ** 2 * softplus(-x), (1 - y) ** 4 * p**2 * softplus(x))


def asymmetric(x: Array, y: Array) -> Array:
    p = sigmoid(x)
    r = np.maximum(p - 0.05, 0)
    return np.where(y == 1, (1 - p) * softplus(-x), -(r**4) * np.log1p(-r))


SCORES: list[tuple[flengine.Loss, Callable[[Array, Array], Array], str]] = [
    (flengine.cross_entropy(), ce, "soft"),
    (flengine.balanced_cross_entropy(0.25), lambda x, y: (0.25 * y + 0.75 * (1 - y)) * ce(x, y), "soft"),
    (flengine.focal(0.25, 2), focal(0.25, 2), "soft"),
    (flengine.focal(0.5, 1.5), focal(0.5, 1.5), "soft"),
    (flengine.focal().weighted(1, 1), lambda x, y: 2 * focal(0.5, 2)(x, y), "soft"),
    (flengine.cross_entropy().smoothed(0.1), lambda x, y: ce(x, 0.9 * y + 0.05), "soft"),
    (flengine.quality_focal(2), quality, "soft"),
    (flengine.varifocal(0.75, 2), varifocal, "soft"),
    (flengine.heatmap_focal(2, 4), heatmap, "heat"),
    (flengine.asymmetric(1, 4, 0.05), asymmetric, "hard"),
]


@pytest.mark.parametrize("loss,formula,kind", SCORES, ids=lambda v: str(v) if isinstance(v, flengine.Loss) else "")
def test_losses_of_scores(rng: np.random.Generator, loss: flengine.Loss, formula: Any, kind: str) -> None:
    x = rng.normal(-1, 3, (200, 7)).astype(np.float32)
    y = (rng.random(x.shape) < 0.2).astype(np.float32)
    if kind != "hard":
        y = np.where(rng.random(x.shape) < 0.3, rng.random(x.shape), y).astype(np.float32)
    want = formula(x.astype(np.float64), y.astype(np.float64))
    losses, result = flengine.losses(x, y, loss)
    cancels = str(loss)[:3] in ("asl", "qfl")  # p - margin, and y - p
    np.testing.assert_allclose(losses, want, rtol=3e-6, atol=1e-10 if cancels else 1e-30)
    assert losses.dtype == np.float32 and losses.shape == x.shape
    assert result.sum == pytest.approx(want.sum(), rel=1e-6)
    assert (result.scores, result.ignored) == (x.size, 0)
    positives = int(np.sum(y == 1 if kind == "heat" else y > 0))
    assert result.positives == positives
    assert result.mean == result.sum / x.size == result.weighted_mean
    assert result.per_positive == result.sum / positives
    assert flengine.loss(x, y, loss) == result

    # Derivatives, by differences of the formulas in float64.
    h = 1e-5
    wide, hard = x.astype(np.float64), (y == 1).astype(np.float64)
    slope = (formula(wide + h, y) - formula(wide - h, y)) / (2 * h)
    gradients, of_gradients = flengine.gradients(x, y, loss)
    assert of_gradients == result
    corner = 1e-4 * np.abs(slope).max()
    np.testing.assert_allclose(gradients, slope, rtol=1e-4, atol=corner)
    both = flengine.losses_and_gradients(x, y, loss)
    assert both[0].tobytes() == losses.tobytes() and both[1].tobytes() == gradients.tobytes() and both[2] == result
    if "smoothing" in str(loss):
        hard = y
    labels = y if kind == "heat" or str(loss)[:2] in ("ce", "ba", "qf", "vf") else hard.astype(np.float32)
    h = 1e-4
    curve = (formula(wide + h, labels) - 2 * formula(wide, labels) + formula(wide - h, labels)) / h**2
    slope = (formula(wide + h, labels) - formula(wide - h, labels)) / (2 * h)
    first, second, _ = flengine.gradients_and_hessians(x, labels, loss)
    np.testing.assert_allclose(first, slope, rtol=1e-4, atol=corner)
    away = np.abs(wide - np.log(0.05 / 0.95)) > 0.01  # where asymmetric loss has a kink
    np.testing.assert_allclose(second[away], curve[away], rtol=1e-3, atol=2e-5)


@pytest.mark.parametrize("gamma", [0, 2])
def test_losses_of_rows(rng: np.random.Generator, gamma: float) -> None:
    x = rng.normal(0, 3, (50, 9)).astype(np.float32)
    c = rng.integers(0, 9, 50)
    c[::7] = -100
    loss = flengine.softmax_focal(gamma) if gamma else flengine.softmax_cross_entropy()
    wide = x.astype(np.float64)
    log = wide - np.log(np.exp(wide).sum(1, keepdims=True))
    kept = c >= 0
    log_p = log[np.arange(50), np.where(kept, c, 0)]
    want = np.where(kept, -((1 - np.exp(log_p)) ** gamma) * log_p, 0)
    losses, result = flengine.losses(x, c, loss, ignored=-100)
    assert losses.shape == (50,)
    np.testing.assert_allclose(losses, want, rtol=3e-6)
    assert (result.scores, result.ignored, result.positives) == (kept.sum(), (~kept).sum(), kept.sum())
    gradients, _ = flengine.gradients(x, c, loss, ignored=-100)
    assert gradients.shape == x.shape
    if not gamma:
        slope = np.where(kept[:, None], np.exp(log) - (np.arange(9) == c[:, None]), 0)
        np.testing.assert_allclose(gradients, slope, rtol=1e-5, atol=1e-7)


def test_probabilities(rng: np.random.Generator) -> None:
    x = rng.normal(-1, 3, (100, 3))
    c = rng.integers(-1, 3, 100)
    p = sigmoid(x).astype(np.float32)
    y = np.arange(3) == c[:, None]
    want = np.where(y, -np.log(p.astype(np.float64)), -np.log1p(-p.astype(np.float64)))
    losses, _ = flengine.losses(p, c, "ce", probs=True)
    np.testing.assert_allclose(losses, want, rtol=1e-6)
    assert flengine.loss(np.array([0.0, 1.0], np.float32), np.array([True, False]), "ce", probs=True).sum == 200


def test_weights(rng: np.random.Generator) -> None:
    x = rng.normal(-1, 2, (60, 5)).astype(np.float32)
    c = rng.integers(-2, 5, 60)
    one, of_score, of_column, of_class = rng.random(60), rng.random(x.shape), rng.random(5), rng.random(5) + 1
    y = np.arange(5) == c[:, None]
    w = one[:, None] * of_score * of_column * np.where(y, of_class, 1) * (c != -2)[:, None]
    want = np.where(c[:, None] == -2, 0, w * focal(0.25, 2)(x.astype(np.float64), y.astype(np.float64)))
    losses, result = flengine.losses(
        x, c, weights=one, score_weights=of_score, column_weights=of_column, class_weights=of_class
    )
    np.testing.assert_allclose(losses, want, rtol=3e-6, atol=1e-30)
    assert result.weighted_mean == pytest.approx(want.sum() / w.sum(), rel=1e-6)
    masked = x.copy()
    masked[3] = np.nan
    mask = np.ones(60, bool)
    mask[3] = False
    assert np.isfinite(flengine.loss(masked, c, weights=mask).sum)


def test_hardest(rng: np.random.Generator) -> None:
    x = rng.normal(-1, 3, (40, 6)).astype(np.float32)
    c = rng.integers(-2, 6, 40)
    losses, result = flengine.losses(x, c)
    hard, of_hard = flengine.hardest(10, x, c)
    assert of_hard == result
    order = np.argsort(-losses.reshape(-1), kind="stable")[:10]
    assert hard["index"].tolist() == order.tolist()
    assert hard["loss"].tolist() == losses.reshape(-1)[order].tolist()
    assert hard["score"].tolist() == x.reshape(-1)[order].tolist()
    assert np.unravel_index(hard["index"], x.shape)[0].max() < 40
    negatives, _ = flengine.hardest(10**9, x, c, among="negatives", least=0.5)
    assert set(negatives["target"]) == {0} and negatives["loss"].min() >= 0.5
    y = np.arange(6) == c[:, None]
    assert len(negatives) == np.sum((losses >= 0.5) & ~y & (c != -2)[:, None])
    assert len(flengine.hardest(3, x, c, among="positives")[0]) == 3
    assert len(flengine.hardest(0, x, c)[0]) == 0


def test_sweep(rng: np.random.Generator) -> None:
    x = rng.normal(-1, 3, (400, 6)).astype(np.float32)
    c = rng.integers(-2, 6, 400)
    grid = [flengine.focal(a, g) for a in (0.25, 0.5) for g in (0, 1.5, 2)]
    results = flengine.sweep(x, c, [*grid, "ce", "qfl"], weights=np.arange(400))
    assert results == [flengine.loss(x, c, loss, weights=np.arange(400)) for loss in [*grid, "ce", "qfl"]]
    for bad, text in (
        ([], "losses is empty"),
        (["ce", "softmaxce"], "losses has softmaxce at 1, a loss of rows"),
        (["ce", "focal(gamma=-1)"], "gamma is -1"),
    ):
        with pytest.raises(flengine.InputError, match=text):
            flengine.sweep(x, c, bad)
    with pytest.raises(TypeError, match="want a list of losses"):
        flengine.sweep(x, c, "ce")  # type: ignore[arg-type]


def test_loss_texts() -> None:
    assert str(flengine.focal()) == "focal(alpha=0.25,gamma=2)" == flengine.Loss("focal").full()
    assert str(flengine.focal(0.1, 1.5)) == "focal(alpha=0.1,gamma=1.5)"
    assert str(flengine.varifocal(iou_weighted=False)) == "vfl(alpha=0.75,gamma=2,iou=0)"
    assert str(flengine.varifocal().weighted(1, 0.5)) == "vfl(gamma=2,iou=1,pos=1,neg=0.5)"
    assert str(flengine.heatmap_focal().weighted(1, 2)) == "heatmap(alpha=2,beta=4,pos=1,neg=2)"
    assert flengine.Loss(" focal ( gamma = 2 , alpha = 0.25 ) ").full() == "focal(alpha=0.25,gamma=2)"
    for loss, _, _ in SCORES:
        assert flengine.Loss(loss.full()).full() == loss.full()
    assert flengine.focal() == flengine.Loss("focal(alpha=0.25,gamma=2)")
    assert hash(flengine.focal()) == hash(flengine.Loss("focal(alpha=0.25,gamma=2)"))
    for text in ("focal(gamma=2", "focal(gamma)", "focal(gamma=1,gamma=2)", "nothing", "focal(gama=2)", "focal(gamma=x)", "", "ce)"):
        with pytest.raises(flengine.InputError) as e:
            flengine.Loss(text).full()
        assert e.value.field in ("loss", "gamma"), text
    for value in (-1, float("nan"), float("inf"), 1e39):
        with pytest.raises(flengine.InputError, match="gamma is"):
            flengine.loss([0.0], [True], flengine.focal(gamma=value))
    with pytest.raises(flengine.InputError, match="alpha is 1.00000001: want"):
        flengine.focal(alpha=1.00000001).full()
    with pytest.raises(TypeError, match="gamma is 'x': want a number"):
        flengine.focal(gamma="x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="loss is a int: want a text"):
        flengine.loss([0.0], [True], 2)  # type: ignore[arg-type]

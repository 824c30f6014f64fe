"""Values, gradients and reductions against formulas in float64."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from cases import CASES, COLUMNS, REDUCTIONS, Case, scores_for
from torch import Tensor

import flengine
import flengine.torch as T

# The engine's bounds are up to 20 ULP, of 2⁻²³; its own tests hold them over all floats. Gradients whose terms
# cancel have theirs of the terms.
LOSS = 24 * 2.0**-23
EVERY = pytest.mark.parametrize("case", CASES, ids=str)
REDUCED = pytest.mark.parametrize("reduction", REDUCTIONS)


def close(got: Tensor, want: Tensor, relative: float, absolute: float) -> None:
    assert got.shape == want.shape
    error = (got.double() - want.double()).abs()
    worst = (error - relative * want.double().abs()).max().item()
    assert worst <= absolute, f"{worst} beyond the tolerance, got {got}, want {want}"


@EVERY
@REDUCED
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16], ids=str)
def test_losses_and_gradients(case: Case, reduction: str, dtype: torch.dtype) -> None:
    x, y = scores_for(case, dtype)
    if dtype is torch.float64:
        x = x.float().double()  # all is evaluated in float32
    x.requires_grad_()
    wide = x.detach().double().requires_grad_()
    loss, want = case.function(x, y, reduction=reduction), case.expect(wide, y, reduction)
    assert loss.dtype == dtype and loss.requires_grad
    rounding = {torch.bfloat16: 2.0**-8, torch.float16: 2.0**-11}.get(dtype, 0.0)
    tiny = 2.0**-25 if dtype is torch.float16 else 1e-37
    close(loss, want, LOSS + rounding, tiny)

    upstream = torch.rand(want.shape, dtype=torch.float64).to(dtype) + 0.5
    loss.backward(upstream)
    want.backward(upstream.double())
    assert x.grad is not None and x.grad.dtype == dtype
    close(x.grad, wide.grad, LOSS + rounding, 4e-6 + tiny)


@EVERY
def test_no_gradient_is_evaluated_where_none_is_wanted(case: Case, monkeypatch: Any) -> None:
    x, y = scores_for(case)
    wanted = []
    evaluate = T._op.evaluate

    def watch(*arguments: Any) -> Any:
        wanted.append(arguments[-1])
        return evaluate(*arguments)

    monkeypatch.setattr(T._op, "evaluate", watch)
    plain = case.function(x, y, reduction="sum")
    x.requires_grad_()
    kept = case.function(x, y, reduction="sum")
    with torch.no_grad():
        quiet = case.function(x, y, reduction="sum")
    with torch.inference_mode():
        inferred = case.function(x, y, reduction="sum")
    assert wanted == [False, True, False, False]
    assert [t.requires_grad for t in (plain, kept, quiet, inferred)] == [False, True, False, False]
    assert plain.item() == kept.item() == quiet.item() == inferred.item()


@EVERY
@REDUCED
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_halves_are_rounded_once(case: Case, reduction: str, dtype: torch.dtype) -> None:
    """Losses of 16 bits are those of float32 scores, rounded; so are gradients, after upstream's factor."""
    x, y = scores_for(case, dtype)
    half, wide = x.clone().requires_grad_(), x.float().requires_grad_()
    a, b = case.function(half, y, reduction=reduction), case.function(wide, y, reduction=reduction)
    assert torch.equal(a, b.to(dtype))
    a.backward(torch.full_like(a, 3))
    b.backward(torch.full_like(b, 3))
    assert torch.equal(half.grad, wide.grad.to(dtype))


@EVERY
def test_float64_has_the_bits_of_float32(case: Case) -> None:
    x, y = scores_for(case)
    a, b = x.clone().requires_grad_(), x.double().requires_grad_()
    narrow, wide = case.function(a, y, reduction="none"), case.function(b, y, reduction="none")
    assert torch.equal(narrow.double(), wide)
    narrow.sum().backward()
    wide.sum().backward()
    assert torch.equal(a.grad.double(), b.grad)


@pytest.mark.parametrize(
    "text, function",
    [
        ("focal(alpha=0.25,gamma=2)", T.sigmoid_focal_loss),
        ("qfl(beta=2)", T.quality_focal_loss),
        ("vfl", T.varifocal_loss),
        ("heatmap", T.heatmap_focal_loss),
        ("asl", T.asymmetric_loss),
    ],
)
def test_the_bits_are_those_for_numpy(text: str, function: Any) -> None:
    x = torch.randn(5000, 3) * 5
    y = (torch.rand(5000, 3) < 0.1).float()
    losses, result = flengine.losses(x.numpy(), y.numpy(), text)
    gradients, _ = flengine.gradients(x.numpy(), y.numpy(), text)
    x.requires_grad_()
    got = function(x, y, reduction="none")
    assert torch.equal(got, torch.from_numpy(losses))
    got.sum().backward()
    assert torch.equal(x.grad, torch.from_numpy(gradients))
    assert function(x.detach().double(), y, reduction="sum").item() == result.sum


@EVERY
@pytest.mark.parametrize("factor", [1.0, -0.5])
def test_backward_twice(case: Case, factor: float) -> None:
    """A graph that is kept gives the same gradient again, whatever was done to the first."""
    x, y = scores_for(case)
    x.requires_grad_()
    loss = case.function(x, y, reduction="sum") * factor
    (first,) = torch.autograd.grad(loss, x, retain_graph=True)
    copy = first.clone()
    first.zero_()
    (second,) = torch.autograd.grad(loss, x, retain_graph=True)
    (third,) = torch.autograd.grad(loss, x)
    assert torch.equal(copy, second) and torch.equal(copy, third)
    assert copy.abs().max() > 0


@EVERY
@pytest.mark.parametrize("expanded", [False, True])
def test_upstream_per_loss(case: Case, expanded: bool) -> None:
    x, y = scores_for(case)
    x.requires_grad_()
    losses = case.function(x, y, reduction="none")
    (plain,) = torch.autograd.grad(losses.sum(), x)
    upstream = torch.full((), 0.25).expand(losses.shape) if expanded else torch.rand(losses.shape)
    (got,) = torch.autograd.grad(case.function(x, y, reduction="none"), x, upstream)
    rows = losses.dim() < x.dim()
    assert torch.equal(got, plain * (upstream.unsqueeze(-1) if rows else upstream))


def test_accumulates_into_a_grad() -> None:
    """Gradients of two losses add up, and the second does not write into the first's memory."""
    x, y = scores_for(CASES[0])
    x.requires_grad_()
    T.sigmoid_focal_loss(x, y, reduction="sum").backward()
    once = x.grad.clone()
    T.sigmoid_focal_loss(x, y, reduction="sum").backward()
    assert torch.equal(x.grad, once + once)


@EVERY
@REDUCED
def test_gradcheck(case: Case, reduction: str) -> None:
    """Autograd's own check, of float64 scores and float32 arithmetic.

    A loss of size L has an error of some 2⁻²² L, so a difference quotient over 2·2⁻⁷ one of 2⁻¹⁶ L, with
    L up to 30 here: 5e-4. Its own error is eps²/6 of the third derivative, about 1e-5. Scores are multiples of
    2⁻¹⁰, so that scores ± eps are float32.
    """
    x, y = scores_for(case, torch.float64)
    x = (x * 2**10).round() / 2**10
    if case.name == "quality focal, β 1":  # has a kink at p = y
        x = torch.where((torch.sigmoid(x) - y).abs() < 0.05, x + 1, x)
    x.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: case.function(x, y, reduction=reduction), (x,), eps=2.0**-7, atol=1e-3, rtol=1e-3, fast_mode=False
    )


def test_real_logits_have_the_sum_of_the_command() -> None:
    """A photograph's 283,920 logits: README's `flbench eval` says 2.698440."""
    import pathlib

    import numpy

    found = pathlib.Path(__file__).resolve().parents[4] / "testdata/detector-logits/nanodet/astronaut"
    x = torch.from_numpy(numpy.load(found / "logits.npy"))
    labels = torch.from_numpy(numpy.load(found / "labels.npy")).long()
    y = torch.nn.functional.one_hot(labels.clamp(min=0), x.shape[1]).float()
    y[labels == -1] = 0
    y[labels == -2] = -1
    assert f"{T.sigmoid_focal_loss(x.double(), y, reduction='sum').item():.6f}" == "2.698440"


def test_shapes_of_rows() -> None:
    """(C,), (N, C) and (N, C, d1, d2), as torch.nn.functional.cross_entropy takes them."""
    for shape in ((COLUMNS,), (3, COLUMNS), (3, COLUMNS, 2), (3, COLUMNS, 2, 4)):
        x = torch.randn(shape, requires_grad=True)
        y = torch.randint(0, COLUMNS, shape[:-1] if len(shape) < 3 else shape[:1] + shape[2:])
        for reduction in REDUCTIONS:
            got = T.cross_entropy(x, y, reduction=reduction)
            want = torch.nn.functional.cross_entropy(x.double(), y, reduction=reduction)
            close(got, want, LOSS, 0)
            grad, expected = torch.autograd.grad(got.sum(), x)[0], torch.autograd.grad(want.sum(), x)[0]
            close(grad, expected, LOSS, 1e-6)
    for ignored in (-100, -1, 0, 255, 3):
        y = torch.tensor([0, ignored, 2])
        got = T.cross_entropy(torch.eye(3, 5), y, ignore_index=ignored)
        close(got, torch.nn.functional.cross_entropy(torch.eye(3, 5).double(), y, ignore_index=ignored), LOSS, 0)

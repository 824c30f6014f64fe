"""Where flengine differs from PyTorch and torchvision on purpose: the table of flengine.torch, row by row."""

from __future__ import annotations

import math
import re
from typing import Any, Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import flengine
import flengine.torch as T

INF, NAN = math.inf, math.nan


def theirs(x: Tensor, y: Tensor, alpha: float = 0.25, gamma: float = 2, reduction: str = "none") -> Tensor:
    """The formula of torchvision.ops.sigmoid_focal_loss, in its order."""
    p = torch.sigmoid(x)
    p_t = p * y + (1 - p) * (1 - y)
    loss = F.binary_cross_entropy_with_logits(x, y, reduction="none") * (1 - p_t) ** gamma
    loss = loss if alpha < 0 else (alpha * y + (1 - alpha) * (1 - y)) * loss
    return loss if reduction == "none" else loss.sum() if reduction == "sum" else loss.mean()


@pytest.mark.torchvision
def test_theirs_is_theirs() -> None:
    import torchvision

    x, y = torch.randn(1000) * 9, torch.rand(1000)
    for alpha in 0.25, -1:
        for reduction in "none", "sum", "mean":
            want = torchvision.ops.sigmoid_focal_loss(x, y, alpha, 2, reduction)
            assert torch.equal(theirs(x, y, alpha, 2, reduction), want)


def one(x: float, y: float, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    return torch.tensor([x], dtype=dtype, requires_grad=True), torch.tensor([y], dtype=dtype)


def nan_logit() -> None:
    x, y = one(NAN, 1)
    assert theirs(x, y).isnan()
    with pytest.raises(flengine.InputError, match=r"^inputs\[0\] is NaN: want a number"):
        T.sigmoid_focal_loss(x, y)


def infinite_and_right() -> None:
    for sign, y in ((INF, 1), (-INF, 0)):
        assert theirs(*one(sign, y)).isnan()
        x, target = one(sign, y)
        loss = T.sigmoid_focal_loss(x, target)
        loss.sum().backward()
        assert loss.item() == 0 and x.grad.item() == 0


def infinite_and_wrong() -> None:
    for sign, y in ((INF, 0), (-INF, 1)):
        assert not theirs(*one(sign, y)).isfinite()
        with pytest.raises(flengine.InputError, match=rf"^inputs\[0\] is [+-]Inf: want a finite logit"):
            T.sigmoid_focal_loss(*one(sign, y))


def easy_negative() -> None:
    assert theirs(*one(-18, 0)).item() == 0
    q = 1 / (1 + math.exp(18))
    want = 0.75 * q * q * math.log1p(math.exp(-18))
    got = T.sigmoid_focal_loss(*one(-18, 0)).item()
    assert abs(got / want - 1) < 10 * 2.0**-23 and f"{got:.1e}" == "2.6e-24"


def targets_outside() -> None:
    assert theirs(*one(2, 2), -1).item() < 0 < theirs(*one(2, 2)).item() and theirs(*one(1, NAN)).isnan()
    for y in (2, -0.5, NAN):
        with pytest.raises(flengine.InputError, match=r"^targets\[0\] is"):
            T.sigmoid_focal_loss(*one(1, y))
    assert T.sigmoid_focal_loss(*one(1, -1)).item() == 0


def masked() -> None:
    x, y = one(NAN, 1)
    weight = torch.zeros(1)
    assert F.binary_cross_entropy_with_logits(x, y, weight).isnan()
    loss = T.binary_cross_entropy_with_logits(x, y, weight)
    loss.backward()
    assert loss.item() == 0 and x.grad.item() == 0


def bad_weights() -> None:
    for w in (-1.0, INF, NAN):
        F.binary_cross_entropy_with_logits(*one(1, 1), torch.tensor([w]))
        F.cross_entropy(torch.zeros(1, 2), torch.tensor([0]), torch.tensor([w, 1]))
        with pytest.raises(flengine.InputError, match=r"^weight\[0\] is"):
            T.binary_cross_entropy_with_logits(*one(1, 1), torch.tensor([w]))
        with pytest.raises(flengine.InputError, match=r"^weight\[0\] is"):
            T.cross_entropy(torch.zeros(1, 2), torch.tensor([0]), torch.tensor([w, 1]))


def mean_of_nothing() -> None:
    none, rows, ignored = torch.empty(0), torch.zeros(2, 3), torch.full((2,), -100)
    assert theirs(none, none, reduction="mean").isnan() and F.cross_entropy(rows, ignored).isnan()
    assert T.sigmoid_focal_loss(none, none, reduction="mean").item() == 0
    assert T.cross_entropy(rows, ignored).item() == 0


def float64_sums() -> None:
    """Of 10⁶ losses: near the sum of all, however many threads there are."""
    x, y = torch.randn(10**6), torch.rand(10**6).round()
    exact = math.fsum(T.sigmoid_focal_loss(x, y).tolist())
    sums = set()
    for threads in 1, 2, 3:
        torch.set_num_threads(threads)
        sums.add(T.sigmoid_focal_loss(x.double(), y, reduction="sum").item())
        assert T.sigmoid_focal_loss(x, y, reduction="sum").item() == torch.tensor(exact).item()
    assert len(sums) == 1 and abs(sums.pop() / exact - 1) < 1e-8


def float64_arithmetic() -> None:
    x, y = one(0.1, 1, torch.float64)
    wide, narrow = T.sigmoid_focal_loss(x, y), T.sigmoid_focal_loss(x.float(), y.float())
    assert wide.dtype == torch.float64 and wide.item() == narrow.item()
    assert 0 < abs(wide.item() / theirs(x, y).item() - 1) < 1e-6


def halves() -> None:
    x, y = torch.randn(1000).bfloat16(), torch.rand(1000).round().bfloat16()
    exact = theirs(x.double(), y.double())
    ours = (T.sigmoid_focal_loss(x, y).double() / exact - 1).abs().max().item()
    others = (theirs(x, y).double() / exact - 1).abs().max().item()
    assert ours < 2.0**-8 and others > 8 * ours


def gradients_of_targets() -> None:
    x, y = one(1, 0.5)
    theirs(x, y.requires_grad_()).sum().backward()
    assert y.grad is not None
    with pytest.raises(ValueError, match="targets requires a gradient"):
        T.sigmoid_focal_loss(x, y)


def second_derivatives() -> None:
    x, y = one(1, 1)
    for f, fails in ((theirs, False), (T.sigmoid_focal_loss, True)):
        (grad,) = torch.autograd.grad(f(x, y).sum(), x, create_graph=True)
        if fails:
            with pytest.raises(RuntimeError, match="cannot be differentiated again"):
                grad.sum().backward()
        else:
            grad.sum().backward()


def probabilities() -> None:
    x = torch.zeros(2, 3)
    F.cross_entropy(x, x)
    with pytest.raises(TypeError, match="for probabilities use torch.nn.functional.cross_entropy"):
        T.cross_entropy(x, x)


def all_smooth() -> None:
    x, y = torch.zeros(2, 3), torch.zeros(2, dtype=torch.int64)
    F.cross_entropy(x, y, label_smoothing=1.0)
    with pytest.raises(flengine.InputError, match="^label_smoothing is 1: want"):
        T.cross_entropy(x, y, label_smoothing=1.0)


def infinite_rows() -> None:
    for x, y in (([-INF, 0, 0], 0), ([INF, 0, 0], 1)):
        logits, target = torch.tensor([x]), torch.tensor([y])
        assert not F.cross_entropy(logits, target).isfinite()
        with pytest.raises(flengine.InputError, match=r"^input\[0, 0\] is [+-]Inf: want"):
            T.cross_entropy(logits, target)
    logits = torch.tensor([[-INF, 0, 0]])  # of another class it is a probability of 0, as theirs
    assert T.cross_entropy(logits, torch.tensor([1])).allclose(F.cross_entropy(logits, torch.tensor([1])))


def strides() -> None:
    x = torch.zeros(2, 3).t()
    assert not theirs(x, x).is_contiguous() and T.sigmoid_focal_loss(x, x).is_contiguous()


# What begins each row of the table, and what shows it.
ROWS: dict[str, Callable[[], Any]] = {
    "a NaN logit": nan_logit,
    "+Inf with the target 1": infinite_and_right,
    "+Inf with the target 0": infinite_and_wrong,
    "a logit of -18": easy_negative,
    "a target outside [0, 1]": targets_outside,
    "a weight of 0 and a NaN logit": masked,
    "a weight below 0": bad_weights,
    "the mean of nothing": mean_of_nothing,
    "a sum or mean of float32": float64_sums,
    "float64": float64_arithmetic,
    "float16 and bfloat16": halves,
    "a gradient by targets": gradients_of_targets,
    "a second derivative": second_derivatives,
    "probabilities as": probabilities,
    "label_smoothing of exactly 1": all_smooth,
    "-Inf for the class of a row": infinite_rows,
    "the result's strides": strides,
}


@pytest.mark.parametrize("row", ROWS)
def test_row(row: str) -> None:
    ROWS[row]()


def test_the_table_has_these_rows() -> None:
    assert T.__doc__ is not None
    table = re.split(r"^=+ +=+ +=+$", T.__doc__, flags=re.MULTILINE)[2]
    rows = [line for line in table.splitlines() if line.strip()]
    assert len(rows) == len(ROWS)
    for line, row in zip(rows, ROWS):
        assert line.startswith(row)

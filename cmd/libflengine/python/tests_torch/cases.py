"""The functions of flengine.torch, each with its formula in float64, and inputs for both."""

from __future__ import annotations

import dataclasses
import functools
from typing import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

import flengine.torch as T


@dataclasses.dataclass(frozen=True)
class Case:
    """A function, called as function(scores, labels, reduction=…), and what it should be per score or row."""

    name: str
    function: Callable[..., Tensor]
    formula: Callable[[Tensor, Tensor], Tensor]
    labels: Callable[[Tensor], Tensor]
    mean: Callable[[Tensor, Tensor], Tensor] = lambda losses, labels: losses.mean()

    def __str__(self) -> str:
        return self.name

    def expect(self, scores: Tensor, labels: Tensor, reduction: str) -> Tensor:
        """The formula in float64, reduced."""
        losses = self.formula(scores, labels)
        return losses if reduction == "none" else losses.sum() if reduction == "sum" else self.mean(losses, labels)


def hard(scores: Tensor) -> Tensor:
    return (torch.rand(scores.shape) < 0.3).float()


def soft(scores: Tensor) -> Tensor:
    return torch.rand(scores.shape)


def sparse_soft(scores: Tensor) -> Tensor:
    """Most of them 0, as qualities are."""
    return torch.rand(scores.shape) * hard(scores)


def peaks(scores: Tensor) -> Tensor:
    return torch.where(torch.rand(scores.shape) < 0.1, torch.ones(()), torch.rand(scores.shape))


def classes(scores: Tensor) -> Tensor:
    made = torch.randint(0, scores.shape[1], scores.shape[:1] + scores.shape[2:])
    return torch.where(torch.rand(made.shape) < 0.1, torch.full_like(made, -100), made)


def entropy(x: Tensor, y: Tensor) -> Tensor:
    y = y.double()
    return y * F.softplus(-x) + (1 - y) * F.softplus(x)


def focal(alpha: float, gamma: float) -> Callable[[Tensor, Tensor], Tensor]:
    def formula(x: Tensor, y: Tensor) -> Tensor:
        y = y.double()
        wrong = y * torch.sigmoid(-x) + (1 - y) * torch.sigmoid(x)
        weight = 1.0 if alpha < 0 else alpha * y + (1 - alpha) * (1 - y)
        return weight * wrong**gamma * entropy(x, y)

    return formula


def quality(beta: float) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda x, y: (torch.sigmoid(x) - y.double()).abs() ** beta * entropy(x, y)


def varifocal(alpha: float, gamma: float, weighted: bool) -> Callable[[Tensor, Tensor], Tensor]:
    def formula(x: Tensor, y: Tensor) -> Tensor:
        y = y.double()
        positive = y if weighted else torch.ones_like(y)
        return torch.where(y > 0, positive, alpha * torch.sigmoid(x) ** gamma) * entropy(x, y)

    return formula


def heatmap(alpha: float, beta: float) -> Callable[[Tensor, Tensor], Tensor]:
    def formula(x: Tensor, y: Tensor) -> Tensor:
        y = y.double()
        rest = (1 - y) ** beta * torch.sigmoid(x) ** alpha * F.softplus(x)
        return torch.where(y == 1, torch.sigmoid(-x) ** alpha * F.softplus(-x), rest)

    return formula


def asymmetric(pos: float, neg: float, margin: float) -> Callable[[Tensor, Tensor], Tensor]:
    def formula(x: Tensor, y: Tensor) -> Tensor:
        shifted = (torch.sigmoid(x) - margin).clamp(min=0)
        return torch.where(
            y == 1, torch.sigmoid(-x) ** pos * F.softplus(-x), -(shifted**neg) * torch.log1p(-shifted)
        )

    return formula


def rows(gamma: float, weight: Tensor | None = None, smoothing: float = 0.0) -> Callable[[Tensor, Tensor], Tensor]:
    def formula(x: Tensor, y: Tensor) -> Tensor:
        if gamma == 0:
            wide = None if weight is None else weight.double()
            return F.cross_entropy(x, y, wide, reduction="none", label_smoothing=smoothing)
        known = y.clamp(min=0).unsqueeze(1)
        logp = F.log_softmax(x, 1).gather(1, known).squeeze(1)
        rest = 1 - F.softmax(x, 1).gather(1, known).squeeze(1)
        of_class = 1.0 if weight is None else weight.double()[known.squeeze(1)]
        return torch.where(y == -100, torch.zeros_like(logp), of_class * rest**gamma * -logp)

    return formula


def mean_of_rows(losses: Tensor, labels: Tensor, weight: Tensor | None = None) -> Tensor:
    counts = (labels != -100).double()
    if weight is not None:
        counts = counts * weight.double()[labels.clamp(min=0)]
    return losses.sum() / counts.sum()


COLUMNS = 7
WEIGHT = torch.linspace(0.5, 2, COLUMNS)
ROW_WEIGHT = torch.tensor([[1.0], [0.25], [3.0], [0.0], [1.5]])


def bce(weight: Tensor | None, pos_weight: Tensor | None) -> Callable[[Tensor, Tensor], Tensor]:
    def formula(x: Tensor, y: Tensor) -> Tensor:
        wide = [None if w is None else w.double() for w in (weight, pos_weight)]
        return F.binary_cross_entropy_with_logits(x, y.double(), wide[0], reduction="none", pos_weight=wide[1])

    return formula


def of(function: Callable[..., Tensor], **options: object) -> Callable[..., Tensor]:
    return functools.partial(function, **options)


CASES = [
    Case("focal", T.sigmoid_focal_loss, focal(0.25, 2), hard),
    Case("focal, soft", T.sigmoid_focal_loss, focal(0.25, 2), soft),
    Case("focal, no alpha, γ 1.5", of(T.sigmoid_focal_loss, alpha=-1, gamma=1.5), focal(-1, 1.5), hard),
    Case("focal, γ 0", of(T.sigmoid_focal_loss, alpha=0.75, gamma=0), focal(0.75, 0), soft),
    Case("quality focal", T.quality_focal_loss, quality(2), sparse_soft),
    Case("quality focal, β 1", of(T.quality_focal_loss, beta=1), quality(1), sparse_soft),
    Case("varifocal", T.varifocal_loss, varifocal(0.75, 2, True), sparse_soft),
    Case("varifocal, not by IoU", of(T.varifocal_loss, iou_weighted=False), varifocal(0.75, 2, False), sparse_soft),
    Case("heatmap", T.heatmap_focal_loss, heatmap(2, 4), peaks),
    Case("asymmetric", T.asymmetric_loss, asymmetric(1, 4, 0.05), hard),
    Case("bce", of(T.binary_cross_entropy_with_logits), bce(None, None), soft),
    Case("bce, weight of rows", of(T.binary_cross_entropy_with_logits, weight=ROW_WEIGHT), bce(ROW_WEIGHT, None), hard),
    Case(
        "bce, weight and pos_weight of columns",
        of(T.binary_cross_entropy_with_logits, weight=WEIGHT, pos_weight=WEIGHT.flip(0)),
        bce(WEIGHT, WEIGHT.flip(0)),
        soft,
    ),
    Case(
        "bce, pos_weight of rows",
        of(T.binary_cross_entropy_with_logits, weight=WEIGHT, pos_weight=ROW_WEIGHT),
        bce(WEIGHT, ROW_WEIGHT),
        soft,
    ),
    Case("cross-entropy", T.cross_entropy, rows(0), classes, mean_of_rows),
    Case(
        "cross-entropy, weights, smoothed",
        of(T.cross_entropy, weight=WEIGHT, label_smoothing=0.1),
        rows(0, WEIGHT, 0.1),
        classes,
        functools.partial(mean_of_rows, weight=WEIGHT),
    ),
    Case("softmax focal", T.softmax_focal_loss, rows(2), classes, mean_of_rows),
    Case(
        "softmax focal, weights, γ 1.5",
        of(T.softmax_focal_loss, weight=WEIGHT, gamma=1.5),
        rows(1.5, WEIGHT),
        classes,
        functools.partial(mean_of_rows, weight=WEIGHT),
    ),
]
REDUCTIONS = ["none", "mean", "sum"]


def scores_for(case: Case, dtype: torch.dtype = torch.float32, seed: int = 1) -> tuple[Tensor, Tensor]:
    """Logits of 5 rows, from easy ones to hard ones, and labels."""
    torch.manual_seed(seed)
    scores = (torch.randn(5, COLUMNS, dtype=torch.float64) * 4).to(dtype)
    return scores, case.labels(scores)

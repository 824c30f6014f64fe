"""The losses: their names, formulas, parameters and sources."""

from __future__ import annotations

import ctypes
from typing import Dict, Mapping, Union

from . import _lib


class Loss:
    """A loss with values for its parameters: what the constructors below return, or a text.

    Losses are immutable, hashable, and equal if their texts are. ``str`` returns the text, which
    every function takes in the loss's place, as ``flbench`` does: ``"focal(alpha=0.25,gamma=2)"``.
    What a text leaves out has its default, so ``"focal"`` is that, too; :meth:`full` writes it out.
    Parameters are float32, and are checked when the loss is first evaluated.

    Args:
        text: a name and, in parentheses, parameters in any order.

    Raises:
        InputError: the text is none of a loss (field ``"loss"``).
    """

    __slots__ = ("_name", "_parameters", "_text")
    _name: str
    _parameters: Mapping[str, str]
    _text: str

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"loss is a {type(text).__name__}: want a text, such as 'focal(alpha=0.25,gamma=2)'")
        name, opened, rest = text.strip().partition("(")
        parameters: Dict[str, str] = {}
        if opened and not rest.endswith(")"):
            raise _lib.InputError("loss", None, 0, f"{text!r} does not end in a parenthesis: want something like focal(gamma=2)")
        for part in filter(str.strip, rest[:-1].split(",")):
            key, given, value = (word.strip() for word in part.partition("="))
            if not given or key in parameters:
                raise _lib.InputError("loss", None, 0, f"{text!r} has {part.strip()!r}: want each parameter once, as in focal(gamma=2)")
            parameters[key] = value
        self._set(name.strip(), parameters)

    def _set(self, name: str, parameters: Mapping[str, str]) -> None:
        self._name, self._parameters = name, parameters
        listed = ",".join(f"{k}={v}" for k, v in parameters.items())
        self._text = f"{name}({listed})" if listed else name

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"flengine.Loss({self._text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Loss) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def full(self) -> str:
        """The text with all parameters, checked: of ``"focal"`` it is ``"focal(alpha=0.25,gamma=2)"``.

        Raises:
            InputError: the loss is unknown, or a parameter outside its range.
        """
        return _lib.text("fl_loss", _lib.c_text("loss", self._text))

    def _with(self, drop: tuple[str, ...], **values: float) -> Loss:
        loss = Loss.__new__(Loss)
        kept = {k: v for k, v in self._parameters.items() if k not in drop}
        loss._set(self._name, {**kept, **{k: _float32(k, v) for k, v in values.items()}})
        return loss

    def weighted(self, pos: float, neg: float) -> Loss:
        """The loss with other weights of foreground and background in place of alpha, both finite and >= 0.

        ``weighted(1, 1)`` is the loss without alpha: torchvision's ``alpha=-1``.
        """
        return self._with(("pos", "neg") + _ALPHA_IS_WEIGHT.get(self._name, ()), pos=pos, neg=neg)

    def smoothed(self, epsilon: float) -> Loss:
        """The loss with label smoothing: of y it is that of y(1 - epsilon) + epsilon/2; epsilon is in [0, 1).

        Of softmax cross-entropy it is PyTorch's. Varifocal, heatmap, asymmetric and softmax focal loss have none.
        """
        return self._with(("smoothing",), smoothing=epsilon)


LossLike = Union[Loss, str]

# Those whose alpha is a weight, which pos and neg stand in place of: not heatmap focal loss's.
_ALPHA_IS_WEIGHT = {"balanced": ("alpha",), "focal": ("alpha",), "vfl": ("alpha",)}

# Losses of rows: one loss per row of scores, not per score.
ROWS = frozenset(("softmaxce", "softmaxfocal"))


def loss_of(loss: LossLike) -> Loss:
    """A loss by itself or by its text."""
    return loss if isinstance(loss, Loss) else Loss(loss)


def of_rows(loss: Loss) -> bool:
    """Whether a loss is one of rows."""
    return loss._name in ROWS


def _float32(name: str, value: float) -> str:
    """The text of a parameter, which is rounded to float32 here as the library would."""
    try:
        wide = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} is {value!r}: want a number") from None
    return _lib.number(ctypes.c_float(wide).value) if wide == ctypes.c_float(wide).value else repr(wide)


def _make(name: str, **values: float) -> Loss:
    return Loss(name)._with((), **values)


def cross_entropy() -> Loss:
    """Binary cross-entropy -ln p_t; of a target y between 0 and 1 -y ln p - (1 - y) ln(1 - p).

    As PyTorch's binary_cross_entropy_with_logits. Lin et al. 2017, arXiv:1708.02002, equation 1.
    """
    return Loss("ce")


def balanced_cross_entropy(alpha: float = 0.25) -> Loss:
    """Cross-entropy times alpha for the foreground and 1 - alpha for the background; alpha in [0, 1].

    Lin et al. 2017, arXiv:1708.02002, equation 3.
    """
    return _make("balanced", alpha=alpha)


def focal(alpha: float = 0.25, gamma: float = 2) -> Loss:
    """Focal loss -alpha_t (1 - p_t)^gamma ln p_t; alpha in [0, 1], gamma >= 0. RetinaNet's are the defaults.

    Of targets between 0 and 1 it is torchvision's and fvcore's. ``focal(gamma=2).weighted(1, 1)``
    is without alpha. Lin et al. 2017, arXiv:1708.02002, equation 5.
    """
    return _make("focal", alpha=alpha, gamma=gamma)


def quality_focal(beta: float = 2) -> Loss:
    """Quality focal loss |y - p|^beta times cross-entropy, of targets y in [0, 1]; beta >= 1.

    Li et al. 2020, arXiv:2006.04388, section 3.1.
    """
    return _make("qfl", beta=beta)


def varifocal(alpha: float = 0.75, gamma: float = 2, iou_weighted: bool = True) -> Loss:
    """Varifocal loss: y times cross-entropy where y > 0, -alpha p^gamma ln(1 - p) where y = 0; both >= 0.

    Without ``iou_weighted`` it is cross-entropy where y > 0, as MMDetection's with iou_weighted=False.
    Zhang et al. 2020, arXiv:2008.13367, equation 2.
    """
    return _make("vfl", alpha=alpha, gamma=gamma, iou=1 if iou_weighted else 0)


def heatmap_focal(alpha: float = 2, beta: float = 4) -> Loss:
    """CornerNet's focal loss of heatmaps: -(1 - p)^alpha ln p where y = 1, else -(1 - y)^beta p^alpha ln(1 - p).

    Both are >= 0. Only y = 1 is positive. Law and Deng 2018, arXiv:1808.01244, equation 1.
    """
    return _make("heatmap", alpha=alpha, beta=beta)


def asymmetric(gamma_pos: float = 1, gamma_neg: float = 4, margin: float = 0.05) -> Loss:
    """Asymmetric loss: -(1 - p)^gamma_pos ln p; of background -r^gamma_neg ln(1 - r), r = max(p - margin, 0).

    The gammas are >= 0, margin is 0 or in [1/4096, 1 - 1/4096]. Ridnik et al. 2021, arXiv:2009.14119,
    equation 7.
    """
    return _make("asl", gammapos=gamma_pos, gammaneg=gamma_neg, margin=margin)


def softmax_cross_entropy() -> Loss:
    """Softmax cross-entropy of rows, -ln p_t: one loss per row. As PyTorch's cross_entropy."""
    return Loss("softmaxce")


def softmax_focal(gamma: float = 2) -> Loss:
    """Softmax focal loss of rows, -(1 - p_t)^gamma ln p_t: one loss per row; gamma >= 0.

    Lin et al. 2017, arXiv:1708.02002, equation 4, of p = softmax.
    """
    return _make("softmaxfocal", gamma=gamma)

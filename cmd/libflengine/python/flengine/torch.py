"""Detection losses for PyTorch: drop-in functions on CPU tensors, value and gradient in one fused SIMD pass.

    from flengine.torch import sigmoid_focal_loss  # in place of torchvision.ops.sigmoid_focal_loss

    loss = sigmoid_focal_loss(logits, targets, alpha=0.25, gamma=2, reduction="sum")
    loss.backward()

Every function takes tensors on the CPU, of any shape, contiguous or not. What all have in common:

* **Types.** Scores are float32, float16, bfloat16 or float64. All is evaluated in float32, from 16 bits
  widened exactly; float64 scores are rounded to float32 first, and outputs have their type, not their
  precision. Losses and gradients have the type of the scores; under autocast losses of 16-bit scores are float32, as
  those of PyTorch's own functions are. Sums are of float64, with the same bits for any number of threads, and rounded once.
* **Labels.** Targets per score are of any float type, taken as they are, or bool or uint8; -1 (uint8: 255) is
  ignored: its loss and gradient are 0, and means do not count it.
* **Gradients.** Where the scores require one it is evaluated in the same pass as the loss, and kept until backward
  multiplies it; without, nothing is kept. There is a gradient by the scores alone: targets and weights that
  require one are refused. A second derivative through autograd (create_graph) is refused where it is used.
* **Around it.** torch.compile(fullgraph=True), torch.export and FakeTensor see an operator, ``flengine::evaluate``
  (PyTorch 2.4 and later; before, tracing is refused). Threads are as many as torch.get_num_threads() says. Tensors on
  other devices, sparse, complex and quantized ones, and transforms of torch.func are refused. In a
  forked child, such as a worker of a DataLoader, calls raise if the parent had made one: use
  ``multiprocessing_context="spawn"``.
* **Bad input** raises :class:`flengine.InputError`, a ValueError that names the first bad element, as
  ``inputs[3, 17] is NaN: want a number``.

Where that differs from PyTorch and torchvision, on purpose:

============================================  =================================  ==================================
what                                          theirs                             here
============================================  =================================  ==================================
a NaN logit                                   a NaN loss, and NaN weights later  InputError that names it
+Inf with the target 1, -Inf with 0           NaN                                loss 0, gradient 0
+Inf with the target 0, -Inf with 1           infinite or NaN                    InputError
a logit of -18 and the target 0, γ = 2        the loss is 0, as 1 - p_t rounds   2.6e-24, right to some ULP
a target outside [0, 1], or NaN               a loss of either sign, or NaN      InputError; -1 is ignored
a weight of 0 and a NaN logit                 NaN                                0: it is a mask
a weight below 0, or not finite               taken                              InputError
the mean of nothing, or of ignored rows       NaN                                0
a sum or mean of float32                      of partial sums in float32         of float64 ones, whatever the threads
float64                                       float64 arithmetic                 float32 arithmetic, returned as float64
float16 and bfloat16                          rounded at every operation         rounded once
a gradient by targets or weights              there is one                       ValueError: detach them
a second derivative                           there is one                       RuntimeError
probabilities as cross_entropy's target       taken                              TypeError
label_smoothing of exactly 1                  taken                              InputError
-Inf for the class of a row, or +Inf          an infinite or NaN loss            InputError
the result's strides                          those of the scores                contiguous
============================================  =================================  ==================================
"""

from __future__ import annotations

import operator
from typing import Any, Optional, Sequence, Tuple, Union

import torch
from torch import Tensor

from . import _torch_op as _op

__all__ = [
    "asymmetric_loss",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "heatmap_focal_loss",
    "quality_focal_loss",
    "sigmoid_focal_loss",
    "softmax_focal_loss",
    "varifocal_loss",
]


def sigmoid_focal_loss(
    inputs: Tensor,
    targets: Tensor,
    alpha: float = 0.25,
    gamma: float = 2,
    reduction: str = "none",
) -> Tensor:
    """Focal loss, with the arguments and the meaning of torchvision.ops.sigmoid_focal_loss.

        −α_t · (1 − p_t)^γ · ln p_t

    Source: Lin et al., Focal Loss for Dense Object Detection, 2017, arXiv:1708.02002.

    Args:
        inputs: logits of any shape; what types are taken the module says.
        targets: of the same shape: 0 background, 1 foreground, between them soft, -1 ignored.
        alpha: the weight of the foreground in [0, 1], 1 - alpha that of the background, linear in
            the target between; -1: no weights.
        gamma: the focusing parameter, finite and >= 0; 0 is cross-entropy.
        reduction: ``"none"``, ``"mean"`` (over all but the ignored) or ``"sum"``.

    Returns:
        The losses in the shape of the inputs, or a tensor of no dimensions.

    Raises:
        InputError: an element or a parameter is wrong.
        ValueError, TypeError: shapes, devices, types, or the reduction are.
    """
    if torch.jit.is_scripting():
        loss: Tensor = torch.ops.flengine.sigmoid_focal_loss(inputs, targets, alpha, gamma, reduction)
        return loss
    else:
        return _sigmoid_focal_loss(inputs, targets, alpha, gamma, reduction)


def _sigmoid_focal_loss(inputs: Tensor, targets: Tensor, alpha: float, gamma: float, reduction: str) -> Tensor:
    alpha, gamma = _number("alpha", alpha), _number("gamma", gamma)
    if alpha < 0 and alpha != -1:
        raise ValueError(f"alpha is {alpha}: want a number in [0, 1], or -1 for no weights")
    if alpha < 0:
        return _of_scores(inputs, targets, "focal(gamma={},pos=1,neg=1)", (gamma,), reduction)
    return _of_scores(inputs, targets, "focal(alpha={},gamma={})", (alpha, gamma), reduction)


def quality_focal_loss(inputs: Tensor, targets: Tensor, beta: float = 2, reduction: str = "none") -> Tensor:
    """Quality focal loss: targets are qualities.

        −|y − p|^β · (y·ln p + (1 − y)·ln(1 − p))

    Source: Li et al., Generalized Focal Loss, 2020, arXiv:2006.04388, section 3.1. mmdetection's function
    takes class indices and qualities, and sums over the classes: set the quality at the column of
    each positive's class, 0 elsewhere.

    Args:
        inputs: logits of any shape.
        targets: of the same shape: the quality in [0, 1], 0 for background, -1 for ignored.
        beta: the power of the distance, finite and >= 1.
        reduction: ``"none"``, ``"mean"`` (over all but the ignored) or ``"sum"``.

    Returns:
        The losses in the shape of the inputs, or a tensor of no dimensions.

    Raises:
        InputError: an element or a parameter is wrong.
        ValueError, TypeError: shapes, devices, types, or the reduction are.
    """
    return _of_scores(inputs, targets, "qfl(beta={})", (_number("beta", beta),), reduction)


def varifocal_loss(
    inputs: Tensor,
    targets: Tensor,
    alpha: float = 0.75,
    gamma: float = 2,
    iou_weighted: bool = True,
    reduction: str = "none",
) -> Tensor:
    """Varifocal loss: positives are weighted by their target, negatives focused.

        −y·(y·ln p + (1 − y)·ln(1 − p)) for y > 0,  −α·p^γ·ln(1 − p) for y = 0

    Source: Zhang et al., VarifocalNet, 2020, arXiv:2008.13367, equation 2; mmdetection's varifocal_loss.

    Args:
        inputs: logits of any shape.
        targets: of the same shape: the IoU in [0, 1], 0 for background, -1 for ignored.
        alpha: the weight of the background, >= 0.
        gamma: the focusing parameter of the background, finite and >= 0.
        iou_weighted: False leaves out the factor y.
        reduction: ``"none"``, ``"mean"`` (over all but the ignored) or ``"sum"``.

    Returns:
        The losses in the shape of the inputs, or a tensor of no dimensions.

    Raises:
        InputError: an element or a parameter is wrong.
        ValueError, TypeError: shapes, devices, types, or the reduction are.
    """
    values = (_number("alpha", alpha), _number("gamma", gamma), 1.0 if iou_weighted else 0.0)
    return _of_scores(inputs, targets, "vfl(alpha={},gamma={},iou={})", values, reduction)


def heatmap_focal_loss(
    inputs: Tensor, targets: Tensor, alpha: float = 2, beta: float = 4, reduction: str = "none"
) -> Tensor:
    """The focal loss of heatmaps of CornerNet and CenterNet, from logits.

        −(1 − p)^α · ln p for y = 1,  −(1 − y)^β · p^α · ln(1 − p) for y < 1

    Source: Law and Deng, CornerNet, 2018, arXiv:1808.01244, equation 1. They divide the sum by the number of
    peaks, and have no weights; nor has this, which clamps nothing.

    Args:
        inputs: logits of any shape.
        targets: of the same shape: the heatmap in [0, 1], 1 at the peaks, -1 for ignored.
        alpha: the focusing parameter, finite and >= 0.
        beta: the power of the distance from a peak, finite and >= 0.
        reduction: ``"none"``, ``"mean"`` (over all but the ignored) or ``"sum"``.

    Returns:
        The losses in the shape of the inputs, or a tensor of no dimensions.

    Raises:
        InputError: an element or a parameter is wrong.
        ValueError, TypeError: shapes, devices, types, or the reduction are.
    """
    values = (_number("alpha", alpha), _number("beta", beta))
    return _of_scores(inputs, targets, "heatmap(alpha={},beta={})", values, reduction)


def asymmetric_loss(
    inputs: Tensor,
    targets: Tensor,
    gamma_pos: float = 1,
    gamma_neg: float = 4,
    margin: float = 0.05,
    reduction: str = "none",
) -> Tensor:
    """Asymmetric loss of multi-label classification.

        −(1 − p)^γ₊ · ln p,  and for the background −r^γ₋ · ln(1 − r), r = max(p − m, 0)

    Source: Ridnik et al., Asymmetric Loss, 2021, arXiv:2009.14119, equation 7. Their code clamps the logarithm at
    1e-8, and sums.

    Args:
        inputs: logits of any shape.
        targets: of the same shape: 0, 1, or -1 for ignored.
        gamma_pos, gamma_neg: the focusing parameters, finite and >= 0.
        margin: what the background's probabilities are shifted down by: 0, or from 1/4096 to below 1.
        reduction: ``"none"``, ``"mean"`` (over all but the ignored) or ``"sum"``.

    Returns:
        The losses in the shape of the inputs, or a tensor of no dimensions.

    Raises:
        InputError: an element or a parameter is wrong.
        ValueError, TypeError: shapes, devices, types, or the reduction are.
    """
    values = (_number("gamma_pos", gamma_pos), _number("gamma_neg", gamma_neg), _number("margin", margin))
    return _of_scores(inputs, targets, "asl(gammapos={},gammaneg={},margin={})", values, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Optional[Tensor] = None,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    pos_weight: Optional[Tensor] = None,
) -> Tensor:
    """Binary cross-entropy, with the arguments and the meaning of torch.nn.functional's function of that name.

    Args:
        input: logits of any shape.
        target: of the same shape, in [0, 1], or -1 for ignored.
        weight: factors of the losses, finite and >= 0, of a shape that broadcasts to the input's. Those of the last
            dimension alone cost least.
        size_average, reduce: deprecated in PyTorch, and refused: say it by reduction.
        reduction: ``"none"``, ``"mean"`` (over all but the ignored, whatever their weights) or ``"sum"``.
        pos_weight: factors of the target's term, finite and >= 0: one, or one per element of a single dimension,
            as (C,) for (N, C), (C, 1, 1) for (N, C, H, W).

    Returns:
        The losses in the shape of the input, or a tensor of no dimensions.

    Raises:
        InputError: an element is wrong.
        ValueError, TypeError: shapes, devices, types, or the reduction are.
    """
    _deprecated(size_average, reduce)
    if weight is None and pos_weight is None:
        return _of_scores(input, target, "ce", (), reduction, ("input", "target"))
    _check(input, target, ("input", "target"), reduction)
    wide = None if weight is None else _factor("weight", weight, input)
    place = -1
    columns = None
    if pos_weight is not None:
        positive = _factor("pos_weight", pos_weight, input)
        sizes = [i - positive.dim() for i, n in enumerate(positive.shape) if n != 1]
        if len(sizes) > 1:
            raise ValueError(
                f"pos_weight has the shape {_shape(pos_weight)}: want one number, or numbers along one dimension of the "
                "input, as (C,) or (C, 1, 1)"
            )
        if sizes:
            place = sizes[0]
        size = input.shape[place] if input.dim() else 1
        columns = positive.reshape(-1).expand(size).contiguous()
    if place != -1:  # the engine's columns are the last dimension
        input, target = input.movedim(place, -1), target.movedim(place, -1)
        if wide is not None:
            shape = (1,) * (input.dim() - wide.dim()) + tuple(wide.shape)
            wide = wide.reshape(shape).movedim(place, -1)
    factors = _op.Factors(class_weights=columns)
    if wide is not None:
        if wide.numel() == 1 or wide.numel() == wide.shape[-1]:
            size = input.shape[-1] if input.dim() else 1
            factors = factors._replace(column_weights=wide.reshape(-1).expand(size).contiguous())
        elif wide.shape[-1] == 1:
            factors = factors._replace(weights=wide.expand(input.shape[:-1] + (1,)).reshape(-1))
        else:
            factors = factors._replace(score_weights=wide.expand(input.shape).contiguous())
    loss = _op.apply(input, target, factors, _op.Call("ce", (), (), reduction, _autocast(input), place))
    return loss.movedim(-1, place) if place != -1 and reduction == "none" else loss


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Optional[Tensor] = None,
    size_average: None = None,
    ignore_index: int = -100,
    reduce: None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Softmax cross-entropy, with the arguments and the meaning of torch.nn.functional.cross_entropy.

    Args:
        input: logits (N, C), (N, C, d1, …) or (C,).
        target: classes in [0, C), of int64, int32 or uint8: (N,), (N, d1, …) or (). Probabilities are refused.
        weight: one per class, (C,), finite and >= 0.
        size_average, reduce: deprecated in PyTorch, and refused: say it by reduction.
        ignore_index: the target of rows that do not count.
        reduction: ``"none"``, ``"mean"`` (over the weights of the targets) or ``"sum"``.
        label_smoothing: in [0, 1).

    Returns:
        The losses in the shape of the target, or a tensor of no dimensions.

    Raises:
        InputError: an element or a parameter is wrong.
        ValueError, TypeError: shapes, devices, types, or the reduction are.
    """
    _deprecated(size_average, reduce)
    smoothing = _number("label_smoothing", label_smoothing)
    if smoothing == 0:
        return _of_rows(input, target, "softmaxce", (), weight, ignore_index, reduction)
    return _of_rows(input, target, "softmaxce(smoothing={})", (smoothing,), weight, ignore_index, reduction)


def softmax_focal_loss(
    input: Tensor,
    target: Tensor,
    gamma: float = 2,
    weight: Optional[Tensor] = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """Focal loss of a softmax over classes.

        −w_t · (1 − p_t)^γ · ln p_t,  p = softmax of the row, t its class

    Source: Lin et al. 2017, arXiv:1708.02002, equation 4. An α that is the same for all classes is a factor of the result.

    Args:
        input: logits (N, C), (N, C, d1, …) or (C,).
        target: classes in [0, C), of int64, int32 or uint8: (N,), (N, d1, …) or ().
        gamma: the focusing parameter, finite and >= 0; 0 is cross-entropy.
        weight: one per class, (C,), finite and >= 0.
        ignore_index: the target of rows that do not count.
        reduction: ``"none"``, ``"mean"`` (over the weights of the targets) or ``"sum"``.

    Returns:
        The losses in the shape of the target, or a tensor of no dimensions.

    Raises:
        InputError: an element or a parameter is wrong.
        ValueError, TypeError: shapes, devices, types, or the reduction are.
    """
    return _of_rows(input, target, "softmaxfocal(gamma={})", (_number("gamma", gamma),), weight, ignore_index, reduction)


def _of_scores(
    inputs: Tensor,
    targets: Tensor,
    loss: str,
    values: Sequence[float],
    reduction: str,
    names: Tuple[str, str] = ("inputs", "targets"),
) -> Tensor:
    """Evaluates a loss of scores."""
    _check(inputs, targets, names, reduction)
    return _op.apply(inputs, targets, _op.NO_FACTORS, _op.Call(loss, values, (), reduction, _autocast(inputs)))


def _of_rows(
    input: Tensor,
    target: Tensor,
    loss: str,
    values: Sequence[float],
    weight: Optional[Tensor],
    ignore_index: int,
    reduction: str,
) -> Tensor:
    """Evaluates a loss of rows of logits, whose classes are the second dimension, or the only one."""
    _reduction(reduction)
    _scores("input", input)
    _ours("target", target)
    if target.dtype not in _op._CLASSES:
        raise TypeError(
            f"target is {target.dtype}: want classes of torch.int64, torch.int32 or torch.uint8"
            + (": for probabilities use torch.nn.functional.cross_entropy" if target.is_floating_point() else "")
        )
    if input.dim() == 0:
        raise ValueError("input has no dimensions: want (C,), (N, C) or (N, C, d1, …)")
    place = 1 - input.dim() if input.dim() > 2 else -1
    scores = input.movedim(place, -1) if place != -1 else input
    if target.shape != scores.shape[:-1]:
        raise ValueError(
            f"target has the shape {_shape(target)}: want {tuple(scores.shape[:-1])}, a class for each row of an input of {_shape(input)}"
        )
    if scores.shape[-1] == 0:
        raise ValueError(f"input has the shape {_shape(input)}: want at least one class")
    if not isinstance(ignore_index, int):
        ignore_index = _index("ignore_index", ignore_index)
    if not -(2**31) <= ignore_index < 2**31:
        raise ValueError(f"ignore_index is {ignore_index}: want one within int32")
    factors = _op.NO_FACTORS
    if weight is not None:
        _ours("weight", weight)
        if tuple(weight.shape) != (scores.shape[-1],):
            raise ValueError(f"weight has the shape {_shape(weight)}: want ({scores.shape[-1]},), one per class")
        factors = _op.Factors(class_weights=_factor("weight", weight, scores))
    return _op.apply(scores, target, factors, _op.Call(loss, values, (ignore_index,), reduction, _autocast(input), place))


def _check(inputs: Tensor, targets: Tensor, names: Tuple[str, str], reduction: str) -> None:
    """Refuses tensors that no loss of scores takes."""
    _reduction(reduction)
    _scores(names[0], inputs)
    _ours(names[1], targets)
    if targets.dtype not in _op._LABELS:
        raise TypeError(f"{names[1]} is {targets.dtype}: want floats, torch.bool or torch.uint8; .float() makes them floats")
    if inputs.shape != targets.shape:
        raise ValueError(f"{names[1]} has the shape {_shape(targets)}: want that of {names[0]}, {_shape(inputs)}")
    if targets.requires_grad and torch.is_grad_enabled():
        raise ValueError(f"{names[1]} requires a gradient, and there is none by it: pass {names[1]}.detach()")


def _scores(name: str, given: Tensor) -> None:
    _ours(name, given)
    if given.dtype not in _op._TYPES:
        raise TypeError(f"{name} is {given.dtype}: want logits of torch.float32, float16, bfloat16 or float64")


def _ours(name: str, given: Tensor) -> None:
    """Refuses what is no dense tensor on the CPU."""
    if not isinstance(given, Tensor):
        raise TypeError(f"{name} is a {type(given).__name__}: want a torch.Tensor")
    if not given.is_cpu:
        raise ValueError(f"{name} is on {given.device}: want it on the CPU, where {name}.cpu() copies it")
    if given.layout is not torch.strided:
        raise TypeError(f"{name} is {given.layout}: want a dense tensor, as {name}.to_dense() makes one")


_INTEGERS = (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


def _factor(name: str, given: Tensor, scores: Tensor) -> Tensor:
    """Factors of losses as float32, in a shape that broadcasts to the scores'."""
    _ours(name, given)
    if given.dtype not in _op._TYPES and given.dtype not in _INTEGERS:
        raise TypeError(f"{name} is {given.dtype}: want factors of torch.float32, another type of floats, or integers or bool")
    if given.requires_grad and torch.is_grad_enabled():
        raise ValueError(f"{name} requires a gradient, and there is none by it: pass {name}.detach()")
    fits = given.dim() <= scores.dim() and all(
        n == 1 or n == m for n, m in zip(reversed(given.shape), reversed(scores.shape))
    )
    if not fits:
        raise ValueError(f"{name} has the shape {_shape(given)}: want one that broadcasts to that of the input, {_shape(scores)}")
    return given.detach().to(torch.float32).contiguous()


def _shape(given: Tensor) -> Tuple[int, ...]:
    return tuple(given.shape)


def _reduction(reduction: str) -> None:
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"Invalid reduction {reduction!r}: want 'none', 'mean' or 'sum'")


def _deprecated(size_average: Any, reduce: Any) -> None:
    if size_average is not None or reduce is not None:
        raise ValueError("size_average and reduce are deprecated in PyTorch, and are not taken here: want reduction='none', 'mean' or 'sum'")


def _number(name: str, given: Union[float, Tensor]) -> float:
    if isinstance(given, (int, float)):
        return float(given) if isinstance(given, bool) else given
    if isinstance(given, Tensor) and given.requires_grad and torch.is_grad_enabled():
        raise ValueError(f"{name} requires a gradient, and there is none by it: pass {name}.item()")
    try:
        return float(given)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"{name} is {given!r}: want a number") from None


def _index(name: str, given: Any) -> int:
    try:
        return operator.index(given)
    except TypeError:
        raise TypeError(f"{name} is {given!r}: want an integer") from None


if hasattr(torch, "get_autocast_dtype"):  # from PyTorch 2.4 on

    def _autocast_enabled() -> bool:
        return bool(torch.is_autocast_enabled("cpu"))

else:

    def _autocast_enabled() -> bool:
        return bool(torch.is_autocast_cpu_enabled())


def _autocast(scores: Tensor) -> bool:
    return scores.dtype in _op._HALVES and _autocast_enabled()


_op.register_for_script(_sigmoid_focal_loss)

"""The operator under :mod:`flengine.torch`: tensors in, loss and gradient out, and what PyTorch has to know of it.

A loss is evaluated in one of two ways, by the same code and to the same bits. Ordinary tensors in
eager mode go straight to the library, and to autograd by :class:`_Loss`. Whatever looks at
operators instead of data (torch.compile, torch.export, FakeTensor, tracing) is given the
registered operator ``flengine::evaluate``, which has a fake implementation and a derivative;
PyTorch before 2.4 has no such registration, and there those are refused.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any, Callable, NamedTuple, NoReturn, Optional, Sequence, Tuple

import torch
from torch import Tensor

from . import _lib

# The types of scores, and of labels per score.
_TYPES = {
    torch.float32: _lib.FLOAT32,
    torch.float16: _lib.FLOAT16,
    torch.bfloat16: _lib.BFLOAT16,
    torch.float64: _lib.FLOAT64,
}
_LABELS = {
    **{dtype: (_lib.TARGETS, code) for dtype, code in _TYPES.items()},
    torch.uint8: (_lib.LABELS, _lib.UINT8),
    torch.bool: (_lib.LABELS, _lib.UINT8),
}
_CLASSES = {
    torch.int64: (_lib.CLASSES, _lib.INT64),
    torch.int32: (_lib.CLASSES, _lib.INT32),
    torch.uint8: (_lib.CLASSES, _lib.UINT8),
}
_HALVES = (torch.float16, torch.bfloat16)

TWICE = (
    "flengine: the gradient of a loss cannot be differentiated again by autograd: flengine.gradients_and_hessians has the "
    "second derivatives by each score; use torch's own loss for others"
)
FUNCTORCH = (
    "flengine: transforms of torch.func and functorch (vmap, grad, jvp, …) do not know this loss: evaluate a whole "
    "batch in one call, which is faster, and differentiate with torch.autograd"
)
TRACED = (
    f"flengine: PyTorch {torch.__version__} cannot trace this loss, nor evaluate it in a dispatch mode: torch.compile and "
    "the like need PyTorch 2.4 or later"
)


class Call(NamedTuple):
    """All that a loss is but its tensors.

    Attributes:
        loss: the loss's text, with a ``{}`` for each of the values.
        values: its parameters.
        ignored: the class that a loss of rows ignores; empty for a loss of scores.
        reduction: ``"none"``, ``"mean"`` or ``"sum"``.
        wide: losses are float32 where scores have 16 bits, as autocast wants.
        dim: the dimension of the caller's scores that was moved to the last place, for messages.
    """

    loss: str
    values: Sequence[float]
    ignored: Sequence[int]
    reduction: str
    wide: bool
    dim: int = -1


class Factors(NamedTuple):
    """The factors of a loss: contiguous float32 tensors on the CPU; see the fields of flengine.h by these names."""

    weights: Optional[Tensor] = None
    score_weights: Optional[Tensor] = None
    class_weights: Optional[Tensor] = None
    column_weights: Optional[Tensor] = None


NO_FACTORS = Factors()

# What is prepared for a loss, its values and the ignored class.
_prepared: dict[Tuple[str, Sequence[float], Sequence[int]], _lib.Prepared] = {}


def _prepare(call: Call) -> _lib.Prepared:
    key = (call.loss, call.values, call.ignored)
    found = _prepared.get(key)
    if found is not None:
        return found
    if len(_prepared) >= 256:  # someone varies a parameter
        _prepared.clear()
    ignored = (ctypes.c_int32 * len(call.ignored))(*call.ignored)
    fields = {"ignored": ctypes.addressof(ignored), "ignored_count": len(ignored)} if call.ignored else {}
    made = _lib.Prepared(keep=ignored, loss=call.loss.format(*call.values).encode(), **fields)
    _prepared[key] = made
    return made


# PyTorch's default device may be another.
_CPU = torch.device("cpu")

# For outputs of so many elements and more huge pages are asked for: of 32 MB, 10 ms of page faults
# are 3 ms then. NumPy does so by itself.
_HUGE = 1 << 20
_advise: Optional[Callable[[int, int, int], int]] = None
if sys.platform.startswith("linux"):
    _advise = ctypes.CDLL(None).madvise
    _advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
_MADV_HUGEPAGE = 14
_PAGE = 4096


def _output(like: Tensor, dtype: torch.dtype, by_rows: bool = False) -> Tensor:
    """A tensor to be written, contiguous as the scores that it is like are, of one element per score or per row.

    Its memory is not touched page by page where it is large.
    """
    if dtype is like.dtype and not by_rows:  # at half the cost
        made = torch.empty_like(like)
    else:
        made = torch.empty(like.shape[:-1] if by_rows else like.shape, dtype=dtype, device=_CPU)
    if made.numel() >= _HUGE and _advise is not None:
        first = (made.data_ptr() + _PAGE - 1) & -_PAGE
        end = (made.data_ptr() + made.numel() * made.element_size()) & -_PAGE
        _advise(first, end - first, _MADV_HUGEPAGE)  # a hint: it may fail
    return made


def _dense(given: Tensor) -> Tensor:
    """The tensor as it lies in memory, row after row; a copy where it does not."""
    if given.is_neg():  # what is to be negated when it is read
        given = given.resolve_neg()
    return given.contiguous()


def _scalar(value: float, dtype: torch.dtype) -> Tensor:
    """A tensor of no dimensions; infinite where the type's numbers end."""
    if abs(value) < 6e4 or dtype is torch.float64:
        return torch.scalar_tensor(value, dtype=dtype, device=_CPU)
    return torch.scalar_tensor(value, dtype=torch.float64, device=_CPU).to(dtype)


# What parameters of losses are called in flengine.torch.
_PARAMETERS = {"smoothing": "label_smoothing", "gammapos": "gamma_pos", "gammaneg": "gamma_neg", "iou": "iou_weighted"}


def _named(error: _lib.InputError, call: Call, scores: Tensor, labels: Tensor) -> _lib.InputError:
    """An error about fields of the library as one about the arguments of the function for Python."""
    functional = bool(call.ignored) or call.loss == "ce"  # named as those of torch.nn.functional
    names = {
        "scores": ("input" if functional else "inputs", scores.shape),
        "targets": ("target" if functional else "targets", labels.shape),
        "weights": ("weight", scores.shape[:-1]),
        "score_weights": ("weight", scores.shape),
        "column_weights": ("weight", scores.shape[-1:]),
        "class_weights": ("weight" if call.ignored else "pos_weight", scores.shape[-1:]),
    }
    name, shape = names.get(error.field, (_PARAMETERS.get(error.field, error.field), None))
    made = _lib.InputError(name, None, error.value, error.reason.replace("ignored=", "ignore_index="))
    if error.index is None or shape is None:
        return made
    sizes, place = list(shape), list(_lib.unravel(error.index, shape))
    if call.dim != -1 and len(sizes) == scores.dim():
        for moved in sizes, place:
            moved.insert(len(moved) + call.dim, moved.pop())
    index = 0
    for i, n in zip(place, sizes):
        index = index * n + i
    return _lib.InputError(name, index, error.value, made.reason, tuple(sizes))


def _address(factor: Optional[Tensor]) -> Optional[int]:
    return None if factor is None else factor.data_ptr()


def evaluate(
    scores: Tensor, labels: Tensor, factors: Factors, call: Call, gradient: bool
) -> Tuple[Tensor, Optional[Tensor], float]:
    """Evaluates a loss of tensors with memory on the CPU.

    Returns:
        The loss as the call reduces it; the gradient of the sum of losses, of float32, or of
        float64 for scores of that, None unless wanted; and what a mean divides by, else 1.
    """
    scores, labels = _dense(scores), _dense(labels)
    kind = scores.dtype
    dtype = torch.float32 if call.wide else kind
    shape = scores.shape
    columns = shape[-1] if shape else 1
    prepared = _prepare(call)
    slot = prepared.take()
    slot.result.binary = None
    r = slot.request
    r.rows, r.columns = (scores.numel() // columns if columns else 0), columns
    r.workers = torch.get_num_threads()
    r.scores, r.scores_type = scores.data_ptr(), _TYPES[kind]
    r.labels = labels.data_ptr()
    r.labels_form, r.labels_type = (_CLASSES if call.ignored else _LABELS)[labels.dtype]
    if factors is not NO_FACTORS:
        r.weights, r.score_weights = _address(factors.weights), _address(factors.score_weights)
        r.class_weights, r.column_weights = _address(factors.class_weights), _address(factors.column_weights)
    else:
        r.weights = r.score_weights = r.class_weights = r.column_weights = None

    losses = derivatives = None
    if call.reduction == "none":
        losses = _output(scores, dtype, bool(call.ignored))
        r.losses, r.losses_type = losses.data_ptr(), _TYPES[dtype]
    else:
        r.losses = None
    if gradient:
        derivatives = _output(scores, torch.float64 if kind is torch.float64 else torch.float32)
        r.gradients, r.gradients_type = derivatives.data_ptr(), _TYPES[derivatives.dtype]
    else:
        r.gradients = None
    try:
        slot.evaluate()
    except _lib.InputError as e:
        raise _named(e, call, scores, labels) from None
    result = slot.result
    count, total = 1.0, result.sum
    if call.reduction == "mean":
        count = float(result.scores) or 1.0
        mean = result.mean
        if call.ignored and factors.class_weights is not None:  # PyTorch's mean divides by the weights
            mean = result.weighted_mean
            count = total / mean if mean else 1.0
        total = mean
    prepared.give(slot)
    if losses is None:
        losses = _scalar(total, dtype)
    return losses, derivatives, count


# What autograd needs: the gradient that was kept, times that of what the loss went into.

_transforms: Callable[[], bool] = torch._C._are_functorch_transforms_active
# Whether autograd's is_grads_batched made a tensor; PyTorch that cannot say so refuses it where a number is read of it.
_batched: Callable[[Tensor], bool] = getattr(
    getattr(torch._C, "_functorch", None), "is_legacy_batchedtensor", lambda upstream: False
)
_keeps_graph: Optional[Callable[[], bool]] = getattr(
    getattr(torch._C, "_autograd", None), "_get_current_graph_task_keep_graph", None
)


def _scaled(gradient: Tensor, upstream: Tensor, count: float, by_rows: bool) -> Tensor:
    """The gradient times upstream's and over the count, in place where nobody can ask for it again."""
    if _transforms() or _batched(upstream):  # the gradients of many upstreams at once
        factors = upstream.to(gradient.dtype) / count
        return gradient * (factors.unsqueeze(-1) if by_rows and factors.dim() else factors)
    own = _keeps_graph is not None and not _keeps_graph()
    if gradient.numel() == 0:
        return gradient.clone()
    if not any(upstream.stride()):  # one number, perhaps expanded, as sum and mean leave it
        factor = upstream.as_strided((), ()).item() / count
        if factor == 1:
            return gradient if own else gradient.clone()
        return gradient.mul_(factor) if own else gradient * factor
    if by_rows:
        upstream = upstream.unsqueeze(-1)
    return gradient.mul_(upstream) if own else gradient * upstream


class _Loss(torch.autograd.Function):
    """A loss of scores that require a gradient, which is evaluated along with the loss."""

    @staticmethod
    def forward(ctx: Any, scores: Tensor, labels: Tensor, factors: Factors, call: Call) -> Tensor:
        loss, gradient, ctx.count = evaluate(scores, labels, factors, call, True)
        ctx.save_for_backward(gradient, scores)
        ctx.by_rows, ctx.dtype = bool(call.ignored), scores.dtype
        return loss

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Any:
        if torch.is_grad_enabled():  # create_graph
            with torch.no_grad():
                gradient = _Loss.scale(ctx, upstream)
            gradient = _Once.apply(gradient, ctx.saved_tensors[1])
        else:
            gradient = _Loss.scale(ctx, upstream)
        return gradient, None, None, None

    @staticmethod
    def scale(ctx: Any, upstream: Tensor) -> Tensor:
        gradient = _scaled(ctx.saved_tensors[0], upstream, ctx.count, ctx.by_rows)
        return gradient if gradient.dtype is ctx.dtype else gradient.to(ctx.dtype)


class _Once(torch.autograd.Function):
    """The gradient, a function of the scores that says why it has no derivative."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor, scores: Tensor) -> Tensor:
        return gradient.view_as(gradient)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> NoReturn:
        raise RuntimeError(TWICE)


# The registered operator.

REGISTERED = hasattr(torch.library, "register_autograd") and hasattr(torch.library, "register_fake")

_library = torch.library.Library("flengine", "DEF")
_library.define(
    "evaluate(Tensor scores, Tensor labels, Tensor? weights, Tensor? score_weights, Tensor? class_weights, "
    "Tensor? column_weights, str loss, float[] values, int[] ignored, str reduction, bool wide, int dim, bool gradient) "
    "-> (Tensor loss, Tensor gradient, Tensor count)"
)


def _evaluate_cpu(
    scores: Tensor,
    labels: Tensor,
    weights: Optional[Tensor],
    score_weights: Optional[Tensor],
    class_weights: Optional[Tensor],
    column_weights: Optional[Tensor],
    loss: str,
    values: Sequence[float],
    ignored: Sequence[int],
    reduction: str,
    wide: bool,
    dim: int,
    gradient: bool,
) -> Tuple[Tensor, Tensor, Tensor]:
    call = Call(loss, tuple(values), tuple(ignored), reduction, wide, dim)
    factors = Factors(weights, score_weights, class_weights, column_weights)
    evaluated, derivatives, count = evaluate(scores, labels, factors, call, gradient)
    if derivatives is None:
        derivatives = torch.empty(0, dtype=torch.float32, device="cpu")
    return evaluated, derivatives, _scalar(count, torch.float64)


_library.impl("evaluate", _evaluate_cpu, "CPU")


def _evaluate_fake(
    scores: Tensor,
    labels: Tensor,
    weights: Optional[Tensor],
    score_weights: Optional[Tensor],
    class_weights: Optional[Tensor],
    column_weights: Optional[Tensor],
    loss: str,
    values: Sequence[float],
    ignored: Sequence[int],
    reduction: str,
    wide: bool,
    dim: int,
    gradient: bool,
) -> Tuple[Tensor, Tensor, Tensor]:
    shape = () if reduction != "none" else scores.shape[:-1] if ignored else scores.shape
    kept = torch.float64 if scores.dtype is torch.float64 else torch.float32
    return (
        scores.new_empty(shape, dtype=torch.float32 if wide else scores.dtype),
        scores.new_empty(scores.shape if gradient else (0,), dtype=kept if gradient else torch.float32),
        scores.new_empty((), dtype=torch.float64),
    )


def _setup(ctx: Any, inputs: Tuple[Any, ...], output: Tuple[Tensor, Tensor, Tensor]) -> None:
    ctx.set_materialize_grads(False)
    ctx.save_for_backward(output[1], output[2])
    ctx.by_rows, ctx.dtype = bool(inputs[8]), inputs[0].dtype


def _derive(ctx: Any, upstream: Optional[Tensor], twice: Optional[Tensor], _: Optional[Tensor]) -> Tuple[Optional[Tensor], ...]:
    """The derivative of the operator, in PyTorch's own operations, so that a compiler can fuse them."""
    if twice is not None:
        raise RuntimeError(TWICE)
    rest: Tuple[Optional[Tensor], ...] = (None,) * 12
    if upstream is None:
        return None, *rest
    gradient, count = ctx.saved_tensors
    factor = (upstream / count).to(gradient.dtype)
    if ctx.by_rows and factor.dim():
        factor = factor.unsqueeze(-1)
    return (gradient * factor).to(ctx.dtype), *rest


if REGISTERED:
    torch.library.register_fake("flengine::evaluate", _evaluate_fake, lib=_library)
    torch.library.register_autograd("flengine::evaluate", _derive, setup_context=_setup, lib=_library)

_compiling: Callable[[], bool] = getattr(getattr(torch, "compiler", None), "is_compiling", lambda: False)
_modes: Callable[[], int] = torch._C._len_torch_dispatch_stack
_tracing: Callable[[], Any] = torch._C._get_tracing_state
_dual = torch.autograd.forward_ad
_ORDINARY = (Tensor, torch.nn.Parameter)


def apply(scores: Tensor, labels: Tensor, factors: Factors, call: Call) -> Tensor:
    """Evaluates a loss, for autograd too, in the way that the moment asks for."""
    gradient = scores.requires_grad and torch.is_grad_enabled()
    if not _compiling():
        if _transforms():
            raise RuntimeError(FUNCTORCH)
        if type(scores) in _ORDINARY and type(labels) in _ORDINARY and not _modes() and _tracing() is None:
            if gradient or _dual._current_level >= 0:  # of forward mode it says that there is none
                made: Tensor = _Loss.apply(scores, labels, factors, call)
                return made
            return evaluate(scores, labels, factors, call, False)[0]
        if not REGISTERED:
            raise RuntimeError(TRACED)
    evaluated: Tensor = torch.ops.flengine.evaluate(scores, labels, *factors, *call, gradient)[0]
    return evaluated


def register_for_script(sigmoid_focal_loss: Callable[..., Tensor]) -> None:
    """Registers what TorchScript calls for :func:`flengine.torch.sigmoid_focal_loss`, as its own code it cannot."""
    _library.define("sigmoid_focal_loss(Tensor inputs, Tensor targets, float alpha, float gamma, str reduction) -> Tensor")
    _library.impl("sigmoid_focal_loss", sigmoid_focal_loss, "CompositeImplicitAutograd")

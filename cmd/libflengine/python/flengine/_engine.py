"""Engines: a loss with its options, and the calls that evaluate it."""

from __future__ import annotations

import ctypes
import math
import operator
import struct
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Sequence, Tuple, TypedDict, Union

import numpy as np
import numpy.typing as npt

from . import _arrays, _lib
from ._arrays import Array, Labels, Reading, Scores, Shape
from ._lib import InputError
from ._losses import Loss, LossLike, loss_of, of_rows
from ._result import Result, result_of

if TYPE_CHECKING:
    from typing_extensions import Literal, Unpack

    Form = Literal["class", "binary", "soft"]
    Among = Literal["all", "positives", "negatives"]

DEFAULT_LOSS = "focal(alpha=0.25,gamma=2)"

# How many scores a call into the library takes at most, about: between two of them Python runs,
# so that an interrupt waits for tens of milliseconds, not for all of a large array.
PART = 1 << 25
BLOCK = 4096  # whose multiples may be cut at without changing a bit


class Options(TypedDict, total=False):
    """What :class:`Engine`, and each function, takes besides a loss; see there."""

    background: int
    ignored: Union[int, Sequence[int]]
    class_weights: npt.ArrayLike
    column_weights: npt.ArrayLike
    probs: bool
    form: Form
    kernel: str
    workers: int


# The fields of a request from rows to hessians, set at once: one by one they take twice the time.
_ROWS = _lib.Request.rows.offset
_put = struct.Struct("=qqQiiiiQQQQQQQQQQQQ").pack_into
_NONE_IGNORED = 0, 0  # an address and a length

HARD = np.dtype(
    {
        "names": ["index", "loss", "score", "target"],
        "formats": [np.int64, np.float32, np.float32, np.float32],
        "offsets": [0, 8, 12, 16],
        "itemsize": 24,
    }
)


class Engine:
    """A loss with its options; immutable, to be called from any thread, by several at once.

    The functions of this package are its methods, with an engine made, or found again, for what they
    are given. One of your own spares them looking for it.

    **Scores** are float32, float16, bfloat16 (of ml_dtypes) or float64, of shape (A,), (A, C) or
    (N, ..., C): for each anchor a row of C scores, logits unless ``probs`` is set. float64 is rounded
    to float32, as all is evaluated in float32. A logit may be anything but NaN, and infinite only on
    the side of its label; ignored ones and those of weight 0 are not looked at.

    **Targets** are one of

    - classes: an integer array of the scores' shape without its last axis: the column of each row's
      class, -1 for background, -2 for ignored, or what ``background`` and ``ignored`` say;
    - labels per score, of the scores' shape: 0 and 1 of bool or any integer type, 255 of uint8 for
      ignored, and what ``ignored`` says;
    - soft targets per score: floats in [0, 1], -1 for ignored, or what ``ignored`` says.

    Axes of length 1 do not count, and the anchors of several axes may be one. Of scores of one column
    integers can be classes or labels: a negative one that ``ignored`` does not name, or ``background``,
    makes them classes; otherwise ``form`` is wanted, or an InputError names ``targets``. uint8, bool
    and floats are labels there. So reads ``flbench eval``, too, but for floats that are all 0, 1 or -1:
    here they are soft targets, unless ``form="binary"``.

    **Factors**: ``weights`` one per anchor, ``score_weights`` one per score, of any numeric type,
    rounded to float32, finite and >= 0; a score of weight 0 is masked, and may be NaN.

    **Memory**: contiguous arrays of the types above (classes: int32, int64; labels: uint8, bool;
    factors: float32) in this machine's byte order are read where they are. Others are copied, in whole
    or, where they only have strides, a MiB at a time (of losses of rows 4096 rows). No array may change during a call, which runs
    without the GIL. An interrupt (Ctrl-C) is raised after at most 2^25 scores, or 4096 rows of them.

    **Same bits**: results, losses and gradients do not depend on machine, kernel, workers, memory
    layout, or the thread's floating-point environment (``torch.set_flush_denormal``); but what NumPy
    itself converts, as float64 weights, is rounded under the latter.

    Args:
        loss: a Loss or its text.
        background: what classes call background, in place of -1. Detectron2 and MMDetection: C.
        ignored: what targets call ignored, one or several integers, in place of -2 (classes) and -1
            (soft targets). PyTorch: -100.
        class_weights: (C,), a factor of a column's positives: PyTorch's ``pos_weight``; under a loss of
            rows the weight of the rows of a class.
        column_weights: (C,), a factor of all scores of a column.
        probs: scores are probabilities, after the sigmoid, in [0, 1].
        form: ``"class"``, ``"binary"`` or ``"soft"``: what targets are, where they could be two things.
        kernel: ``"avx512"``, ``"avx2"``, ``"neon"`` or ``"generic"``; default: what the environment
            variable FLENGINE_KERNEL names, else the fastest here. See :func:`kernels`.
        workers: the most threads that evaluate; default: what OMP_NUM_THREADS said at the import, else
            as many as there are CPUs. It changes no bit.

    Raises:
        TypeError: an array or option of a type that is not wanted.
        InputError: anything else that is wrong with an array or an option, naming it; of a bad element
            the first, with its place.
        ForkError: in a forked child of a process that had made calls.
    """

    __slots__ = ("loss_text", "_options", "_prepared", "_how", "_ignored", "_rows", "_columns", "_places")

    loss_text: str

    def __init__(self, loss: LossLike = DEFAULT_LOSS, **options: Unpack[Options]) -> None:
        unknown = options.keys() - Options.__annotations__.keys()
        if unknown:
            raise TypeError(f"unknown option {sorted(unknown)[0]!r}: want one of {', '.join(Options.__annotations__)}")
        the_loss = loss_of(loss)
        self.loss_text = str(the_loss)
        self._rows = of_rows(the_loss)
        own: Any = dict(options)  # with the engine's copies of arrays
        self._options: Options = own
        fixed: Dict[str, Any] = {
            "loss": _lib.c_text("loss", self.loss_text),
            "scores_form": _lib.PROBABILITIES if options.get("probs") else _lib.LOGITS,
            "workers": _lib.default_workers,
        }
        keep: List[Any] = []
        places = [0, 0, 0]  # of background, class and column weights

        workers = options.get("workers")
        if workers is not None:
            fixed["workers"] = _integer(workers, "workers", 1)
        kernel = options.get("kernel")
        if kernel is not None:
            if not isinstance(kernel, str):
                raise TypeError(f"kernel is a {type(kernel).__name__}: want a name, one of {', '.join(_lib.kernels())}")
            fixed["kernel"] = _lib.c_text("kernel", kernel)
        form = options.get("form")
        if form not in (None, "class", "binary", "soft"):
            raise InputError("form", None, 0, f"is {form!r}: want 'class', 'binary' or 'soft'")
        background = options.get("background")
        if background is not None:
            keep.append(ctypes.c_int32(_integer(background, "background")))
            places[0] = ctypes.addressof(keep[-1])
        ignored: Any = options.get("ignored")
        self._ignored = _NONE_IGNORED
        if ignored is not None:
            many = ignored if isinstance(ignored, (list, tuple, set, frozenset, np.ndarray)) else (ignored,)
            ignored = tuple(_integer(v, "ignored") for v in many)
            if not ignored:
                raise InputError("ignored", None, 0, "is empty: want at least one class, or None")
            keep.append((ctypes.c_int32 * len(ignored))(*ignored))
            self._ignored = ctypes.addressof(keep[-1]), len(ignored)
        self._columns: Dict[str, int] = {}
        for i, name in enumerate(("class_weights", "column_weights"), 1):
            given = options.get(name)
            if given is not None:
                w = _arrays.array_of(given, name)
                w = _arrays.factors(np.array(w), (w.size,), name, "column")  # a copy: the engine is immutable
                keep.append(w)
                own[name] = w
                places[i], self._columns[name] = _arrays.address(w), w.size
        self._places = (places[0], places[1], places[2])
        self._how = Reading(self._rows, form, background, ignored)
        self._prepared = _lib.Prepared(keep, **fixed)

    def __repr__(self) -> str:
        return f"<flengine.Engine: {self.loss_text}>"

    def __reduce__(self) -> Tuple[Any, ...]:
        return _engine_again, (self.loss_text, self._options)

    def loss(
        self,
        scores: npt.ArrayLike,
        targets: npt.ArrayLike,
        *,
        weights: Optional[npt.ArrayLike] = None,
        score_weights: Optional[npt.ArrayLike] = None,
    ) -> Result:
        """The sum of the losses and the counts, without any output of the scores' size; see :func:`loss`."""
        call = _Call(self, scores, targets, weights, score_weights)
        return call.evaluate()

    def losses(
        self,
        scores: npt.ArrayLike,
        targets: npt.ArrayLike,
        *,
        weights: Optional[npt.ArrayLike] = None,
        score_weights: Optional[npt.ArrayLike] = None,
        out: Optional[Array] = None,
    ) -> Tuple[Array, Result]:
        """The loss of each score; see :func:`losses`."""
        call = _Call(self, scores, targets, weights, score_weights)
        losses = call.output("losses", out, call.losses_shape())
        return losses, call.evaluate()

    def gradients(
        self,
        scores: npt.ArrayLike,
        targets: npt.ArrayLike,
        *,
        weights: Optional[npt.ArrayLike] = None,
        score_weights: Optional[npt.ArrayLike] = None,
        out: Optional[Array] = None,
    ) -> Tuple[Array, Result]:
        """The derivative of the summed losses by each score; see :func:`gradients`."""
        call = _Call(self, scores, targets, weights, score_weights)
        gradients = call.output("gradients", out, call.scores.shape)
        return gradients, call.evaluate()

    def losses_and_gradients(
        self,
        scores: npt.ArrayLike,
        targets: npt.ArrayLike,
        *,
        weights: Optional[npt.ArrayLike] = None,
        score_weights: Optional[npt.ArrayLike] = None,
        out: Optional[Tuple[Array, Array]] = None,
    ) -> Tuple[Array, Array, Result]:
        """Losses and gradients in one pass; see :func:`losses_and_gradients`."""
        call = _Call(self, scores, targets, weights, score_weights)
        first, second = _pair(out)
        losses = call.output("losses", first, call.losses_shape(), "out[0]")
        gradients = call.output("gradients", second, call.scores.shape, "out[1]")
        return losses, gradients, call.evaluate()

    def gradients_and_hessians(
        self,
        scores: npt.ArrayLike,
        targets: npt.ArrayLike,
        *,
        weights: Optional[npt.ArrayLike] = None,
        score_weights: Optional[npt.ArrayLike] = None,
        out: Optional[Tuple[Array, Array]] = None,
    ) -> Tuple[Array, Array, Result]:
        """First and second derivatives by each logit; see :func:`gradients_and_hessians`."""
        call = _Call(self, scores, targets, weights, score_weights)
        first, second = _pair(out)
        gradients = call.output("gradients", first, call.scores.shape, "out[0]")
        hessians = call.output("hessians", second, call.scores.shape, "out[1]")
        return gradients, hessians, call.evaluate()

    def hardest(
        self,
        k: int,
        scores: npt.ArrayLike,
        targets: npt.ArrayLike,
        *,
        among: Among = "all",
        least: float = 0.0,
        weights: Optional[npt.ArrayLike] = None,
        score_weights: Optional[npt.ArrayLike] = None,
    ) -> Tuple[Array, Result]:
        """The k scores with the largest losses; see :func:`hardest`."""
        if among not in _lib.AMONG:
            raise InputError("among", None, 0, f"is {among!r}: want 'all', 'positives' or 'negatives'")
        call = _Call(self, scores, targets, weights, score_weights)
        k = min(_integer(k, "k", 0), call.scores.rows * call.scores.columns)
        return call.hardest(k, _lib.AMONG[among], float(least))


def _engine_again(text: str, options: Options) -> Engine:
    """Makes an Engine again, for pickle and copy."""
    return Engine(text, **options)


def _pair(out: Any) -> Tuple[Any, Any]:
    if out is None:
        return None, None
    if isinstance(out, (tuple, list)) and len(out) == 2:
        return out[0], out[1]
    raise TypeError("out is no pair of arrays: want two, in the order in which they are returned")


def _integer(value: Any, name: str, least: int = -(2**31)) -> int:
    try:
        n = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}: want an integer") from None
    if not least <= n < 2**31:
        raise InputError(name, None, float(n), f"is {n}: want an integer of 32 bits from {least} on")
    return n


def integer_like(a: Array, name: str) -> Array:
    """Integers that may be kept as floats, as int64."""
    integers: Array = a.astype(np.int64)
    wrong = integers != a
    if wrong.any():
        index = int(np.argmax(wrong))
        raise InputError(name, index, float(a[index]), "want an integer", a.shape)
    return integers


class _Call:
    """One evaluation: a slot that is filled, and what its addresses are of."""

    __slots__ = ("engine", "slot", "scores", "labels", "factors", "outputs")

    def __init__(self, engine: Engine, scores: Any, targets: Any, weights: Any, score_weights: Any) -> None:
        self.engine = engine
        self.scores = s = _arrays.scores_of(scores)
        self.labels = t = _arrays.labels_of(targets, s, engine._how)
        if engine._columns:
            for name, n in engine._columns.items():
                if n != s.columns:
                    raise InputError(name, None, float(n), f"has length {n}: want {s.columns}, one per column of scores")
        ignored = engine._ignored if t.form == _lib.CLASSES else _NONE_IGNORED  # others have been renamed
        w: Optional[Array] = None
        v: Optional[Array] = None
        at_w = at_v = 0
        if weights is not None:
            w = _arrays.factors(weights, _arrays.anchors_of(s.shape), "weights", "anchor")
            at_w = _arrays.address(w)
        if score_weights is not None:
            v = _arrays.factors(score_weights, s.shape, "score_weights", "score")
            at_v = _arrays.address(v)
        self.factors = w, v
        self.outputs: Any = ()
        self.slot = slot = engine._prepared.take()
        background, class_weights, column_weights = engine._places
        _put(
            slot.request,
            _ROWS,
            s.rows,
            s.columns,
            _arrays.address(s.array),
            s.type,
            t.form,
            t.type,
            ignored[1],
            _arrays.address(t.array),
            0 if s.strides is None else ctypes.addressof(s.strides),
            0 if t.strides is None else ctypes.addressof(t.strides),
            background,
            ignored[0],
            at_w,
            at_v,
            class_weights,
            column_weights,
            0,
            0,
            0,
        )

    def losses_shape(self) -> Shape:
        return _arrays.anchors_of(self.scores.shape) if self.engine._rows else self.scores.shape

    def output(self, field: str, out: Any, shape: Shape, name: str = "out") -> Array:
        """An output of the request: the caller's, or a new one."""
        array: Array
        if out is None:
            array, code = np.empty(shape, np.float32), _lib.FLOAT32
            at = _arrays.address(array)
        else:
            array, code = _arrays.output(out, shape, name)
            at = _arrays.address(array)
            self.apart(array, at, name, field)
        self.outputs += ((array, at, name, field),)
        r = self.slot.request
        setattr(r, field, at)
        setattr(r, field + "_type", code)
        return array

    def apart(self, out: Array, at: int, name: str, field: str) -> None:
        """Refuses memory that is another array's, but an output that is the scores themselves."""
        r, s, t = self.slot.request, self.scores, self.labels
        others: List[Tuple[Optional[Array], str, Any, Any]]
        others = [(s.array, "scores", r.scores, s.strides), (t.array, "targets", r.labels, t.strides)]
        w, v = self.factors
        if w is not None or v is not None:
            others += [(w, "weights", r.weights, None), (v, "score_weights", r.score_weights, None)]
        others += [(array, other, start, None) for array, start, other, _ in self.outputs]
        end = at + out.nbytes
        for array, other, start, strides in others:
            if array is None or not start:
                continue
            if strides is None and (end <= start or start + array.nbytes <= at):
                continue
            if strides is not None and not np.may_share_memory(out, array):
                continue
            same = (
                other == "scores"
                and s.strides is None
                and out.itemsize == array.itemsize
                and at == start
                and not (field == "losses" and self.engine._rows)
            )
            if not same:
                raise InputError(name, None, float(out.size), f"overlaps {other}: want memory of its own")

    def evaluate(self) -> Result:
        slot, s = self.slot, self.scores
        if s.rows * s.columns <= PART:
            if _lib.lib.fl_evaluate(slot.at_request, slot.at_result, slot.at_error):
                raise self.error(0)
            result = result_of(slot.result, slot.binary)
            self.engine._prepared.give(slot)
            return result
        total = Result()
        for first in self.parts():
            if _lib.lib.fl_evaluate(slot.at_request, slot.at_result, slot.at_error):
                raise self.error(first)
            total += result_of(slot.result, slot.binary)
        return total

    def hardest(self, k: int, among: int, least: float) -> Tuple[Array, Result]:
        slot, s = self.slot, self.scores
        total, kept, found = Result(), np.empty(0, HARD), ctypes.c_int64()
        for first in self.parts():
            hard = np.empty(k, HARD)
            at_hard, at_found = _arrays.address(hard), ctypes.addressof(found)
            if _lib.lib.fl_hardest(slot.at_request, k, among, least, at_hard, at_found, slot.at_result, slot.at_error):
                raise self.error(first)
            total += result_of(slot.result, slot.binary)
            hard = hard[: found.value]
            hard["index"] += first * s.columns
            kept = np.concatenate((kept, hard))
            kept = kept[np.argsort(-kept["loss"], kind="stable")[:k]]  # of equal ones those of earlier parts come first
        return kept, total

    def sweep(self, losses: Sequence[bytes]) -> List[Result]:
        slot, count = self.slot, len(losses)
        room = [bytearray(_lib.RESULT_BYTES) for _ in losses]
        raw = (_lib.RawResult * count)(
            *(_lib.RawResult(size=ctypes.sizeof(_lib.RawResult), binary=_lib.address_of_bytes(b)) for b in room)
        )
        texts = (ctypes.c_char_p * count)(*losses)
        totals = [Result()] * count
        for first in self.parts():
            at_texts, at_raw = ctypes.addressof(texts), ctypes.addressof(raw)
            if _lib.lib.fl_sweep(slot.at_request, at_texts, count, at_raw, slot.at_error):
                raise self.error(first)
            totals = [total + result_of(raw[i], room[i]) for i, total in enumerate(totals)]
        return totals

    def parts(self) -> Iterator[int]:
        """Makes the request one of some rows after the others, cut where that changes no bit; yields the first of them."""
        slot, s, t = self.slot, self.scores, self.labels
        r, of_rows = slot.request, self.engine._rows
        row_bytes = {
            "scores": (s.columns if s.strides is None else s.strides[0]) * s.array.itemsize,
            "labels": ((1 if t.form == _lib.CLASSES else s.columns) if t.strides is None else t.strides[0]) * t.array.itemsize,
            "weights": 4,
            "score_weights": 4 * s.columns,
        }
        for array, _, _, field in self.outputs:
            row_bytes[field] = array.itemsize * (1 if field == "losses" and of_rows else s.columns)
        at = [(field, getattr(r, field), size) for field, size in row_bytes.items() if getattr(r, field) is not None]
        unit = BLOCK if of_rows else BLOCK // math.gcd(BLOCK, s.columns)
        step = max(1, PART // (unit * s.columns)) * unit
        for first in range(0, max(1, s.rows), step):
            r.rows = min(step, s.rows - first)
            for field, base, size in at:
                setattr(r, field, base + first * size)
            yield first
        self.engine._prepared.give(slot)

    def error(self, first: int) -> Exception:
        """What the library says is wrong, of the rows from one on, as an error about the arrays that were given."""
        e = _lib.error_of(self.slot.error)
        if not isinstance(e, InputError) or e.index is None:
            return e
        s, t, columns = self.scores, self.labels, self.scores.columns
        shift: int = 0
        shape: Optional[Shape] = None
        if e.field == "scores":
            shift, shape = first * columns, s.shape
        elif e.field == "targets":
            shift, shape = first if t.form == _lib.CLASSES else first * columns, t.shape
        elif e.field in ("weights", "score_weights"):
            of_scores = e.field == "score_weights"
            factors = self.factors[of_scores]
            shift, shape = first * columns if of_scores else first, None if factors is None else factors.shape
        return InputError(e.field, e.index + shift, e.value, e.reason, shape)


_engines: Dict[Any, Engine] = {}

# What never changes, and is the same where it is equal. Tensors have a hash, too, but may be written to.
_FIXED = frozenset((str, int, bool, type(None)))


def _fixed(value: Any) -> bool:
    return type(value) in _FIXED or (type(value) is tuple and _FIXED.issuperset(map(type, value)))


def engine_of(loss: LossLike, options: Options) -> Engine:
    """The engine of a loss and options, made before where they can be told by a hash."""
    key: Any = loss
    if options:
        if not all(map(_fixed, options.values())):
            return Engine(loss, **options)
        key = (loss, *options.items())
    try:
        return _engines[key]
    except KeyError:
        pass
    except TypeError:  # a loss that is none
        return Engine(loss, **options)
    engine = Engine(loss, **options)
    if len(_engines) >= 256:
        _engines.clear()
    _engines[key] = engine
    return engine


def loss(
    scores: npt.ArrayLike,
    targets: npt.ArrayLike,
    loss: LossLike = DEFAULT_LOSS,
    *,
    weights: Optional[npt.ArrayLike] = None,
    score_weights: Optional[npt.ArrayLike] = None,
    **options: Unpack[Options],
) -> Result:
    """The sum of a loss over scores, its means, and the counts, in one pass without temporaries.

    >>> logits = np.array([[2.0, -3.0], [-1.0, 0.5]], np.float32)
    >>> flengine.loss(logits, np.array([0, -1])).per_positive
    0.300585...

    Args:
        scores: (A,), (A, C) or (N, ..., C) float32, float16, bfloat16 or float64, see :class:`Engine`.
        targets: classes, labels or soft targets, see :class:`Engine`.
        loss: a Loss, or its text; RetinaNet's focal loss.
        weights: a factor per anchor.
        score_weights: a factor per score.
        options: those of :class:`Engine`.

    Raises:
        TypeError, InputError, ForkError: see :class:`Engine`.
    """
    return engine_of(loss, options).loss(scores, targets, weights=weights, score_weights=score_weights)


def losses(
    scores: npt.ArrayLike,
    targets: npt.ArrayLike,
    loss: LossLike = DEFAULT_LOSS,
    *,
    weights: Optional[npt.ArrayLike] = None,
    score_weights: Optional[npt.ArrayLike] = None,
    out: Optional[Array] = None,
    **options: Unpack[Options],
) -> Tuple[Array, Result]:
    """The loss of each score, 0 where it is ignored, and the result of :func:`loss`.

    Arguments and errors are those of :func:`loss`, and

    Args:
        out: where the losses go: contiguous, of the scores' shape, float32, or another type of floats
            that they are rounded to. It may be scores themselves, if it has their element size. After an
            error it holds unspecified values.

    Returns:
        The losses, float32 of the scores' shape (of a loss of rows without the last axis), or out; the result.
    """
    return engine_of(loss, options).losses(scores, targets, weights=weights, score_weights=score_weights, out=out)


def gradients(
    scores: npt.ArrayLike,
    targets: npt.ArrayLike,
    loss: LossLike = DEFAULT_LOSS,
    *,
    weights: Optional[npt.ArrayLike] = None,
    score_weights: Optional[npt.ArrayLike] = None,
    out: Optional[Array] = None,
    **options: Unpack[Options],
) -> Tuple[Array, Result]:
    """The derivative of the summed losses by each score, 0 where it is ignored, and the result of :func:`loss`.

    By the logit, or with ``probs`` by the probability. Divide it by what you divide the sum by.
    Arguments and errors are those of :func:`losses`.

    Returns:
        The gradients, float32 of the scores' shape, or out; the result.
    """
    return engine_of(loss, options).gradients(scores, targets, weights=weights, score_weights=score_weights, out=out)


def losses_and_gradients(
    scores: npt.ArrayLike,
    targets: npt.ArrayLike,
    loss: LossLike = DEFAULT_LOSS,
    *,
    weights: Optional[npt.ArrayLike] = None,
    score_weights: Optional[npt.ArrayLike] = None,
    out: Optional[Tuple[Array, Array]] = None,
    **options: Unpack[Options],
) -> Tuple[Array, Array, Result]:
    """What :func:`losses` and :func:`gradients` return, in one pass; out is a pair of arrays, either may be None."""
    return engine_of(loss, options).losses_and_gradients(
        scores, targets, weights=weights, score_weights=score_weights, out=out
    )


def gradients_and_hessians(
    scores: npt.ArrayLike,
    targets: npt.ArrayLike,
    loss: LossLike = DEFAULT_LOSS,
    *,
    weights: Optional[npt.ArrayLike] = None,
    score_weights: Optional[npt.ArrayLike] = None,
    out: Optional[Tuple[Array, Array]] = None,
    **options: Unpack[Options],
) -> Tuple[Array, Array, Result]:
    """The first and the second derivative of the summed losses by each logit, 0 where it is ignored.

    Second derivatives are exact, and so negative where the loss is concave, as focal loss is where a
    score is very wrong (p_t below 0.06 at gamma = 2). :mod:`flengine.boosting` has a floor for them.
    Losses of rows have none, probabilities neither, and targets between 0 and 1 only those of
    cross-entropy, balanced cross-entropy, quality focal, varifocal and heatmap focal loss.

    Arguments and errors are those of :func:`losses`; out is a pair of arrays, either may be None.

    Returns:
        The gradients and the Hessian's diagonal, float32 of the scores' shape, or out; the result.
    """
    return engine_of(loss, options).gradients_and_hessians(
        scores, targets, weights=weights, score_weights=score_weights, out=out
    )


def hardest(
    k: int,
    scores: npt.ArrayLike,
    targets: npt.ArrayLike,
    loss: LossLike = DEFAULT_LOSS,
    *,
    among: Among = "all",
    least: float = 0.0,
    weights: Optional[npt.ArrayLike] = None,
    score_weights: Optional[npt.ArrayLike] = None,
    **options: Unpack[Options],
) -> Tuple[Array, Result]:
    """The k scores with the largest losses, hardest first, and the result of :func:`loss`.

    Ignored scores, and those of weight 0, are none of them; of equal losses the first comes first.

    Args:
        k: how many; there may be fewer.
        among: ``"all"``, ``"positives"``, or ``"negatives"``: hard negatives.
        least: losses below it are not taken.

    The others, and the errors, are those of :func:`loss`.

    Returns:
        An array of at most k records with the fields ``index`` (int64, in the flattened scores: see
        ``np.unravel_index(hard["index"], scores.shape)``; of a loss of rows that of the row's class),
        ``loss``, ``score`` and ``target`` (float32); the result.
    """
    return engine_of(loss, options).hardest(
        k, scores, targets, among=among, least=least, weights=weights, score_weights=score_weights
    )


def sweep(
    scores: npt.ArrayLike,
    targets: npt.ArrayLike,
    losses: Sequence[LossLike],
    *,
    weights: Optional[npt.ArrayLike] = None,
    score_weights: Optional[npt.ArrayLike] = None,
    **options: Unpack[Options],
) -> List[Result]:
    """Several losses of the same scores in one pass: the results that :func:`loss` returns for each, to the last bit.

    25 pairs of alpha and gamma take about a fifth of 25 calls. Losses of rows are not taken. Arguments
    and errors are those of :func:`loss`.
    """
    if isinstance(losses, (str, Loss)):
        raise TypeError(f"losses is one loss, {losses!s}: want a list of losses")
    texts = [_lib.c_text("losses", str(loss_of(loss))) for loss in losses]
    if not texts:
        raise InputError("losses", None, 0, "is empty: want at least one loss")
    engine = _sweeper(options)
    return _Call(engine, scores, targets, weights, score_weights).sweep(texts)


def _sweeper(options: Options) -> Engine:
    """An engine without a loss of its own."""
    engine = Engine("ce", **options)
    del engine._prepared.fields["loss"]
    return engine

"""Arrays as the library takes them: addresses, types, strides, and which of the forms targets have.

Contiguous arrays of a type that the library reads are given as they are. All others are checked
and, where they have to be, copied; nothing else ever becomes an address.
"""

from __future__ import annotations

import ctypes
import functools
from typing import Any, Callable, Dict, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import numpy.typing as npt

from . import _lib
from ._lib import InputError

Array = npt.NDArray[Any]
Shape = Tuple[int, ...]

# Types of arrays in this machine's byte order. ml_dtypes' bfloat16 joins the floats when one is seen.
FLOATS: Dict[Any, int] = {
    np.dtype(np.float32): _lib.FLOAT32,
    np.dtype(np.float16): _lib.FLOAT16,
    np.dtype(np.float64): _lib.FLOAT64,
}
CLASSES: Dict[Any, int] = {np.dtype(np.int32): _lib.INT32, np.dtype(np.int64): _lib.INT64}
LABELS: Dict[Any, int] = {np.dtype(np.uint8): _lib.UINT8, np.dtype(np.bool_): _lib.UINT8}

ITEM_SIZE = {
    _lib.FLOAT32: 4,
    _lib.FLOAT16: 2,
    _lib.BFLOAT16: 2,
    _lib.FLOAT64: 8,
    _lib.UINT8: 1,
    _lib.INT32: 4,
    _lib.INT64: 8,
}

_PLAIN = 0x0101  # flags.num: C-contiguous and aligned
_WRITEABLE = 0x0400
_OUTPUT = _PLAIN | _WRITEABLE

_from_buffer: Any = ctypes.c_char.from_buffer  # NumPy's arrays are no Buffer to type checkers
_addressof = ctypes.addressof
_ndarray = np.ndarray


def address(a: Array) -> int:
    """The address of an array's first element; it stays while the array is referenced."""
    try:
        return _addressof(_from_buffer(a))  # a third of the time of a.ctypes.data
    except (TypeError, ValueError, BufferError):  # read-only, empty, bfloat16
        return int(a.ctypes.data) if a.size else 0


class Scores(NamedTuple):
    """Scores as the library takes them; strides is None if they are contiguous."""

    array: Array
    type: int
    rows: int
    columns: int
    strides: Any
    shape: Shape


class Labels(NamedTuple):
    """Labels, classes or targets as the library takes them."""

    array: Array
    form: int
    type: int
    strides: Any
    shape: Shape


# Named tuples of tuples, in half the time.
_scores: Callable[[Tuple[Any, ...]], Scores] = functools.partial(tuple.__new__, Scores)
_labels: Callable[[Tuple[Any, ...]], Labels] = functools.partial(tuple.__new__, Labels)


def scores_of(x: Any) -> Scores:
    """Scores of shape (A,), (A, C) or (N, ..., C): rows of C columns, 1 of a vector."""
    if type(x) is _ndarray:
        code = FLOATS.get(x.dtype)
        if code is not None and x.flags.num & _PLAIN == _PLAIN:
            shape = x.shape
            if len(shape) == 2 and shape[1]:
                return _scores((x, code, shape[0], shape[1], None, shape))
            if len(shape) == 1:
                return _scores((x, code, shape[0], 1, None, shape))
    x = array_of(x, "scores")
    shape = x.shape
    if not shape:
        raise InputError("scores", None, 0, "has shape (): want (A,), (A, C) or (N, A, C), a row of C scores per anchor")
    columns = shape[-1] if len(shape) > 1 else 1
    if columns == 0:
        raise InputError("scores", None, 0, f"has shape {shape}: want a row of C >= 1 scores per anchor")
    code = float_type(x, "scores")
    rows = x.size // columns
    if x.flags.num & _PLAIN == _PLAIN:
        return Scores(x, code, rows, columns, None, shape)
    y, strides = strided(x.reshape(rows, columns))
    return Scores(y, code, rows, columns, strides, shape)


def strided(x: Array) -> Tuple[Array, Any]:
    """An array of one or two axes and its strides in elements; a copy where there are none in elements."""
    size = x.itemsize
    if x.flags.num & _PLAIN == _PLAIN:
        return x, None
    if not x.flags.aligned or any(s % size for s in x.strides):
        return np.array(x, order="C"), None
    strides = [s // size for s in x.strides] + [0]
    return x, (ctypes.c_int64 * 2)(*strides[:2])


def array_of(x: Any, name: str) -> Array:
    """An array in this machine's byte order."""
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array, whose mask would be lost: want ignored targets, or weights of 0, in its place")
    try:
        a = np.asarray(x)
    except (TypeError, ValueError, RuntimeError) as e:  # the last of tensors that require a gradient
        raise TypeError(f"{name} is a {type(x).__name__} that NumPy makes no array of: {e}") from e
    if x is None:
        raise TypeError(f"{name} is None: want an array of numbers")
    if a.dtype == object:
        raise TypeError(f"{name} has dtype object, as of rows of different lengths: want an array of numbers")
    return a if a.dtype.isnative else a.astype(a.dtype.newbyteorder("="))


def float_type(x: Array, name: str, what: str = "float32, float16, bfloat16 (of ml_dtypes) or float64") -> int:
    """The type of an array of floats."""
    code = FLOATS.get(x.dtype)
    if code is None and x.dtype.name == "bfloat16" and x.dtype.itemsize == 2:
        code = FLOATS[x.dtype] = _lib.BFLOAT16
    if code is None:
        raise TypeError(f"{name} has dtype {x.dtype}: want {what}, as of {name}.astype(np.float32)")
    return code


def merges(anchors: Shape, shape: Shape) -> bool:
    """Whether a shape is that of all anchors, where neighbouring axes may be one and those of length 1 do not count."""
    if not shape:
        return False
    if 0 in anchors:
        return 0 in shape
    k = 0
    for n in shape:
        have = 1
        while have < n and k < len(anchors):
            have *= anchors[k]
            k += 1
        if have != n:
            return False
    return all(n == 1 for n in anchors[k:])


def _but_ones(shape: Shape) -> Sequence[int]:
    return [n for n in shape if n != 1]


def anchors_of(shape: Shape) -> Shape:
    """The shape of scores without the axis of the columns."""
    return shape[:-1] if len(shape) > 1 else shape


class Reading(NamedTuple):
    """How targets are to be read: what the caller said of them."""

    rows: bool  # the loss is one of rows
    form: Optional[str]  # "class", "binary", "soft"
    background: Optional[int]
    ignored: Optional[Tuple[int, ...]]


def labels_of(t: Any, scores: Scores, how: Reading) -> Labels:
    """Targets in the form that their shape, their dtype and the caller say."""
    if type(t) is _ndarray and how.form is None and t.flags.num & _PLAIN == _PLAIN:
        shape = t.shape
        if scores.columns > 1 and shape == scores.shape[:-1]:
            code = CLASSES.get(t.dtype)
            if code is not None:
                return _labels((t, _lib.CLASSES, code, None, shape))
        elif shape == scores.shape and not how.rows and how.ignored is None and how.background is None:
            code = LABELS.get(t.dtype)
            if code is not None:
                return _labels((t, _lib.LABELS, code, None, shape))
            code = FLOATS.get(t.dtype)
            if code is not None:
                return _labels((t, _lib.TARGETS, code, None, shape))
    return _labels_of(array_of(t, "targets"), scores, how)


def _labels_of(t: Array, scores: Scores, how: Reading) -> Labels:
    shape, anchors, one_column = t.shape, anchors_of(scores.shape), scores.columns == 1
    per_row = merges(anchors, shape)
    if len(scores.shape) == 1:
        per_score = per_row
    else:
        per_score = _but_ones(scores.shape) == _but_ones(shape) or (
            len(shape) > 1 and shape[-1] == scores.columns and merges(anchors, shape[:-1])
        )
        per_score = per_score or (one_column and per_row)
    kind = t.dtype.kind if t.dtype.name != "bfloat16" else "f"
    if kind not in "fiub":
        raise TypeError(f"targets has dtype {t.dtype}: want classes of an integer type, or labels or soft targets per score")
    described = f"has dtype {t.dtype} and shape {shape}"

    def bad(text: str) -> InputError:
        return InputError("targets", None, float(t.size), text)

    if not per_row and not per_score:
        want = f"{anchors}, a class per row of scores"
        if len(scores.shape) > 1 and not how.rows:
            want += f", or {scores.shape}, a label or soft target per score"
        raise bad(f"has shape {shape}: want {want if len(scores.shape) > 1 else f'{anchors}, that of scores'}")
    if how.form == "soft" and kind != "f":
        raise TypeError(f"targets {described} beside form='soft': want numbers from 0 to 1 of a float type")
    if how.rows:
        if not per_row:
            raise bad(f"{described}, one per score, beside a loss of rows: want {anchors}, a class per row, as of targets.argmax(-1)")
        if kind not in "iu":
            raise TypeError(f"targets {described} beside a loss of rows: want classes of an integer type, as of targets.astype(np.int64)")
        return _classes(t, how)
    if not per_row:
        if how.form == "class":
            raise bad(f"{described}, one per score, beside form='class': want {anchors}, a class per row")
        return _per_score(t, kind, scores, how)
    if not per_score:
        if how.form in ("binary", "soft"):
            raise bad(f"{described}, one per row, beside form={how.form!r}: want {scores.shape}, one per score")
        if kind not in "iu":
            raise TypeError(f"targets {described}, one per row of {scores.columns} scores: want classes of an integer type, or {scores.shape}, one per score")
        return _classes(t, how)
    # One column: labels per row are labels per score.
    if how.form in ("binary", "soft"):
        return _per_score(t, kind, scores, how)
    if how.form == "class":
        if kind not in "iu":
            raise TypeError(f"targets {described} beside form='class': want classes of an integer type")
        return _classes(t, how)
    if kind in "fb" or t.dtype == np.uint8:
        return _per_score(t, kind, scores, how)
    if how.background is not None or t.size == 0:
        return _classes(t, how)
    if kind == "i" and bool(np.any((t < 0) & ~np.isin(t, how.ignored or ()))):
        return _classes(t, how)
    raise bad(
        f"{described}, of one column, none negative, which can mean two things: want form='binary' if 0 is background "
        "and 1 foreground, or form='class' if 0 is the class of column 0"
    )


def _classes(t: Array, how: Reading) -> Labels:
    shape = t.shape
    code = CLASSES.get(t.dtype)
    if code is None and t.dtype.itemsize == 8:  # uint64
        beyond = t > np.iinfo(np.int64).max
        if beyond.any():
            raise _bad_element(t, beyond, "want a class in the range of int32")
    if code is None:
        t, code = t.astype(np.int64), _lib.INT64
    t, strides = strided(t.reshape(-1))
    return Labels(t, _lib.CLASSES, code, strides, shape)


def _per_score(t: Array, kind: str, scores: Scores, how: Reading) -> Labels:
    shape, ignored = t.shape, how.ignored
    if how.background is not None:
        meaning = "class indices, or no background" if scores.columns > 1 else "form='class' too if they are class indices, or no background"
        raise InputError("background", None, how.background, f"is {how.background} beside targets per score, where it has no meaning: want {meaning}")
    if ignored is not None and (0 in ignored or 1 in ignored):
        raise InputError("ignored", None, float(len(ignored)), f"is {ignored} beside targets per score, of which 0 is background and 1 foreground: want others")
    if ignored is not None and kind == "b":
        raise InputError("ignored", None, float(len(ignored)), f"is {ignored} beside targets of dtype bool, where it has no meaning: want none")
    if kind == "f" and how.form != "binary":
        code = float_type(t, "targets")
        if ignored is not None:
            t = _renamed(t, ignored)
        t, strides = strided(t.reshape(scores.rows, scores.columns))
        return Labels(t, _lib.TARGETS, code, strides, shape)
    if t.dtype not in LABELS or ignored is not None:
        t = _marked(t, kind, ignored)
    t, strides = strided(t.reshape(scores.rows, scores.columns))
    return Labels(t, _lib.LABELS, _lib.UINT8, strides, shape)


def _among(t: Array, values: Tuple[int, ...]) -> Array:
    """Which elements are one of the values; np.isin does not always take bfloat16."""
    found: Array = np.isin(t.astype(np.float32) if t.dtype.name == "bfloat16" else t, values)
    return found


def _renamed(t: Array, ignored: Tuple[int, ...]) -> Array:
    """Soft targets with -1 for what the caller calls ignored."""
    skipped = _among(t, ignored)
    unnamed = (t == -1) & ~skipped
    if unnamed.any():
        names = " or ".join(map(str, ignored))
        raise _bad_element(t, unnamed, f"want 0 to 1, or {names} for ignored; ignored=-1 says that it stands for ignored")
    renamed: Array = np.where(skipped, t.dtype.type(-1), t)
    return renamed


def _marked(t: Array, kind: str, ignored: Optional[Tuple[int, ...]]) -> Array:
    """Labels of any type as uint8, 255 for ignored."""
    labels: Array = (t == 1).astype(np.uint8)
    skipped = _among(t, ignored) if ignored is not None else np.zeros(t.shape, bool)
    if t.dtype == np.uint8:
        skipped |= t == 255
    elif kind == "f" and ignored is None:
        skipped |= t == -1
    labels[skipped] = 255
    wrong = ~skipped & (t != 0) & (t != 1)
    if wrong.any():
        names = "-1 for ignored" if kind == "f" and ignored is None else "what ignored= says"
        more = "; form='soft' says that it is a soft target" if kind == "f" else ""
        raise _bad_element(t, wrong, f"want 0, 1, or {names}{more}")
    return labels


def _bad_element(t: Array, wrong: Array, reason: str) -> InputError:
    """The error for the first of the elements of targets that are wrong."""
    index = int(np.argmax(wrong.reshape(-1)))
    return InputError("targets", index, float(t.reshape(-1)[index]), reason, t.shape)


def factors(w: Any, shape: Shape, name: str, unit: str) -> Array:
    """Factors as contiguous float32, whose shape is that of all anchors, or of all scores."""
    if type(w) is not _ndarray or w.dtype != np.float32 or w.flags.num & _PLAIN != _PLAIN:
        w = array_of(w, name)
        if w.dtype.kind not in "fiub" and w.dtype.name != "bfloat16":
            raise TypeError(f"{name} has dtype {w.dtype}: want float32, or another type of numbers, which is rounded to that")
        with np.errstate(over="ignore"):  # what becomes infinite is refused as such
            w = np.require(w, np.float32, ["C", "A"])
    if w.shape != shape and not merges(shape, w.shape):
        raise InputError(name, None, float(w.size), f"has shape {w.shape}: want {shape}, one per {unit}")
    array: Array = w
    return array


def output(out: object, shape: Shape, name: str) -> Tuple[Array, int]:
    """An output that the caller gives, and its type."""
    if type(out) is _ndarray and out.shape == shape and out.flags.num & _OUTPUT == _OUTPUT:
        code = FLOATS.get(out.dtype)
        if code is not None:
            return out, code
    if not isinstance(out, np.ndarray) or isinstance(out, np.ma.MaskedArray):
        raise TypeError(f"{name} is a {type(out).__name__}: want an array of NumPy, float32 of shape {shape}")
    if not out.dtype.isnative:
        raise TypeError(f"{name} has dtype {out.dtype}, whose byte order is not this machine's: want float32")
    code = float_type(out, name, "float32 (or float16, bfloat16, float64, which are rounded from that)")
    if out.shape != shape:
        raise InputError(name, None, float(out.size), f"has shape {out.shape}: want {shape}")
    if out.flags.num & _PLAIN != _PLAIN:
        raise InputError(name, None, float(out.size), "is not contiguous and aligned: want an array in C order, as of np.empty")
    if not out.flags.num & _WRITEABLE:
        raise InputError(name, None, float(out.size), "is read-only: want an array that may be written")
    return out, code

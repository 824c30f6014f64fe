"""The C library under the package: finding and loading it, its structures and its errors.

``flengine.h`` documents the functions and every field. What is here is for other modules of this
package: they fill the request of a :class:`Slot` and give it to :func:`evaluate`.

The library is loaded by the first call, not by the import: a process that only imported the
package may fork, and its children may call.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
import threading
import warnings
from pathlib import Path
from typing import Any, NoReturn, Optional, Sequence, Tuple

# Codes of the header: what functions return, ...
OK, ERROR_INPUT, ERROR_ARGUMENT, ERROR_INTERNAL, ERROR_FORKED = range(5)
# ... types of elements, ...
FLOAT32, FLOAT16, BFLOAT16, FLOAT64, UINT8, INT32, INT64 = range(7)
# ... what scores are, what labels are, and which scores are ranked.
LOGITS, PROBABILITIES = range(2)
LABELS, CLASSES, TARGETS = 1, 2, 3
AMONG = {"all": 0, "positives": 1, "negatives": 2}

RESULT_BYTES = 576
LOSS_BYTES = 256


class Request(ctypes.Structure):
    """``fl_request``: what to evaluate, and where outputs go."""

    _fields_ = [
        ("size", ctypes.c_uint64),
        ("loss", ctypes.c_char_p),
        ("kernel", ctypes.c_char_p),
        ("workers", ctypes.c_int32),
        ("scores_form", ctypes.c_int32),
        ("rows", ctypes.c_int64),
        ("columns", ctypes.c_int64),
        ("scores", ctypes.c_void_p),
        ("scores_type", ctypes.c_int32),
        ("labels_form", ctypes.c_int32),
        ("labels_type", ctypes.c_int32),
        ("ignored_count", ctypes.c_int32),
        ("labels", ctypes.c_void_p),
        ("scores_strides", ctypes.c_void_p),
        ("labels_strides", ctypes.c_void_p),
        ("background", ctypes.c_void_p),
        ("ignored", ctypes.c_void_p),
        ("weights", ctypes.c_void_p),
        ("score_weights", ctypes.c_void_p),
        ("class_weights", ctypes.c_void_p),
        ("column_weights", ctypes.c_void_p),
        ("losses", ctypes.c_void_p),
        ("gradients", ctypes.c_void_p),
        ("hessians", ctypes.c_void_p),
        ("losses_type", ctypes.c_int32),
        ("gradients_type", ctypes.c_int32),
        ("hessians_type", ctypes.c_int32),
        ("upstream_type", ctypes.c_int32),
        ("upstream", ctypes.c_void_p),
        ("upstream_count", ctypes.c_int64),
    ]


class RawResult(ctypes.Structure):
    """``fl_result``: counts and sums."""

    _fields_ = [
        ("size", ctypes.c_uint64),
        ("scores", ctypes.c_int64),
        ("positives", ctypes.c_int64),
        ("ignored", ctypes.c_int64),
        ("sum", ctypes.c_double),
        ("mean", ctypes.c_double),
        ("per_positive", ctypes.c_double),
        ("weighted_mean", ctypes.c_double),
        ("binary", ctypes.c_void_p),
        ("binary_size", ctypes.c_int64),
    ]


class RawError(ctypes.Structure):
    """``fl_error``: what is wrong."""

    _fields_ = [
        ("size", ctypes.c_uint64),
        ("code", ctypes.c_int32),
        ("truncated", ctypes.c_int32),
        ("index", ctypes.c_int64),
        ("value", ctypes.c_double),
        ("field", ctypes.c_char * 32),
        ("message", ctypes.c_char * 1024),
    ]


class InputError(ValueError):
    """Something that was given is wrong: an element of an array, or an argument as a whole.

    Attributes:
        field: the argument or parameter: ``"scores"``, ``"targets"``, ``"weights"``, ``"gamma"``, ...
        index: of the first bad element in the flattened array, row-major; None: the field as a whole.
        multi_index: the same as a tuple, in the array's own shape; None where index is.
        value: what was found: the element, or the field's length or value.
        reason: what is wanted.
    """

    field: str
    index: Optional[int]
    multi_index: Optional[Tuple[int, ...]]
    value: float
    reason: str

    def __init__(
        self,
        field: str,
        index: Optional[int],
        value: float,
        reason: str,
        shape: Optional[Tuple[int, ...]] = None,
    ) -> None:
        self.field, self.index, self.value, self.reason = field, index, value, reason
        self.multi_index = None
        if index is None:
            super().__init__(f"{field} {reason}")
            return
        self.multi_index = (index,) if shape is None else unravel(index, shape)
        place = ", ".join(map(str, self.multi_index))
        super().__init__(f"{field}[{place}] is {number(value)}: {reason}")

    def __reduce__(self) -> Tuple[Any, ...]:
        return _rebuilt, (type(self), self.args, self.__dict__)


def _rebuilt(cls: Any, args: Tuple[Any, ...], attributes: dict[str, Any]) -> InputError:
    """Makes an InputError again, for pickle: it crosses processes with all of its attributes."""
    error: InputError = cls.__new__(cls, *args)
    error.args = args
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


class ForkError(RuntimeError):
    """A call in a child of ``os.fork`` whose parent had made calls before: Go does not survive fork."""


_FORKED = (
    "flengine was called in a forked child of a process that had called it before the fork, which the Go runtime "
    "in its library does not survive: start processes by multiprocessing's 'spawn' or 'forkserver', as in "
    "multiprocessing.get_context('spawn') or DataLoader(multiprocessing_context='spawn'), or make the first call "
    "after the fork"
)


def unravel(index: int, shape: Sequence[int]) -> Tuple[int, ...]:
    """The index in a shape of an element by its place in the flattened array."""
    place = []
    for n in reversed(shape):
        n = max(n, 1)
        place.append(index % n)
        index //= n
    return tuple(reversed(place))


def number(value: float) -> str:
    """A number as a message has it: integers as such, float32 with the digits that tell them from others."""
    if value == value and abs(value) < 2**63 and value == int(value):
        return str(int(value))
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    for digits in range(1, 17):
        text = f"{value:.{digits}g}"
        if float(text) == value or _as_float32(text) == value:
            return text
    return repr(value)


def _as_float32(text: str) -> float:
    """The float32 nearest to a number; inf beyond them."""
    try:
        return float(struct.unpack("f", struct.pack("f", float(text)))[0])
    except OverflowError:
        return float("inf")


class Library:
    """The functions of the loaded library. :data:`lib` is the one that there is."""

    # Each takes addresses as integers, and returns a code; see flengine.h.
    fl_evaluate: Any
    fl_sweep: Any
    fl_hardest: Any
    fl_merge: Any
    fl_json: Any
    fl_loss: Any
    fl_kernels: Any
    fl_kernel: Any
    fl_version: Any


_pointer, _size, _int = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int32
_signatures: dict[str, Tuple[Any, ...]] = {
    "fl_evaluate": (_pointer, _pointer, _pointer),
    "fl_sweep": (_pointer, _pointer, _size, _pointer, _pointer),
    "fl_hardest": (_pointer, _size, _int, ctypes.c_float, _pointer, _pointer, _pointer, _pointer),
    "fl_merge": (_pointer, _size, _pointer, _size, _pointer, _pointer),
    "fl_json": (_pointer, _size, _pointer, _size, _pointer, _pointer),
    "fl_loss": (ctypes.c_char_p, _pointer, _size, _pointer, _pointer),
    "fl_kernels": (_pointer, _size, _pointer, _pointer),
    "fl_kernel": (ctypes.c_char_p, _pointer, _size, _pointer, _pointer),
    "fl_version": (),
}

_LIBRARY_NAMES = {"darwin": "libflengine.dylib", "win32": "flengine.dll"}


def find_library() -> Path:
    """The path of the library: what FLENGINE_LIBRARY names, or the file beside this module.

    Raises:
        ImportError: there is none, or it cannot run here; with what to do.
    """
    _refuse_musl()
    given = os.environ.get("FLENGINE_LIBRARY")
    path = Path(given) if given else Path(__file__).with_name(_LIBRARY_NAMES.get(sys.platform, "libflengine.so"))
    if not path.is_file():
        source = (
            "FLENGINE_LIBRARY names it: set it to the library's path, or unset it"
            if given
            else "this is no installed wheel, or one for another platform: install the wheel that `make wheels` "
            "builds, or build the library, go build -buildmode=c-shared -o libflengine.so ./cmd/libflengine, and "
            "set FLENGINE_LIBRARY to its path"
        )
        raise ImportError(f"flengine's library is missing: {path}: no such file; {source}", path=str(path))
    return path


def _refuse_musl() -> None:
    """A Go library crashes where musl loads it: its thread-local storage is not what musl has for it."""
    if not sys.platform.startswith("linux"):
        return
    try:
        libc = os.confstr("CS_GNU_LIBC_VERSION")
    except (ValueError, OSError):
        libc = None
    if libc is None or not libc.startswith("glibc"):
        raise ImportError(
            "flengine's library is for glibc, and this Python is not: on musl, as of Alpine Linux, Go cannot be a "
            "shared library; use an image with glibc, such as python:3.12-slim"
        )


lib = Library()
_loading = threading.Lock()
_started = _loaded = False  # Go has been, at least in part, and all of it


def load() -> Library:
    """Loads the library, once, and returns its functions.

    Raises:
        ImportError: it is missing, or is none for this machine.
        ForkError: this process is a forked child of one that had loaded it.
    """
    global _started, _loaded
    with _loading:
        if _loaded:
            return lib
        path = find_library()
        _started = True
        try:
            library = ctypes.CDLL(str(path))  # which releases the GIL during calls
            functions = {name: getattr(library, name) for name in _signatures}
        except (OSError, AttributeError) as e:
            raise ImportError(
                f"flengine's library {path} cannot be loaded: {e}; want that of this package's version, built for "
                f"{platform.system()} on {platform.machine()}",
                path=str(path),
            ) from e
        for name, arguments in _signatures.items():
            functions[name].argtypes = arguments
            functions[name].restype = ctypes.c_int32
            setattr(lib, name, functions[name])
        lib.fl_version.restype = ctypes.c_char_p
        _loaded = True
    return lib


def _later(name: str) -> Any:
    """What stands for a function until the first call."""

    def first(*arguments: Any) -> Any:
        return getattr(load(), name)(*arguments)

    return first


def _refuse(*arguments: Any) -> NoReturn:
    raise ForkError(_FORKED)


def _forked() -> None:
    """Runs in a child right after the fork. Where its parent had started Go, all calls raise from here on."""
    global _loading
    _loading = threading.Lock()  # a thread that is not here may have held it
    if _started:
        for name in _signatures:
            setattr(lib, name, _refuse)


for _name in _signatures:
    setattr(lib, _name, _later(_name))
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class Slot:
    """A request, a result and an error, with their addresses, to be filled and used again.

    A call owns its slot: those of other threads, and of a signal handler that Python runs in the
    middle, have their own.

    Attributes:
        request, result, error: the structures; sizes are set, and the result has room for its binary form.
        at_request, at_result, at_error: their addresses.
    """

    __slots__ = ("request", "result", "error", "binary", "at_request", "at_result", "at_error")

    def __init__(self) -> None:
        self.request = Request(size=ctypes.sizeof(Request))
        self.binary = bytearray(RESULT_BYTES)
        self.result = RawResult(size=ctypes.sizeof(RawResult), binary=address_of_bytes(self.binary))
        self.error = RawError(size=ctypes.sizeof(RawError))
        self.at_request = ctypes.addressof(self.request)
        self.at_result = ctypes.addressof(self.result)
        self.at_error = ctypes.addressof(self.error)

    def evaluate(self) -> None:
        """Evaluates the request: outputs and result are set, or it raises what :func:`error_of` returns."""
        if lib.fl_evaluate(self.at_request, self.at_result, self.at_error):
            raise error_of(self.error)


class Prepared:
    """Slots of requests that have some fields in common: what a loss and its options are.

    A call takes a slot, sets the fields that are its own, all of them each time, evaluates, reads
    the result, and gives the slot back; one that failed need not come back.

    Args:
        keep: what the fields have addresses of.
        fields: those in common, by their names in :class:`Request`.
    """

    __slots__ = ("fields", "keep", "free")

    def __init__(self, keep: Any = None, **fields: Any) -> None:
        self.fields, self.keep = fields, keep
        self.free: list[Slot] = []

    def take(self) -> Slot:
        try:
            return self.free.pop()
        except IndexError:
            slot = Slot()
            for name, value in self.fields.items():
                setattr(slot.request, name, value)
            return slot

    def give(self, slot: Slot) -> None:
        self.free.append(slot)


def c_text(field: str, text: str) -> bytes:
    """A text as C has it, which ends at the first NUL: one with a NUL inside would be cut short unseen."""
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        encoded = b"\0"
    if b"\0" in encoded:
        raise InputError(field, None, 0, f"has {text!r}: want a text without NUL and lone surrogates")
    return encoded


def address_of_bytes(b: bytearray) -> int:
    """The address of a bytearray's memory, which stays as long as it is not resized."""
    return ctypes.addressof(ctypes.c_char.from_buffer(b))


# What fields of the C structures are called here, and the words of messages.
_ARGUMENTS = {"labels": "targets"}
_WORDS = {
    "FL_LOGITS": "logits",
    "FL_PROBABILITIES": "probabilities",
    "FL_CLASSES": "classes",
    "FL_LABELS": "labels",
    "FL_TARGETS": "soft targets",
    "ScoreWeights[": "score_weights[",
    "classWeights[": "class_weights[",
    "columnWeights[": "column_weights[",
    "Weights[": "weights[",
    "which ignored sets": "which ignored= sets",
    "which background sets": "which background= sets",
}


def error_of(error: RawError) -> Exception:
    """The exception for what the library says is wrong."""
    message: str = error.message.decode("utf-8", "replace")
    if error.code == ERROR_FORKED:
        return ForkError(_FORKED)
    if error.code == ERROR_INTERNAL:
        return RuntimeError(f"flengine: {message}")
    for theirs, ours in _WORDS.items():
        message = message.replace(theirs, ours)
    field: str = error.field.decode("utf-8", "replace")
    argument: str = _ARGUMENTS.get(field, field)
    if error.index >= 0:
        _, _, reason = message.partition("]")
        _, _, reason = reason.partition(": ")
        return InputError(argument, error.index, error.value, reason or message)
    reason = message[len(field) + 1 :] if message.startswith(field + " ") else message
    return InputError(argument if argument else "kernel", None, error.value, reason)


def text(name: str, *arguments: Any) -> str:
    """Calls a function that writes a text, and returns that.

    Raises:
        InputError: what was given is wrong.
    """
    slot = Slot()
    capacity = 1 << 10
    length = ctypes.c_int64()
    while True:
        buffer = ctypes.create_string_buffer(capacity)
        code = getattr(lib, name)(
            *arguments, ctypes.addressof(buffer), capacity, ctypes.addressof(length), slot.at_error
        )
        if not code:
            return buffer.value.decode("utf-8")
        if length.value < capacity:
            raise error_of(slot.error)
        capacity = length.value + 1


def kernels() -> Tuple[str, ...]:
    """The names of the kernels that this machine can run, fastest first; the last is ``"generic"``."""
    return tuple(text("fl_kernels").split(","))


def version() -> str:
    """The version of the library, ``"0.1.0"``."""
    said: bytes = lib.fl_version()
    return said.decode()


def _default_workers() -> int:
    """What OMP_NUM_THREADS says, as it is at the import; 0, as many as there are CPUs, if it says nothing."""
    said = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if not said:
        return 0
    if said.isdecimal() and 0 < int(said) < 2**31:
        return int(said)
    warnings.warn(f"flengine: OMP_NUM_THREADS is {said!r}: want a number of threads from 1 on; all CPUs are used", RuntimeWarning)
    return 0


default_workers = _default_workers()

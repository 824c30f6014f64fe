"""What an evaluation counts and sums."""

from __future__ import annotations

import base64
import binascii
import ctypes
import json
import struct
from typing import Any, Dict, Tuple, Union

from . import _lib

# The fields of fl_result behind its size.
_unpack = struct.Struct("=3q4d").unpack_from
_OFFSET = ctypes.sizeof(ctypes.c_uint64)


def _field(i: int) -> Any:
    """A property that is an element of a Result's values."""
    return property(lambda self: self._values[i])


class Result:
    """Counts and sums of an evaluation, exact: results of parts add to the result of the whole.

    ``a + b``, and ``sum(results)``, in any order and grouping, give the same bits, those of one call
    over all scores where the parts were cut at multiples of 4096 scores (of rows, under a loss of
    rows). Results are immutable, equal if all of their bits are, hashable, and pickled exactly.

    Attributes:
        scores: entries scored, all but the ignored ones; rows under a loss of rows.
        positives: of these the foreground ones: label 1, or target > 0, of heatmap focal loss = 1.
        ignored: entries not scored.
        sum: the sum of the losses, correctly rounded; inf if a loss is beyond float32.
        mean: sum / scores; 0 where nothing was scored.
        per_positive: sum / max(1, positives): RetinaNet's normaliser.
        weighted_mean: sum / the sum of the weights: PyTorch's mean with class weights; 0 where they are.
        exact: the binary form, which has all bits of the sums: that of Go's Result.MarshalBinary.
    """

    __slots__ = ("_values", "exact")

    scores: int = _field(0)
    positives: int = _field(1)
    ignored: int = _field(2)
    sum: float = _field(3)
    mean: float = _field(4)
    per_positive: float = _field(5)
    weighted_mean: float = _field(6)

    _values: Tuple[int, int, int, float, float, float, float]
    exact: bytes

    def __new__(cls) -> Result:
        """The result of nothing: no scores, and the sum 0."""
        return cls.from_exact(b"")

    @classmethod
    def from_exact(cls, exact: Union[bytes, str]) -> Result:
        """The result of a binary form, :attr:`exact`, or of its base64, the ``exact`` of ``flbench eval --json``.

        Raises:
            InputError: it is none.
        """
        if isinstance(exact, str):
            try:
                exact = base64.b64decode("".join(exact.split()), validate=True)
            except (binascii.Error, ValueError) as e:
                raise _lib.InputError("exact", None, 0, f"is no base64: {e}") from None
        if not isinstance(exact, (bytes, bytearray, memoryview)):
            raise TypeError(f"exact is a {type(exact).__name__}: want bytes, or their base64")
        return _merged(bytes(exact), b"")

    @property
    def text(self) -> str:
        """The binary form in base64: the ``exact`` of ``flbench eval --json``."""
        return base64.b64encode(self.exact).decode()

    def json(self) -> Dict[str, Any]:
        """The object that ``flbench eval --json`` has of it, infinite numbers as the string "Infinity"."""
        at, size, _keep = _place(self.exact)
        parsed: Dict[str, Any] = json.loads(_lib.text("fl_json", at, size))
        return parsed

    def __add__(self, other: object) -> Result:
        if isinstance(other, Result):
            return _merged(self.exact, other.exact)
        return NotImplemented

    def __radd__(self, other: object) -> Result:
        if isinstance(other, int) and other == 0:  # where sum() begins
            return self
        return NotImplemented

    def merge(self, *others: Result) -> Result:
        """The sum of this result and others."""
        total = self
        for other in others:
            total = total + other
        return total

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Result) and self.exact == other.exact

    def __hash__(self) -> int:
        return hash(self.exact)

    def __reduce__(self) -> Tuple[Any, ...]:
        return Result.from_exact, (self.exact,)

    def __repr__(self) -> str:
        scores, positives, ignored, total, *_ = self._values
        return f"<flengine.Result: {scores} scores, {positives} positive, {ignored} ignored, sum {total!r}>"


_new = object.__new__


def result_of(raw: Any, binary: bytearray) -> Result:
    """The Result of a structure that the library filled, and the room of its binary form."""
    result = _new(Result)
    result._values = _unpack(raw, _OFFSET)
    result.exact = bytes(binary[: raw.binary_size])
    return result


def _place(b: bytes) -> Tuple[int, int, Any]:
    """The address and the length of bytes, and what keeps them there."""
    room = ctypes.create_string_buffer(b, max(1, len(b)))
    return ctypes.addressof(room), len(b), room


def _merged(a: bytes, b: bytes) -> Result:
    slot = _lib.Slot()
    at_a, at_b = _place(a), _place(b)
    if _lib.lib.fl_merge(*at_a[:2], *at_b[:2], slot.at_result, slot.at_error):
        e = _lib.error_of(slot.error)
        if isinstance(e, _lib.InputError) and e.field in ("a", "b"):
            e = _lib.InputError("exact", None, e.value, e.reason)
        raise e
    return result_of(slot.result, slot.binary)

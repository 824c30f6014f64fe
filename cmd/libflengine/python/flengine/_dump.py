"""Files of scores and targets that ``flbench eval`` reads."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Dict, Iterator, List, Optional, Sequence, Union

import numpy as np
import numpy.typing as npt

from . import _arrays, _lib
from ._arrays import Array
from ._engine import Engine, Options

if TYPE_CHECKING:
    from ._engine import Form


def dump(
    path: Union[str, "os.PathLike[str]"],
    scores: npt.ArrayLike,
    targets: npt.ArrayLike,
    *,
    weights: Optional[npt.ArrayLike] = None,
    probs: bool = False,
    form: Optional[Form] = None,
    background: Optional[int] = None,
    ignored: Union[int, Sequence[int], None] = None,
) -> List[str]:
    """Writes scores and targets as ``flbench eval`` reads them, and returns the flags that it wants for them.

    >>> flags = flengine.dump("image.npz", logits, classes, background=80, ignored=-1)
    >>> subprocess.run(["flbench", "eval", *flags, "image.npz"])

    With these flags, and ``--loss``, flbench comes to the result of :func:`flengine.loss` with the same
    arguments, to the last bit. Arrays keep their types. What appears at the path is whole: it is
    written beside it, under a name that begins with a dot, and renamed. A file that is there is
    replaced, a folder that is not empty never.

    Args:
        path: ``*.npz`` or ``*.safetensors``, a file; any other without an ending, a folder with
            logits.npy and labels.npy.
        scores: logits, or probabilities with ``probs``, see :class:`flengine.Engine`.
        targets: classes, labels or soft targets, likewise. float16, float32, float64, bfloat16 of
            ml_dtypes, bool and integers.
        weights: a factor per anchor, which ``--weights`` names.
        probs, form, background, ignored: what :class:`flengine.Engine` has; they become flags.

    Returns:
        The flags, such as ``["--background=80", "--ignored=-1"]``.

    Raises:
        TypeError, InputError: what :func:`flengine.loss` would refuse but for the values of elements,
            which are not looked at; or a path with another ending (field ``"path"``).
        FileExistsError: a folder that is there and not empty.
        OSError: it cannot be written; then nothing appears at the path.
    """
    options: Dict[str, Any] = {"form": form, "background": background, "ignored": ignored}
    how = Engine("ce", **_given(options))._how
    s = _arrays.scores_of(scores)
    given = _arrays.array_of(targets, "targets")
    t = _arrays.labels_of(given, s, how)
    arrays = {"logits": s.array.reshape(s.shape), "labels": given}
    flags = ["--probs"] if probs else []
    if background is not None:
        flags.append(f"--background={background}")
    flags += [f"--ignored={value}" for value in how.ignored or ()]
    if t.form == _lib.TARGETS:
        flags.append("--targets=soft")  # of 0 and 1, too
    elif form is not None:
        flags.append(f"--targets={form}")
    target = Path(path)
    ending = target.suffix
    if weights is not None:
        arrays["weights"] = _arrays.factors(weights, _arrays.anchors_of(s.shape), "weights", "anchor")
        flags.append("--weights=weights" if ending else "--weights=weights.npy")
    arrays = {name: np.ascontiguousarray(a).reshape(a.shape) for name, a in arrays.items()}
    savez: Any = np.savez  # whose names of arrays a type checker takes for options
    if ending == ".npz":
        with _replacing(target) as file:
            savez(file, **arrays)
    elif ending == ".safetensors":
        with _replacing(target) as file:
            _write_safetensors(file, arrays)
    elif not ending:
        _write_folder(target, arrays)
    else:
        raise _lib.InputError("path", None, 0, f"is {os.fspath(path)!r}: want it to end in .npz or .safetensors, or a folder's without an ending")
    return flags


def _given(options: Dict[str, Any]) -> Options:
    given: Any = {name: value for name, value in options.items() if value is not None}
    checked: Options = given
    return checked


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(6)}")


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A file beside the path that takes its place once it is written."""
    beside = _beside(path)
    try:
        with open(beside, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.remove(beside)
        raise


def _write_folder(path: Path, arrays: Dict[str, Array]) -> None:
    beside = _beside(path)
    try:
        os.mkdir(beside)
        for name, a in arrays.items():
            with open(beside / f"{name}.npy", "xb") as file:
                np.save(file, a)
                file.flush()
                os.fsync(file.fileno())
        try:
            os.rename(beside, path)
        except OSError as e:
            if e.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
            raise FileExistsError(e.errno, "is there and is no empty folder: want another, or a path that ends in .npz", os.fspath(path)) from None
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


_SAFETENSORS = {
    "float16": "F16",
    "bfloat16": "BF16",
    "float32": "F32",
    "float64": "F64",
    "bool": "BOOL",
    "int8": "I8",
    "int16": "I16",
    "int32": "I32",
    "int64": "I64",
    "uint8": "U8",
    "uint16": "U16",
    "uint32": "U32",
    "uint64": "U64",
}


def _write_safetensors(file: BinaryIO, arrays: Dict[str, Array]) -> None:
    """The format of the package safetensors: a header's length, the header, and the arrays one after another."""
    at = 0
    listed: Dict[str, Any] = {}
    for name, a in arrays.items():
        listed[name] = {"dtype": _SAFETENSORS[a.dtype.name], "shape": list(a.shape), "data_offsets": [at, at + a.nbytes]}
        at += a.nbytes
    text = json.dumps(listed, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little"))
    file.write(text)
    for a in arrays.values():
        little = a.astype(a.dtype.newbyteorder("<"), copy=False)
        file.write(little.reshape(-1).view(np.uint8).data)

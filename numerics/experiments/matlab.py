"""Matrices from a compressed MATLAB 5 file, of which nothing is believed until it has been seen.

SciPy's reader is compiled, and a damaged variable can end the whole process (a segmentation fault in SciPy 1.17).
Compressed variables, as MATLAB has written since version 7, have a checksum: it is verified first. Those without
one are refused.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from numerics.gaussian_matrix import Array

_HEADER: Final = b"MATLAB 5.0 MAT-file"
_COMPRESSED: Final = 15
_NUMBERS: Final = frozenset(
    ["double", "single", "logical", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))]
)
_ENTRIES_MAX: Final = 1 << 28
"""More than this in one variable, 2 GiB as doubles, is not read: a small file can claim any size."""


class UnreadableError(ValueError):
    """Why a file does not give its matrices."""


def read_matrices(path: Path, names: Sequence[str]) -> list[Array]:
    """Real, finite, two-dimensional variables of a MATLAB 5 file.

    Parameters
    ----------
    path : Path
    names : sequence of str

    Returns
    -------
    list of array
        In the order of the names.

    Raises
    ------
    UnreadableError
        Whatever is wrong with the file, and which variable it is.
    """
    try:
        with path.open("rb") as file:
            _check_integrity(path, file)
    except OSError as error:
        raise UnreadableError(f"{path}: cannot be read: {error.strerror}") from None
    listed = {name: (shape, kind) for name, shape, kind in _scipy_io("whosmat", path)}
    missing = [name for name in names if name not in listed]
    if missing:
        raise UnreadableError(
            f"{path}: no variable {' nor '.join(missing)}; there {'is' if len(listed) == 1 else 'are'} "
            f"{', '.join(sorted(listed)) or 'none'}. It is another file, or a truncated one"
        )
    for name in names:
        shape, kind = listed[name]
        if kind not in _NUMBERS or len(shape) != 2 or 0 in shape:
            raise UnreadableError(f"{path}: {name} is {kind} of shape {shape}, where a matrix of numbers is needed")
        if shape[0] * shape[1] > _ENTRIES_MAX:
            raise UnreadableError(f"{path}: {name} claims shape {shape}, which is too large")
    found = _scipy_io("loadmat", path, variable_names=list(names))
    return [_checked(path, name, found.get(name)) for name in names]


def _checked(path: Path, name: str, value: Any) -> Array:
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf":
        raise UnreadableError(f"{path}: {name} cannot be read, or is not real")
    matrix = value.astype(np.float64)
    if not np.isfinite(matrix).all():
        raise UnreadableError(f"{path}: {name} has {int((~np.isfinite(matrix)).sum())} entries that are not finite")
    return matrix


def _check_integrity(path: Path, file: BinaryIO) -> None:
    """A header of 128 bytes, then for each variable its kind, its size, and a zlib stream."""
    start = file.read(128)
    if start.startswith(b"MATLAB 7.3"):
        raise UnreadableError(f"{path}: a MATLAB 7.3 file, where version 5 is needed: in MATLAB, save it with -v7")
    if not start.startswith(_HEADER) or start[126:] not in {b"IM", b"MI"}:
        raise UnreadableError(f"{path}: not a MATLAB 5 file")
    order = "<" if start.endswith(b"IM") else ">"
    while tag := file.read(8):
        kind, size = struct.unpack(f"{order}II", tag) if len(tag) == 8 else (_COMPRESSED, 0)
        if kind != _COMPRESSED:
            raise UnreadableError(
                f"{path}: damaged, or not compressed, so that damage would not be noticed: save it with -v7 in MATLAB, "
                "do_compression=True in SciPy"
            )
        if not _is_whole(file.read(size), size):
            raise UnreadableError(f"{path}: damaged or truncated (a checksum is wrong or missing)")


def _is_whole(packed: bytes, size: int) -> bool:
    """Whether a zlib stream ends where it should, with the right checksum; unpacked in parts, as it may be large."""
    if len(packed) < size:
        return False
    stream = zlib.decompressobj()
    try:
        while packed and not stream.eof:
            stream.decompress(packed, 1 << 24)
            packed = stream.unconsumed_tail
    except zlib.error:
        return False
    return stream.eof and not stream.unused_data


def _scipy_io(function: str, path: Path, **options: object) -> Any:
    """What a function of ``scipy.io`` makes of the file."""
    import scipy.io

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what could not be read is noticed by its absence
            return getattr(scipy.io, function)(path, **options)
    except Exception as error:  # damaged files raise errors of a dozen kinds, zlib.error and TypeError among them
        raise UnreadableError(f"{path}: damaged or truncated ({error})") from None

"""An RNN in a file, to the last digit: one ``.npz`` archive, which NumPy reads without pickles.

Its entries are ``what`` (a marker), ``version``, ``arithmetic``, ``bits`` (0 where it is exact), and the weights
``scaled_W``, ``F`` and ``scaled_C``. Doubles are stored as such. Other numbers are a text in ASCII, separated by
spaces, with the shape apart, as ``F_shape``: fractions are ``-1f/a``, numbers of arbitrary precision ``-1fp-a``
for -31 · 2^-10, all in hexadecimal, which takes linear time and which Python limits to no number of digits.

The entries are not compressed: a file never takes more memory than its size tells. What a certificate says is
stored for the reader, as the text ``certificate``; an RNN that is loaded has none.
"""

from __future__ import annotations

import io
import math
import os
import re
import secrets
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
from mpmath.libmp import from_man_exp

from numerics.realization.arithmetic import Arbitrary, Arithmetic, Array, Float, Rational
from numerics.realization.rnn import LinearRNN

WHAT: Final = "check-theorem: the weights of a linear RNN"
VERSION: Final = 1
WEIGHTS: Final = {"scaled_W": (1, 2), "F": (2,), "scaled_C": (2,)}
"""By name, with the possible numbers of axes."""

LARGEST_SIDE: Final = 2**31
MOST_BITS: Final = 2**31

FRACTION: Final = re.compile(r"(-?[0-9a-f]+)(?:/([0-9a-f]+))?")
POWER: Final = re.compile(r"(-?[0-9a-f]+)p(-?[0-9a-f]+)")


class StorageError(ValueError):
    """A file that does not hold an RNN as ``save`` writes it; the message names the file and what is wrong."""


def save(rnn: LinearRNN, path: str | os.PathLike[str]) -> None:
    """Write an RNN to a file, all at once: there is the old file, or the new one.

    Parameters
    ----------
    rnn : LinearRNN
    path : path
        Used as it is, whatever its suffix.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    arithmetic = rnn.arithmetic
    entries: dict[str, Any] = {
        "what": np.array(WHAT),
        "version": np.array(VERSION, dtype="<i8"),
        "arithmetic": np.array(arithmetic.name),
        "bits": np.array(arithmetic.bits or 0, dtype="<i8"),
    }
    for name in WEIGHTS:
        entries |= _written(name, getattr(rnn, name), arithmetic)
    if rnn.certificate is not None:
        entries["certificate"] = np.array(str(rnn.certificate))
    _replace(Path(path), entries)


def load(path: str | os.PathLike[str]) -> LinearRNN:
    """Read an RNN from a file. Nothing in a file is ever executed.

    Parameters
    ----------
    path : path

    Returns
    -------
    LinearRNN
        The same numbers, in the same arithmetic; W is diagonal where it was.

    Raises
    ------
    StorageError
        When the file is not one that ``save`` wrote, or is damaged.
    OSError
        When it cannot be opened.
    """
    with Path(path).open("rb") as file:
        try:
            return _read(file)
        except StorageError as error:
            raise StorageError(f"{os.fspath(path)}: {error}") from None


def _replace(path: Path, entries: dict[str, Any]) -> None:
    target = Path(os.path.realpath(path))  # a link stays one
    draft = target.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with draft.open("xb") as file:
            np.savez(file, **entries)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise type(error)(error.errno, error.strerror, os.fspath(path)) from None
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _written(name: str, values: Array, arithmetic: Arithmetic) -> dict[str, Array]:
    if isinstance(arithmetic, Float):
        return {name: np.ascontiguousarray(values, dtype="<f8")}
    word = _fraction_word if isinstance(arithmetic, Rational) else _power_word
    text = " ".join(word(value) for value in values.ravel())
    shape = np.array(values.shape, dtype="<i8")
    return {name: np.frombuffer(text.encode("ascii"), dtype="|u1"), f"{name}_shape": shape}


def _fraction_word(value: Fraction) -> str:
    denominator = "" if value.denominator == 1 else f"/{value.denominator:x}"
    return f"{value.numerator:x}{denominator}"


def _power_word(value: Any) -> str:
    sign, mantissa, exponent, _ = value._mpf_  # mpmath offers no exact way in public
    return f"{'-' * sign}{int(mantissa):x}p{int(exponent):x}"


def _read(file: Any) -> LinearRNN:
    entries = _entries(file)
    _check_what(entries)
    arithmetic = _arithmetic(entries)
    W, F, C = (_weights(entries, name, axes, arithmetic) for name, axes in WEIGHTS.items())
    try:
        rnn = LinearRNN(W, F, C)
    except ValueError as error:
        raise StorageError(str(error)) from None
    if rnn.arithmetic != arithmetic:
        raise StorageError(f"arithmetic is {arithmetic.name!r}, the weights are {rnn.arithmetic.name!r}")
    return rnn


def _entries(file: Any) -> dict[str, bytes]:
    """What the archive holds, each as an ``.npy`` file."""
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            _check_entries(infos)
            known = {"what", "version", "arithmetic", "bits", *WEIGHTS, *(f"{name}_shape" for name in WEIGHTS)}
            names = {info.filename.removesuffix(".npy"): info.filename for info in infos}
            return {name: archive.read(names[name]) for name in known & names.keys()}
    except StorageError:
        raise
    except MemoryError:
        raise StorageError("too large for the memory") from None
    except Exception as error:  # zipfile raises half a dozen kinds where an archive is damaged
        raise StorageError(f"not a .npz archive, or a damaged one ({error})") from None


def _check_entries(infos: list[zipfile.ZipInfo]) -> None:
    names = [info.filename for info in infos]
    if "what.npy" not in names:
        raise StorageError(f"not an RNN, there is no entry 'what'; the entries are {_some(names)}")
    for info in infos:
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise StorageError(f"{_short(info.filename)} is compressed: save() never compresses")


def _check_what(entries: dict[str, bytes]) -> None:
    if (what := _text(entries, "what")) != WHAT:
        raise StorageError(f"not an RNN: what is {_short(what)}, needed is {WHAT!r}")
    version = _integer(entries, "version")
    if version > VERSION:
        raise StorageError(f"version {version} of the format: this release reads {VERSION}; a newer one is needed")
    if version < 1:
        raise StorageError(f"version {version} of the format: there is none, this release reads {VERSION}")


def _arithmetic(entries: dict[str, bytes]) -> Arithmetic:
    name, bits = _text(entries, "arithmetic"), _integer(entries, "bits")
    exact_ones: dict[str, Arithmetic] = {each.name: each for each in (Rational(), Float())}
    if name in exact_ones:
        if bits != (exact_ones[name].bits or 0):
            raise StorageError(f"bits is {bits}: with arithmetic {name!r} it is {exact_ones[name].bits or 0}")
        return exact_ones[name]
    if name != "arbitrary":
        raise StorageError(f"arithmetic is {_short(name)}: allowed are 'rational', 'arbitrary', 'float'")
    if not 1 <= bits <= MOST_BITS:
        raise StorageError(f"bits is {bits}: needed is 1 to {MOST_BITS}")
    return Arbitrary(bits)


def _weights(entries: dict[str, bytes], name: str, axes: tuple[int, ...], arithmetic: Arithmetic) -> Array:
    if isinstance(arithmetic, Float):
        numbers = _array(entries, name, "<f8")
        _check_shape(name, numbers.shape, axes)
        return numbers.astype(float)
    shape_entry = _array(entries, f"{name}_shape", "<i8", axes=1)
    shape = tuple(shape_entry.tolist())
    _check_shape(name, shape, axes)
    words = _array(entries, name, "|u1", axes=1).tobytes().split()
    if len(words) != math.prod(shape):
        raise StorageError(f"{name} has {len(words)} numbers, its shape {shape} needs {math.prod(shape)}")
    value = _fraction if isinstance(arithmetic, Rational) else _power(arithmetic)
    values = np.empty(len(words), dtype=object)
    for place, word in enumerate(words):
        try:
            values[place] = value(word.decode("ascii", "replace"))
        except ValueError as error:
            where = ", ".join(map(str, np.unravel_index(place, shape)))
            raise StorageError(f"{name}[{where}] is {_short(word.decode('ascii', 'replace'))}: {error}") from None
    return values.reshape(shape)


def _check_shape(name: str, shape: tuple[int, ...], axes: tuple[int, ...]) -> None:
    if len(shape) not in axes or not all(0 <= side <= LARGEST_SIDE for side in shape):
        dimensions = " or ".join(map(str, axes))
        raise StorageError(f"{name} has shape {shape}: needed are {dimensions} axes of 0 to {LARGEST_SIDE}")


def _fraction(word: str) -> Fraction:
    found = FRACTION.fullmatch(word)
    denominator = int(found[2] or "1", 16) if found else 0
    if not found or not denominator:
        raise ValueError("needed is a fraction in hexadecimal, as -1f/a")
    return Fraction(int(found[1], 16), denominator)


def _power(arithmetic: Arithmetic) -> Callable[[str], Any]:
    assert isinstance(arithmetic, Arbitrary)
    context = arithmetic.context

    def power(word: str) -> Any:
        found = POWER.fullmatch(word)
        if not found:
            raise ValueError("needed is a mantissa and an exponent in hexadecimal, as -1fp-a")
        return context.make_mpf(from_man_exp(int(found[1], 16), int(found[2], 16)))

    return power


def _text(entries: dict[str, bytes], name: str) -> str:
    return str(_array(entries, name, "U", axes=0).item())


def _integer(entries: dict[str, bytes], name: str) -> int:
    return int(_array(entries, name, "<i8", axes=0).item())


def _array(entries: dict[str, bytes], name: str, kind: str, axes: int | None = None) -> Array:
    """One entry, of one kind of number, or a text; nothing else is even looked at."""
    if name not in entries:
        raise StorageError(f"there is no entry {name!r}")
    content = io.BytesIO(entries[name])
    try:
        _check_header(content, name, kind, axes)
        content.seek(0)
        return np.asarray(np.lib.format.read_array(content, allow_pickle=False))
    except StorageError:
        raise
    except Exception as error:  # a header is text that NumPy parses, with all that can go wrong
        raise StorageError(f"{name} is not an array ({error})") from None


def _check_header(content: io.BytesIO, name: str, kind: str, axes: int | None) -> None:
    if np.lib.format.read_magic(content) != (1, 0):
        raise StorageError(f"{name} is not an array as save() writes it")
    shape, _, dtype = np.lib.format.read_array_header_1_0(content)
    if dtype.hasobject:
        raise StorageError(f"{name} holds Python objects: these are never loaded")
    if dtype.kind != "U" if kind == "U" else dtype != np.dtype(kind):
        raise StorageError(f"{name} holds {dtype}: needed is {'a text' if kind == 'U' else np.dtype(kind)}")
    if axes not in (None, len(shape)):
        raise StorageError(f"{name} has {len(shape)} axes: needed is {axes}")
    room = len(content.getbuffer()) - content.tell()
    if any(side < 0 for side in shape) or math.prod(shape) * dtype.itemsize != room:
        raise StorageError(f"{name} has shape {shape}, which does not fit the {room} bytes that there are")


def _some(names: list[str]) -> str:
    shown = ", ".join(_short(name.removesuffix(".npy")) for name in names[:5])
    return f"{shown}, …" if len(names) > 5 else shown or "none"


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")

"""Moments of a square Gaussian matrix at every finite width, by loop equations.

``G`` is an n×n matrix of independent N(0, 1) entries. For words w_1 … w_m in the letters G and Gᵀ
the expectation ``E Π tr(w_k)`` is a polynomial in n with non-negative integer coefficients: each
pairing of the letters contributes n to the number of loops that it closes.

Gaussian integration by parts removes two letters at a time. The first letter X of a word is
contracted with every other letter Y. Inside its own trace, ``tr(X B Y O)`` becomes
``tr(B) tr(O)`` when exactly one of X, Y is transposed and ``tr(B Oᵀ)`` otherwise; with a letter of
another trace, ``tr(X B) tr(Y O)`` becomes ``tr(B O)`` or ``tr(B Oᵀ)`` in the same two cases.
``tr(1) = n``. Words are reduced to canonical necklaces (rotation, and reversal with
transposition), and products of traces are remembered.

Two choices make it fast. A polynomial is one Python integer with a fixed number of bits for each
coefficient (Kronecker substitution), so that adding polynomials is adding integers and multiplying
by n is a shift. And short words are contracted first, which keeps the number of states low.

The enumeration of all pairings in ``gaussian_moments_reference`` is the slow referee of this module.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import sympy as sp

from theory.symbols import n

G: Final = "G"
"""The letter for the matrix itself; a word is a string such as ``"GGGttt"``."""

G_T: Final = "t"
"""The letter for the transpose."""

MAX_LETTERS: Final = 60
"""More letters than this could overflow a packed coefficient ((letters-1)!! pairings)."""

_SLOT: Final = 160  # bits; 59!! < 2**160, and coefficients sum to the number of pairings
_TRANSPOSED = bytes.maketrans(b"Gt", b"tG")
_memory: dict[tuple[bytes, ...], int] = {}
_lock = threading.Lock()


def trace_moment(*words: str) -> tuple[int, ...]:
    """Coefficients of ``E Π_k tr(words[k])`` in ascending powers of n.

    Parameters
    ----------
    *words : str
        Words in the letters ``"G"`` (the matrix) and ``"t"`` (its transpose); ``""`` is the
        identity, whose trace is n.

    Returns
    -------
    tuple of int
        ``c`` with ``E Π tr(w_k) = Σ_i c[i] n**i``; empty for the zero polynomial.

    Raises
    ------
    ValueError
        For a letter other than ``G`` and ``t``, or for more than ``MAX_LETTERS`` letters.

    Examples
    --------
    >>> trace_moment("GGtt")  # E tr(G² G²ᵀ) = n³ + 2n
    (0, 2, 0, 1)
    >>> trace_moment("Gt", "Gt")  # E (tr G Gᵀ)² = n⁴ + 2n²
    (0, 0, 2, 0, 1)
    """
    _check(words)
    with _lock:  # the memo is shared; two threads must not both fill it
        nonempty = tuple(sorted(_necklace(word.encode()) for word in words if word))
        packed = _expectation(nonempty) << (_SLOT * words.count(""))
    return _unpack(packed)


def polynomial(coefficients: Iterable[int]) -> sp.Expr:
    """The SymPy polynomial in n with the given ascending coefficients."""
    return sp.Add(*(c * n**i for i, c in enumerate(coefficients)))


def _check(words: Iterable[str]) -> None:
    letters = "".join(words)
    for letter in letters:
        if letter not in (G, G_T):
            raise ValueError(f"unknown letter {letter!r} in a word: only {G!r} and {G_T!r} are allowed")
    if len(letters) > MAX_LETTERS:
        raise ValueError(f"{len(letters)} letters: at most {MAX_LETTERS} are supported")


def _transpose(word: bytes) -> bytes:
    return word[::-1].translate(_TRANSPOSED)


@lru_cache(maxsize=1 << 20)
def _necklace(word: bytes) -> bytes:
    """The least of all rotations of the word and of its transpose (they have one trace)."""
    size = len(word)
    twice, twice_transposed = word * 2, _transpose(word) * 2
    return min(doubled[i : i + size] for doubled in (twice, twice_transposed) for i in range(size))


def _expectation(words: tuple[bytes, ...]) -> int:
    """Packed polynomial of a sorted product of traces of non-empty canonical words."""
    if not words:
        return 1
    known = _memory.get(words)
    if known is not None:
        return known
    first, *others = words
    letter, total = first[0], 0
    for i in range(1, len(first)):
        before, after = first[1:i], first[i + 1 :]
        parts = (before, after) if first[i] != letter else (before + _transpose(after),)
        total += _product(parts, others)
    body = first[1:]
    for index, other in enumerate(others):
        rest = others[:index] + others[index + 1 :]
        for i, partner in enumerate(other):
            opened = other[i + 1 :] + other[:i]
            total += _product((body + (opened if partner != letter else _transpose(opened)),), rest)
    _memory[words] = total
    return total


def _product(parts: tuple[bytes, ...], others: list[bytes]) -> int:
    """Packed polynomial of the traces of ``parts`` (possibly empty words) and ``others``."""
    nonempty = [_necklace(part) for part in parts if part]
    loops = len(parts) - len(nonempty)
    return _expectation(tuple(sorted(nonempty + others))) << (_SLOT * loops)


def _unpack(packed: int) -> tuple[int, ...]:
    mask = (1 << _SLOT) - 1
    coefficients = []
    while packed:
        coefficients.append(packed & mask)
        packed >>= _SLOT
    return tuple(coefficients)

"""The slow, obviously right way to ``E Π tr(w_k)``: enumerate every pairing of the letters.

By Isserlis' theorem the expectation of a product of Gaussian entries is the sum over all pairings
of the letters. Letter number p of a word has a row index and a column index; the column of each
letter is the row of the next one in its trace. A pairing of an untransposed letter ``G_ab`` with
``G_cd`` identifies a with c and b with d; a transposed letter has its two indices exchanged. The
pairing contributes n to the number of independent indices that remain.

There are (2N-1)!! pairings of 2N letters: 945 for 10 letters, 135135 for 14. Tests compare
``gaussian_moments`` with this module; nothing else should use it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator


def trace_moment_by_enumeration(*words: str) -> tuple[int, ...]:
    """Coefficients of ``E Π_k tr(words[k])`` in ascending powers of n, by enumeration.

    Parameters
    ----------
    *words : str
        As for ``gaussian_moments.trace_moment``.

    Examples
    --------
    >>> trace_moment_by_enumeration("GGtt")
    (0, 2, 0, 1)
    """
    entries: list[tuple[int, int]] = []
    for word in words:
        start = len(entries)
        for position, letter in enumerate(word):
            row, column = start + position, start + (position + 1) % len(word)
            entries.append((row, column) if letter == "G" else (column, row))
    free = words.count("")
    powers: Counter[int] = Counter()
    for pairing in _pairings(tuple(range(len(entries)))):
        powers[free + _independent_indices(entries, pairing)] += 1
    return tuple(powers[i] for i in range(max(powers, default=-1) + 1))


def _pairings(letters: tuple[int, ...]) -> Iterator[list[tuple[int, int]]]:
    if not letters:
        yield []
        return
    first, rest = letters[0], letters[1:]
    for i, partner in enumerate(rest):
        for pairing in _pairings(rest[:i] + rest[i + 1 :]):
            yield [(first, partner), *pairing]


def _independent_indices(entries: list[tuple[int, int]], pairing: list[tuple[int, int]]) -> int:
    parent = list(range(len(entries)))

    def root(index: int) -> int:
        while parent[index] != index:
            index = parent[index]
        return index

    for one, other in pairing:
        for a, b in zip(entries[one], entries[other], strict=True):
            parent[root(a)] = root(b)
    return sum(root(index) == index for index in range(len(entries)))

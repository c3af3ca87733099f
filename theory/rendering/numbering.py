"""The numbers and labels of hypotheses and lines, unique within a document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from string import ascii_lowercase

from theory.derivation import Derivation


def label(identifier: str, name: str = "") -> str:
    """A label that TeX, HTML and Markdown accept, prefixed by the id.

    Examples
    --------
    >>> label("3.3a", "initial value")
    '3.3a-initial-value'
    """
    return re.sub(r"[^A-Za-z0-9.-]+", "-", f"{identifier}-{name}" if name else identifier)


class Numbering:
    """Numbers of the lines of some derivations: the paper's where it has one, ours otherwise.

    Lines that share a number of the paper are told apart by letters.
    """

    def __init__(self, derivations: Iterable[Derivation]) -> None:
        derivations = tuple(derivations)
        self._ids = {derivation.id for derivation in derivations}
        self._tags: dict[tuple[str, str], str] = {}
        self._marks: dict[tuple[str, str], str] = {}
        shared = Counter(step.equation for d in derivations for step in d.steps if step.equation)
        seen: Counter[str] = Counter()
        taken = {number for number, count in shared.items() if count == 1}
        for derivation in derivations:
            for place, hypothesis in enumerate(derivation.hypotheses, start=1):
                self._marks[derivation.id, hypothesis.name] = f"H{place}"
            for place, step in enumerate(derivation.steps, start=1):
                tag = step.equation or f"{derivation.id}.{place}"
                if shared[step.equation] > 1 and step.equation:
                    tag = _distinct(step.equation, seen[step.equation], taken)
                    seen[step.equation] += 1
                taken.add(tag)
                self._tags[derivation.id, step.name] = tag

    def __contains__(self, derivation: str) -> bool:
        return derivation in self._ids

    def tag(self, derivation: str, step: str) -> str:
        """The number of a line, without parentheses."""
        return self._tags[derivation, step]

    def hypothesis(self, derivation: str, name: str) -> str:
        """The mark of a hypothesis, such as ``"H1"``."""
        return self._marks[derivation, name]

    def shown(self, derivation: str, name: str) -> str:
        """How a hypothesis or a line is referred to."""
        mark = self._marks.get((derivation, name))
        return mark or f"({self._tags[derivation, name]})"


def _distinct(number: str, place: int, taken: set[str]) -> str:
    if number[-1].isdigit() and place < len(ascii_lowercase) and f"{number}{ascii_lowercase[place]}" not in taken:
        return f"{number}{ascii_lowercase[place]}"
    primes = "'" * place
    while f"{number}{primes}" in taken:
        primes += "'"
    return f"{number}{primes}"

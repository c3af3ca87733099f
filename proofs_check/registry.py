"""Every statement that can be checked: its id, one line about it, and where it is defined.

Definitions are imported only when they are asked for, so that listing them costs nothing.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Final

from proofs_check.errors import InputError


@dataclass(frozen=True)
class Entry:
    """A statement by name.

    Attributes
    ----------
    id, title : str
    parts : str
        Parts of Theorem 3.3 that it covers.
    """

    id: str
    title: str
    parts: str


ENTRIES: Final[dict[str, Entry]] = {
    entry.id: entry
    for entry in (
        Entry("3.3", "Theorem 3.3: impulse response and tangent kernel of a wide linear RNN", "ab"),
        Entry("3.3a", "Theorem 3.3(a): the impulse response tends to independent Gaussians", "a"),
        Entry("3.3b", "Theorem 3.3(b): the tangent kernel tends to that of a scaled convolution (21)", "b"),
    )
}


def find(name: str) -> Entry:
    """Look a statement up; case, spaces and a leading "theorem" are forgiven.

    Raises
    ------
    InputError
        For an unknown id, with the nearest known ones.

    Examples
    --------
    >>> find("Theorem 3.3 (b)").id
    '3.3b'
    """
    key = re.sub(r"^(theorem|thm\.?|proposition|prop\.?|lemma|eq\.?)", "", name.strip().lower())
    key = re.sub(r"[\s()]", "", key)
    if key in ENTRIES:
        return ENTRIES[key]
    near = difflib.get_close_matches(key, ENTRIES, n=3, cutoff=0.4)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise InputError(f"unknown statement {name!r}{hint} (check-theorem --list shows all: {', '.join(ENTRIES)})")

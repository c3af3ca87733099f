"""Searches in words: one line for each, and one table of how many examples of which sizes were tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from itertools import groupby
from typing import Any, Final

from proofs_check.search.law import Law, Search
from proofs_check.theorem import Evidence, Kind, Status

HORIZON: Final = "T"
"""The size by which examples are counted; of all others the largest value is shown."""


def search_evidence(law: Law[Any, Any], search: Search, searches: Sequence[Search] = ()) -> Evidence:
    """A search as evidence, with a table of all ``searches`` where some are given."""
    status, summary = _finding(law, search)
    details: dict[str, Any] = {
        "asked": search.asked,
        "tried": search.tried,
        "sizes": {
            name: {str(value): count for value, count in counts.items()} for name, counts in search.sizes.items()
        },
        "counterexample": search.counterexample,
        "hypothesis": version("hypothesis"),
    }
    if searches:
        details["table"] = table(searches)
    return Evidence(f"{law.part}.search", Kind.SEARCH, law.name, status, summary, details=details)


def _finding(law: Law[Any, Any], search: Search) -> tuple[Status, str]:
    if search.counterexample is not None:
        rough = "; not made as small as possible, since it was interrupted" if search.interrupted else ""
        return Status.REFUTED, f"{search.counterexample}{rough}"
    if not search.tried:
        reason = "interrupted before the first example" if search.interrupted else "no example could be drawn"
        return Status.UNDECIDED, f"{reason}: {law.words}"
    return Status.CONFIRMED, f"{_tried(search)}, none contradicts: {law.words}{_up_to(search.sizes)}"


def _tried(search: Search) -> str:
    if search.interrupted:
        return f"{search.tried} of {search.asked} examples"
    if search.tried < search.asked:
        return f"{_counted(search.tried)}, no more were found"
    return _counted(search.tried)


def _counted(number: int) -> str:
    return f"{number} example{'s' * (number != 1)}"


def _up_to(sizes: Mapping[str, Mapping[int, int]]) -> str:
    """The largest of each size; sizes with the same largest one are named together."""
    largest = [(name, max(counts)) for name, counts in sizes.items()]
    groups = [
        f"{', '.join(name for name, _ in group)} up to {value}"
        for value, group in groupby(largest, lambda pair: pair[1])
    ]
    return f"; {', '.join(groups)}" if groups else ""


def table(searches: Sequence[Search]) -> dict[str, Any]:
    """How many examples of which T, and the largest of the other sizes."""
    ranges = _ranges({value for search in searches for value in search.sizes.get(HORIZON, ())})
    others = list(dict.fromkeys(name for search in searches for name in search.sizes if name != HORIZON))
    columns = ["", "examples", *(_range_in_words(one, first=not place) for place, one in enumerate(ranges))]
    rows = [
        [
            search.name,
            str(search.tried),
            *(_count(search.sizes.get(HORIZON), one) for one in ranges),
            *(_largest(search.sizes.get(name)) for name in others),
        ]
        for search in searches
    ]
    shown = ["examples tried", *(["how many of each T"] if ranges else [])]
    shown += [f"the largest {', '.join(others)}"] if others else []
    return {"title": ", ".join(shown), "columns": [*columns, *others], "rows": rows}


def _ranges(values: Iterable[int]) -> list[range]:
    """1, 2, 3-4, 5-8 and so on, as far as there are values."""
    last = max(values, default=0)
    found, start = [], 1
    while start <= last:
        stop = max(2 * (start - 1), 1)
        found.append(range(start, stop + 1))
        start = stop + 1
    return found


def _range_in_words(one: range, *, first: bool) -> str:
    words = str(one.start) if len(one) == 1 else f"{one.start}-{one[-1]}"
    return f"{HORIZON} = {words}" if first else words


def _count(counts: Mapping[int, int] | None, one: range) -> str:
    return "—" if counts is None else str(sum(count for value, count in counts.items() if value in one))


def _largest(counts: Mapping[int, int] | None) -> str:
    return str(max(counts)) if counts else "—"

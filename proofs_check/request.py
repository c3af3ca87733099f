"""From the options of the command line to settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from proofs_check.errors import InputError
from proofs_check.options import OPTIONS, Option
from proofs_check.registry import Entry

if TYPE_CHECKING:
    from proofs_check.settings import Settings


def settings_of(
    entry: Entry, given: Mapping[str, str], *, claims: Sequence[str] = (), jobs: int | None = None
) -> Settings:
    """The request; what the statement does not use is left at its default, and remembered.

    Parameters
    ----------
    entry : Entry
    given : mapping of str to str
        Option, without dashes → its value as text; empty for a flag.
    claims : sequence of str
    jobs : int, optional
        As many as processors unless given.

    Raises
    ------
    InputError
        Naming the option, its value, and what is allowed.
    """
    from proofs_check.experiment import Experiment
    from proofs_check.settings import Settings, default_jobs

    if "replicates" in given and "resolution" in given and "resolution" in entry.options:
        raise InputError("--replicates and --resolution: give one of them, since each decides the other")
    used = {name: text for name, text in given.items() if name in entry.options}
    values: dict[str, Any] = {}
    training: dict[str, Any] = {}
    for option in OPTIONS:
        (training if option.trains else values)[option.key] = _value(option, entry, used)
    if training["stopping"] == "validation" and "validation" in entry.options and training["validation"] == 0:
        raise InputError("--stopping validation: needs sequences set aside, --validation N with N at least 1")
    trains = any(option.trains and option.name in entry.options for option in OPTIONS)
    return Settings(
        **values,
        resolution_given="resolution" in used,
        claims=tuple(claims),
        fixed=frozenset(option.symbol for option in OPTIONS if option.symbol and option.name in used),
        ignored=tuple((name, text) for name, text in given.items() if name not in used),
        jobs=default_jobs() if jobs is None else jobs,
        experiment=Experiment(**training) if trains else None,
    )


def _value(option: Option, entry: Entry, used: Mapping[str, str]) -> Any:
    """The value that is given, or the statement's default; the recursion is a file, and read only where it counts."""
    if option.key == "recursion" and option.name not in entry.options:
        return None
    return option.read(used.get(option.name, entry.default(option)))

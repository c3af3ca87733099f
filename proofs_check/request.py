"""From the options of the command line to settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from proofs_check.errors import InputError
from proofs_check.registry import Entry

if TYPE_CHECKING:
    from proofs_check.recursion.model import RecursionData
    from proofs_check.settings import Settings

OPTIONS: Final = {
    "widths": "n",
    "horizon": "horizon",
    "nu_w": "nu-w",
    "nu_f": "nu-f",
    "nu_c": "nu-c",
    "inputs": "inputs",
    "outputs": "outputs",
    "sampler": "sampler",
    "seed": "seed",
    "replicates": "replicates",
    "resolution": "resolution",
    "recursion": "recursion",
    "outside": "outside-hypotheses",
    "examples": "examples",
}
"""Name of a parameter of the command → the option whose value may decide a report."""


def settings_of(entry: Entry, given: list[str], options: dict[str, Any]) -> Settings:
    """The request; what the statement does not use is left at its default, and remembered."""
    from proofs_check.report.command import DEFAULTS, FIXES
    from proofs_check.settings import (
        DEFAULT_RESOLUTION,
        Settings,
        default_jobs,
        parse_resolution,
        parse_variance,
        parse_widths,
    )

    unused = [name for name in given if OPTIONS[name] not in entry.options]
    ignored = tuple((OPTIONS[name], _as_text(options[name])) for name in unused)
    options = options | {name: _default(OPTIONS[name], options[name]) for name in unused}
    if options["replicates"] is not None and options["resolution"] is not None:
        raise InputError("--replicates and --resolution: give one of them, since each decides the other")
    return Settings(
        widths=parse_widths(options["widths"] or (DEFAULTS["n"],)),
        horizon=options["horizon"],
        inputs=options["inputs"],
        outputs=options["outputs"],
        nu_W=parse_variance("--nu-w", options["nu_w"]),
        nu_F=parse_variance("--nu-f", options["nu_f"]),
        nu_C=parse_variance("--nu-c", options["nu_c"]),
        replicates=options["replicates"],
        resolution=parse_resolution(options["resolution"]) if options["resolution"] else DEFAULT_RESOLUTION,
        resolution_given=options["resolution"] is not None,
        sampler=options["sampler"],
        jobs=default_jobs() if options["jobs"] is None else options["jobs"],
        seed=options["seed"],
        claims=tuple(options["claims"]),
        fixed=frozenset(FIXES[OPTIONS[name]] for name in given if OPTIONS[name] in FIXES and name not in unused),
        ignored=ignored,
        recursion=_recursion(options["recursion"]) if "recursion" in entry.options else None,
        outside_hypotheses=options["outside"],
        examples=options["examples"],
    )


def _recursion(source: str) -> RecursionData:
    """The recursion that is asked for, read and understood."""
    from proofs_check.recursion.reader import read

    return read(source)


def _default(option: str, given: object) -> object:
    """What an option is when it is not given."""
    from proofs_check.report.command import DEFAULTS

    if isinstance(given, tuple | bool):
        return type(given)()
    return type(given)(DEFAULTS[option]) if option in DEFAULTS else None  # type: ignore[call-arg]


def _as_text(value: object) -> str:
    """The value of an option; a flag has none."""
    if value is True:
        return ""
    return ",".join(value) if isinstance(value, tuple) else str(value)

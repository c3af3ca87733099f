"""A verdict for people: read on a terminal of 80 columns, piped, or without colour."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from proofs_check.judgement import DEEDS, FAMILY_LEVEL
from proofs_check.report.command import reproducing_command
from proofs_check.run import Verdict
from proofs_check.settings import Settings
from proofs_check.theorem import ControlResult, Evidence, Kind, Outcome, Status

MARKS = {
    Status.CONFIRMED: ("✓", "green"),
    Status.REFUTED: ("✗", "bold red"),
    Status.UNDECIDED: ("?", "yellow"),
    Status.INFORMATION: ("·", "dim"),
}
STYLES = {
    Outcome.PASSED: "bold green",
    Outcome.REFUTED: "bold red",
    Outcome.INCONCLUSIVE: "bold yellow",
    Outcome.INTERRUPTED: "bold yellow",
}
SHOWN_LAGS = 12
TABLES = {
    "b.weights": ("ρ_j", "claimed ρ_j, exact P_n(j,j)"),
    "a.conditional": ("the variance of L_j", "variance of L_j: claimed limit, exact at this width"),
}
"""Checks with a table of lags: what the table is of."""

INDENT = 2


class _Stripped(io.StringIO):
    """Passes lines on without the blanks that tables pad them with."""

    def __init__(self, target: TextIO) -> None:
        super().__init__()
        self._target = target

    def write(self, text: str) -> int:
        self._target.write(re.sub(r" +(?=\n)", "", text))
        return len(text)

    def flush(self) -> None:
        self._target.flush()


class _Console(Console):
    """A console whose broken pipe is an error like any other, not an exit."""

    def on_broken_pipe(self) -> None:
        """Leave it to the caller: rich would end the process with status 1, which means refuted."""
        raise BrokenPipeError


def console() -> Console:
    """A console on standard output; 80 columns when it is not a terminal."""
    probe = _Console(highlight=False)
    return probe if probe.is_terminal else _Console(highlight=False, width=80, file=_Stripped(sys.stdout))


def print_warnings(warnings: Sequence[str], out: Console) -> None:
    """What the user should know about the request."""
    for warning in warnings:
        out.print(_hanging("!", f"warning: {warning}", "yellow"))
    if warnings:
        out.print()


def print_report(verdict: Verdict, out: Console, known: Collection[str] = ()) -> None:
    """Everything but the heading, and warnings that are known."""
    print_warnings([warning for warning in verdict.warnings if warning not in known], out)
    for part in verdict.theorem.parts:
        _print_part(verdict, part, out)
    for rows in _lag_tables(verdict):
        _print_lags(rows, verdict.settings, out)
    for item in verdict.judgement.evidence:
        if "table" in item.details:
            _print_table(item.details["table"], out)
    _print_controls(verdict.controls, DEEDS[verdict.theorem.rests_on][0], out)
    print_verdict(verdict, out)
    out.print(Text(f"reproduce   {reproducing_command(verdict.entry, verdict.settings)}", style="dim"), soft_wrap=True)


def print_verdict(verdict: Verdict, out: Console) -> None:
    """The last word: outcome, what it rests on, and why if it is not a pass."""
    judgement = verdict.judgement
    proofs = sum(item.kind.is_proof and item.status is Status.CONFIRMED for item in judgement.evidence)
    applicable = [result for result in verdict.controls if result.applicable]
    refuted = sum(result.refuted for result in applicable)
    out.print(
        Text.assemble(
            (judgement.outcome.word.upper(), STYLES[judgement.outcome]),
            f" after {verdict.seconds:.1f} s: {judgement.outcome.explanation}",
        )
    )
    counts = [f"{proofs} proof{'s' * (proofs != 1)}"]
    if judgement.tests:
        counts.append(
            f"{judgement.tests} test{'s' * (judgement.tests != 1)} with joint false-alarm level {FAMILY_LEVEL:g}"
        )
    tried = sum(item.details["tried"] for item in judgement.evidence if item.kind is Kind.SEARCH)
    if tried:
        counts.append(f"{tried} example{'s' * (tried != 1)}")
    if verdict.controls:
        counts.append(f"{refuted}/{len(applicable)} controls refuted")
    out.print("; ".join(counts))
    for reason in judgement.reasons:
        out.print(_hanging("→", reason, STYLES[judgement.outcome]))


def _print_part(verdict: Verdict, part: str, out: Console) -> None:
    out.print(_hanging(f"({part})", verdict.says[part], "bold"))
    items = [item for item in verdict.judgement.evidence if item.part == part]
    groups = (
        ("proof", [item for item in items if item.kind.is_proof]),
        ("search", [item for item in items if item.kind is Kind.SEARCH]),
        ("statistics", [item for item in items if item.kind in (Kind.NUMERICAL, Kind.STATISTICAL)]),
        ("experiments", [item for item in items if item.kind is Kind.EXPERIMENT]),
        ("attacks", [item for item in items if item.kind is Kind.ATTACK]),
        ("for information", [item for item in items if item.kind is Kind.INFORMATION]),
    )
    for name, group in groups:
        if group:
            out.print(Text(" " * INDENT + name, style="dim"))
            out.print(_evidence_table(group))
    out.print()


def _evidence_table(items: list[Evidence]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=INDENT + 1, justify="right")
    table.add_column(width=27)
    table.add_column(ratio=1)
    for item in items:
        mark, style = MARKS[item.status]
        table.add_row(Text(mark, style=style), item.title, Text(item.summary + _worst(item)))
    return table


def _worst(item: Evidence) -> str:
    """The least probable of many tests, when nothing was refuted."""
    worst = item.details.get("worst")
    if worst is None or item.status is Status.REFUTED:
        return ""
    tests = item.details["tests"]
    return f" [p = {worst['p_value']:.2g}]" if tests == 1 else f" [{tests} tests, smallest p {worst['p_value']:.2g}]"


def _lag_tables(verdict: Verdict) -> list[Evidence]:
    """The tables of kernel weights; those of variances where the kernel is not checked."""
    tables = {check: [item for item in verdict.judgement.evidence if item.check == check] for check in TABLES}
    return next((found for found in tables.values() if found), [])


def _print_lags(item: Evidence, settings: Settings, out: Console) -> None:
    rows: list[dict[str, Any]] = item.details["rows"]
    selected = _selected(rows)
    table = _plain_table(f"n = {item.details['n']}, {item.details['replicates']} draws")
    for name in ("lag", "claimed", "exact", "measured", "± 95 %", "off limit", "z", "resolved", "tested"):
        table.add_column(name, justify="right", no_wrap=True, min_width=len(name) + 1)
    for row in selected:
        table.add_row(*_lag_cells(row))
    out.print(table)
    name, meaning = TABLES[item.check]
    notes = [f"{meaning}; z is against the value named under 'tested'"]
    if len(selected) < len(rows):
        notes.append(f"{len(rows) - len(selected)} more lags are in the JSON report (--json FILE)")
    out.print(Text("; ".join(notes), style="dim"))
    resolved = [row["resolution"] for row in rows if row["in_regime"] and row["resolution"] is not None]
    if resolved:
        out.print(_resolution(max(resolved), name, item.details["n"], settings, everywhere=len(resolved) == len(rows)))
    out.print()


def _print_table(content: Mapping[str, Any], out: Console) -> None:
    """A table that a check has filled in: names on the left, numbers on the right."""
    out.print(Text(content["title"], style="bold"))
    table = _plain_table(None)
    for place, name in enumerate(content["columns"]):
        table.add_column(name, justify="right" if place else "left", no_wrap=True, min_width=len(name) + 1)
    for row in content["rows"]:
        table.add_row(*row)
    out.print(table)
    out.print()


def _plain_table(title: str | None) -> Table:
    return Table(
        box=None,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        header_style="dim",
        title_justify="left",
        title=title,
        title_style="bold",
    )


def _resolution(largest: float, name: str, width: int, settings: Settings, *, everywhere: bool) -> str:
    words = f"resolution at n = {width}: a relative error of {_relative(largest)} in {name} would be noticed with 95 %"
    words += " probability" if everywhere else " probability at every lag in the regime"
    if settings.replicates is None and largest > 1.1 * settings.resolution:
        words += f"; {_relative(settings.resolution)} was aimed at and would take more draws"
        words += "" if settings.resolution_given else f" (--resolution {settings.resolution:.0%} draws them)"
    return words


def _lag_cells(row: dict[str, Any]) -> tuple[str, ...]:
    """One lag: numbers that mean nothing at this width are left out."""
    error, measured, claimed, exact = row["standard_error"], row["measured"], row["claimed"], row["exact"]
    tested = row["tested_against"]
    reference = {"exact": exact, "limit": claimed}.get(tested)
    return (
        str(row["lag"]),
        f"{claimed:.5g}",
        "—" if exact is None else f"{exact:.5g}",
        f"{measured:.5g}",
        f"{1.96 * error:.2g}",
        _relative(measured / claimed - 1, sign="+") if claimed else "—",
        "—" if reference is None or not error else f"{(measured - reference) / error:+.1f}",
        "—" if row["resolution"] is None or not row["in_regime"] else _relative(row["resolution"]),
        {"exact": "exact", "limit": "limit", "information": "no"}[tested],
    )


def _relative(value: float, sign: str = "") -> str:
    """A relative size in percent, or in powers of ten where percent says nothing."""
    if value == 0:
        return "0"
    return f"{value:{sign}.2%}" if 1e-4 <= abs(value) < 10 else f"{value:{sign}.0e}"


def _selected(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All lags when there are few, else the first, the last, and some between."""
    if len(rows) <= SHOWN_LAGS:
        return rows
    step = (len(rows) - 1) / (SHOWN_LAGS - 1)
    return [rows[round(i * step)] for i in range(SHOWN_LAGS)]


def _print_controls(controls: tuple[ControlResult, ...], deed: str, out: Console) -> None:
    if not controls:
        return
    applicable = [result for result in controls if result.applicable]
    out.print(
        Text(
            f"controls: {sum(r.refuted for r in applicable)} of {len(applicable)} false variants refuted by "
            f"the derivation and by {deed}, each alone",
            style="bold",
        )
    )
    table = Table.grid(padding=(0, 1))
    table.add_column(width=INDENT + 1, justify="right")
    table.add_column(width=28)
    table.add_column(ratio=1)
    for result in controls:
        status = Status.INFORMATION if not result.applicable else Status.CONFIRMED if result.refuted else Status.REFUTED
        mark, style = MARKS[status]
        table.add_row(Text(mark, style=style), result.control.name, _control_line(result, deed))
    out.print(table)
    out.print()


def _control_line(result: ControlResult, deed: str) -> str:
    if not result.applicable:
        return result.remark or "true at these parameters and lags, so not a control here"
    if result.refuted:
        return result.numeric_reason
    return f"derivation: {result.symbolic_reason}; {deed}: {result.numeric_reason}"


def _hanging(mark: str, text: str, style: str) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    table.add_row(Text(mark, style=style), text)
    return table

"""The first lines of a report, printed before anything heavy is imported."""

from __future__ import annotations

from proofs_check.report.command import decimal
from proofs_check.settings import Settings


def heading(title: str, settings: Settings) -> str:
    """The first lines of a report, known before anything is computed."""
    s = settings
    return (
        f"{title}\n"
        f"n = {', '.join(map(str, s.widths))}\nT = {s.horizon}   n_x = {s.inputs}   n_y = {s.outputs}   "
        f"ν_W = {decimal(s.nu_W)}   ν_F = {decimal(s.nu_F)}   ν_C = {decimal(s.nu_C)}"
    )

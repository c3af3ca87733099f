"""The first lines of a report, printed before anything heavy is imported."""

from __future__ import annotations

from proofs_check.registry import Entry
from proofs_check.report.command import decimal
from proofs_check.settings import Settings


def heading(entry: Entry, settings: Settings) -> str:
    """The first lines of a report, known before anything is computed."""
    s = settings
    sizes = {
        "horizon": f"T = {s.horizon}",
        "inputs": f"n_x = {s.inputs}",
        "outputs": f"n_y = {s.outputs}",
        "nu-w": f"ν_W = {decimal(s.nu_W)}",
        "nu-f": f"ν_F = {decimal(s.nu_F)}",
        "nu-c": f"ν_C = {decimal(s.nu_C)}",
    }
    recursion = s.recursion
    lines = [
        entry.title,
        f"{recursion.title} ({recursion.source})" if recursion and "recursion" in entry.options else "",
        f"n = {', '.join(map(str, s.widths))}" if "n" in entry.options else "",
        "   ".join(text for option, text in sizes.items() if option in entry.options),
        f"{s.examples} example{'s' * (s.examples != 1)} of each law" if "examples" in entry.options else "",
    ]
    return "\n".join(line for line in lines if line)

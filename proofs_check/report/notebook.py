"""A verdict in a notebook: the report as text, as HTML and as data."""

from __future__ import annotations

import html
import io
import json
from typing import Any

from rich.console import Console

from proofs_check.report.heading import heading
from proofs_check.report.json_report import to_json
from proofs_check.report.terminal import print_report
from proofs_check.run import Verdict


def bundle(verdict: Verdict) -> dict[str, Any]:
    """What each kind of notebook shows."""
    text = report_text(verdict)
    return {
        "text/plain": text,
        "text/html": f"<pre>{html.escape(text)}</pre>",
        "application/json": json.loads(to_json(verdict)),
    }


def report_text(verdict: Verdict) -> str:
    """What the command prints, without colour."""
    out = io.StringIO()
    print_report(verdict, Console(file=out, width=80, highlight=False, no_color=True))
    body = "\n".join(line.rstrip() for line in out.getvalue().splitlines())
    return f"{heading(verdict.entry, verdict.settings)}\n\n{body}"

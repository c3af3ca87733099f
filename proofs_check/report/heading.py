"""The first lines of a report, printed before anything heavy is imported."""

from __future__ import annotations

import textwrap
from itertools import groupby

from proofs_check.options import OPTIONS, Option
from proofs_check.registry import Entry
from proofs_check.settings import Settings

SEPARATOR = "   "


def heading(entry: Entry, settings: Settings) -> str:
    """The first lines of a report, known before anything is computed."""
    recursion = settings.recursion
    lines = [entry.title]
    if recursion and "recursion" in entry.options:
        lines.append(f"{recursion.title} ({recursion.source})")
    shown = [option for option in OPTIONS if option.heading and option.name in entry.options]
    for _, options in groupby(shown, key=lambda option: (option.group, option.key == "widths")):
        lines += _wrapped([_said(option, settings) for option in options])
    return "\n".join(lines)


def _said(option: Option, settings: Settings) -> str:
    """An option in words."""
    value = option.of(settings)
    text = ", ".join(map(str, value)) if option.key == "widths" else option.write(settings)
    words = option.heading.format(text)
    if value == 1 and words.startswith("1 "):  # one example, one step
        noun, *rest = words.split(" ")[1:]
        return " ".join(["1", noun.removesuffix("s"), *rest])
    return words


def _wrapped(items: list[str]) -> list[str]:
    """Items side by side, as many as 80 columns hold."""
    glued = SEPARATOR.join(item.replace(" ", "\N{NO-BREAK SPACE}") for item in items)
    lines = textwrap.wrap(glued, 80, break_long_words=False, break_on_hyphens=False, drop_whitespace=True)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]

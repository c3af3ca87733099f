"""Regenerate the pages of this folder that the program writes; ``--check`` only compares.

python docs/regenerate.py [--check]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click

HERE = Path(__file__).parent
DERIVATIONS = HERE / "derivations"
NOTE = "<!-- written by docs/regenerate.py -->\n\n"


def command_line() -> str:
    """The help of both commands."""
    from proofs_check import cli
    from proofs_check.derive import cli as derive

    sections = []
    for name, command in (("check-theorem", cli.command), ("derive-theorem", derive.command)):
        settings = {**command.context_settings, "terminal_width": 80, "max_content_width": 80}
        context = click.Context(command, info_name=name, **settings)
        sections.append(f"## {name}\n\n```\n{command.get_help(context)}\n```\n")
    return f"{NOTE}# The command line\n\n" + "\n".join(sections)


def controls() -> str:
    """The false variants of Theorem 3.3 that every run must refute."""
    from proofs_check.implicit_bias.theorem_3_3 import CONTROLS, PARTS

    claims = "\n".join(f"- ({part}) {text}" for part, text in PARTS.items())
    rows = "\n".join(f"| {c.name} | `{c.claim}` | {c.why} |" for c in CONTROLS)
    return (
        f"{NOTE}# Theorem 3.3: what attacks it\n\n{claims}\n\n"
        "Each of these variants is false, and each must be refuted by the derivation and by measurement.\n\n"
        f"| control | claim | why it is false |\n|---|---|---|\n{rows}\n\n"
        "What the theorem is derived from is in [its derivation](derivations/theorem-3.3.md); "
        "[all derivations](derivations/README.md) lists the others.\n"
    )


PAGES: dict[str, Callable[[], str]] = {"command-line.md": command_line, "controls.md": controls}


def derivations() -> Mapping[str, bytes]:
    """The files of ``derive-theorem --all``."""
    from numerics.workers import available_workers
    from proofs_check.derive.documents import documents
    from proofs_check.derive.files import IN_A_FOLDER, folder_contents
    from proofs_check.derive.workers import produce_all

    return folder_contents(produce_all(documents(), IN_A_FOLDER, available_workers()), IN_A_FOLDER)


def main() -> int:
    """Write the pages, or say which are not what would be written."""
    from proofs_check.derive.files import differences, outdated, write_folder

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 on a difference")
    check = parser.parse_args().check
    pages = {name: page().encode() for name, page in PAGES.items()}
    derived = derivations()
    if not check:
        write_folder(HERE, pages)
        write_folder(DERIVATIONS, derived)
    stale = outdated(HERE, pages) + differences(DERIVATIONS, derived)
    for line in stale:
        print(line)
    if stale and check:
        print("run python docs/regenerate.py")
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main())

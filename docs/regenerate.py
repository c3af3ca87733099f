"""Regenerate the pages of this folder that the program writes; ``--check`` only compares.

python docs/regenerate.py [--check]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import click

from proofs_check.cli import command
from proofs_check.implicit_bias.theorem_3_3 import CONTROLS, PARTS
from theory.derivation import Derivation, Method, VerifiedStep
from theory.implicit_bias import bound
from theory.tangent_kernel import impulse_response_law, kernel_weight_law

HERE = Path(__file__).parent
NOTE = "<!-- written by docs/regenerate.py -->\n\n"


def command_line() -> str:
    """The help of the command."""
    context = click.Context(command, info_name="check-theorem", terminal_width=80, max_content_width=80)
    return f"{NOTE}# The command line\n\n```\n{command.get_help(context)}\n```\n"


def theorem_3_3() -> str:
    """The derivations behind Theorem 3.3 and the controls, as the program has them."""
    sections = [derivation_page(d) for d in (impulse_response_law(), kernel_weight_law(), bound())]
    claims = "\n".join(f"- ({part}) {text}" for part, text in PARTS.items())
    controls = "\n".join(f"| {c.name} | `{c.claim}` | {c.why} |" for c in CONTROLS)
    return (
        f"{NOTE}# Theorem 3.3: what is derived, and what attacks it\n\n{claims}\n\n" + "\n".join(sections) + "\n"
        "## Controls\n\nEach of these is false, and each must be refuted by the derivation and by measurement.\n\n"
        f"| control | claim | why it is false |\n|---|---|---|\n{controls}\n"
    )


def derivation_page(derivation: Derivation) -> str:
    """One derivation: hypotheses, steps with their reasons, and how each was verified."""
    rows = "\n".join(
        f"| {v.step.equation} | `{v.step.lhs} = {v.step.rhs}` | {v.step.reason} | {_verified(v)} |"
        for v in derivation.verify().steps
    )
    hypotheses = "\n".join(f"- {hypothesis}" for hypothesis in derivation.hypotheses)
    return (
        f"## {derivation.name}: {derivation.title}\n\nHypotheses:\n\n{hypotheses}\n\n"
        f"| equation | statement | reason | verified |\n|---|---|---|---|\n{rows}\n\nResult: `{derivation.result}`\n"
    )


def _verified(step: VerifiedStep) -> str:
    """How a step was verified; a definition has nothing to verify."""
    method = step.step.method
    return method.value if method is Method.DEFINITION else f"{method.value}, {step.outcome.value}"


PAGES: dict[str, Callable[[], str]] = {"command-line.md": command_line, "theorem-3.3.md": theorem_3_3}


def main() -> int:
    """Write the pages, or say which are not what would be written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 on a difference")
    check = parser.parse_args().check
    stale = []
    for name, page in PAGES.items():
        path, text = HERE / name, page()
        if check:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(name)
        else:
            path.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"docs/{name} is not current: run python docs/regenerate.py")
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main())

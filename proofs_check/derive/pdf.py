"""LaTeX to PDF with pdflatex, in a temporary folder and without a shell."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from proofs_check.errors import InputError

OPTIONS: Final = ("-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error")
RUNS: Final = 2
SECONDS: Final = 120
NAME: Final = "document"
HOW_TO_GET_IT: Final = (
    "PDF needs pdflatex, which is not on the PATH: install TeX, on Debian or Ubuntu\n"
    "  apt-get install texlive-latex-base texlive-latex-recommended\n"
    "or write LaTeX or HTML instead (--format latex, --format html)"
)


def pdflatex() -> str:
    """Where pdflatex is.

    Raises
    ------
    InputError
        When it is not installed, with how to get it.
    """
    found = shutil.which("pdflatex")
    if found is None:
        raise InputError(HOW_TO_GET_IT)
    return found


def compile_pdf(source: str, title: str) -> bytes:
    """The PDF of a LaTeX document; the same document always gives the same bytes.

    Parameters
    ----------
    source : str
        A whole document.
    title : str
        What to call it in a complaint.

    Raises
    ------
    InputError
        When pdflatex is missing or refuses the document, with its first complaint.
    """
    program = pdflatex()
    with tempfile.TemporaryDirectory(prefix="derive-theorem-") as folder:
        Path(folder, f"{NAME}.tex").write_text(source, encoding="utf-8")
        for _ in range(RUNS):
            _run([program, *OPTIONS, f"{NAME}.tex"], folder, title)
        pages = Path(folder, f"{NAME}.pdf")
        if not pages.exists():
            raise InputError(f"{title}: pdflatex made no page")
        return pages.read_bytes()


def _run(command: list[str], folder: str, title: str) -> None:
    environment = {
        **os.environ,
        "SOURCE_DATE_EPOCH": "0",
        "FORCE_SOURCE_DATE": "1",
        "openin_any": "p",
        "openout_any": "p",
        "max_print_line": "1000",
    }
    try:
        ran = subprocess.run(  # noqa: S603  a fixed command, without a shell
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise InputError(f"{title}: pdflatex took more than {SECONDS} s and was ended") from None
    except OSError as error:
        raise InputError(f"{title}: pdflatex cannot be run ({error.strerror})") from None
    if ran.returncode != 0:
        raise InputError(f"{title}: pdflatex refuses the document: {complaint(ran.stdout.decode(errors='replace'))}")


def complaint(log: str) -> str:
    r"""The first error in a log of pdflatex.

    Examples
    --------
    >>> complaint("This is pdfTeX\n! Undefined control sequence.\nl.3 \\nosuch\n")
    'Undefined control sequence. (l.3 \\nosuch)'
    """
    lines = log.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("!"):
            where = next((later for later in lines[number + 1 :] if later.startswith("l.")), "")
            return line[1:].strip() + (f" ({where.strip()})" if where else "")
    return lines[-1] if lines else "no reason given"

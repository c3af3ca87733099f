"""Running the command as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from proofs_check.cli import main


@dataclass(frozen=True)
class Ran:
    """What a command printed and how it ended."""

    status: int
    out: str
    err: str


@pytest.fixture
def command(capsys) -> Callable[..., Ran]:
    """Run ``check-theorem`` in this process."""

    def run(*arguments: str) -> Ran:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        captured = capsys.readouterr()
        return Ran(int(ended.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start ``check-theorem`` as a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def process(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        code = "from proofs_check.cli import main; main()"
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", code, *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                env={**os.environ, **environment},
                start_new_session=True,
            )
        )
        return started[-1]

    yield process
    for one in started:
        one.kill()
        one.wait()
        for stream in (one.stdout, one.stderr):
            if stream is not None:
                stream.close()

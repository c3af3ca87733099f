"""The command ``check-theorem``.

Heavy imports happen after the input has been validated and the heading printed, so that the first
output and every complaint come at once.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

import click

from proofs_check import __version__
from proofs_check.errors import InputError, UserError
from proofs_check.help import GroupedCommand, given_options, report_options
from proofs_check.interruption import REQUESTED
from proofs_check.registry import ENTRIES, Entry, find
from proofs_check.request import settings_of

if TYPE_CHECKING:
    from proofs_check.progress import Progress
    from proofs_check.run import Verdict
    from proofs_check.settings import Settings

EXIT_USAGE: Final = 2
EXIT_INCONCLUSIVE: Final = 3
EXIT_INTERRUPTED: Final = 130
PATIENCE: Final = 3.0

EPILOG = """\b
Examples:
  check-theorem 3.3 --n 4096
  check-theorem 3.3 --n 64,512,1e9 --horizon 8 --nu-w 0.9
  check-theorem 3.3 --claim "rho = nu_C*nu_W**j + nu_F*nu_W**j"
  check-theorem C.1 --recursion my.toml --n 1e6 --horizon 12
  check-theorem 2.1 --examples 5000 --claim "n = T*min(n_x, n_y)"
  check-theorem figure-1 --n 1000,1e9
  check-theorem table-1 --data s1_data.mat
  check-theorem memory --nu-w 0.9 --lag 20
  check-theorem all

\b
Exit status: 0 passed, 1 refuted, 2 bad usage or input, 3 inconclusive,
130 interrupted (what was measured so far is printed).
"""


@click.command(
    cls=GroupedCommand,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
@click.argument("statement", required=False)
@report_options
@click.option(
    "--claim",
    "claims",
    multiple=True,
    metavar="FORMULA",
    help="'rho = …' or 'var = …' in j, T, n_x, n_y, nu_W, nu_F, nu_C, to check instead of the paper's; with C.1 "
    "'var = …' in t or 'cov = …' in s and t; with 2.1 'n = …' in T, n_x, n_y. "
    "With 3.3, parameters given as options restrict the claim to these values.",
)
@click.option(
    "--jobs", type=int, metavar="J", help="Worker processes; they do not change the report.  [default: all processors]"
)
@click.option(
    "--picture",
    "pictures",
    multiple=True,
    metavar="FILE",
    help="Write a picture, .png, .svg or .pdf, and its data as CSV beside it.  [default for figure-1: figure-1.png, "
    "and so on]",
)
@click.option("--json", "json_file", metavar="FILE", help="Write the report as JSON; - for standard output.")
@click.option("--quiet", is_flag=True, help="Print the verdict only.")
@click.option("--list", "list_all", is_flag=True, help="List every statement that can be checked.")
@click.option("--cite", is_flag=True, help="Print BibTeX of what is checked.")
@click.option("--debug", is_flag=True, help="Show a traceback when something goes wrong.")
@click.version_option(__version__, prog_name="check-theorem")
def command(statement: str | None, list_all: bool, cite: bool, **options: Any) -> int:
    """Check a theorem: derive it, simulate it, attack it.

    STATEMENT is an id such as 3.3, 3.3a or C.1, or all; --list shows every id.
    "check-theorem 3.3 --help" shows the options of one statement.
    """
    given = given_options(options)
    everything = statement is not None and statement.strip().lower() == "all"
    if list_all:
        if statement is not None and not everything:
            raise click.UsageError(f"--list shows every statement: give it without {find(statement).id}")
        for entry in ENTRIES.values():
            click.echo(f"{entry.id:10} {entry.title}")
        return 0
    if cite:
        from proofs_check.report.command import CITATION

        click.echo(CITATION % __version__)
        return 0
    if statement is None:
        raise click.UsageError("which statement? For example 'check-theorem 3.3 --n 4096'; --list shows all.")
    if everything:
        return _check_all(given, options)
    return _check(find(statement), given, options)


def _check_all(given: dict[str, str], options: dict[str, Any]) -> int:
    """Every statement, a line each; the worst exit status."""
    from proofs_check.run import run
    from proofs_check.theorem import Outcome

    for name, option in (("claim", "claims"), ("json", "json_file"), ("picture", "pictures")):
        if options[option]:
            raise InputError(f"--{name}: give one statement, not all")
    entries = [entry for entry in ENTRIES.values() if not entry.within]
    requests = [settings_of(entry, given, jobs=options["jobs"]) for entry in entries]
    found = []
    for entry, settings in zip(entries, requests, strict=True):
        verdict = run(entry, settings, _progress(quiet=options["quiet"]))
        found.append(verdict.judgement.outcome)
        click.echo(f"{found[-1].word.upper():12} {entry.id:10} {verdict.seconds:6.1f} s  {entry.title}")
        if found[-1] is Outcome.INTERRUPTED:
            break
    severity = (Outcome.INTERRUPTED, Outcome.REFUTED, Outcome.INCONCLUSIVE, Outcome.PASSED)
    return min(found, key=severity.index).exit_status


def _check(entry: Entry, given: dict[str, str], options: dict[str, Any]) -> int:
    settings = settings_of(entry, given, claims=options["claims"], jobs=options["jobs"])
    json_file = options["json_file"]
    if json_file not in (None, "-"):
        _check_writable(Path(json_file))
    pictures = _picture_files(entry, options["pictures"])
    return _run(entry, settings, json_file, pictures, quiet=options["quiet"] or json_file == "-")


def _picture_files(entry: Entry, named: tuple[str, ...]) -> list[Path]:
    """Where pictures go."""
    from proofs_check.report.drawing import check_output

    if named and not entry.draws:
        drawing = ", ".join(other.id for other in ENTRIES.values() if other.draws)
        raise InputError(f"--picture: {entry.id} has none; these have: {drawing}")
    paths = [Path(text) for text in named or ([entry.picture] if entry.picture else [])]
    for path in paths:
        check_output(path)
    return paths


def _run(entry: Entry, settings: Settings, json_file: str | None, pictures: list[Path], *, quiet: bool) -> int:
    """Validate the claims, print the heading, run, and report."""
    if settings.claims:
        entry.check_claims(settings)
    if not quiet:
        from proofs_check.report.heading import heading

        try:
            click.echo(heading(entry, settings) + "\n")
        except BrokenPipeError:
            _forget_output()
    from proofs_check.run import run

    announced: list[str] = []
    verdict = run(entry, settings, _progress(quiet=quiet), None if quiet else partial(_announce, announced))
    try:
        if json_file != "-":
            _print(verdict, announced, quiet=quiet)
        if json_file is not None:
            _write_json(verdict, json_file)
        for line in _drawn(verdict, pictures):
            click.echo(line, err=json_file == "-")
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_output()  # the reader has seen enough; the verdict is the same
    return verdict.judgement.outcome.exit_status


def _drawn(verdict: Verdict, paths: list[Path]) -> Iterator[str]:
    """Write the pictures, and say where they are."""
    if paths and verdict.picture is None:
        yield "nothing is drawn: no measurement came to an end"
        return
    for path in paths:
        from proofs_check.report.drawing import write_picture

        assert verdict.picture is not None  # for the type checker
        picture, data = write_picture(verdict.picture, path)
        yield f"picture     {picture}, its data {data}"


def _announce(announced: list[str], warnings: Sequence[str]) -> None:
    """Print warnings before the work begins."""
    from proofs_check.report.terminal import console, print_warnings

    announced.extend(warnings)
    try:
        print_warnings(warnings, console())
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_output()


def _forget_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write_json(verdict: Verdict, json_file: str) -> None:
    from proofs_check.report.json_report import to_json

    if json_file == "-":
        click.echo(to_json(verdict), nl=False)
        return
    try:
        Path(json_file).write_text(to_json(verdict), encoding="utf-8")
    except OSError as error:
        raise InputError(f"--json {json_file}: cannot be written ({error.strerror})") from None


def _print(verdict: Verdict, announced: Sequence[str], *, quiet: bool) -> None:
    from proofs_check.report.terminal import console, print_report, print_verdict

    out = console()
    if quiet:
        print_verdict(verdict, out)
    else:
        print_report(verdict, out, announced)


def _progress(*, quiet: bool) -> Progress:
    from proofs_check.progress import Bar, Heartbeat, Silent

    if quiet:
        return Silent()
    return Bar() if sys.stderr.isatty() else Heartbeat()


def _check_writable(path: Path) -> None:
    folder = path.parent
    if path.is_dir():
        raise InputError(f"--json {path}: is a folder, a file is needed")
    if not folder.is_dir():
        raise InputError(f"--json {path}: the folder {folder} does not exist")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise InputError(f"--json {path}: cannot be written")


class _FirstInterrupt:
    """Ctrl-C interrupts once; while what was measured is put together, more of it is ignored.

    Where that takes longer than ``PATIENCE`` seconds, the next one ends the process at once.
    """

    def __init__(self) -> None:
        self._first: float | None = None

    def __call__(self, _signal: int, _frame: FrameType | None) -> None:
        if self._first is None:
            self._first = time.monotonic()
            REQUESTED.set()
            raise KeyboardInterrupt
        if time.monotonic() - self._first > PATIENCE:
            os._exit(EXIT_INTERRUPTED)


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    """End at once, and leave no worker behind; an exception could come up in the middle of another's clean-up."""
    _end_workers()
    with suppress(OSError, RuntimeError):  # it may have been flushing when the signal came
        sys.stdout.flush()
    os._exit(128 + signal.SIGTERM)


def main(arguments: list[str] | None = None) -> None:
    """Entry point: turn every outcome into an exit status and every complaint into one message."""
    debug = "--debug" in (sys.argv[1:] if arguments is None else arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Greek letters must not stop a run
    REQUESTED.clear()
    before = signal.signal(signal.SIGINT, _FirstInterrupt())
    signal.signal(signal.SIGTERM, _terminate)
    try:
        sys.exit(_status(arguments, debug=debug))
    except BrokenPipeError:
        _forget_output()
        sys.exit(0)
    finally:
        if arguments is not None:  # called from Python: leave its handler as it was
            signal.signal(signal.SIGINT, before)


def _status(arguments: list[str] | None, *, debug: bool) -> int:
    """Run the command; its exit status."""
    try:
        status = int(command.main(args=arguments, prog_name="check-theorem", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        status = EXIT_USAGE
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted before anything was measured", err=True)
        status = EXIT_INTERRUPTED
    except BrokenPipeError:
        raise
    except MemoryError:
        click.echo("check-theorem: out of memory; fewer --jobs, --inputs, --outputs or a shorter --horizon", err=True)
        status = EXIT_USAGE
    except Exception as error:
        if debug:
            traceback.print_exc()
        expected = isinstance(error, UserError)
        words = f"check-theorem: {error}" if expected else f"internal error: {error!r} (--debug shows where)"
        click.echo(words, err=True)
        status = EXIT_USAGE if expected else EXIT_INCONCLUSIVE
    if status == EXIT_INTERRUPTED:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # one more must not turn the exit status into a signal
        _end_workers()
        if arguments is None:
            _end_soon(status)
    return status


def _end_soon(status: int) -> None:
    """End the process even if a thread that was interrupted never finishes."""
    timer = threading.Timer(PATIENCE, os._exit, (status,))
    timer.daemon = True
    timer.start()


def _end_workers() -> None:
    """Leave no worker behind, and none to wait for."""
    if "numerics.ensembles" in sys.modules:
        from numerics.ensembles import end_workers

        end_workers()

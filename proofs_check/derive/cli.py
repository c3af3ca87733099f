"""The command ``derive-theorem``.

Heavy imports happen after the input has been validated, so that every complaint comes at once.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

import click

from proofs_check import __version__
from proofs_check.derive.documents import FORMATS, TEXT_FORMATS, documents, find, graph_of, statements
from proofs_check.errors import InputError, UserError

if TYPE_CHECKING:
    from proofs_check.derive.documents import Document, Product

EXIT_NOT_PROVED: Final = 1
EXIT_USAGE: Final = 2
EXIT_INTERNAL: Final = 3
EXIT_INTERRUPTED: Final = 130
GRAPH_FORMATS: Final = ("text", "svg")
FOLDER: Final = "docs/derivations"

EPILOG = f"""\b
Examples:
  derive-theorem 3.3                      LaTeX on standard output
  derive-theorem 3.3b -o kernel.pdf       one part, as PDF
  derive-theorem C.1 --recursion my.toml -o my.pdf
  derive-theorem exact-values -o exact.md
  derive-theorem --all -o derivations     every statement, with an index
  derive-theorem --check                  is {FOLDER} current?
  derive-theorem --graph -o graph.svg

\b
Exit status: 0 every line is proved, 1 some line is not (it is written and
marked), or --check finds a difference, 2 bad usage, input or output,
130 interrupted (nothing is left half-written).
"""


@click.command(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.argument("identifier", metavar="[ID]", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice([*FORMATS, *GRAPH_FORMATS]),
    metavar="FORMAT",
    help="latex, fragment (for other documents), markdown, html or pdf; with --graph, text or svg.  [default: by the "
    "suffix of FILE, or latex, or text; with --all: latex, markdown and html]",
)
@click.option("-o", "--output", metavar="FILE", help="Where to write; - for standard output; a folder with --all.")
@click.option(
    "--recursion", metavar="FILE", help="With C.1: derive the covariances of this recursion, a TOML file or an example."
)
@click.option("--steps", type=int, metavar="S", help="With --recursion: how many steps are written out.  [default: 3]")
@click.option("--all", "everything", is_flag=True, help="Write every statement, an index and the graph into a folder.")
@click.option("--check", is_flag=True, help=f"Only compare what --all would write with a folder.  [default: {FOLDER}]")
@click.option("--graph", is_flag=True, help="Show what each derivation builds on.")
@click.option("--list", "list_all", is_flag=True, help="List every statement.")
@click.option(
    "--jobs", type=int, metavar="J", help="Worker processes; they do not change the result.  [default: all processors]"
)
@click.option("--quiet", is_flag=True, help="No progress.")
@click.option("--debug", is_flag=True, help="Show a traceback when something goes wrong.")
@click.version_option(__version__, prog_name="derive-theorem")
def command(identifier: str | None, **options: Any) -> int:
    """Derive a theorem: every line, why it holds, and how it was verified.

    ID is a statement such as 3.3, a part such as 3.3b, or exact-values; --list shows all.
    """
    folder = options["everything"] or options["check"]
    chosen = [identifier is not None, folder, options["graph"], options["list_all"]]
    if sum(chosen) != 1:
        if any(chosen):
            raise click.UsageError("give one of ID, --all (or --check), --graph and --list")
        raise click.UsageError("which statement? For example 'derive-theorem 3.3'; --list shows all.")
    if options["jobs"] is not None and options["jobs"] < 1:
        raise InputError(f"--jobs {options['jobs']}: at least 1 is needed")
    if options["recursion"] is None and options["steps"] is not None:
        raise InputError("--steps: is about a recursion; give --recursion as well")
    if options["recursion"] is not None and (identifier is None or find(identifier).id != "C.1"):
        raise InputError("--recursion: goes with C.1, as in 'derive-theorem C.1 --recursion my.toml'")
    if options["list_all"]:
        width = max(len(document.id) for document in documents())
        for document in documents():
            click.echo(f"{document.id:{width}}  {document.title}: {document.about}")
        return 0
    if folder:
        return _folder(options)
    if options["graph"]:
        return _graph(options)
    assert identifier is not None
    return _document(identifier, options)


def _document(identifier: str, options: dict[str, Any]) -> int:
    """One document, to a file or to standard output."""
    from proofs_check.derive.documents import of_recursion, produce

    form = _format(options, FORMATS, "latex")
    source = options["recursion"]
    document = find(identifier) if source is None else of_recursion(source, options["steps"])
    if form == "pdf":
        from proofs_check.derive.pdf import pdflatex

        pdflatex()
    if not options["quiet"] and sys.stderr.isatty():
        click.echo(f"verifying {document.title}", err=True)
    product = produce(document, (form,))
    _deliver(product.contents[form], options["output"], text=form != "pdf")
    return _status_of((product,))


def _graph(options: dict[str, Any]) -> int:
    """The graph, in words or drawn."""
    form = _format(options, GRAPH_FORMATS, "text")
    products = _produce(statements(), (), options)
    graph = graph_of(products)
    if form == "svg":
        from theory.rendering.graph_svg import graph_svg

        _deliver(graph_svg(graph).encode(), options["output"])
    else:
        _deliver(graph.text().encode(), options["output"])
    return _status_of(products)


def _folder(options: dict[str, Any]) -> int:
    """Write all documents into a folder, or compare them with it."""
    from proofs_check.derive.files import IN_A_FOLDER, check_folder, differences, folder_contents, write_folder

    form, check = options["form"], options["check"]
    allowed = TEXT_FORMATS if check else FORMATS
    if form is not None and form not in allowed:
        raise InputError(f"--format {form}: {'--check' if check else '--all'} knows {', '.join(allowed)}")
    name = options["output"] or (FOLDER if check else None)
    if name in (None, "-"):
        raise InputError("--all writes many files: which folder? For example 'derive-theorem --all -o derivations'")
    folder = Path(name)
    if check and not folder.is_dir():
        raise InputError(f"--check: the folder {folder} does not exist; -o names another")
    if not check:
        check_folder(folder)
    if form == "pdf":
        from proofs_check.derive.pdf import pdflatex

        pdflatex()
    formats = IN_A_FOLDER if form is None else (form,)
    products = _produce(documents(), formats, options)
    contents = folder_contents(products, formats)
    if not check:
        write_folder(folder, contents)
        return _status_of(products)
    found = differences(folder, contents)
    for line in found:
        click.echo(line)
    return _status_of(products) or (EXIT_NOT_PROVED if found else 0)


def _format(options: dict[str, Any], allowed: tuple[str, ...], default: str) -> str:
    """The format that is asked for, once it is clear that it can be written."""
    from proofs_check.derive.files import check_writable, format_of

    form, output = options["form"], options["output"]
    if form is not None and form not in allowed:
        raise InputError(f"--format {form}: here it is one of {', '.join(allowed)}")
    if output in (None, "-"):
        form = form or default
        if form == "pdf" and sys.stdout.isatty():
            raise InputError("PDF is not shown on a terminal; write it to a file with -o FILE.pdf")
        return str(form)
    form = form or format_of(output, allowed)
    check_writable(Path(output))
    return str(form)


def _produce(wanted: tuple[Document, ...], formats: tuple[str, ...], options: dict[str, Any]) -> tuple[Product, ...]:
    """Verify and write many documents, with a line on standard error for each."""
    from numerics.workers import available_workers
    from proofs_check.derive.index import count
    from proofs_check.derive.workers import produce_all

    def say(product: Product) -> None:
        if not options["quiet"]:
            lines = sum(node.lines for node in product.nodes)
            what = count(lines, "line") if product.nodes else "written"
            click.echo(f"{product.document.title}: {what}{'' if product.proved else ', NOT PROVED'}", err=True)

    return produce_all(wanted, formats, options["jobs"] or available_workers(), say)


def _deliver(content: bytes, output: str | None, *, text: bool = True) -> None:
    """Write to the file, or to standard output, whose reader may have seen enough."""
    from proofs_check.derive.files import write, write_output

    if output not in (None, "-"):
        write(Path(output), content)
        return
    try:
        write_output(content, text=text)
    except BrokenPipeError:
        _forget_output()
    except OSError as error:
        _forget_output()
        raise InputError(f"standard output: cannot be written ({error.strerror})") from None


def _status_of(products: tuple[Product, ...]) -> int:
    """Name the lines that are not proved; the exit status."""
    for node in (node for product in products for node in product.nodes if node.failures):
        click.echo(f"{node.id}: not proved: {', '.join(node.failures)}", err=True)
    return 0 if all(product.proved for product in products) else EXIT_NOT_PROVED


def _forget_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Ctrl-C interrupts once; cleaning up is not interrupted again."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signal.SIGTERM)


def main(arguments: list[str] | None = None) -> None:
    """Entry point: turn every outcome into an exit status and every complaint into one message."""
    debug = "--debug" in (sys.argv[1:] if arguments is None else arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    before = [signal.signal(signal.SIGINT, _interrupt), signal.signal(signal.SIGTERM, _terminate)]
    try:
        sys.exit(_status(arguments, debug=debug))
    finally:
        if arguments is not None:  # called from Python: leave its handlers as they were
            signal.signal(signal.SIGINT, before[0])
            signal.signal(signal.SIGTERM, before[1])


def _status(arguments: list[str] | None, *, debug: bool) -> int:
    """Run the command; its exit status."""
    status = EXIT_INTERNAL
    try:
        status = int(command.main(args=arguments, prog_name="derive-theorem", standalone_mode=False) or 0)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        status = EXIT_USAGE
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted; nothing is left half-written", err=True)
        status = EXIT_INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        status = 0
    except Exception as error:
        if debug:
            traceback.print_exc()
        expected = isinstance(error, UserError | OSError)
        words = f"derive-theorem: {error}" if expected else f"internal error: {error!r} (--debug shows where)"
        click.echo(words, err=True)
        status = EXIT_USAGE if expected else EXIT_INTERNAL
    return status

"""The page that lists what ``derive-theorem --all`` writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from proofs_check.derive.documents import Product
    from theory.graph import Graph, Node

INDEX: Final = "README.md"
READ: Final = {"latex": "LaTeX", "fragment": "fragment", "markdown": "Markdown", "html": "HTML", "pdf": "PDF"}
NOTE: Final = "<!-- written by derive-theorem --all -->\n"
LEGEND: Final = """\
*Proved* means that every identity is confirmed by SymPy and by exact arithmetic modulo a large prime, and
every sign by two readings of it. *Given* a theorem means that this theorem of the literature is used
and not proved here. *At instances only* marks lines that a conclusion uses and of which only
particular cases are worked out, exactly.
"""


def index(products: tuple[Product, ...], graph: Graph, formats: tuple[tuple[str, str], ...]) -> str:
    """The page, in Markdown.

    Parameters
    ----------
    products : tuple of Product
    graph : Graph
    formats : tuple of (str, str)
        Each format that was written, and its suffix.
    """
    rows = []
    for product in products:
        document = product.document
        links = ", ".join(f"[{READ[form]}]({document.slug}{suffix})" for form, suffix in formats)
        verified = "<br>".join(_cell(_verified(node, graph)) for node in product.nodes) or "by loop equations"
        rows.append(f"| {_cell(document.title)} | {_cell(document.about)} | {verified} | {links} |")
    return (
        f"{NOTE}\n# The derivations\n\n| statement | what it says | verified | read |\n|---|---|---|---|\n"
        + "\n".join(rows)
        + f"\n\n{LEGEND}\n![What each derivation builds on](graph.svg)\n\nThe same [in words](graph.txt).\n"
    )


def _verified(node: Node, graph: Graph) -> str:
    """How a derivation was verified, in a line."""
    head = f"{node.id}: {count(node.lines, 'line')}, {count(node.obligations, 'check')}, each by two engines"
    if node.instances:
        own = "proved in general but for the lines named here"
    else:
        own = f"proved given {', '.join(graph.cites(node.id))}" if node.cites else "proved"
    return "; ".join((head, *(() if node.failures else (own,)), *graph.remarks(node.id)))


def count(number: int, word: str) -> str:
    """A number of things.

    Examples
    --------
    >>> count(1, "line"), count(2, "line")
    ('1 line', '2 lines')
    """
    return f"{number} {word}{'' if number == 1 else 's'}"


def _cell(words: str) -> str:
    """Words within a table of Markdown."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")

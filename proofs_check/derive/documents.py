"""What can be asked for by name: a statement, one part of it, or the table of exact values."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from proofs_check.errors import InputError

if TYPE_CHECKING:
    from theory.derivation import Derivation
    from theory.graph import Graph, Node
    from theory.statements.catalogue import Statement

TEXT_FORMATS: Final = ("latex", "fragment", "markdown", "html")
FORMATS: Final = (*TEXT_FORMATS, "pdf")
DEFAULT_STEPS: Final = 3
MAX_STEPS: Final = 8
WORDS: Final = (
    r"theorems?|thm\.?|propositions?|prop\.?|lemmas?|lem\.?|equations?|eq\.?|bound|distance|part|inequality|statement"
)


@dataclass(frozen=True)
class Document:
    """A statement, or a part of one; the exact values have none.

    Attributes
    ----------
    id, title, about : str
    slug : str
        Its file name without a suffix.
    statement : Statement or None
    """

    id: str
    title: str
    about: str
    slug: str
    statement: Statement | None = None

    def derivations(self) -> tuple[Derivation, ...]:
        """What it derives."""
        return self.statement.derivations() if self.statement is not None else ()

    def render(self, form: str) -> str:
        """The document in one of ``TEXT_FORMATS``."""
        from theory.rendering import render, render_exact_values

        return render_exact_values(form) if self.statement is None else render(self.statement, form)


@dataclass(frozen=True)
class Product:
    """A document in the formats asked for, and what was found about its derivations.

    Attributes
    ----------
    document : Document
    contents : dict of str to bytes
        By format.
    nodes : tuple of Node
    """

    document: Document
    contents: dict[str, bytes]
    nodes: tuple[Node, ...]

    @property
    def proved(self) -> bool:
        """Whether every line of every derivation is."""
        return not any(node.failures for node in self.nodes)


EXACT_VALUES: Final = Document(
    "exact-values", "Exact values", "exact moments at every finite width n", slug="exact-values"
)


def statements() -> tuple[Document, ...]:
    """Every statement, in order."""
    from theory.statements.catalogue import STATEMENTS

    return tuple(_document(statement) for statement in STATEMENTS.values())


def documents() -> tuple[Document, ...]:
    """Every statement, and the exact values."""
    return (*statements(), EXACT_VALUES)


def _document(statement: Statement) -> Document:
    return Document(statement.id, statement.title, statement.about, statement.slug, statement)


def _parts(document: Document) -> Iterator[Document]:
    """A document of its own for each derivation of a statement that has several."""
    statement = document.statement
    if statement is None or len(statement.sources) < 2:
        return
    for source, derivation in zip(statement.sources, statement.derivations(), strict=True):
        if derivation.id == statement.id:
            continue  # the name means the whole statement
        name = derivation.id.removeprefix(statement.id)
        space = "" if derivation.id.startswith(statement.id) else " "
        yield _document(
            type(statement)(derivation.id, f"{statement.title}{space}({name})", derivation.title, (source,))
        )


def key(name: str) -> str:
    """What is left of a name when case, spaces, dashes, brackets and words like "theorem" are forgiven.

    Examples
    --------
    >>> key("Theorem 3.3 (b)"), key("lemma-b.1"), key("Exact values")
    ('3.3b', 'b.1', 'exactvalues')
    """
    return re.sub(r"[\s()\[\]_\-–§]", "", re.sub(rf"\b({WORDS})(?![a-z])", "", name.strip().lower()))


def find(name: str) -> Document:
    """Look a document up by the id or the title of a statement or a part; ``key`` says what is forgiven.

    Raises
    ------
    InputError
        For an unknown id, with the nearest known ones.
    """
    wanted = key(name)
    known = {}
    for document in documents():
        known.update({key(document.title): document, key(document.id): document})
    if wanted in known:
        return known[wanted]
    for document in sorted(statements(), key=lambda one: not wanted.startswith(key(one.id))):
        for part in _parts(document):
            known.setdefault(key(part.id), part)
            known.setdefault(key(part.title), part)
        if wanted in known:
            return known[wanted]
    near = difflib.get_close_matches(wanted, known, n=3, cutoff=0.4)
    names = dict.fromkeys(known[one].id for one in sorted(near, key=lambda one: one[0] != wanted[:1]))
    hint = f"; did you mean {' or '.join(names)}?" if names else ""
    raise InputError(f"unknown statement {name!r}{hint} (derive-theorem --list shows all)")


def of_recursion(source: str, steps: int | None = None) -> Document:
    """Lemma C.1 for a recursion that is read from a file, or for an example.

    Raises
    ------
    InputError
        When the recursion is not understood, or has no form that derivations know.
    """
    from proofs_check.recursion.hypotheses import examine
    from proofs_check.recursion.numeric import numeric
    from proofs_check.recursion.reader import read
    from proofs_check.recursion.symbolic import exact
    from theory.statements.user_recursion import statement

    if steps is not None and not 1 <= steps <= MAX_STEPS:
        raise InputError(f"--steps {steps}: from 1 to {MAX_STEPS} are written out")
    data, steps = read(source), DEFAULT_STEPS if steps is None else steps
    for one in examine(numeric(data), steps).undefined:
        raise InputError(f"--recursion {source}: {one.where} is {one.undefined}")
    return _document(statement(exact(data), steps))


def produce(document: Document, formats: tuple[str, ...]) -> Product:
    """Verify a document's derivations, and write it in these formats."""
    from theory.graph import node

    nodes = tuple(node(derivation) for derivation in document.derivations())
    contents = {form: _content(document, form) for form in formats}
    return Product(document, contents, nodes)


def _content(document: Document, form: str) -> bytes:
    if form != "pdf":
        return document.render(form).encode()
    from proofs_check.derive.pdf import compile_pdf

    return compile_pdf(document.render("latex"), document.title)


def graph_of(products: tuple[Product, ...]) -> Graph:
    """The graph of all derivations."""
    from theory.graph import Graph

    consists_of = {p.document.id: tuple(node.id for node in p.nodes) for p in products if p.nodes}
    return Graph(tuple(node for product in products for node in product.nodes), consists_of)

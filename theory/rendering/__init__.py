"""Derivations as documents: LaTeX, Markdown, HTML, and what notebooks show.

One document is built from a statement and written in each format. Verification needs nothing of this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from theory.derivation import Derivation
    from theory.rendering.document import Document
    from theory.statements.catalogue import Statement

FORMATS: Final = ("latex", "fragment", "markdown", "html")
"""A LaTeX document, a LaTeX fragment for other documents, a Markdown page, a web page."""

_SUFFIXES: Final = {"latex": ".tex", "fragment": ".tex", "markdown": ".md", "html": ".html"}


def suffix(format: str) -> str:  # noqa: A002
    """The suffix of files in a format.

    Raises
    ------
    ValueError
        When there is no such format.
    """
    if format not in _SUFFIXES:
        raise ValueError(f"format {format!r}: must be one of {', '.join(FORMATS)}")
    return _SUFFIXES[format]


def render(statement: Statement, format: str) -> str:  # noqa: A002
    """A statement, its derivations and their verification.

    Parameters
    ----------
    statement : Statement
    format : str
        One of ``FORMATS``.

    Raises
    ------
    ValueError
        When there is no such format.
    """
    suffix(format)
    from theory.rendering.composition import compose

    return write(compose(statement), format)


def render_exact_values(format: str) -> str:  # noqa: A002
    """The appendix of exact values.

    Raises
    ------
    ValueError
        When there is no such format.
    """
    suffix(format)
    from theory.rendering.exact_values import exact_values

    return write(exact_values(), format)


def write(document: Document, format: str) -> str:  # noqa: A002
    """A document in a format.

    Raises
    ------
    ValueError
        When there is no such format.
    """
    suffix(format)
    if format == "markdown":
        from theory.rendering.markdown import markdown

        return markdown(document)
    if format == "html":
        from theory.rendering.html import page

        return page(document)
    from theory.rendering.latex import fragment_document, standalone_document

    return standalone_document(document) if format == "latex" else fragment_document(document)


def bundle(derivation: Derivation) -> dict[str, str]:
    """What a notebook may show of a derivation, by media type."""
    from theory.rendering.composition import compose_derivation
    from theory.rendering.html import piece
    from theory.rendering.markdown import body
    from theory.rendering.printer import derivation_latex, step_latex
    from theory.rendering.words import plain, plain_math

    document = compose_derivation(derivation)
    lines = (f"  {plain_math(step_latex(step))}" for step in derivation.steps)
    return {
        "text/plain": "\n".join((f"{derivation.id}: {plain(derivation.title)}", *lines)),
        "text/latex": derivation_latex(derivation),
        "text/markdown": body(document),
        "text/html": piece(document),
    }

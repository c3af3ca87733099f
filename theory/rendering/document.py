"""What a rendered document consists of, whatever the format.

A document is built once and written by one writer for each format, so that the formats cannot say
different things. Mathematics is LaTeX throughout; text is plain and escaped by the writers.
"""

from __future__ import annotations

from dataclasses import dataclass

from theory.rendering.layout import Row


@dataclass(frozen=True)
class Text:
    """Plain text."""

    text: str
    strong: bool = False


@dataclass(frozen=True)
class Math:
    """Mathematics within a line, as LaTeX."""

    latex: str


@dataclass(frozen=True)
class Reference:
    """A link to a label of this document, or to another document when ``elsewhere`` is its file name."""

    text: str
    label: str
    elsewhere: str = ""


@dataclass(frozen=True)
class Mark:
    """How something was verified, or that it was not.

    Attributes
    ----------
    content : tuple of Text, Math or Reference
    standing : str
        ``"proved"``, ``"definition"``, ``"instances"``, ``"cited"`` or ``"failed"``.
    """

    content: tuple[Text | Math | Reference, ...]
    standing: str


Span = Text | Math | Reference | Mark


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the title of a part of the document."""

    level: int
    content: tuple[Span, ...]
    label: str = ""


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of text."""

    content: tuple[Span, ...]


@dataclass(frozen=True)
class Formula:
    """A displayed formula.

    Attributes
    ----------
    rows : tuple of Row
    tag : str
        The number, without parentheses; empty when there is none.
    label : str
    boxed : bool
        Whether it is a conclusion.
    """

    rows: tuple[Row, ...]
    tag: str = ""
    label: str = ""
    boxed: bool = False


@dataclass(frozen=True)
class Item:
    """An entry of a list: its mark such as ``"H1"``, its text, and formulas below the text."""

    mark: str
    content: tuple[Span, ...]
    formulas: tuple[Formula, ...] = ()
    label: str = ""


@dataclass(frozen=True)
class Listing:
    """A list."""

    items: tuple[Item, ...]


Block = Heading | Paragraph | Formula | Listing


@dataclass(frozen=True)
class Document:
    """A title and blocks."""

    title: str
    blocks: tuple[Block, ...]

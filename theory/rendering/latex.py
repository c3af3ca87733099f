"""Documents as LaTeX that needs amsmath and hyperref, and nothing else."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from theory.rendering.composition import compose
from theory.rendering.document import (
    Block,
    Document,
    Formula,
    Heading,
    Item,
    Listing,
    Mark,
    Math,
    Paragraph,
    Reference,
    Span,
    Text,
)
from theory.rendering.layout import Row, aligned, row_latex
from theory.rendering.words import SYMBOLS
from theory.statements.catalogue import Statement

_ESCAPES: Final = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\(<\)", ">": r"\(>\)", "|": r"\(|\)",
    "–": "--", "—": "---", "‘": "`", "’": "'", "“": "``", "”": "''", "…": r"\dots{}", "\u00a0": "~",
    "‖": r"\(\Vert\)", "·": r"\(\cdot\)", "×": r"\(\times\)", "²": r"\(^2\)", "³": r"\(^3\)", "−": r"\(-\)",
    "ᵀ": r"\(^{T}\)", "⊗": r"\(\otimes\)", "½": r"\(\frac12\)",
}  # fmt: skip
_COMMANDS: Final = {
    character: rf"\({{\{command}}}\)" for command, character in SYMBOLS.items() if not character.isascii()
}
_LAST_PLAIN: Final = "\u017f"
_TALLEST: Final = 12
"""More rows than this may be broken over pages."""

_PREAMBLE: Final = r"""\documentclass[11pt]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{amsmath}
\usepackage{hyperref}
\hypersetup{colorlinks,allcolors=[rgb]{0,0.22,0.55}}
\setlength{\textwidth}{410pt}
\setlength{\oddsidemargin}{20pt}
\setlength{\topmargin}{-20pt}
\setlength{\textheight}{610pt}
"""


def standalone(statement: Statement) -> str:
    """A complete document for a statement."""
    return standalone_document(compose(statement))


def fragment(statement: Statement) -> str:
    r"""What another document can ``\input``, if it loads amsmath and hyperref."""
    return fragment_document(compose(statement))


def standalone_document(document: Document) -> str:
    """A document that compiles by itself."""
    title = escape(document.title)
    return (
        f"{_PREAMBLE}\\hypersetup{{pdftitle={{{_ascii(document.title)}}}}}\n\\title{{{title}}}\n\\date{{}}\n"
        f"\\begin{{document}}\n\\maketitle\n\\thispagestyle{{plain}}\n"
        f"{_Writer(alone=True).body(document)}\\end{{document}}\n"
    )


def fragment_document(document: Document) -> str:
    """A document without a preamble, under a heading of its own."""
    needs = "% needs \\usepackage{amsmath} and \\usepackage{hyperref}"
    return f"{needs}\n\\section*{{{escape(document.title)}}}\n{_Writer(alone=False).body(document)}"


def escape(text: str) -> str:
    r"""Plain text for TeX.

    Examples
    --------
    >>> escape("50% of a_b")
    '50\\% of a\\_b'
    """
    return "".join(_character(character) for character in text)


def _number(text: str) -> str:
    """The number of a line; its primes are mathematics."""
    return re.sub("'+", r"\\(\g<0>\\)", escape(text))


def _character(character: str) -> str:
    known = _ESCAPES.get(character) or _COMMANDS.get(character)
    if known or character in "\n\t" or " " <= character <= "~" or "\u00a1" <= character <= _LAST_PLAIN:
        return known or character
    return _ascii(character) or "?"


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


class _Writer:
    """Writes blocks; ``alone`` when the document has no others beside it in one file."""

    def __init__(self, *, alone: bool) -> None:
        self._alone = alone

    def body(self, document: Document) -> str:
        """All blocks, with line breaks that TeX may stretch."""
        blocks = "\n".join(self._block(block) for block in document.blocks)
        shape = (
            r"\sloppy\setlength{\emergencystretch}{2em}\setlength{\parindent}{0pt}\setlength{\parskip}{5pt plus 3pt}"
        )
        return f"\\begingroup{shape}\n{blocks}\n\\par\\endgroup\n"

    def _block(self, block: Block) -> str:
        match block:
            case Heading():
                command = r"\subsection*" if block.level == 1 else r"\paragraph*"
                anchor = f"\\phantomsection\\label{{{block.label}}}" if block.label else ""
                shape = r"\leavevmode\par\nobreak" if block.level > 1 else ""
                return f"{command}{{{self._line(block.content)}}}{anchor}{shape}"
            case Paragraph():
                return f"{self._line(block.content)}\n" if _ends(block) else self._line(block.content)
            case Formula():
                return self._formula(block) + "\n"
            case Listing():
                items = "\n".join(self._item(item) for item in block.items)
                return f"\\begin{{itemize}}\n{items}\n\\end{{itemize}}\n"

    def _item(self, item: Item) -> str:
        mark = f"[({item.mark})]" if item.mark else ""
        anchor = f"\\phantomsection\\label{{{item.label}}}" if item.label else ""
        formulas = "".join(f"\n{self._formula(formula)}" for formula in item.formulas)
        return f"\\item{mark}{anchor} {self._line(item.content)}{formulas}"

    def _line(self, content: tuple[Span, ...]) -> str:
        return "".join(self._span(span) for span in content)

    def _span(self, span: Span) -> str:
        match span:
            case Text():
                return rf"\textbf{{{escape(span.text)}}}" if span.strong else escape(span.text)
            case Math():
                return f"${span.latex}$"
            case Reference():
                return self._reference(span)
            case Mark():
                return self._mark(span)

    def _reference(self, span: Reference) -> str:
        text = _number(span.text)
        if not span.elsewhere:
            return rf"\hyperref[{span.label}]{{{text}}}"
        other = rf"\href{{{span.elsewhere}.pdf}}{{{text}}}" if self._alone else text
        return rf"\ifcsname r@{span.label}\endcsname\hyperref[{span.label}]{{{text}}}\else {other}\fi"

    def _mark(self, span: Mark) -> str:
        inside = self._line(span.content)
        if span.standing == "failed":
            return rf"\textbf{{[!! {inside} !!]}}"
        if span.standing == "instances":
            return rf"\textbf{{[{inside}]}}"
        return rf"{{\small[{inside}]}}"

    @staticmethod
    def _formula(formula: Formula) -> str:
        tag = rf"\tag{{{_number(formula.tag)}}}" if formula.tag else ""
        anchor = rf"\label{{{formula.label}}}" if formula.label else ""
        named = rf"\def\theHequation{{{formula.label}}}" + "%\n" if formula.label else ""
        rows = [_scaled(row) for row in formula.rows]
        if len(rows) > _TALLEST and not formula.boxed:
            star, mute = ("", r" \notag") if tag else ("*", "")
            lines = f"{mute} \\\\\n".join(map(row_latex, rows))
            return f"{named}{{\\allowdisplaybreaks\\begin{{align{star}}}\n{lines}{tag}{anchor}\n\\end{{align{star}}}}}"
        inner = aligned(rows)
        inner = rf"\boxed{{{inner}}}" if formula.boxed else inner
        name = "equation" if tag else "equation*"
        return f"{named}\\begin{{{name}}}{tag}{anchor}\n{inner}\n\\end{{{name}}}"


def _ends(block: Paragraph) -> bool:
    """Whether a paragraph is not followed by the formula that it announces."""
    last = block.content[-1]
    announces = isinstance(last, Mark) and last.standing in ("proved", "definition", "instances", "failed")
    return not (announces or (isinstance(last, Text) and last.text.endswith(":")))


def _scaled(row: Row) -> Row:
    if row.scale == 1.0:
        return row
    size = next((name for least, name in _SIZES if row.scale >= least), r"\tiny")
    wrap = rf"\mbox{{{size}$\displaystyle "
    left = f"{wrap}{row.left}$}}" if row.left else ""
    return Row(left, f"{wrap}{row.right}$}}", row.indent)


_SIZES: Final = ((0.91, r"\small"), (0.82, r"\footnotesize"), (0.73, r"\scriptsize"))

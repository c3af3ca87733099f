"""Documents as GitHub-flavoured Markdown, with formulas between double dollar signs."""

from __future__ import annotations

import re
from typing import Final

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
from theory.rendering.layout import aligned

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|$~])")


def markdown(document: Document) -> str:
    """A document as a page."""
    return f"# {escape(document.title)}\n\n{body(document)}"


def body(document: Document) -> str:
    """The blocks of a document without its title."""
    return "\n\n".join(_block(block) for block in document.blocks) + "\n"


def escape(text: str) -> str:
    """Plain text for Markdown."""
    return _SPECIAL.sub(r"\\\1", text)


def _block(block: Block) -> str:
    match block:
        case Heading():
            anchor = f'<a id="{block.label}"></a>\n\n' if block.label else ""
            return f"{anchor}{'#' * (block.level + 1)} {_line(block.content)}"
        case Paragraph():
            return _line(block.content)
        case Formula():
            return _formula(block)
        case Listing():
            return "\n\n".join(_item(item) for item in block.items)


def _item(item: Item) -> str:
    anchor = f'<a id="{item.label}"></a>' if item.label else ""
    mark = f"**({escape(item.mark)})** " if item.mark else ""
    formulas = "".join("\n\n" + _indented(_formula(formula)) for formula in item.formulas)
    return f"- {anchor}{mark}{_line(item.content)}{formulas}"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _line(content: tuple[Span, ...]) -> str:
    return "".join(_span(span) for span in content)


def _span(span: Span) -> str:
    match span:
        case Text():
            return _strong(escape(span.text)) if span.strong else escape(span.text)
        case Math():
            return f"${_safe(span.latex)}$"
        case Reference():
            address = f"{span.elsewhere}.md#{span.label}" if span.elsewhere else f"#{span.label}"
            return f"[{escape(span.text)}]({address})"
        case Mark():
            inside = _line(span.content)
            if span.standing == "failed":
                return f"**❌ {inside}**"
            return f"**⚠ {inside}**" if span.standing == "instances" else f"<sub>{inside}</sub>"


def _strong(text: str) -> str:
    kept = text.strip()
    return text.replace(kept, f"**{kept}**")


def _formula(formula: Formula) -> str:
    anchor = f'<a id="{formula.label}"></a>\n\n' if formula.label else ""
    inner = aligned(formula.rows)
    inner = rf"\boxed{{{inner}}}" if formula.boxed else inner
    tag = rf" \tag{{{formula.tag}}}" if formula.tag else ""
    return f"{anchor}$$\n{_safe(inner)}{tag}\n$$"


def _safe(latex: str) -> str:
    """A formula that neither HTML nor Markdown can mistake for something else, without macros that GitHub refuses."""
    latex = re.sub(r"\\operatorname\{([^{}]*)\}", r"\\mathrm{\1}", latex)
    return latex.replace("<", r"\lt ").replace(">", r"\gt ").replace("*", r"\ast ")

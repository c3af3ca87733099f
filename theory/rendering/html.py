"""Documents as self-contained HTML pages: MathML, one style sheet, no scripts, no other resources."""

from __future__ import annotations

from html import escape

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
from theory.rendering.layout import Row
from theory.rendering.mathml import mathml
from theory.rendering.style import STYLE


def page(document: Document) -> str:
    """A document as one page."""
    title = escape(document.title)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
        f'<main class="derivation">\n<h1>{title}</h1>\n{body(document)}\n</main>\n</body>\n</html>\n'
    )


def piece(document: Document) -> str:
    """A document as an element for other pages, such as notebooks, with its style."""
    return f'<div class="derivation">\n<style>\n{STYLE}</style>\n{body(document)}\n</div>\n'


def body(document: Document) -> str:
    """The blocks of a document without its title."""
    return "\n".join(_block(block) for block in document.blocks)


def _block(block: Block) -> str:
    match block:
        case Heading():
            name = f"h{block.level + 1}"
            anchor = f' id="{escape(block.label)}"' if block.label else ""
            return f"<{name}{anchor}>{_line(block.content)}</{name}>"
        case Paragraph():
            return f"<p>{_line(block.content)}</p>"
        case Formula():
            return _formula(block)
        case Listing():
            kind = ' class="marked"' if any(item.mark for item in block.items) else ""
            return f"<ul{kind}>\n" + "\n".join(_item(item) for item in block.items) + "\n</ul>"


def _item(item: Item) -> str:
    anchor = f' id="{escape(item.label)}"' if item.label else ""
    mark = f"<b>({escape(item.mark)})</b>" if item.mark else ""
    formulas = "".join(f"\n{_formula(formula)}" for formula in item.formulas)
    return f"<li{anchor}>{mark}{_line(item.content)}{formulas}</li>"


def _line(content: tuple[Span, ...]) -> str:
    return "".join(_span(span) for span in content)


def _span(span: Span) -> str:
    match span:
        case Text():
            return f"<b>{escape(span.text)}</b>" if span.strong else escape(span.text)
        case Math():
            return mathml(span.latex)
        case Reference():
            address = f"{span.elsewhere}.html#{span.label}" if span.elsewhere else f"#{span.label}"
            return f'<a href="{escape(address)}">{escape(span.text)}</a>'
        case Mark():
            return f'<span class="mark {span.standing}">{_line(span.content)}</span>'


def _formula(formula: Formula) -> str:
    anchor = f' id="{escape(formula.label)}"' if formula.label else ""
    boxed = " boxed" if formula.boxed else ""
    tag = f'<a class="tag" href="#{escape(formula.label)}">({escape(formula.tag)})</a>' if formula.tag else ""
    rows = "".join(_row(row) for row in formula.rows)
    return f'<div class="formula{boxed}"{anchor}><div class="lines"><table>{rows}</table></div>{tag}</div>'


def _row(row: Row) -> str:
    size = f' style="font-size:{100 * row.scale:.0f}%"' if row.scale < 1 else ""
    indent = f' style="padding-left:{row.indent}em"' if row.indent else ""
    left = mathml(row.left, display=True) if row.left else ""
    return f"<tr{size}><td>{left}</td><td{indent}>{mathml('{} ' + row.right, display=True)}</td></tr>"

"""Breaking formulas into lines that fit on a page.

The places where a formula may be broken are ranked: at a relation, between the terms of a sum, after
a comma or between terms inside parentheses, and only in need between factors. Among all ways to
break it, the one is chosen that has the fewest lines, breaks at the best places, and fills lines evenly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from theory.rendering.metrics import Box, read, total, width

LINE: Final = 30.0
"""Width of a line in em: what remains of LaTeX's narrowest default page beside an equation number."""

_FUNCTION: Final = re.compile(r"\\(?:arc)?(?:sin|cos|tan)h?(?![a-z])|\\(?:exp|log|det)(?![a-z])|\\operatorname\*?\{")
"""What an argument follows, and no product."""

_QUAD: Final = r"\quad"
_WIDE_LEFT: Final = 0.4
_FORBIDDEN: Final = float("inf")
_LINE_COST: Final = 100.0
_OVERFULL_COST: Final = 1e5
_DEEPER: Final = 150.0


@dataclass(frozen=True)
class Row:
    """One line of a display.

    Attributes
    ----------
    left, right : str
        LaTeX before and after the mark at which lines are aligned.
    indent : int
        How far the right part is moved in, in em.
    scale : float
        1, or less when nothing else makes the line fit.
    """

    left: str
    right: str
    indent: int = 0
    scale: float = 1.0


@dataclass(frozen=True)
class _Piece:
    """What is never broken inside.

    ``cost`` is that of a line break before it. Delimiters know their group and its height, since
    those of a broken group cannot grow by themselves.
    """

    latex: str
    width: float
    depth: int
    cost: float
    group: int = -1
    opening: str = ""
    closing: str = ""
    tall: bool = False
    factor: bool = False


def lay_out(left: str, relation: str, right: str, line: float = LINE) -> tuple[Row, ...]:
    """Break ``left relation right`` into lines.

    Parameters
    ----------
    left, relation, right : str
        LaTeX.
    line : float
        Width of a line in em.
    """
    before, whole = width(left), width(left) + width(relation) + width(right)
    if whole <= line or before <= _WIDE_LEFT * line:
        lines = _broken(right, line - before - width(relation), line - before - 2)
        rows = [Row(left, f"{relation} {lines[0][1]}")]
        rows += [Row("", text, 2 + depth) for depth, text in lines[1:]]
    else:
        rows = [Row("", text, depth) for depth, text in _broken(left, line, line - 2)]
        lines = _broken(right, line - 2 - width(relation), line - 4)
        rows += [Row("", f"{relation} {lines[0][1]}", 2)]
        rows += [Row("", text, 4 + depth) for depth, text in lines[1:]]
    return tuple(_shrunk(row, line) for row in rows)


def lay_out_alone(latex: str, line: float = LINE) -> tuple[Row, ...]:
    """Break an expression without a relation into lines."""
    return tuple(_shrunk(Row("", text, depth), line) for depth, text in _broken(latex, line, line - 2))


def aligned(rows: Sequence[Row], *, always: bool = False) -> str:
    """Rows as LaTeX: one formula, or an ``aligned`` environment."""
    if len(rows) == 1 and not always:
        return f"{rows[0].left} {rows[0].right}".strip()
    return "\n".join((r"\begin{aligned}", " \\\\\n".join(map(row_latex, rows)), r"\end{aligned}"))


def row_latex(row: Row) -> str:
    """One row of an alignment."""
    return f"{row.left} &{_QUAD * row.indent} {row.right}".strip()


def _shrunk(row: Row, line: float) -> Row:
    wide = width(row.left) + row.indent + width(row.right)
    return row if wide <= line * 1.02 else replace(row, scale=max(0.4, line / wide))


def _broken(latex: str, first: float, line: float) -> list[tuple[int, str]]:
    """The lines of an expression with their depths; the first line has its own width."""
    boxes = read(latex)
    if total(boxes) <= first:
        return [(0, latex)]
    pieces = list(_pieces(boxes, max(min(first, line), 4.0)))
    starts = _best(pieces, first, line)
    bounds = [*starts, len(pieces)]
    rows = [pieces[a:b] for a, b in pairwise(bounds)]
    return [(row[0].depth if place else 0, _joined(row, continued=place > 0)) for place, row in enumerate(rows)]


def _best(pieces: Sequence[_Piece], first: float, line: float) -> list[int]:
    """Where lines start: least total cost, by dynamic programming."""
    sums = [0.0]
    for piece in pieces:
        sums.append(sums[-1] + piece.width)
    best = [0.0] + [_FORBIDDEN] * len(pieces)
    come = [0] * (len(pieces) + 1)
    for end in range(1, len(pieces) + 1):
        for start in range(end):
            if best[start] == _FORBIDDEN or (start and pieces[start].cost == _FORBIDDEN):
                continue
            room = line - min(pieces[start].depth, 4) if start else first
            cost = best[start] + _line_cost(sums[end] - sums[start], max(room, 2.0), last=end == len(pieces))
            cost += pieces[start].cost if start else 0.0
            if cost < best[end]:
                best[end], come[end] = cost, start
    starts, at = [], len(pieces)
    while at:
        at = come[at]
        starts.append(at)
    return starts[::-1]


def _line_cost(wide: float, room: float, *, last: bool) -> float:
    if wide > room:
        return _LINE_COST + _OVERFULL_COST * (wide / room - 1)
    return _LINE_COST + (0.0 if last else 30.0 * (1 - wide / room) ** 2)


def _joined(row: Sequence[_Piece], *, continued: bool) -> str:
    """The LaTeX of one line; delimiters whose partner is on another line get a fixed size."""
    opened = {piece.group for piece in row if piece.opening}
    closed = {piece.group for piece in row if piece.closing}
    parts = [r"\cdot"] if continued and row[0].factor else []
    for piece in row:
        if piece.opening and piece.group not in closed:
            parts.append((r"\Bigl" if piece.tall else r"\bigl") + piece.opening)
        elif piece.closing and piece.group not in opened:
            parts.append((r"\Bigr" if piece.tall else r"\bigr") + piece.closing)
        else:
            parts.append(piece.latex)
    return " ".join(parts)


def _pieces(boxes: Iterable[Box], room: float) -> Iterator[_Piece]:
    """All pieces of a formula, groups opened up to any depth."""
    counter = iter(range(1_000_000))
    yield from _row_pieces(tuple(boxes), room, 0, counter)


def _row_pieces(boxes: Sequence[Box], room: float, depth: int, counter: Iterator[int]) -> Iterator[_Piece]:
    before: Box | None = None
    for box in _loosened(boxes, room):
        cost, factor = _cost(box, before, depth)
        inside = bool(box.body) and box.opening not in ("frac", "sqrt", ".")
        if inside and any(part.kind in ("binary", "punctuation", "relation") for part in _deep(box)):
            group = next(counter)
            side = (box.width - total(box.body)) / 2
            plain = not box.latex.startswith(r"\left")
            yield _Piece(
                box.opening if plain else rf"\left{box.opening}",
                side, depth, cost, group, box.opening, tall=box.tall, factor=factor,
            )  # fmt: skip
            yield from _row_pieces(box.body, room, depth + 1, counter)
            closing = box.closing if plain else rf"\right{box.closing}"
            yield _Piece(closing, side, depth, _FORBIDDEN, group, closing=box.closing, tall=box.tall)
        else:
            yield _Piece(box.latex, box.width, depth, cost, factor=factor)
        before = box


def _deep(box: Box) -> Iterator[Box]:
    """The boxes inside a group, at every depth."""
    for part in box.body:
        yield part
        yield from _deep(part)


def _cost(box: Box, before: Box | None, depth: int) -> tuple[float, bool]:
    """What a line break before a box costs, and whether it is between factors."""
    if before is None or _FUNCTION.match(before.latex):
        return _FORBIDDEN, False
    if box.kind == "relation":
        return (_DEEPER * depth, False) if before.kind != "relation" else (_FORBIDDEN, False)
    if box.kind == "binary":
        return 1 + _DEEPER * depth, False
    if before.kind == "punctuation":
        return 5 + _DEEPER * depth, False
    if box.kind == "ordinary" and before.kind == "ordinary" and not box.latex.isdigit():
        return 250 + _DEEPER * depth, True
    return _FORBIDDEN, False


def _loosened(boxes: Iterable[Box], room: float) -> Iterator[Box]:
    """Write fractions and roots that are wider than a line as products, which can be broken."""
    for box in boxes:
        if box.width <= room or box.opening not in ("frac", "sqrt"):
            yield box
            continue
        inner = " ".join(part.latex for part in box.body)
        if box.opening == "sqrt":
            yield from read(rf"\left({inner}\right)^{{1/2}}")
        elif width(box.closing) <= room / 2:
            yield from read(rf"\frac{{1}}{box.closing} \left({inner}\right)")
        else:
            yield from read(rf"\left({inner}\right) \left({box.closing[1:-1]}\right)^{{-1}}")

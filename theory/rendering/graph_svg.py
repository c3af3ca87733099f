"""The graph of derivations as a drawing: columns from what is used to what uses it.

Every edge is cut where it passes a column, and the pieces get places of their own between the boxes,
so that no edge runs behind a box. The order within the columns is found by barycentres, and the places
by least squares that keep the order. The same graph always gives the same drawing.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from typing import Final

from theory.graph import Graph, Status

BOX: Final = 214
CHANNEL: Final = 74
MARGIN: Final = 22
LINE: Final = 17
GAP: Final = 20
COLUMN: Final = BOX + CHANNEL
TITLE_CHARACTERS: Final = 27
TITLE_LINES: Final = 3
SWEEPS: Final = 24

COLOURS: Final = {
    Status.PROVED: (("#e4f4e6", "#2b7a3b"), ("#17331d", "#6cc47e")),
    Status.GIVEN: (("#e3eefb", "#2461ad"), ("#15304e", "#82b6f2")),
    Status.INSTANCES: (("#fdf1d6", "#9a6200"), ("#3d2f0d", "#e4b552")),
    Status.FAILED: (("#fbe2e0", "#b0261f"), ("#451d1a", "#f18e86")),
    Status.CITED: (("#efefef", "#6b6b6b"), ("#2a2d32", "#a0a6ad")),
}

STYLE: Final = """
text {{ font: 13px system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; fill: {ink}; }}
.paper {{ fill: {paper}; }} .id {{ font-weight: 600; }} .heading {{ font-size: 17px; font-weight: 600; }}
.edge {{ fill: none; stroke: {line}; stroke-width: 1.4; }} .tip {{ fill: {line}; }}
rect.box {{ stroke-width: 1.5; }} .inherited rect.box {{ stroke-dasharray: 5 3; }}
"""
LIGHT: Final = {"ink": "#1b1b1b", "paper": "#ffffff", "line": "#7b828a"}
DARK: Final = {"ink": "#ececec", "paper": "#14171b", "line": "#8b939c"}

Item = str | tuple[str, str, int]
"""A box by its id, or the place where an edge passes a column: from, to, column."""


@dataclass
class _Layout:
    """Where everything lies.

    Attributes
    ----------
    columns : list of list
        Items by column, each from top to bottom.
    edges : list of (str, str)
    links : list of (item, item)
        Pieces of edges between neighbouring columns.
    heights : dict
        Of every item.
    centres : dict
        Vertical centre of every item.
    """

    columns: list[list[Item]]
    edges: list[tuple[str, str]]
    links: list[tuple[Item, Item]]
    heights: dict[Item, float]
    centres: dict[Item, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.before: dict[Item, list[Item]] = {item: [] for column in self.columns for item in column}
        self.after: dict[Item, list[Item]] = {item: [] for column in self.columns for item in column}
        for left, right in self.links:
            self.after[left].append(right)
            self.before[right].append(left)

    def crossings(self) -> int:
        """How many pairs of pieces cross."""
        place = {item: row for column in self.columns for row, item in enumerate(column)}
        column_of = {item: number for number, column in enumerate(self.columns) for item in column}
        count = 0
        for number, (a, b) in enumerate(self.links):
            for c, d in self.links[number + 1 :]:
                same = column_of[a] == column_of[c]
                count += same and (place[a] - place[c]) * (place[b] - place[d]) < 0
        return count

    def order(self) -> None:
        """Order the columns by the mean place of their neighbours, and keep the best order met."""
        best, fewest = [list(column) for column in self.columns], self.crossings()
        for sweep in range(SWEEPS):
            neighbours = self.before if sweep % 2 == 0 else self.after
            for column in self.columns if sweep % 2 == 0 else reversed(self.columns):
                place = {item: row / max(len(c) - 1, 1) for c in self.columns for row, item in enumerate(c)}
                column.sort(key=lambda item: _mean([place[n] for n in neighbours[item]], place[item]))
            if self.crossings() < fewest:
                best, fewest = [list(column) for column in self.columns], self.crossings()
        self.columns = best

    def settle(self) -> None:
        """Move everything towards its neighbours without changing the order."""
        for column in self.columns:
            self._place(column, dict.fromkeys(column, 0.0))
        for sweep in range(SWEEPS):
            for column in self.columns if sweep % 2 == 0 else reversed(self.columns):
                wished = {}
                for item in column:
                    near = [self.centres[n] for n in (*self.before[item], *self.after[item])]
                    wished[item] = _mean(near, self.centres[item])
                self._place(column, wished)
        top = min(self.centres[item] - self.heights[item] / 2 for column in self.columns for item in column)
        self.centres = {item: round(centre - top, 1) for item, centre in self.centres.items()}

    def _place(self, column: Sequence[Item], wished: dict[Item, float]) -> None:
        """The places nearest to those wished, in least squares, at which nothing overlaps."""
        offsets, offset = [], 0.0
        for previous, item in zip((None, *column), column, strict=False):
            if previous is not None:
                offset += (self.heights[previous] + self.heights[item]) / 2 + GAP
            offsets.append(offset)
        blocks: list[list[float]] = []
        for item, shift in zip(column, offsets, strict=True):
            blocks.append([wished[item] - shift])
            while len(blocks) > 1 and _mean(blocks[-2], 0) > _mean(blocks[-1], 0):
                blocks[-2:] = [blocks[-2] + blocks[-1]]
        settled = [_mean(block, 0) for block in blocks for _ in block]
        for item, place, shift in zip(column, settled, offsets, strict=True):
            self.centres[item] = place + shift

    @property
    def height(self) -> float:
        """Of everything."""
        return max(self.centres[i] + self.heights[i] / 2 for column in self.columns for i in column)


def graph_svg(graph: Graph) -> str:
    """Draw the graph as an SVG that stands on its own and follows the reader's light or dark theme."""
    groups = _groups(graph)
    layouts = [_arrange(graph, group) for group in groups if len(group) > 1]
    across = max([len(layout.columns) for layout in layouts] + [3])
    width = 2 * MARGIN + across * COLUMN - CHANNEL
    body = [_text(MARGIN, MARGIN + 10, "What each derivation builds on", "heading")]
    low = MARGIN + 36.0
    for layout in layouts:
        body += _edges(layout, low)
        for number, column in enumerate(layout.columns):
            for item in column:
                if isinstance(item, str):
                    y = low + layout.centres[item] - layout.heights[item] / 2
                    body.append(_box(graph, item, MARGIN + number * COLUMN, y))
        low += layout.height + 1.6 * GAP
    low = _row_of_boxes(graph, [group[0] for group in groups if len(group) == 1], across, low, body)
    height = _legend(graph, width, low + 6, body)
    return _document(width, height, body)


def _groups(graph: Graph) -> list[list[str]]:
    """What hangs together, the largest first."""
    group = {name: [name] for name in graph.nodes}
    for used, user in graph.edges:
        if group[used] is not group[user]:
            joined = group[used] + group[user]
            group.update(dict.fromkeys(joined, joined))
    found = {id(names): names for names in group.values()}
    return sorted(found.values(), key=lambda names: -len(names))


def _arrange(graph: Graph, names: Iterable[str]) -> _Layout:
    """Columns for these, which hang together."""
    column = _columns(graph, set(names))
    columns: list[list[Item]] = [[] for _ in range(max(column.values(), default=-1) + 1)]
    for name in graph.nodes:
        if name in column:
            columns[column[name]].append(name)
    links: list[tuple[Item, Item]] = []
    edges = [(used, user) for used, user in graph.edges if user in column]
    for used, user in edges:
        passed: list[Item] = [(used, user, number) for number in range(column[used] + 1, column[user])]
        for item in passed:
            columns[item[2] if isinstance(item, tuple) else 0].append(item)
        chain: list[Item] = [used, *passed, user]
        links += pairwise(chain)
    heights = {item: _height(graph, item) if isinstance(item, str) else 2.0 for c in columns for item in c}
    layout = _Layout(columns, edges, links, heights)
    layout.order()
    layout.settle()
    return layout


def _columns(graph: Graph, names: set[str]) -> dict[str, int]:
    """The longest path to each, and what builds on nothing right before its first use."""
    column: dict[str, int] = {}
    by_layer = [name for layer in graph.layers for name in layer if name in names]
    for name in sorted(by_layer, key=lambda n: graph.nodes[n].own is not Status.CITED):
        column[name] = 1 + max((column[used] for used in graph.behind(name)), default=-1)
    for name in by_layer:
        if not graph.behind(name):
            column[name] = min(column[user] for used, user in graph.edges if used == name) - 1
    return column


def _height(graph: Graph, name: str) -> float:
    return 13.0 + LINE * len(_label(graph, name))


def _label(graph: Graph, name: str) -> list[str]:
    """The lines in a box: the id, then the title; of a cited theorem, its reference."""
    one = graph.nodes[name]
    if one.own is Status.CITED:
        return textwrap.wrap(name, TITLE_CHARACTERS, max_lines=TITLE_LINES, placeholder=" …")
    mark = graph.status(name).mark
    return [f"{mark} {name}", *textwrap.wrap(one.title, TITLE_CHARACTERS, max_lines=TITLE_LINES, placeholder=" …")]


def _box(graph: Graph, name: str, x: float, y: float) -> str:
    """A box with its lines, and all about it as a tooltip."""
    one, status, lines = graph.nodes[name], graph.status(name), _label(graph, name)
    about = [f"{name}: {one.title}", status.value]
    if one.lines:
        about.append(f"{one.lines} lines, {one.obligations} identities and signs")
    about += graph.remarks(name)
    kind = status.name.lower() + (" inherited" if graph.inherited(name) else "")
    first = "" if one.own is Status.CITED else "id"
    texts = "".join(
        _text(x + 10, y + 5 + LINE * (row + 0.75), line, first if row == 0 else "") for row, line in enumerate(lines)
    )
    return (
        f'<g class="{kind}"><title>{escape(chr(10).join(about))}</title>'
        f'<rect class="box" x="{x:g}" y="{y:g}" width="{BOX}" height="{_height(graph, name):g}" rx="7"/>{texts}</g>'
    )


def _edges(layout: _Layout, top: float) -> list[str]:
    """Every edge as one curve: horizontal past a column, bent between columns."""
    number_of = {item: number for number, column in enumerate(layout.columns) for item in column}
    leaving = _ports(layout, layout.after, lambda one, other: (one, other))
    entering = _ports(layout, layout.before, lambda one, other: (other, one))
    drawn = []
    for used, user in layout.edges:
        chain: list[Item] = [used, *((used, user, c) for c in range(number_of[used] + 1, number_of[user])), user]
        path = ""
        for link in pairwise(chain):
            x = MARGIN + number_of[link[0]] * COLUMN + BOX
            tip = 7 if link[1] == user else 0
            start, end = top + leaving[link], top + entering[link]
            path += f"M{x:g} {start:g}" if not path else f"H{x:g}"
            bend, far = x + CHANNEL / 2, x + CHANNEL - tip
            path += f"C{bend:g} {start:g} {bend:g} {end:g} {far:g} {end:g}"
        end, far = top + entering[(chain[-2], user)], MARGIN + number_of[user] * COLUMN
        drawn.append(
            f'<g><title>{escape(f"{user} builds on {used}")}</title><path class="edge" d="{path}"/>'
            f'<path class="tip" d="M{far:g} {end:g}l-9 -4.5v9z"/></g>'
        )
    return drawn


def _ports(
    layout: _Layout, neighbours: dict[Item, list[Item]], link: Callable[[Item, Item], tuple[Item, Item]]
) -> dict[tuple[Item, Item], float]:
    """Where on the side of a box each of its edges begins or ends, in the order of the other ends."""
    found = {}
    for item, others in neighbours.items():
        step = min(11.0, (layout.heights[item] - 16) / max(len(others) - 1, 1)) if isinstance(item, str) else 0.0
        for row, other in enumerate(sorted(others, key=lambda o: layout.centres[o])):
            found[link(item, other)] = round(layout.centres[item] + (row - (len(others) - 1) / 2) * step, 1)
    return found


def _row_of_boxes(graph: Graph, names: list[str], across: int, top: float, body: list[str]) -> float:
    """Boxes without edges, side by side; the lower end of them."""
    for begin in range(0, len(names), across):
        row = names[begin : begin + across]
        for number, name in enumerate(row):
            body.append(_box(graph, name, MARGIN + number * COLUMN, top))
        top += max(_height(graph, name) for name in row) + GAP
    return top


def _legend(graph: Graph, width: float, top: float, body: list[str]) -> float:
    """What colours, borders and arrows mean, of those that occur; the height of the drawing."""
    entries = [
        (f"{status.mark} {status.value}", status.name.lower())
        for status in Status
        if any(graph.status(name) is status for name in graph.nodes)
    ]
    if any(graph.inherited(name) for name in graph.nodes):
        entries.append(("dashed: not by its own lines, but through what it uses", "inherited none"))
    entries.append(("an arrow leads from what is used to what uses it", ""))
    x, y = float(MARGIN), top + 8
    for words, kind in entries:
        wide = 34 + 6.8 * len(words)
        if x > MARGIN and x + wide > width - MARGIN:
            x, y = float(MARGIN), y + 26
        if kind:
            body.append(f'<g class="{kind}"><rect class="box" x="{x:g}" y="{y:g}" width="22" height="15" rx="4"/></g>')
        else:
            body.append(f'<path class="edge" d="M{x:g} {y + 7.5:g}h15"/><path class="tip" d="M{x + 22:g} {y + 7.5:g}')
            body[-1] += 'l-9 -4.5v9z"/>'
        body.append(_text(x + 28, y + 12, words, ""))
        x += wide + 14
    return y + 15 + MARGIN


def _text(x: float, y: float, words: str, kind: str) -> str:
    label = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}"{label}>{escape(words)}</text>'


def _document(width: float, height: float, body: list[str]) -> str:
    def colours(theme: int) -> str:
        boxes = (
            f".{s.name.lower()} rect.box {{ fill: {c[theme][0]}; stroke: {c[theme][1]}; }}" for s, c in COLOURS.items()
        )
        line = (LIGHT, DARK)[theme]["line"]
        return STYLE.format(**(LIGHT, DARK)[theme]) + "\n".join(
            (*boxes, f".none rect.box {{ fill: none; stroke: {line}; }}")
        )

    style = f"{colours(0)}\n@media (prefers-color-scheme: dark) {{{colours(1)}\n}}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img">\n<title>What each derivation builds on</title>\n<style>{style}\n</style>\n'
        f'<rect class="paper" width="100%" height="100%"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise

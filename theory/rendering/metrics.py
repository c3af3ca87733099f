"""How wide LaTeX formulas are when typeset, estimated from the widths of Computer Modern.

A formula is read into boxes: symbols with their scripts, fractions, and groups between delimiters.
Widths are in em of the surrounding text. The estimate is meant to be right within a few percent, on
the wide side.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final, Literal

Kind = Literal["ordinary", "binary", "relation", "punctuation", "operator", "space"]

_TOKEN: Final = re.compile(r"\\[A-Za-z]+|\\.|\s+|\d+|.", re.DOTALL)
_SCRIPT: Final = 0.72
_DELIMITER: Final = 0.46
_TALL_DELIMITER: Final = 0.8
_ITALIC: Final = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (
            *(0.529, 0.429, 0.433, 0.52, 0.466, 0.6, 0.48, 0.576, 0.345, 0.47, 0.55, 0.32, 0.878, 0.6, 0.485, 0.503),
            *(0.48, 0.48, 0.469, 0.361, 0.572, 0.52, 0.74, 0.572, 0.53, 0.51),
            *(0.75, 0.81, 0.79, 0.86, 0.8, 0.78, 0.79, 0.91, 0.52, 0.65, 0.92, 0.68, 1.08, 0.91, 0.79, 0.78, 0.79),
            *(0.77, 0.67, 0.72, 0.79, 0.81, 1.08, 0.91, 0.8, 0.75),
        ),
        strict=True,
    )
)
_COMMANDS: Final = {
    "alpha": 0.64, "beta": 0.62, "gamma": 0.57, "delta": 0.48, "epsilon": 0.41, "varepsilon": 0.47, "zeta": 0.51,
    "eta": 0.53, "theta": 0.5, "kappa": 0.58, "lambda": 0.58, "mu": 0.6, "nu": 0.56, "xi": 0.48, "pi": 0.6,
    "rho": 0.52, "sigma": 0.61, "tau": 0.55, "phi": 0.6, "chi": 0.63, "psi": 0.69, "omega": 0.66, "Gamma": 0.76,
    "Delta": 0.83, "Lambda": 0.69, "Sigma": 0.83, "Omega": 0.77, "ell": 0.42, "infty": 1.0, "top": 0.78,
    "cdots": 1.34, "ldots": 1.34, "dots": 1.34, "lVert": 0.5, "rVert": 0.5, "partial": 0.59, "cos": 1.3, "sin": 1.2,
    "arccos": 2.7, "arcsin": 2.6, "tanh": 2.1,
    "exp": 1.5, "log": 1.3, "displaystyle": 0.0, "bigl": 0.1, "bigr": 0.1,
    "Bigl": 0.3, "Bigr": 0.3, "prime": 0.3, "mid": 0.9,
}  # fmt: skip
_OPERATORS: Final = {
    "sum": 1.7,
    "prod": 1.55,
    "int": 0.9,
    "lim": 1.5,
    "limsup": 3.3,
    "liminf": 2.9,
    "max": 1.9,
    "min": 1.8,
}
_RELATIONS: Final = {"=", "<", ">", ":", r"\le", r"\leq", r"\ge", r"\geq", r"\ne", r"\neq", r"\to", r"\approx", r"\in"}
_BINARIES: Final = {"+": 1.23, "-": 1.23, r"\cdot": 0.73, r"\times": 1.23, r"\pm": 1.23, r"\otimes": 1.23}
_SPACES: Final = {r"\,": 0.17, r"\:": 0.22, r"\;": 0.28, r"\quad": 1.0, r"\qquad": 2.0, r"\ ": 0.34, r"\!": -0.17}
_ACCENTS: Final = {"tilde", "hat", "bar", "widetilde", "widehat", "overline", "dot", "mathcal", "mathbf"}
_TEXTS: Final = {"operatorname", "text", "mathrm", "mathsf", "mathtt", "textbf", "mathit"}
_CLOSING: Final = {"(": ")", "[": "]", r"\|": r"\|", r"\lVert": r"\rVert", r"\langle": r"\rangle"}


@dataclass(frozen=True)
class Box:
    """A piece of a formula.

    Attributes
    ----------
    latex : str
    width : float
    kind : str
    tall : bool
        Whether it stands out of the line, as fractions and sums do.
    body : tuple of Box
        What stands between the delimiters of a group, or in the numerator of a fraction.
    opening, closing : str
        Delimiters; the closing one with its scripts. For a fraction, ``"frac"`` and the denominator.
    """

    latex: str
    width: float
    kind: Kind = "ordinary"
    tall: bool = False
    body: tuple[Box, ...] = ()
    opening: str = ""
    closing: str = ""


def read(latex: str) -> tuple[Box, ...]:
    """The boxes of a formula, in order."""
    return _Reader(latex).row()


def width(latex: str) -> float:
    """The estimated width of a formula in em."""
    return total(read(latex))


def total(boxes: tuple[Box, ...]) -> float:
    """The width of boxes beside each other."""
    return sum(box.width for box in boxes)


class _Reader:
    """Reads tokens into boxes."""

    def __init__(self, latex: str) -> None:
        self._tokens: list[str] = _TOKEN.findall(latex)
        self._at = 0
        self._small = False

    def row(self, stop: str = "") -> tuple[Box, ...]:
        """Boxes up to the end or a stopping piece, which is passed over."""
        boxes: list[Box] = []
        while self._at < len(self._tokens):
            piece = self._tokens[self._at]
            if piece == stop:
                self._at += 1
                break
            if piece.isspace():
                self._at += 1
                continue
            boxes.append(self._unary(self._scripted(), boxes))
        return tuple(boxes)

    @staticmethod
    def _unary(box: Box, before: list[Box]) -> Box:
        """A sign at the start of a term is no binary operator."""
        if box.kind == "binary" and (not before or before[-1].kind not in ("ordinary", "space")):
            return replace(box, kind="operator", width=box.width - 0.44)
        return box

    def _since(self, start: int) -> str:
        return "".join(self._tokens[start : self._at])

    def _scripted(self) -> Box:
        start = self._at
        box = self._atom()
        base, closing_from = box, self._at
        widths = [0.0]
        while self._peek() in ("_", "^", "'"):
            mark = self._tokens[self._at]
            self._at += 1
            widths.append(0.3 if mark == "'" else _SCRIPT * total(self._argument()))
        if len(widths) == 1:
            return base
        stacked = base.kind == "operator" and base.tall
        grown = max(base.width, *widths) if stacked else base.width + max(widths) + 0.05
        closing = base.closing + self._since(closing_from) if base.body and base.opening != "frac" else base.closing
        return replace(base, latex=self._since(start).rstrip(), width=grown, closing=closing)

    def _peek(self) -> str:
        while self._at < len(self._tokens) and self._tokens[self._at].isspace():
            self._at += 1
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _argument(self) -> tuple[Box, ...]:
        if self._peek() == "{":
            self._at += 1
            return self.row("}")
        return (self._atom(),) if self._at < len(self._tokens) else ()

    def _raw(self) -> str:
        """The text of an argument in braces."""
        start, depth = self._at, 0
        while self._at < len(self._tokens):
            piece = self._tokens[self._at]
            depth += (piece == "{") - (piece == "}")
            self._at += 1
            if depth == 0 and not piece.isspace():
                break
        return self._since(start).strip().strip("{}")

    def _atom(self) -> Box:
        start = self._at
        piece = self._tokens[self._at]
        self._at += 1
        if piece == "{":
            inner = self.row("}")
            return Box(self._since(start), total(inner), tall=any(box.tall for box in inner))
        if piece in _CLOSING:
            return self._plain_group(start, piece)
        if piece == r"\left":
            return self._group(start)
        if piece == r"\begin":
            return self._matrix(start)
        if piece[0] == "\\" and piece[1:].isalpha():
            return self._command(start, piece[1:])
        return self._symbol(piece)

    def _symbol(self, piece: str) -> Box:
        if piece in _RELATIONS:
            return Box(piece, 1.34 if piece != ":" else 0.6, "relation")
        if piece in _BINARIES:
            return Box(piece, _BINARIES[piece], "binary")
        if piece in _SPACES:
            return Box(piece, _SPACES[piece], "space")
        if piece in (",", ";"):
            return Box(piece, 0.45, "punctuation")
        return Box(piece, _ITALIC.get(piece, 0.5 * len(piece) if piece.isdigit() else 0.5))

    def _command(self, start: int, name: str) -> Box:
        symbol = "\\" + name
        if name in ("frac", "dfrac", "tfrac"):
            return self._fraction(start)
        if name == "sqrt":
            return self._root(start)
        if name in _ACCENTS:
            inner = self._argument()
            return Box(self._since(start), max(total(inner), 0.5))
        if name in _TEXTS:
            words = self._raw()
            kind: Kind = "operator" if name == "operatorname" else "ordinary"
            return Box(self._since(start), 0.55 * len(words) + 0.17 * (kind == "operator"), kind)
        if name in _OPERATORS:
            return Box(symbol, _OPERATORS[name], "operator", tall=True)
        known = symbol in _RELATIONS or symbol in _BINARIES or symbol in _SPACES
        return self._symbol(symbol) if known else Box(symbol, _COMMANDS.get(name, 0.6))

    def _root(self, start: int) -> Box:
        if self._peek() == "[":
            self._at += 1
            self.row("]")
        inner = self._argument()
        tall = any(box.tall for box in inner)
        return Box(self._since(start), total(inner) + 0.9, tall=tall, body=inner, opening="sqrt")

    def _fraction(self, start: int) -> Box:
        numerator = self._argument()
        lower = self._at
        denominator = self._argument()
        below = self._since(lower).strip()
        wide = max(total(numerator), total(denominator)) * (_SCRIPT if self._small else 1.0) + 0.3
        return Box(self._since(start), wide, tall=True, body=numerator, opening="frac", closing=below)

    def _group(self, start: int) -> Box:
        opening = self._delimiter()
        inner = self.row(r"\right")
        closing = self._delimiter()
        tall = any(box.tall for box in inner)
        sides = (opening != ".") + (closing != ".")
        wide = total(inner) + sides * (_TALL_DELIMITER if tall else _DELIMITER)
        kind: Kind = "operator" if opening == "." else "ordinary"
        return Box(self._since(start), wide, kind, tall, inner, opening, closing)

    def _plain_group(self, start: int, opening: str) -> Box:
        after = self._at
        inner = self.row(_CLOSING[opening])
        if self._tokens[self._at - 1] != _CLOSING[opening]:
            self._at = after
            return Box(opening, _DELIMITER)
        tall = any(box.tall for box in inner)
        wide, closing = total(inner) + 2 * _DELIMITER, _CLOSING[opening]
        return Box(self._since(start), wide, "ordinary", tall, inner, opening, closing)

    def _delimiter(self) -> str:
        piece = self._peek()
        self._at += 1
        return piece

    def _matrix(self, start: int) -> Box:
        self._raw()
        self._small = True
        columns: list[float] = [0.0]
        column, rows = 0, 1
        while self._at < len(self._tokens) and self._tokens[self._at] != r"\end":
            piece = self._tokens[self._at]
            if piece in ("&", r"\\"):
                self._at += 1
                column = column + 1 if piece == "&" else 0
                rows += piece != "&"
                columns += [0.0] * (column + 1 - len(columns))
            elif piece.isspace():
                self._at += 1
            else:
                cell = self._cell()
                columns[column] = max(columns[column], cell)
        self._at += 1
        self._raw()
        self._small = False
        return Box(self._since(start), sum(columns) + 1.0 * (len(columns) - 1) + 1.2, tall=rows > 1)

    def _cell(self) -> float:
        wide = 0.0
        while self._at < len(self._tokens) and self._tokens[self._at] not in ("&", r"\\", r"\end"):
            if self._tokens[self._at].isspace():
                self._at += 1
            else:
                wide += self._scripted().width
        return wide

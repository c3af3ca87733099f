"""Words with mathematics between dollar signs: taken apart, and turned into plain text."""

from __future__ import annotations

import re
from typing import Final

from theory.rendering.document import Math, Span, Text

_NAMES: Final = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon "
    "phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
)
_LETTERS: Final = "αβγδεεζηθικλμνξπρστυφφχψωΓΔΘΛΞΠΣΦΨΩ"
_GREEK: Final = dict(zip(_NAMES.split(), _LETTERS, strict=True))
SYMBOLS: Final[dict[str, str]] = _GREEK | {
    "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "lt": "<", "gt": ">", "in": "∈",
    "to": "→", "mapsto": "↦", "infty": "∞", "sum": "Σ", "prod": "∏", "cdot": "·", "times": "×", "otimes": "⊗",
    "pm": "±", "ell": "ℓ", "ldots": "…", "cdots": "⋯", "dots": "…", "lVert": "‖", "rVert": "‖", "top": "ᵀ",
    "langle": "⟨", "rangle": "⟩", "approx": "≈", "sim": "∼", "partial": "∂", "mid": "|", "Vert": "‖",
    "quad": " ", "qquad": "  ",
}  # fmt: skip
"""LaTeX commands without arguments and the characters they stand for."""

_ACCENTS: Final = {"tilde": "\u0303", "widetilde": "\u0303", "hat": "\u0302", "bar": "\u0304", "dot": "\u0307"}
_UPPER: Final = str.maketrans("0123456789+-jkntT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ʲᵏⁿᵗᵀ")
_BRACED: Final = r"\{([^{}]*)\}"
_RULES: Final[tuple[tuple[str, str], ...]] = (
    (rf"\\(?:operatorname|text|mathrm|mathsf|mathbf|mathbb|mathcal|boldsymbol){_BRACED}", r"\1"),
    (r"\\left\.|\\right\.|\\(?:left|right|[bB]igg?[lr]?|displaystyle)(?![A-Za-z])\s*", ""),
    (r"\\([{}])", r"\1"),
    (r"\\\|", "‖"),
    (r"\\[,:; ]", " "),
    (r"\\!", ""),
)


def spans(words: str) -> tuple[Span, ...]:
    """Text and mathematics in turn; an odd dollar sign is a dollar sign."""
    parts = words.split("$")
    if len(parts) % 2 == 0:
        parts[-2:] = ["$".join(parts[-2:])]
    return tuple(Math(part) if place % 2 else Text(part) for place, part in enumerate(parts) if part)


def plain(words: str) -> str:
    r"""Words as readable text, the mathematics in Unicode.

    Examples
    --------
    >>> plain("the weight $\\rho_{j} \\le \\nu_{W}^{2}$ decays")
    'the weight ρ_j ≤ ν_W² decays'
    """
    return "".join(plain_math(span.latex) if isinstance(span, Math) else span.text for span in _simple(words))


def plain_math(latex: str) -> str:
    """A formula in Unicode, as far as it can be written on one line."""
    text = latex
    for pattern, replacement in _RULES:
        text = re.sub(pattern, replacement, text)
    for command, character in SYMBOLS.items():
        space = r"\s?" if command in _GREEK else ""
        text = re.sub(rf"\\{command}(?![A-Za-z]){space}", character, text)
    while True:
        shorter = _innermost(text)
        if shorter == text:
            break
        text = shorter
    text = re.sub(r"\s+", " ", text.replace("{", "").replace("}", "").replace("\\", ""))
    return text.strip()


def _simple(words: str) -> tuple[Text | Math, ...]:
    return tuple(span for span in spans(words) if isinstance(span, Text | Math))


def _innermost(text: str) -> str:
    """Write out one level of braces, fractions, roots, accents and scripts."""
    text = re.sub(rf"\\(?:d|t)?frac{_BRACED}{_BRACED}", lambda m: f"{_tight(m[1])}/{_tight(m[2])}", text)
    text = re.sub(rf"\\sqrt{_BRACED}", lambda m: f"√{_tight(m[1])}", text)
    for command, mark in _ACCENTS.items():
        text = re.sub(rf"\\{command}(?:{_BRACED}|\s*([A-Za-z]))", lambda m, mark=mark: f"{m[1] or m[2]}{mark}", text)  # type: ignore[misc]
    text = re.sub(rf"\^(?:{_BRACED}|(\w))", lambda m: _superscript(m[1] if m[1] is not None else m[2]), text)
    return re.sub(rf"_{_BRACED}", lambda m: f"_{_tight(m[1])}", text)


def _superscript(exponent: str) -> str:
    exponent = exponent.strip()
    if exponent == "ᵀ":
        return exponent
    raised = exponent.translate(_UPPER)
    return raised if not set(raised) & set(exponent) else f"^{_tight(exponent)}"


def _tight(part: str) -> str:
    part = part.strip()
    return part if re.fullmatch(r"√?\w+|\([^()]*\)|\S[\u0303\u0302\u0304\u0307]?", part) else f"({part})"

"""Every statement that is derived: what it is called, and where its derivations are.

Modules are imported only when they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from theory.derivation import Derivation


@dataclass(frozen=True)
class Statement:
    """A statement of the paper.

    Attributes
    ----------
    id, title : str
        Such as ``"3.3"`` and ``"Theorem 3.3"``.
    about : str
        One line about it.
    sources : tuple of str
        ``module:function`` of each derivation, in the order of its parts.
    """

    id: str
    title: str
    about: str
    sources: tuple[str, ...]

    @property
    def slug(self) -> str:
        """Its file name without a suffix, such as ``theorem-3.3``."""
        return self.title.lower().replace(" ", "-").replace("(", "").replace(")", "")

    def derivations(self) -> tuple[Derivation, ...]:
        """The derivations of its parts."""
        return tuple(_load(source) for source in self.sources)


STATEMENTS: Final[dict[str, Statement]] = {
    statement.id: statement
    for statement in (
        Statement(
            "2.1",
            "Proposition 2.1",
            "linear RNNs and convolutions realize each other",
            ("proposition_2_1:unrolling", "proposition_2_1:realization"),
        ),
        Statement("B.1", "Lemma B.1", "a sum over a basis is an expectation over a Gaussian", ("lemma_b_1:basis",)),
        Statement("3.2", "Theorem 3.2", "the tangent kernel of the convolution", ("theorem_3_2:convolution_kernel",)),
        Statement(
            "3.3",
            "Theorem 3.3",
            "impulse response and tangent kernel of a wide linear RNN",
            ("theorem_3_3a:impulse_response", "theorem_3_3b:linearized_kernel"),
        ),
        Statement("22", "Bound (22)", "the weights decay geometrically", ("bound_22:decay",)),
        Statement(
            "4.1",
            "Theorem 4.1",
            "how far gradient descent moves the impulse response",
            ("theorem_4_1a:initial_norm", "theorem_4_1b:training"),
        ),
        Statement(
            "C.1",
            "Lemma C.1",
            "Gaussian recursions and their state evolution",
            (
                "lemma_c_1b:conditioning",
                "lemma_c_1a:state_evolution",
                "isserlis:isserlis",
                "arc_cosine:arc_cosine",
                "arcsine:arcsine",
            ),
        ),
        Statement("stability", "Stability", "which variances make the linear RNN stable", ("stability:stability",)),
        Statement("32", "Distance (32)", "the Wasserstein distance of Gaussians", ("distance_32:gaussian_distance",)),
    )
}


PARTS: Final[dict[str, str]] = dict.fromkeys(("conditioning", "isserlis", "arc-cosine", "arcsine"), "C.1")
"""Derivations that are not named after the statement they are part of."""


def all_derivations() -> Iterator[Derivation]:
    """Every derivation, in the order of the statements."""
    for statement in STATEMENTS.values():
        yield from statement.derivations()


@cache
def _load(source: str) -> Derivation:
    module, function = source.split(":")
    written: Any = getattr(import_module(f"theory.statements.{module}"), function)
    derivation: Derivation = written()
    return derivation

"""Lemma B.1: a sum over an orthonormal basis is an expectation over a Gaussian (38).

The trials take integer matrices for the linear maps and a random rational orthogonal basis. The
Gaussian coordinates are replaced by independent signs: they have the same first two moments, and
the average over all signs is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any, Final

import sympy as sp

from proofs_check.symbolic.assembly import symbolic_theorem
from proofs_check.symbolic.evaluation import Interpretation, Matrix, fractions
from proofs_check.symbolic.exact_arrays import Generator, integers, orthogonal
from proofs_check.symbolic.statement import Formula, Part, SymbolicContext, Trial, Variant
from proofs_check.theorem import Theorem
from theory.operators import Expectation
from theory.statements.lemma_b_1 import basis, dimension, image, image_transposed, value, value_transposed
from theory.symbols import i, k

_all: Final = (i, 0, dimension - 1)
_pair: Final = image(i) * image_transposed(i)

BASIS: Final = Formula(
    "sum over a basis (38)", "sum over the basis", Expectation(value * value_transposed), sp.Sum(_pair, _all)
)

VARIANTS: Final = (
    Variant(
        BASIS,
        "all pairs",
        sp.Sum(image(i) * image_transposed(k), (k, 0, dimension - 1), _all),
        "different coordinates are uncorrelated",
    ),
    Variant(BASIS, "mean over the basis", sp.Sum(_pair, _all) / dimension, "every coordinate has variance 1"),
    Variant(BASIS, "one vector missing", sp.Sum(_pair, (i, 0, dimension - 2)), "every vector of the basis counts"),
    Variant(BASIS, "one vector for all", dimension * image(0) * image_transposed(0), "the images differ"),
    Variant(
        BASIS,
        "factors exchanged",
        sp.Sum(image_transposed(i) * image(i), _all),
        "the second map is transposed, not the first",
    ),
)


def _trials(rng: Generator) -> Iterator[Trial]:
    for size, rows, columns in ((2, 1, 1), (2, 2, 3), (3, 3, 3), (5, 2, 2)):
        first, second, vectors = integers(rng, rows, size), integers(rng, columns, size), orthogonal(rng, size)
        images, others = first @ vectors, second @ vectors
        yield Trial(
            f"dimension {size}, maps to {rows} and {columns}",
            Interpretation(
                {dimension: size},
                {
                    "T_v": lambda index, images=images: images[:, [index]],
                    "T_v_prime": lambda index, others=others: others[:, [index]].T,
                },
                tuple(_signed(first, second, vectors, signs) for signs in product((-1, 1), repeat=size)),
            ),
        )


def _signed(first: Matrix, second: Matrix, vectors: Matrix, signs: tuple[int, ...]) -> Mapping[str, Callable[[], Any]]:
    """T(g) and T'(g)^T for g = Σ ± v_i."""
    g = vectors @ fractions([[sign] for sign in signs])
    return {"T_g": lambda: first @ g, "T_g_prime": lambda: (second @ g).T}


PART: Final = Part(
    "B.1",
    "Σ_i T(v_i) T'(v_i)^T = E[T(g) T'(g)^T] for an orthonormal basis v_i and a standard Gaussian g (38)",
    basis,
    (BASIS,),
    _trials,
    "integer matrices, rational orthogonal bases, second moments summed",
    VARIANTS,
)


def theorem() -> Theorem[SymbolicContext]:
    """The lemma."""
    return symbolic_theorem("B.1", "A sum over a basis is an expectation", "Lemma B.1", PART)

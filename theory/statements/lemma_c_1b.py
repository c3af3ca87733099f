"""Lemma C.1, its conditioning step: a Gaussian matrix given some of its images, (79)–(93).

``A`` given ``A Z̄ = R̄`` acts on the span of Z̄ as it is told to and on the complement as a fresh copy.
The identities behind this hold for any Z̄; each is also checked on exact random instances, one of
which has a singular Gram matrix.
"""

from __future__ import annotations

import random
from functools import cache
from typing import Final

import sympy as sp

from theory.derivation import Derivation
from theory.draft import Draft
from theory.facts import Equation
from theory.justification import Definition, Instance, Rewriting
from theory.step import Hypothesis

matrix, queries, queries_T, answers, vector, vector_T = sp.symbols(
    r"A \bar{Z} \bar{Z}^{\top} \bar{R} z z^{\top}", commutative=False
)
gram, inverse, projection = sp.symbols(r"\bar{G} \bar{G}^{+} \Pi", commutative=False)

WIDTH: Final = 5
QUERIES: Final = 3
SEED: Final = 79
SCOPE: Final = f"3 random integer instances, $n = {WIDTH}$, {QUERIES} earlier vectors, one of them singular"


@cache
def conditioning() -> Derivation:
    """(79)–(93): the part of A that is known, and the part that is still free."""
    draft = Draft(
        "conditioning",
        "A Gaussian matrix given some of its images",
        r"Given $A \bar{Z} = \bar{R}$, what $A$ makes of another vector $z$ has a part that is known and a part that "
        r"is "
        "free:",
        (
            Hypothesis("gram", r"$\bar{G} = \bar{Z}^{\top} \bar{Z}$", (Equation(queries_T * queries, gram),)),
            Hypothesis(
                "inverse",
                r"$\bar{G}^{+}$ is its inverse, or its pseudo-inverse where it is singular: "
                r"$\bar{Z} \bar{G}^{+} \bar{G} = \bar{Z}$ and $\bar{G} \bar{G}^{+} \bar{Z}^{\top} = \bar{Z}^{\top}$",
                (
                    Equation(queries * inverse * gram, queries),
                    Equation(gram * inverse * queries_T, queries_T),
                ),
            ),
            Hypothesis(
                "answers", r"the images are known: $A \bar{Z} = \bar{R}$", (Equation(matrix * queries, answers),)
            ),
        ),
    )
    draft.add(
        "projection",
        projection,
        queries * inverse * queries_T,
        r"the projection onto the span of $\bar{Z}$",
        Definition(),
    )
    rest = vector - projection * vector
    lines = (
        ("projects", projection * projection, projection, "it is a projection", ()),
        ("keeps", projection * queries, queries, r"that keeps $\bar{Z}$", ()),
        (
            "known",
            matrix * projection,
            answers * inverse * queries_T,
            "on the span the matrix is known",
            ("answers",),
        ),
        (
            "decomposed",
            matrix * vector,
            answers * inverse * queries_T * vector + matrix * rest,
            "so an image is its known part and the image of what is orthogonal to all earlier ones",
            ("answers",),
        ),
        (
            "orthogonal",
            queries_T * rest,
            sp.S.Zero,
            r"which is orthogonal indeed: for Gaussian $A$ its image is independent of $\bar{R}$, a fresh Gaussian",
            (),
        ),
        (
            "size",
            (vector_T - vector_T * projection) * rest,
            vector_T * vector - vector_T * queries * inverse * queries_T * vector,
            r"of variance $\nu$ times this per component: (72e) in the limit",
            (),
        ),
    )
    checked = Rewriting(_instances(), SCOPE)
    for name, left, right, reason, more in lines:
        draft.add(name, left, right, reason, checked, uses=("projection", "gram", "inverse", *more))
    return draft.finish("decomposed", "orthogonal", "size", "projects", "keeps", "known")


@cache
def _instances() -> tuple[Instance, ...]:
    """Random integer matrices; in the last of them two queries are equal."""
    generator = random.Random(SEED)  # noqa: S311

    def integers(rows: int, columns: int) -> sp.Matrix:
        return sp.Matrix(rows, columns, lambda *_: generator.randint(-3, 3))

    cases = []
    for words in ("first", "second", "singular"):
        a, z = integers(WIDTH, WIDTH), integers(WIDTH, QUERIES)
        if words == "singular":
            z[:, QUERIES - 1] = z[:, 0]
        v = integers(WIDTH, 1)
        values = {
            matrix: a,
            queries: z,
            queries_T: z.T,
            answers: a * z,
            vector: v,
            vector_T: v.T,
            gram: z.T * z,
            inverse: (z.T * z).pinv(),
        }
        cases.append(Instance(words, (), tuple(Equation(s, sp.ImmutableMatrix(m)) for s, m in values.items())))
    return tuple(cases)

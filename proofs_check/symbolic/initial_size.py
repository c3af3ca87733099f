"""(24): the mean square of the impulse response at initialization, at every width and in the limit.

The trials expand ``C W^j F`` into products of entries and average each product over the Gaussian
entries, one by one: ``E g^{2k} = (2k - 1)!!``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import pairwise, product
from math import prod
from typing import Final

import sympy as sp

from proofs_check.symbolic.evaluation import Interpretation
from proofs_check.symbolic.exact_arrays import Generator, positive
from proofs_check.symbolic.statement import Formula, Part, Trial, Variant
from theory.finite_width import response_moment
from theory.operators import WideLimit
from theory.statements.theorem_4_1a import initial_norm, moment, norm
from theory.symbols import VARIANCES, j, n, n_x, n_y, nu_C, nu_F, nu_W

_limit: Final = n_x * n_y * nu_C * nu_F * nu_W**j  # (24)

EXACT: Final = Formula("mean square at width n", "exact", norm(j), _limit * moment(j))
LIMIT: Final = Formula("limit (24)", "limit", WideLimit(norm(j)), _limit)
MOMENTS: Final = {
    2: 1 + 2 / n**2,
    3: 1 + 10 / n**2 + 4 / n**3,
    4: 1 + 28 / n**2 + 28 / n**3 + 48 / n**4,
    5: 1 + 62 / n**2 + 110 / n**3 + 468 / n**4 + 304 / n**5,
}
"""m_j(n), the mean square without its factors."""

CORRECTIONS: Final = tuple(
    Formula(f"m_{lag}(n)", f"moment {lag}", moment(lag), sp.expand(value)) for lag, value in MOMENTS.items()
)

VARIANTS: Final = (
    Variant(LIMIT, "one W too many", _limit * nu_W, "lag j passes through W exactly j times"),
    Variant(LIMIT, "inputs not counted", _limit / n_x, "the norm sums over n_x n_y entries"),
    Variant(LIMIT, "root of nu_W", n_x * n_y * nu_C * nu_F * nu_W ** (j / 2), "ν_W is a variance"),
    Variant(LIMIT, "grows with the lag", (j + 1) * _limit, "the leading pairing is one"),
    Variant(EXACT, "no correction", _limit, "m_j(n) is 1 in the limit only"),
    Variant(EXACT, "C counted twice", _limit * nu_C * moment(j), "C occurs once in L_j"),
    Variant(CORRECTIONS[0], "m_2: half of it", 1 + 1 / n**2, "two pairings are twisted"),
    Variant(CORRECTIONS[1], "m_3: last term missing", 1 + 10 / n**2, "m_3(1) is E g^6 = 15"),
)


def mean_square(lag: int, width: int, variances: tuple[Fraction, Fraction, Fraction]) -> Fraction:
    """``E (n^{-(j+1)/2} C W^j F)²`` of one entry, by expanding it into products of Gaussian entries."""
    w, f, c = variances
    total = Fraction(0)
    paths = list(product(range(width), repeat=lag + 1))
    for one, other in product(paths, repeat=2):
        letters = Counter(_letters(one) + _letters(other))
        if any(times % 2 for times in letters.values()):
            continue
        total += prod(_double_factorial(times - 1) for times in letters.values())
    return total * c * f * w**lag / Fraction(width) ** (lag + 1)


def _letters(path: tuple[int, ...]) -> list[tuple[str, int, int]]:
    """The entries of C, W and F that one path through the states multiplies."""
    inner = [("W", row, column) for row, column in pairwise(path)]
    return [("C", 0, path[0]), *inner, ("F", path[-1], 0)]


def _double_factorial(number: int) -> int:
    return prod(range(number, 0, -2))


@cache
def _standard(lag: int, width: int) -> Fraction:
    return mean_square(lag, width, (Fraction(1), Fraction(1), Fraction(1)))


_SIZES: Final = ((1, 5), (2, 3), (3, 2))
"""Widths, and the largest lag that is expanded there."""


def _trials(rng: Generator) -> Iterator[Trial]:
    for width, lags in _SIZES:
        variances = _variances(rng)
        values = dict(zip(VARIANCES, variances, strict=True))
        inputs, outputs = 1 + width, 3
        factor = inputs * outputs
        yield Trial(
            f"n = {width}, n_x = {inputs}",
            Interpretation(
                {**values, n: width, n_x: inputs, n_y: outputs},
                {
                    "norm_L": lambda lag, v=variances, n=width, m=factor: m * _scaled(lag, n, v),
                    "m": lambda lag, n=width: _standard(lag, n),
                },
            ),
            {j: range(lags + 1)},
        )
    variances = _variances(rng)
    yield Trial(
        "n → ∞",
        Interpretation(
            {**dict(zip(VARIANCES, variances, strict=True)), n_x: 2, n_y: 3},
            {
                "norm_L": lambda lag: [6 * term for term in _in_inverse_width(lag, variances)],
                "WideLimit": lambda series: series[0],
            },
        ),
        {j: range(8)},
    )


def _variances(rng: Generator) -> tuple[Fraction, ...]:
    """ν_W, ν_F, ν_C; ν_W is a square number: variants may take the root of it."""
    root, f, c = positive(rng, 3)
    return root**2, f, c


def _scaled(lag: int, width: int, variances: tuple[Fraction, ...]) -> Fraction:
    w, f, c = variances
    return _standard(lag, width) * c * f * w**lag


def _in_inverse_width(lag: int, variances: tuple[Fraction, ...]) -> list[Fraction]:
    """The mean square of one entry as ascending coefficients in 1/n."""
    w, f, c = variances
    return [term * c * f * w**lag for term in response_moment(lag, lag)]


PART: Final = Part(
    "24",
    "E‖L_j‖² → n_x n_y ν_C ν_F ν_W^j (24); at every width n, times m_j(n)",
    initial_norm,
    (EXACT, LIMIT, *CORRECTIONS),
    _trials,
    "C W^j F expanded into Gaussian entries for n ≤ 3; limits by loop equations",
    VARIANTS,
)

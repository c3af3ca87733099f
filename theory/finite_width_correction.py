"""How far a finite width is from the limit, beyond the lags whose exact values are in reach.

The coefficients of 1/n² in m_j(n) and in the W part of P_n(j,j) count gluings of a polygon into
surfaces of Euler characteristic 0. Reducing parallel edges leaves finitely many schemes, each with
quasi-polynomially many gluings, so they are quasi-polynomials in j; their degrees (4 and 5) and
period (2) are read off the exact values. The fit here uses the fewest exact values and is compared
with the others: it is an extrapolation, used to choose widths, never as proof.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import sympy as sp

from theory.finite_width import MAX_EXACT_LAG, Variances, kernel_weight, response_moment
from theory.symbols import j
from theory.tangent_kernel import rho_at

DEGREES = {"C": 4, "F": 4, "W": 5}
PERIOD = 2


@cache
def exact_coefficient(part: str, lag: int) -> int:
    """The coefficient of 1/n² in one part of P_n(lag, lag)."""
    series = response_moment(lag, lag) if part in "CF" else kernel_weight(lag, lag).parts[part]
    return series[2] if len(series) > 2 else 0


@cache
def quasi_polynomial(part: str) -> tuple[sp.Expr, ...]:
    """The coefficient of 1/n² as a polynomial in j for even and for odd lags.

    Raises
    ------
    ArithmeticError
        When the exact values that the fit did not use contradict it.

    Examples
    --------
    >>> quasi_polynomial("C")[0]
    j**4/24 + j**3/3 - j**2/6 - j/3
    """
    polynomials = []
    for parity in range(PERIOD):
        lags = list(range(parity, MAX_EXACT_LAG + 1, PERIOD))
        points = [(lag, exact_coefficient(part, lag)) for lag in lags]
        used = DEGREES[part] + 1
        fit = sp.expand(sp.interpolate(points[:used], j))
        for lag, value in points[used:]:
            if fit.subs(j, lag) != value:
                raise ArithmeticError(f"the {part} part at lag {lag} is {value}, not {fit.subs(j, lag)}")
        polynomials.append(fit)
    return tuple(polynomials)


def leading_coefficient(lag: int, variances: Variances) -> Fraction:
    """The coefficient of 1/n² in P_n(lag, lag): exact for small lags, extrapolated beyond."""
    w, f, c = variances
    parts = {part: Fraction(int(quasi_polynomial(part)[lag % PERIOD].subs(j, lag))) for part in DEGREES}
    value = w**lag * (f * parts["C"] + c * parts["F"])
    return value + c * f * w ** (lag - 1) * parts["W"] if lag else value


def relative_correction(lag: int, width: int, variances: Variances) -> float:
    """Size of ``P_n(lag, lag) / ρ_lag - 1``: exact where it can be, else the leading term.

    Returns
    -------
    float
        0.0 when the limit itself is zero.
    """
    limit = rho_at(lag, variances)
    if not limit:
        return 0.0
    if lag <= MAX_EXACT_LAG:
        return float(abs(kernel_weight(lag, lag).at(width, variances) / limit - 1))
    return float(leading_coefficient(lag, variances) / limit) / width**2


def relative_response_correction(lag: int, width: int) -> float:
    """Size of ``m_lag(n) - 1``, the same for the variance of L_lag."""
    if lag <= MAX_EXACT_LAG:
        return float(sum(Fraction(c, width**power) for power, c in enumerate(response_moment(lag, lag)) if power))
    return float(quasi_polynomial("C")[lag % PERIOD].subs(j, lag)) / width**2

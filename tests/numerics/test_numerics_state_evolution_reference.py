"""Covariance matrices of twelve steps against an independent computation with 22 digits.

The reference runs (72) itself. What it knows of each function is an integral of its own: tanh by trapezoidal
sums in mpmath, ReLU and erf by the mean given the first argument, which for those has a closed form.
"""

from __future__ import annotations

from collections.abc import Callable
from math import asin, pi

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

from numerics.expression import Apply, Constant, Expression, Input, State
from numerics.laws import Laws, Normal, Uniform
from numerics.recursion import FormulaRows, Matrix, Recursion
from numerics.state_evolution import state_evolution

STEPS = 12
DIGITS = 22

Moment = Callable[[mpf, mpf, mpf, int, int], mpf]
"""``E Z_s Z_t`` from ``Var Q_s``, ``Cov(Q_s, Q_t)``, ``Var Q_t`` and the times."""


def reference(nu: mpf, moment: Moment) -> mpmath.matrix:
    """The covariance matrix of Q_0 … Q_T for Q_0 ~ N(0, 1)."""
    found = mpmath.zeros(STEPS + 1)
    found[0, 0] = mpf(1)
    for t in range(STEPS):
        for s in range(t + 1):
            value = nu * moment(found[s, s], found[s, t], found[t, t], s, t)
            found[s + 1, t + 1] = found[t + 1, s + 1] = value
    return found


def trapezoid(function: Callable[[mpf], mpf], step: mpf, reach: float = 10.0) -> mpf:
    """``E function(X)`` for a standard normal X."""
    nodes = int(reach / step)
    terms = (function(k * step) * mpmath.exp(-((k * step) ** 2) / 2) for k in range(-nodes, nodes + 1))
    return step * mpmath.fsum(terms) / mpmath.sqrt(2 * mpmath.pi)


def conditioned(aa: mpf, ab: mpf, bb: mpf) -> tuple[mpf, mpf, mpf]:
    """For (A, B) centred: A = root X, and B given X has mean slope X and the deviation that comes last."""
    root = mpmath.sqrt(aa)
    slope = ab / root
    return root, slope, mpmath.sqrt(max(bb - slope**2, mpf(0)))


def tanh_moment(aa: mpf, ab: mpf, bb: mpf, s: int, t: int) -> mpf:
    """``E tanh(Q_s + x_s U) tanh(Q_t + x_t U)``, U standard normal, by trapezoidal sums in both directions."""
    x, y = (mpmath.cos(mpf(k)) / 2 for k in (s, t))
    root, slope, deviation = conditioned(aa + x * x, ab + x * y, bb + y * y)
    if deviation < mpf(10) ** -9:
        return trapezoid(lambda z: mpmath.tanh(root * z) ** 2, mpf(1) / 8)
    step = mpf(1) / 5
    nodes = [(k * step, mpmath.exp(-((k * step) ** 2) / 2)) for k in range(-42, 43)]
    total = mpf(0)
    for z, weight in nodes[43:]:  # the integrand is even in both together
        shift = slope * z
        inner = mpmath.fsum(mpmath.tanh(shift + deviation * v) * w for v, w in nodes)
        total += 2 * weight * mpmath.tanh(root * z) * inner
    return total * step**2 / (2 * mpmath.pi)


def relu_moment(aa: mpf, ab: mpf, bb: mpf, s: int, t: int) -> mpf:
    """``E relu(Q_s + U/2) relu(Q_t + U/2)``: given the first, the second has a mean in closed form."""
    quarter = mpf(1) / 4
    root, slope, deviation = conditioned(aa + quarter, ab + quarter, bb + quarter)

    def mean(z: mpf) -> mpf:
        if deviation < mpf(10) ** -9:
            return max(slope * z, mpf(0))
        at = slope * z / deviation
        return slope * z * mpmath.ncdf(at) + deviation * mpmath.npdf(at)

    edges = [mpf(0), 1, 2, 4, 7, 11]
    return mpmath.quad(lambda z: root * z * mean(z) * mpmath.npdf(z), edges)


def relu_closed_form(aa: mpf, ab: mpf, bb: mpf, s: int, t: int) -> mpf:
    """The same by the arc-cosine kernel."""
    quarter = mpf(1) / 4
    a, b = mpmath.sqrt(aa + quarter), mpmath.sqrt(bb + quarter)
    rho = min((ab + quarter) / (a * b), mpf(1))
    angle = mpmath.acos(rho)
    return a * b * (mpmath.sin(angle) + (mpmath.pi - angle) * rho) / (2 * mpmath.pi)


LOW, HIGH, BIAS = 0.25, 1.0, 0.4


def uniform_rule(points: int) -> list[tuple[mpf, mpf]]:
    """Gauss's rule for the uniform law, with all digits."""
    found = []
    for near in np.polynomial.legendre.leggauss(points)[0]:
        node = mpmath.findroot(lambda x: mpmath.legendre(points, x), mpf(float(near)))
        weight = (1 - node**2) / (points * mpmath.legendre(points - 1, node)) ** 2
        found.append((LOW + (HIGH - LOW) * (node + 1) / 2, weight))
    return found


def erf_moment(bias: float = BIAS) -> Moment:
    """``E erf(U Q_s + c) erf(U Q_t + c)``, U uniform: given U and the first, the second has a closed form."""
    with mp.workdps(DIGITS):
        rule = uniform_rule(16)
    c = mpf(bias)

    def moment(aa: mpf, ab: mpf, bb: mpf, s: int, t: int) -> mpf:
        root, slope, deviation = conditioned(aa, ab, bb)

        def given(u: mpf) -> mpf:
            spread = mpmath.sqrt(1 + 2 * (u * deviation) ** 2)
            one, other = u * root, u * slope / spread
            return trapezoid(lambda z: mpmath.erf(one * z + c) * mpmath.erf(other * z + c / spread), mpf(1) / 4, 9.0)

        return mpmath.fsum(weight * given(u) for u, weight in rule)

    return moment


def f(name: str, *arguments: Expression) -> Expression:
    return Apply(name, arguments)


def recursion(nu: float, row: Callable[[int], Expression], inputs: Laws) -> Recursion:
    return Recursion((Matrix("A", nu, lambda t: FormulaRows((row(t),))),), (Normal(((1.0,),)),), inputs)


GAUSSIAN = (Normal(((1.0,),)),)


def tanh_row(t: int) -> Expression:
    return f("tanh", f("add", State(t, 0), f("multiply", Constant(float(np.cos(t)) / 2), Input(0))))


def relu_row(t: int) -> Expression:
    return f("relu", f("add", State(t, 0), f("multiply", Constant(0.5), Input(0))))


def erf_row(t: int) -> Expression:
    return f("erf", f("add", f("multiply", Input(0), State(t, 0)), Constant(BIAS)))


CASES: dict[str, tuple[float, Callable[[int], Expression], Laws, Moment]] = {
    "tanh": (1.75, tanh_row, GAUSSIAN, tanh_moment),
    "relu": (1.5, relu_row, GAUSSIAN, relu_moment),
    "erf": (1.25, erf_row, (Uniform(LOW, HIGH),), erf_moment()),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_twelve_steps_agree_with_many_digits(name: str) -> None:
    nu, row, inputs, moment = CASES[name]
    law = state_evolution(recursion(nu, row, inputs), STEPS)
    with mp.workdps(DIGITS):
        exact = np.array(reference(mpf(nu), moment).tolist(), dtype=np.float64).reshape(STEPS + 1, -1)
    deviation = np.abs(law.covariance - exact)
    assert deviation.max() < 1e-11  # 1e-8 is asked for
    assert (deviation <= law.error + 1e-14).all()
    assert law.converged


def test_the_reference_for_relu_agrees_with_the_arc_cosine_kernel() -> None:
    with mp.workdps(DIGITS):
        for aa, ab, bb in ((1.0, 0.0, 0.5), (1.0, 0.7, 0.5), (2.0, 1.9, 2.0), (1.0, 1.0, 1.0), (0.5, -0.6, 1.0)):
            arguments = (mpf(aa), mpf(ab), mpf(bb), 0, 0)
            assert abs(relu_moment(*arguments) - relu_closed_form(*arguments)) < 1e-15


def test_the_reference_for_erf_agrees_with_the_arcsine_kernel() -> None:
    """Without a bias, and with the mean over U of a closed form."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    u = LOW + (HIGH - LOW) * (nodes + 1) / 2
    kernel = [2 / pi * asin(2 * x * x * 0.6 / ((1 + 2 * x * x) ** 0.5 * (1 + 1.6 * x * x) ** 0.5)) for x in u]
    with mp.workdps(DIGITS):
        found = erf_moment(bias=0.0)(mpf(1), mpf("0.6"), mpf("0.8"), 0, 0)
    assert abs(float(found) - float(np.array(kernel) @ weights) / 2) < 1e-14


def test_the_reference_for_tanh_agrees_with_an_integral_over_the_plane() -> None:
    """Integration by mpmath in both directions, with fewer digits."""
    with mp.workdps(15):
        found = tanh_moment(mpf(1), mpf("0.3"), mpf("0.8"), 1, 2)
        x, y = (mpmath.cos(mpf(k)) / 2 for k in (1, 2))
        root, slope, deviation = conditioned(1 + x * x, mpf("0.3") + x * y, mpf("0.8") + y * y)
        exact = mpmath.quad(
            lambda z, v: (
                mpmath.tanh(root * z) * mpmath.tanh(slope * z + deviation * v) * mpmath.npdf(z) * mpmath.npdf(v)
            ),
            [-8, 0, 8],
            [-8, 0, 8],
            maxdegree=5,
        )
    assert abs(found - exact) < 1e-10

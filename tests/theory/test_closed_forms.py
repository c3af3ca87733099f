"""State evolution of recursions in formulas: two ways to the same covariances, and an independent referee."""

import sys
from pathlib import Path

import mpmath as mp
import pytest
import sympy as sp

from theory.activations import relu
from theory.closed_forms import covariances, gaussian_recursion
from theory.gaussian_ridges import NoClosedFormError
from theory.recursion import ExactRecursion, Matrix, Noise, Series, gaussian, series, signs, state, uniform
from theory.state_evolution import StateEvolution
from theory.symbols import t

sys.path.insert(0, str(Path(__file__).parent))
from recursion_examples import EXAMPLES, one, q, u, x

CLOSED = [name for name in EXAMPLES if "tanh" not in name and name != "two columns"]  # whose numbers grow too fast
STEPS = 3


@pytest.mark.parametrize("name", CLOSED)
def test_the_predictor_form_gives_the_same_as_the_variance_identity(name):
    steps = STEPS if name != "lag" else 2
    evolution = StateEvolution(gaussian_recursion(EXAMPLES[name]))
    for _ in range(steps):
        (*_, image) = evolution.advance()
        assert image.with_past == image.direct
    expected = covariances(EXAMPLES[name], steps)
    for earlier in range(steps + 1):
        for later in range(steps + 1):
            difference = evolution.covariance(earlier, later) - expected[earlier][later]
            assert max(abs(sp.N(entry, 30)) for entry in difference) < sp.Float("1e-25")


@pytest.mark.parametrize("name", CLOSED)
def test_digits_are_those_of_the_exact_expressions(name):
    exact, rounded = covariances(EXAMPLES[name], STEPS), covariances(EXAMPLES[name], STEPS, 30)
    for exact_row, row in zip(exact, rounded, strict=True):
        for expression, block in zip(exact_row, row, strict=True):
            assert max(abs(sp.N(e, 40)) for e in expression - block) < sp.Float("1e-28") * 1000


def test_what_starts_the_recursion_is_independent_of_what_follows():
    assert all(block == sp.zeros(1, 1) for block in covariances(EXAMPLES["relu"], STEPS)[0][1:])


def test_the_linearized_network_is_that_of_the_theorem():
    nu_W, nu_F, time = sp.Rational(4, 5), sp.Rational(13, 10), 4
    found = covariances(EXAMPLES["perturbed"], time)[time][time]
    assert found == sp.diag(nu_F * nu_W**time, time * nu_F * nu_W ** (time - 1) + nu_W**time)


def by_quadrature(function, a, b, c):
    """``E f(X) f(Y)``: Y given X inside, split where either changes sign."""
    spread = mp.sqrt(max(b - c * c / a, mp.mpf(0)))

    def inner(p):
        centre = c / mp.sqrt(a) * p
        kink = [-centre / spread] if abs(centre) < 8 * spread else []
        return legendre(lambda r: function(centre + spread * r) * mp.npdf(r), sorted({-8, 0, 8, *kink}))

    return legendre(lambda p: function(mp.sqrt(a) * p) * inner(p) * mp.npdf(p), [-8, -3, 0, 3, 8])


def legendre(function, places):
    return mp.quad(function, places, method="gauss-legendre", maxdegree=4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "function", "scale", "pairs"),
    [
        ("relu", lambda v: max(v, mp.mpf(0)), lambda c, s, t: mp.mpf(6) / 5 * c, [(4, 11), (0, 7)]),
        ("erf", mp.erf, lambda c, s, t: mp.mpf(6) / 5 * (c / 3 + values(s) * values(t)), [(11, 11)]),
    ],
)
def test_twelve_steps_agree_with_quadrature(name, function, scale, pairs):
    """Thirty digits of the closed forms, of which the referee confirms ten."""
    blocks = covariances(EXAMPLES[name], 12, 30)
    with mp.workdps(15):

        def form(s, t):
            block = mp.mpf(str(blocks[s][t][0]))
            return block + mp.mpf(1) / 4 if name == "relu" else block * mp.mpf(9) / 4

        for s_, t_ in pairs:
            expected = scale(by_quadrature(function, form(s_, s_), form(t_, t_), form(s_, t_)), s_, t_)
            assert abs(mp.mpf(str(blocks[s_ + 1][t_ + 1][0])) - expected) < mp.mpf("1e-10")


def values(time):
    return int(EXAMPLES["erf"].series[0].values[time])


def test_twelve_steps_have_the_digits_that_are_asked_for():
    few, many = covariances(EXAMPLES["relu inputs"], 12, 20), covariances(EXAMPLES["relu inputs"], 12, 40)
    for row, other in zip(few, many, strict=True):
        for block, exact in zip(row, other, strict=True):
            assert abs(block[0] - exact[0]) < sp.Float("1e-19")
    assert many[7][12][0].is_Float


def test_expectations_without_a_closed_form_are_refused():
    with pytest.raises(NoClosedFormError, match="tanh"):
        covariances(EXAMPLES["tanh"], 1)


def test_what_reaches_back_before_the_start_is_zero():
    assert covariances(one(q(t - 2)), 3)[1][1] == sp.zeros(1, 1)
    assert covariances(one(q(t - 2)), 3)[3][3] == sp.Matrix([[sp.Rational(6, 5)]])


def test_formulas_may_change_with_time():
    recursion = EXAMPLES["changing"]
    assert recursion.rows(0, 1) == (q(0),)
    assert covariances(recursion, 2)[2][2] == sp.Matrix([[1]])
    assert covariances(recursion, 1)[1][1] == sp.Matrix([[sp.Rational(1, 2)]])


def test_parameters_without_a_value_stay_symbols():
    a = sp.Symbol("a", positive=True)
    assert covariances(one(a * relu(q(t))), 1)[1][1] == sp.Matrix([[3 * a**2 / 5]])


def test_laws_have_their_moments():
    assert [uniform("u", -1, 1).moment(k) for k in range(1, 5)] == [0, sp.Rational(1, 3), 0, sp.Rational(1, 5)]
    assert [signs("u").moment(k) for k in range(1, 5)] == [0, 1, 0, 1]
    assert gaussian("u", 2).variance == 2


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: one(q(t + 1)), "in the future"),
        (lambda: one(q(2 * t)), "must be t, t - k or a number"),
        (lambda: one(state("p")(t)), "neither a column of q nor a series"),
        (lambda: one(q(t), initial=sp.Matrix([[1, 0], [0, 1]])), "symmetric 1 × 1"),
        (lambda: one(q(t) * u, noises=(gaussian("q", 1),)), "taken twice"),
        (lambda: ExactRecursion(("q",), (Matrix("W", 1, (q(t), 0)),), [[1]]), "2 formulas for 1 columns"),
        (lambda: Noise("u", "nothing is said of it"), "either the variance of a Gaussian or moments"),
    ],
)
def test_a_recursion_that_makes_no_sense_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


def test_a_series_that_ends_too_early_is_noticed():
    recursion = one(q(t) + x(t), series=(Series("x", (1, 2)),))
    assert covariances(recursion, 2)
    with pytest.raises(ValueError, match="no value at time 2"):
        covariances(recursion, 3)
    assert series("x")(t) == x(t)


def test_a_fixed_time_in_the_future_is_noticed():
    with pytest.raises(ValueError, match="in the future at time 0"):
        covariances(one(relu(q(2))), 1)

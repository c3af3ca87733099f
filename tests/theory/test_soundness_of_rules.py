"""Further attacks on the kernel: through words, limits, conditions, ranges of sums, and names.

As in ``test_soundness``: derivations of something false, none of which may count as proved.
"""

import pytest
import sympy as sp

from theory.cases import Cases
from theory.derivation import Derivation
from theory.facts import Equation, Independent, Nonnegative, Nonzero, Unaffected, Variance
from theory.justification import Bound, Definition, InductiveBound, Instance, NonvanishingFactors, Rewriting
from theory.operators import Covariance, Expectation, Given, Slope, Trace, WideLimit, sequence
from theory.step import Hypothesis, Step
from theory.symbols import C, F, T, W, a, b, i, k, n, nu_W, s, size, t

f = sequence("rules_f", "f_{{{0}}}")
g = sequence("rules_g", "g_{{{0}}}")
o = sequence("rules_o", "o_{{{0},{1}}}")
R = sequence("rules_R", "R_{{{0}}}", random=True)
v = sequence("rules_v", "v_{{{0}}}", commutative=False)
row = sequence("rules_row", "v_{{{0}}}^{{\\top}}", commutative=False)
mu = sequence("rules_mu", "\\mu_{{{0}}}")
wide = sequence("rules_wide", "N_{{{0}}}", wide=True)
count = sequence("rules_count", "n_{{{0}}}", integer=True)
x = sp.Symbol("x", positive=True)
c = sp.Symbol("rules_c", real=True)
z = sp.Symbol("rules_z")
B = sp.Symbol("rules_B", commutative=False)
GIVEN_W = Variance(W, nu_W, conditional=True)
EIGEN = Equation(row(i) * W, mu(i) * row(i))


def like(name, index):
    """A symbol with this name that is assumed to be what an index is."""
    return sp.Symbol(name, **index.assumptions0)


def equal(left, right):
    return Equation(sp.sympify(left), sp.sympify(right))


def line(left, right, *uses, by=None, name="line"):
    return Step(name, sp.sympify(left), sp.sympify(right), "", by or Rewriting(), uses)


def derive(facts, *steps):
    return Derivation("attack", "", "", (Hypothesis("given", "", tuple(facts)),), steps)


def one(left, right, *facts, by=None):
    return derive(facts, line(left, right, "given", by=by))


def defined(name, meaning, left, right):
    """A name is introduced, and a line uses it."""
    first = line(name, meaning, by=Definition(), name="name")
    return derive((), first, line(left, right, "name", name="so"))


def is_proved(build):
    try:
        return build().verify().proved
    except ValueError:
        return False


FALSE = {
    # words
    "a multiple of a word that may be zero": lambda: one(W * F, 0, equal(c * W * F, 0)),
    "a multiple of a word that is zero at first": lambda: one(W * v(t), 0, equal(t * W * v(t), 0)),
    "what is the same when multiplied by zero": lambda: derive(
        (equal(c, 0),),
        line(c * W * F, c * F * W, "given", name="zero"),
        line(W * F, F * W, "zero", name="so"),
    ),
    "an eigenvector on the wrong side": lambda: one(W * row(1), mu(1) * row(1), EIGEN),
    "the eigenvalue of another vector": lambda: one(row(1) * W, mu(2) * row(1), EIGEN),
    "an eigenvector that is not next to the matrix": lambda: one(row(1) * F * W, mu(1) * row(1) * F, EIGEN),
    "an eigenvector in a trace, in a wrong order": lambda: one(Trace(W * row(1) * F), mu(1) * Trace(row(1) * F), EIGEN),
    "a rotation outside of a trace": lambda: one(W * F * row(1), mu(1) * F * row(1), EIGEN),
    "a word in a trace that goes the other way round": lambda: one(Trace(W * F * C), Trace(F * B), equal(C * F, B)),
    # limits in the width
    "the limit of a product": lambda: one(WideLimit(wide(0) * wide(1)), WideLimit(wide(0)) * WideLimit(wide(1))),
    "the limit of a square": lambda: one(WideLimit(wide(0) ** 2), WideLimit(wide(0)) ** 2),
    "the limit of something wide": lambda: one(WideLimit(wide(0)), wide(0)),
    "the limit of the width": lambda: one(WideLimit(n * nu_W), n * nu_W),
    "a factor of the width": lambda: one(WideLimit(n * wide(0)), n * WideLimit(wide(0))),
    "a sum over the width": lambda: one(WideLimit(sp.Sum(nu_W, (i, 0, n - 1))), n * nu_W),
    "infinity less infinity": lambda: one(WideLimit(n) - WideLimit(n + 1), -1),
    "a name for the width": lambda: defined(f(0), n, WideLimit(f(0)), n),
    "a symbol for something wide": lambda: defined(z, wide(0), WideLimit(z), wide(0)),
    "a fact that makes something wide": lambda: one(WideLimit(f(t)), 1 / n, equal(f(t), 1 / n)),
    "the limit of an average": lambda: one(WideLimit(Expectation(R(0))), Expectation(R(0))),
    "the limit of a trace": lambda: one(WideLimit(Trace(W)), Trace(W)),
    # covariances given a matrix
    "a covariance given the matrix is one": lambda: one(Covariance(W * F, W * F), n * nu_W * Covariance(F, F), GIVEN_W),
    "another matrix is unaffected": lambda: one(
        Covariance(W * F, W * F), n * nu_W * Covariance(F, F), GIVEN_W, Unaffected(F)
    ),
    "equal covariances are equal given the matrix": lambda: one(
        Covariance(W * F, W * F),
        Covariance(W * C, W * C),
        GIVEN_W,
        equal(Covariance(F, F), x),
        equal(Covariance(C, C), x),
    ),
    "an image given the matrix varies like an image": lambda: derive(
        (GIVEN_W,),
        line(
            Covariance(W**2 * F, W**2 * F),
            n * nu_W * Given(W, n * nu_W * Given(W, Covariance(F, F))),
            "given",
            "given",
        ),
    ),
    "independent images are so given the matrix": lambda: one(Given(W, Covariance(W * F, F)), 0, Independent(W, F)),
    # ranges of sums
    "the limit of a sum is within it": lambda: one(sp.Sum(x, (i, 5, count(i - 5))), 3 * x, equal(count(t), 7)),
    "an index in the limit of its own sum": lambda: one(
        sp.Sum(g(i), (i, 0, T - i)), 0, Equation(g(b), sp.S.Zero, when=(T - 2 * b,))
    ),
    "the sign of a sum up to an index of the same name": lambda: one(
        0, sp.Sum(i * (T - 2 * i), (i, 0, T - i)), by=Bound((sp.Sum(i * (T - 2 * i), (i, 0, T - i)),))
    ),
    "a sum that is written out up to its own index": lambda: one(
        sp.Sum(sp.Sum(f(i), (i, 0, i)), (i, 0, 2)), 3 * f(0) + 2 * f(1)
    ),
    "a sum that is shorter than empty": lambda: one(sp.Sum(f(i), (i, 3, 1)), 0),
    "factors in a wrong order": lambda: one(sp.Product(v(i), (i, 0, 1)), v(1) * v(0)),
    # factors that do not vanish
    "one of two factors is not known": lambda: one(f(0) * f(1), 0, Nonzero(f(0)), by=NonvanishingFactors()),
    "a sum of what does not vanish": lambda: one(
        f(0) + f(1), 0, Nonzero(f(0)), Nonzero(f(1)), by=NonvanishingFactors()
    ),
    "a sum over what does not vanish": lambda: one(sp.Sum(f(i), (i, 0, T)), 0, Nonzero(f(t)), by=NonvanishingFactors()),
    # names
    "a constant for something random": lambda: defined(f(0), R(0), Expectation(f(0)), f(0)),
    "a constant for something random, backwards": lambda: defined(
        R(0), f(0), Expectation(R(0) * R(1)), Expectation(R(0)) * Expectation(R(1))
    ),
    "a random coefficient of a covariance": lambda: defined(z, R(0), Covariance(z * W, F), z * Covariance(W, F)),
    "a constant for what depends on the perturbation, backwards": lambda: defined(
        o(0, size), f(0), Slope(o(0, size), size), 0
    ),
    "a name with a meaning in a range": lambda: derive(
        (equal(f(t), 0), Nonnegative(T - 5)),
        line(f(T - 5), 1, "given", by=Definition(), name="one"),
        line(z, f(T - 5), by=Definition(), name="name"),
        line(z, 1, "name", "one", name="is one"),
        line(z, 0, "name", "given", name="is zero"),
    ),
    "the one value of an induction, in the line": lambda: one(
        0, o(t, like("t_0", t)), equal(o(0, s), 0), equal(o(t + 1, t), 0), by=InductiveBound((sp.S.Zero,), t)
    ),
    "the one value of an induction, in a fact": lambda: one(
        0,
        f(t),
        equal(f(0), 0),
        equal(f(t + 1), f(t) + o(t, like("t_0", t))),
        equal(o(t, t), 1),
        by=InductiveBound((f(t), sp.S.One), t),
    ),
    "the parameter of a case": lambda: one(
        o(s, like("a of the case", a)), 0, equal(o(t, t), 0), by=Cases((Instance("all", ((s, a),)),), "")
    ),
}

TRUE = {
    "a multiple of a word that is not zero": lambda: one(W * F, 0, equal(nu_W * W * F, 0)),
    "an eigenvector in a longer word": lambda: one(F * row(1) * W * C, mu(1) * F * row(1) * C, EIGEN),
    "an eigenvector in a trace": lambda: one(Trace(W * F * row(1)), mu(1) * Trace(F * row(1)), EIGEN),
    "a constant factor of a limit": lambda: one(WideLimit(nu_W**t * wide(0)), nu_W**t * WideLimit(wide(0))),
    "a limit that is known": lambda: one(
        WideLimit(nu_W * f(t)), nu_W * x, equal(f(t), wide(t)), equal(WideLimit(wide(t)), x)
    ),
    "a matrix that affects nothing": lambda: one(
        Covariance(W * F, W * F), n * nu_W * Covariance(F, F), GIVEN_W, Unaffected(W)
    ),
    "a sum up to another index": lambda: one(
        sp.Sum(g(k), (k, 0, T - i)), 0, Equation(g(b), sp.S.Zero, when=(T - b,)), equal(g(b), 0)
    ),
    "a product of what does not vanish": lambda: one(
        f(0) * f(1) ** 2 * x, 0, Nonzero(f(0)), Nonzero(f(1)), by=NonvanishingFactors()
    ),
    "a difference that does not vanish either way round": lambda: one(
        f(0) - f(1), 0, Nonzero(f(1) - f(0)), by=NonvanishingFactors()
    ),
    "a random name for something random": lambda: defined(R(1), R(0) + c, Expectation(R(1)), Expectation(R(0)) + c),
}


@pytest.mark.parametrize("name", FALSE)
def test_nothing_false_is_proved_by(name):
    assert not is_proved(FALSE[name])


@pytest.mark.parametrize("name", TRUE)
def test_what_is_true_is_proved(name):
    assert is_proved(TRUE[name])

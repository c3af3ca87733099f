"""Attacks on the kernel: derivations of something false, none of which may count as proved.

Each is as small as it gets. What is refused with an error when it is written down, or when it is
verified, counts as not proved. For each kind of attack there is something true next to it that is
proved, so that refusing everything does not pass.
"""

import pytest
import sympy as sp

from theory.cases import Cases
from theory.derivation import Derivation
from theory.facts import Equation, Independent, Nonnegative, Nonzero, Variance
from theory.justification import (
    Bound,
    Definition,
    Evaluation,
    Induction,
    InductiveBound,
    Instance,
    Instances,
    NonvanishingFactors,
    Relation,
    Rewriting,
)
from theory.operators import Covariance, Expectation, Slope, Trace, sequence
from theory.step import Hypothesis, Step
from theory.symbols import C, F, T, W, a, b, dW, i, j, k, n, nu_F, nu_W, r, s, size, t

f = sequence("sound_f", "f_{{{0}}}", commutative=True)
g = sequence("sound_g", "g_{{{0}}}", commutative=True)
o = sequence("sound_o", "o_{{{0},{1}}}", commutative=True)
o3 = sequence("sound_o3", "o_{{{0},{1},{2}}}", commutative=True)
R = sequence("sound_R", "R_{{{0}}}", commutative=True, random=True)
v = sequence("sound_v", "v_{{{0}}}", commutative=False)
w = sequence("sound_w", "w_{{{0}}}", commutative=False)
positive = sequence("sound_positive", "p_{{{0}}}", commutative=True, positive=True)
count = sp.Symbol("count", integer=True, nonnegative=True)
u = sp.Symbol("u", commutative=False)
X = sequence("sound_X", "X_{{{0}}}", commutative=False, random=True)
x = sp.Symbol("x", positive=True)
c = sp.Symbol("sound_c", real=True)
B = sp.Symbol("B", commutative=False)
primed = sp.Symbol("i'", integer=True, nonnegative=True)
delta = sp.KroneckerDelta
EQ, LE, NE = Relation


def equal(left, right):
    return Equation(sp.sympify(left), sp.sympify(right))


def line(left, relation, right, by, *uses, name="line"):
    """A line; the relation is there for the reader, and must be the one that the method shows."""
    assert relation is by.relation
    return Step(name, sp.sympify(left), sp.sympify(right), "", by, uses)


def derive(facts, *steps):
    """A derivation from one hypothesis, "given", with these facts."""
    return Derivation("attack", "", "", (Hypothesis("given", "", tuple(facts)),), steps)


def one(left, relation, right, by, *facts):
    return derive(facts, line(left, relation, right, by, "given"))


def two(first, second, *facts):
    """A line named "first" that uses what is given, and one that uses only the first."""
    return derive(facts, line(*first, "given", name="first"), line(*second, "first", name="second"))


def is_proved(build):
    try:
        return build().verify().proved
    except ValueError:
        return False


def at(*numbers, word=Cases):
    return word(tuple(Instance(f"t = {number}", ((t, sp.sympify(number)),)) for number in numbers), "")


ROW_SUMS = equal(sp.Sum(o(i, k), (k, 0, T)), 0)
"""o = ((1, -1), (-1, 1)) for T = 1: the rows add up to 0, the diagonal to 2."""

UP_TO_T = equal(f(a), sp.Sum(delta(a, b) * g(b), (b, 0, T - 1)))
"""f(a) = g(a) for a < T, and f(T) = 0."""

NESTED = equal(g(j), sp.Sum(sp.Sum(o3(primed, i, j), (primed, 0, 1)), (i, 0, 2)))
MATRICES = (
    Equation(W, sp.ImmutableMatrix([[1, 2], [3, 4]])),
    Equation(B, sp.ImmutableMatrix([[1, 2], [3, 5]])),
)

FALSE = {
    # indices that are restricted, or are bound
    "a bound that holds up to T is used beyond it": lambda: two(
        (0, LE, f(j), Bound((T - j,))), (0, LE, f(T + 1), Bound((f(T + 1),))), Nonnegative(T - j), equal(f(j), T - j)
    ),
    "an equation that holds below T is used at T": lambda: two(
        (f(a), EQ, g(a), Rewriting()), (f(T), EQ, g(T), Rewriting()), Nonnegative(T - 1 - a), UP_TO_T
    ),
    "an induction hypothesis that holds below T is used at T": lambda: one(
        o(t, a),
        EQ,
        g(a + t),
        Induction(t),
        Nonnegative(T - 1 - a),
        equal(o(0, a), UP_TO_T.rhs),
        equal(o(t + 1, a), o(t, a + 1)),
    ),
    "rows that add up to zero give a trace of zero": lambda: one(
        sp.Sum(o(k, k), (k, 0, T)), EQ, 0, Rewriting(), ROW_SUMS
    ),
    "rows that are not negative give a trace that is not": lambda: one(
        0,
        LE,
        sp.Sum(o(k, k), (k, 0, T)),
        Bound((sp.Sum(o(k, k), (k, 0, T)),)),
        Nonnegative(sp.Sum(o(i, k), (k, 0, T))),
    ),
    "what is known of j is used for the index of a sum": lambda: one(
        0, LE, sp.Sum(T - j, (j, 0, 5)), Bound((sp.Sum(T - j, (j, 0, 5)),)), Nonnegative(T - j)
    ),
    "what is known of j selects a term of a sum over j": lambda: one(
        sp.Sum(delta(j, k) * f(k), (k, 0, T), (j, 0, 4)),
        EQ,
        sp.Sum(f(j), (j, 0, 4)),
        Rewriting(),
        Nonnegative(T - j),
    ),
    "an induction hypothesis is used inside a sum over the variable": lambda: one(
        f(t), EQ, 0, Induction(t), equal(f(0), 0), equal(f(t + 1), c), equal(c, sp.Sum(f(t), (t, 0, 1)))
    ),
    "a renamed index captures another": lambda: one(g(i), EQ, sp.Sum(3 * o3(k, k, i), (k, 0, 1)), Rewriting(), NESTED),
    "an index that may not be negative is taken at -1": lambda: one(f(-1), EQ, 0, Rewriting(), equal(f(t), 0)),
    "an index that may not be negative is taken at t - 1": lambda: one(f(t - 1), EQ, 0, Rewriting(), equal(f(t), 0)),
    "a sign is known at indices that are not negative only": lambda: one(
        0, LE, f(t - 1), Bound((f(t - 1),)), Nonnegative(f(t))
    ),
    # sums that may be empty
    "an empty sum is nothing at first and negative later": lambda: one(sp.Sum(1, (i, 5, t)), EQ, t, Induction(t)),
    "a sum that starts late is split where it is empty": lambda: one(
        sp.Sum(f(i), (i, 0, t - 5)), EQ, g(t), Induction(t), equal(g(0), 0), equal(g(t + 1), g(t) + f(t - 4))
    ),
    "counting an empty sum": lambda: one(4, LE, T, Bound((sp.Sum(1, (i, 0, T - 5)),))),
    "taking more terms off a sum than it may have": lambda: one(
        sp.Sum(f(i), (i, 0, T)) - sp.Sum(f(i), (i, 0, T - 5)),
        EQ,
        sum((f(T - less) for less in range(5)), sp.S.Zero),
        Rewriting(),
    ),
    "a delta outside the range of its sum": lambda: one(
        sp.Sum(delta(i, j) * f(i), (i, 0, T - 1)), EQ, f(j), Rewriting()
    ),
    "a delta at a number that may be outside": lambda: one(
        sp.Sum(delta(i, 2) * f(i), (i, 0, T - 1)), EQ, f(2), Rewriting()
    ),
    # induction
    "a wrong closed form": lambda: one(f(t), EQ, 1 + t, Induction(t), equal(f(0), 1), equal(f(t + 1), 2 * f(t))),
    "a wrong start": lambda: one(f(t), EQ, 0, Induction(t), equal(f(0), 1), equal(f(t + 1), f(t))),
    "a wrong step": lambda: one(f(t), EQ, 0, Induction(t), equal(f(0), 0), equal(f(t + 1), f(t) + 1)),
    "an induction without its base is used there": lambda: two(
        (f(t), EQ, 1, Induction(t)), (f(0), EQ, 1, Rewriting()), equal(f(0), 0), equal(f(t + 1), 1)
    ),
    "an induction whose step holds from later on": lambda: one(
        f(t),
        EQ,
        0,
        Induction(t),
        equal(f(0), 0),
        equal(f(t + 1), f(t) + sp.Sum(delta(i, 0) * g(i), (i, 0, t + T - 4)) - g(0)),
        Nonnegative(t + T - 4),
    ),
    "an induction hypothesis about a word is used inside a sum over the variable": lambda: one(
        W * v(t),
        EQ,
        0,
        Induction(t),
        equal(v(0), 0),
        equal(v(t + 1), u),
        equal(W * u, sp.Sum(W * v(t), (t, 0, 1))),
    ),
    "an equation of words that holds below T is used up to T": lambda: two(
        (W * v(a), EQ, W * w(a), Rewriting()),
        (sp.Sum(W * v(a), (a, 0, T)), EQ, sp.Sum(W * w(a), (a, 0, T)), Rewriting()),
        Nonnegative(T - 1 - a),
        equal(v(a), sp.Sum(delta(a, b) * w(b), (b, 0, T - 1))),
    ),
    "an induction over real numbers": lambda: one(x, LE, x**2, InductiveBound((x**2 - x, 2 * x), x)),
    # signs
    "a negative term": lambda: one(nu_W, LE, 0, Bound((-nu_W,))),
    "two factors that may both or may one be negative": lambda: one(
        0, LE, (nu_W - 1) * (nu_F - 1), Bound(((nu_W - 1) * (nu_F - 1),))
    ),
    "an odd power": lambda: one(0, LE, (nu_W - 1) ** 3, Bound(((nu_W - 1) ** 3,))),
    "a divisor that may vanish": lambda: derive(
        (equal(f(0), 0),),
        line(c, EQ, x / f(0), Definition(), name="one"),
        line(f(0) * c, EQ, x, Rewriting(), "one", name="so"),
    ),
    "a divisor that vanishes at one index": lambda: derive(
        (equal(f(0), 0),),
        line(g(t), EQ, x * f(0) ** (t - 1), Definition(), name="one"),
        line(f(0) * g(0), EQ, x, Rewriting(), "one", name="so"),
    ),
    "an index that may vanish because another does not": lambda: derive(
        (Nonzero(j),),
        line(g(k), EQ, x / k, Definition(), "given", name="one"),
        line(k * g(k), EQ, x, Rewriting(), "one", name="so"),
    ),
    "the square of something complex": lambda: one(0, LE, B**2, Bound((B**2,))),
    "the square of a symbol without assumptions": lambda: one(
        0, LE, sp.Symbol("z") ** 2, Bound((sp.Symbol("z") ** 2,))
    ),
    "a symbol without a sign": lambda: one(0, LE, c, Bound((c,))),
    "a known quantity less another": lambda: one(0, LE, f(t) - f(s), Bound((f(t) - f(s),)), Nonnegative(f(t))),
    "a known quantity less a number": lambda: one(0, LE, f(t) - 1, Bound((f(t) - 1,)), Nonnegative(f(t))),
    "a known factor of a difference": lambda: one(
        0, LE, x * (1 - x) - x, Bound((x * (1 - x) - x,)), Nonnegative(1 - x)
    ),
    "a sum of terms of both signs": lambda: one(0, LE, sp.Sum(5 - i, (i, 0, 9)), Bound((sp.Sum(5 - i, (i, 0, 9)),))),
    "a gap that the terms do not add up to": lambda: one(nu_W + 1, LE, nu_W, Bound((nu_W,))),
    "a bound that fails at first": lambda: one(
        f(t), LE, 0, InductiveBound((-f(t),), t), equal(f(0), 1), equal(f(t + 1), f(t))
    ),
    "a bound that fails later": lambda: one(
        0, LE, f(t), InductiveBound((f(t) - 1,), t), equal(f(0), 0), equal(f(t + 1), f(t) - 1)
    ),
    "an inductive bound that assumes the next value": lambda: one(
        0, LE, f(t), InductiveBound((f(t + 1),), t), equal(f(0), 0)
    ),
    "no cases at all": lambda: one(0, EQ, 1, Cases((), "none")),
    "cases for small indices only": lambda: two(
        (f(t), EQ, 0, at(0, 1, 2)), (f(7), EQ, 0, Rewriting()), *(equal(f(number), 0) for number in range(3))
    ),
    "a case at a size counts as all cases": lambda: two(
        (f(t), EQ, 0, at(T)), (f(0), EQ, 0, Rewriting()), equal(f(T), 0)
    ),
    "a case of a symbol that is no index": lambda: one(T, EQ, 1, Cases((Instance("T = 1", ((T, sp.S.One),)),), "")),
    "a case of a real number": lambda: one(x, EQ, 1, Cases((Instance("x = 1", ((x, sp.S.One),)),), "")),
    "no instances at all": lambda: one(0, EQ, 1, Instances((), "none")),
    "nothing is known not to vanish": lambda: one(f(0), NE, 0, NonvanishingFactors()),
    "nothing is known not to vanish, whatever the name": lambda: one(
        sp.Symbol("nonzero"), NE, 0, NonvanishingFactors()
    ),
    "something else does not vanish": lambda: one(f(0), NE, 0, NonvanishingFactors(), Nonzero(f(1))),
    "an instance is used in general": lambda: two(
        (f(t), EQ, 0, at(0, word=Instances)), (f(7), EQ, 0, Rewriting()), equal(f(0), 0)
    ),
    "a name is defined twice": lambda: derive(
        (),
        line(f(0), EQ, 1, Definition(), name="one"),
        line(f(0), EQ, 2, Definition(), name="two"),
        line(f(0), EQ, 2, Rewriting(), "two", name="so"),
    ),
    "a definition refers to itself": lambda: derive(
        (),
        line(f(0), EQ, f(0) + 1, Definition(), name="one"),
        line(c, EQ, f(0), Definition(), name="two"),
        line(f(0) - c, EQ, 1, Rewriting(), "one", "two", name="so"),
    ),
    "a definition refers to values that refer back to it": lambda: derive(
        (equal(o(0, s), 1), equal(o(t + 1, 0), 1)),
        line(o(t + 1, s + 1), EQ, o(t, s + 2) + o(t + 2, s), Definition(), name="one"),
        line(c, EQ, o(2, 1), Definition(), name="two"),
        line(o(2, 1) - c, EQ, 2, Rewriting(), "one", "one", "given", "two", name="so"),
    ),
    "a name that is positive means something negative": lambda: derive(
        (),
        line(positive(t), EQ, -nu_W, Definition(), name="one"),
        line(0, LE, -nu_W, Bound((positive(0),)), "one", name="so"),
    ),
    "a symbol that is positive means something negative": lambda: derive(
        (), line(x, EQ, -nu_W, Definition(), name="one"), line(0, LE, -nu_W, Bound((x,)), "one", name="so")
    ),
    "a symbol that is real means something complex": lambda: derive(
        (),
        line(c, EQ, sp.Symbol("z") + 1, Definition(), name="one"),
        line(0, LE, (sp.Symbol("z") + 1) ** 2, Bound((c**2,)), "one", name="so"),
    ),
    "an integer means a half": lambda: derive(
        (equal(f(t), g(t)),),
        line(count, EQ, sp.Rational(1, 2), Definition(), name="one"),
        line(f(count), EQ, g(sp.Rational(1, 2)), Rewriting(), "given", "one", name="so"),
    ),
    "a definition forgets an index": lambda: derive(
        (equal(o(t, 0), 0), equal(o(t, s + 1), 1)),
        line(o(t, s), EQ, f(t), Definition(), "given", name="one"),
        line(o(0, 0), EQ, o(0, 1), Rewriting(), "one", name="so"),
    ),
    "a definition has an index too many": lambda: derive(
        (equal(o(t, 0), 0), equal(o(t, s + 1), 1)),
        line(f(t), EQ, o(t, s), Definition(), "given", name="one"),
        line(o(0, s), EQ, f(0), Rewriting(), "one", name="two"),
        line(o(0, 0), EQ, o(0, 1), Rewriting(), "two", name="so"),
    ),
    "an index is defined": lambda: derive(
        (), line(j, EQ, 5, Definition(), name="one"), line(f(1), EQ, f(2), Rewriting(), "one", name="so")
    ),
    "a name is defined that other facts settle": lambda: derive(
        (equal(g(t), f(t)), equal(g(t), 1)),
        line(f(t), EQ, 2, Definition(), name="one"),
        line(g(0), EQ, 2, Rewriting(), "given", "one", name="so"),
    ),
    "a parameter is defined": lambda: derive((), line(nu_W, EQ, nu_F, Definition())),
    "an evaluation of something else": lambda: one(f(1), EQ, 2, Evaluation(equal(f(0), 2), "")),
    "an evaluation of a left side that is tampered with": lambda: one(f(0) + 1, EQ, 2, Evaluation(equal(f(0), 2), "")),
    "a case in which it does not hold": lambda: one(f(t), EQ, 0, at(0, r + 1), equal(f(0), 1), equal(f(t + 1), 0)),
    # operators
    "the slope of what is not known yet is forgotten": lambda: one(
        Slope(size + f(t), size), EQ, 1, Rewriting(), equal(f(t), size)
    ),
    "the slope of what is known later is forgotten": lambda: one(
        Slope(size + o(t, size), size), EQ, 1, Rewriting(), equal(o(t, size), size)
    ),
    "the slope of a product with what is known later": lambda: one(
        Slope(size * o(t, size), size), EQ, o(t, size), Rewriting(), equal(o(t, size), size)
    ),
    "the slope of a power with a symbol for exponent": lambda: one(
        Slope((W + size * dW) ** t, size), EQ, t * W**t * dW * W**-1, Rewriting()
    ),
    "the slope of an inverse in the wrong order": lambda: one(
        Slope((W + size * dW) ** -1, size), EQ, -dW * W**-2, Rewriting(), Nonzero(W), Nonzero(W + size * dW)
    ),
    "the slope of a product in the wrong order": lambda: one(
        Slope((W + size * dW) ** 2, size), EQ, 2 * W * dW, Rewriting()
    ),
    "an expectation moves a constant past something random": lambda: one(
        Expectation(X(0) * W), EQ, W * Expectation(X(0)), Rewriting()
    ),
    "the expectation of a square": lambda: one(Expectation(R(0) ** 2), EQ, Expectation(R(0)) ** 2, Rewriting()),
    "the expectation of a product": lambda: one(
        Expectation(R(0) * R(1)), EQ, Expectation(R(0)) * Expectation(R(1)), Rewriting()
    ),
    "the expectation of an inverse": lambda: one(
        Expectation(1 / R(0)), EQ, 1 / Expectation(R(0)), Rewriting(), Nonzero(R(0)), Nonzero(Expectation(R(0)))
    ),
    "the expectation of a matrix that is given": lambda: one(
        Expectation(X(0)), EQ, X(0), Rewriting(), Equation(X(0), sp.ImmutableMatrix([[1, 2], [3, 4]]))
    ),
    "a covariance of what is random and commutes": lambda: one(
        Covariance(R(0), R(1)), EQ, Covariance(R(0) * R(1), 1), Rewriting()
    ),
    "the covariance of explicit matrices is their product": lambda: one(
        Covariance(W, B), EQ, B * W, Rewriting(), *MATRICES
    ),
    "a covariance that forgets a factor": lambda: one(Covariance(2 * W * F, F), EQ, Covariance(W * F, F), Rewriting()),
    "a covariance of different words": lambda: one(Covariance(W * F, F), EQ, Covariance(F * W, F), Rewriting()),
    "independence of a power that may be the identity": lambda: one(
        Covariance(W**t * F, F), EQ, 0, Rewriting(), Independent(W, F)
    ),
    "the variance of an inverse": lambda: one(
        Covariance(W**-1 * F, W**-1 * F),
        EQ,
        n * nu_W * c,
        Rewriting(),
        Variance(W, nu_W),
        equal(Covariance(W**-2 * F, W**-2 * F), c),
        Nonzero(W),
    ),
    "a variance from the letter that is not first": lambda: one(
        Covariance(F * W, F * W), EQ, n * nu_W * Covariance(F, F), Rewriting(), Variance(W, nu_W)
    ),
    "independence of something else": lambda: one(Covariance(C * F, F), EQ, 0, Rewriting(), Independent(W, F)),
    "a trace of a product": lambda: one(Trace(W * F), EQ, Trace(W) * Trace(F), Rewriting()),
    "a trace in another cyclic order": lambda: one(Trace(W * F * C), EQ, Trace(W * C * F), Rewriting()),
    "the trace of the identity is not one": lambda: one(Trace(F**-1 * F), EQ, 1, Rewriting()),
    "matrices commute": lambda: one(W * F, EQ, F * W, Rewriting()),
    # words
    "a power of a word of another length": lambda: one(W**3, EQ, 1, Rewriting(), equal(W**2, 1)),
    "the root of a word": lambda: one(W**t, EQ, 1, Rewriting(), equal(W**2, 1)),
    "letters that are not next to each other": lambda: one(W * F * W, EQ, F, Rewriting(), equal(W**2, 1)),
    # branches of roots
    "the root of a square of something real": lambda: one(sp.sqrt(c**2), EQ, c, Rewriting()),
    "the root of a product of unknown signs": lambda: one(
        sp.sqrt(f(0) * f(1)), EQ, sp.sqrt(f(0)) * sp.sqrt(f(1)), Rewriting()
    ),
}

TRUE = {
    "a bound that holds up to T is used up to T": lambda: Derivation(
        "1",
        "",
        "",
        (Hypothesis("range", "", (Nonnegative(T - j),)), Hypothesis("given", "", (equal(f(j), T - j),))),
        (
            line(0, LE, f(j), Bound((T - j,)), "range", "given", name="first"),
            line(0, LE, 2 * f(j), Bound((2 * f(j),)), "range", "first", name="second"),
        ),
    ),
    "an equation that holds below T is used below T": lambda: Derivation(
        "1",
        "",
        "",
        (Hypothesis("range", "", (Nonnegative(T - 1 - a),)), Hypothesis("given", "", (UP_TO_T,))),
        (
            line(f(a), EQ, g(a), Rewriting(), "range", "given", name="first"),
            line(2 * f(a), EQ, 2 * g(a), Rewriting(), "range", "first", name="second"),
        ),
    ),
    "a name is defined and used": lambda: derive(
        (),
        line(f(t), EQ, nu_W**t, Definition(), name="one"),
        line(f(t + 1), EQ, nu_W * f(t), Rewriting(), "one", name="so"),
    ),
    "a name is defined by a recursion": lambda: derive(
        (),
        line(f(0), EQ, nu_F, Definition(), name="start"),
        line(f(t + 1), EQ, nu_W * f(t), Definition(), name="step"),
        line(f(t), EQ, nu_F * nu_W**t, Induction(t), "start", "step", name="so"),
    ),
    "a positive name means something positive": lambda: derive(
        (),
        line(positive(t), EQ, nu_W**t, Definition(), name="one"),
        line(0, LE, nu_W, Bound((positive(1),)), "one", name="so"),
    ),
    "a divisor that does not vanish": lambda: derive(
        (Nonzero(f(0)),),
        line(sp.Symbol("z"), EQ, x / f(0), Definition(), "given", name="one"),
        line(f(0) * sp.Symbol("z"), EQ, x, Rewriting(), "one", name="so"),
    ),
    "an equation without a range is used everywhere": lambda: two(
        (f(a), EQ, g(a), Rewriting()), (f(T), EQ, g(T), Rewriting()), equal(f(a), g(a))
    ),
    "rows that add up to zero do so at every index": lambda: one(
        sp.Sum(o(j + 1, k), (k, 0, T)), EQ, 0, Rewriting(), ROW_SUMS
    ),
    "rows that are not negative add up": lambda: one(
        0,
        LE,
        sp.Sum(o(j, k), (k, 0, T)) + 1,
        Bound((sp.Sum(o(j, k), (k, 0, T)), sp.S.One)),
        Nonnegative(sp.Sum(o(i, k), (k, 0, T))),
    ),
    "a sum of terms that are not negative": lambda: one(
        0, LE, sp.Sum(x * i, (i, 0, T)), Bound((sp.Sum(x * i, (i, 0, T)),))
    ),
    "a delta within the range of its sum": lambda: one(
        sp.Sum(delta(j, k) * f(k), (k, 0, T), (j, 0, T)), EQ, sp.Sum(f(j), (j, 0, T)), Rewriting()
    ),
    "a renamed index is another name": lambda: one(
        g(i), EQ, sp.Sum(sp.Sum(o3(k, s, i), (k, 0, 1)), (s, 0, 2)), Rewriting(), NESTED
    ),
    "a sum is counted": lambda: one(sp.Sum(1, (i, 0, T - 1)), EQ, T, Rewriting()),
    "a sum over all times": lambda: one(sp.Sum(i, (i, 0, t)), EQ, t * (t + 1) / 2, Induction(t)),
    "a closed form": lambda: one(f(t), EQ, 2**t, Induction(t), equal(f(0), 1), equal(f(t + 1), 2 * f(t))),
    "an inductive bound": lambda: one(
        f(t), LE, t, InductiveBound((t - f(t), sp.S.One), t), equal(f(0), 0), equal(f(t + 1), f(t))
    ),
    "a product of known factors": lambda: one(0, LE, x * (1 - x), Bound((x * (1 - x),)), Nonnegative(1 - x)),
    "an even power": lambda: one(0, LE, (nu_W - 1) ** 2, Bound(((nu_W - 1) ** 2,))),
    "what does not vanish": lambda: one(x, NE, 0, NonvanishingFactors(), Nonzero(x)),
    "two cases": lambda: one(f(t), EQ, 0, at(0, r + 1), equal(f(0), 0), equal(f(t + 1), 0)),
    "an evaluation": lambda: one(f(0) + 1, EQ, 3, Evaluation(equal(f(0), 2), "")),
    "the slope of a product": lambda: one(Slope((W + size * dW) ** 2, size), EQ, W * dW + dW * W, Rewriting()),
    "the slope of an inverse": lambda: one(
        Slope((W + size * dW) ** -1, size),
        EQ,
        -(W**-1) * dW * W**-1,
        Rewriting(),
        Nonzero(W),
        Nonzero(W + size * dW),
    ),
    "the slope of an unknown that becomes known": lambda: one(
        Slope(size + o(t, size), size), EQ, 1 + f(t), Rewriting(), equal(o(t, size), size * f(t))
    ),
    "a covariance is bilinear and symmetric": lambda: one(
        Covariance(2 * W * F + C, F), EQ, Covariance(F, C) + 2 * Covariance(F, W * F), Rewriting()
    ),
    "independence of images": lambda: one(Covariance(W**2 * F, F), EQ, 0, Rewriting(), Independent(W, F)),
    "a variance of images": lambda: one(
        Covariance(W**2 * F, W * F), EQ, n * nu_W * Covariance(W * F, F), Rewriting(), Variance(W, nu_W)
    ),
    "a trace is cyclic": lambda: one(Trace(F**-1 * W * F), EQ, Trace(W), Rewriting(), Nonzero(F)),
    "a word within a word": lambda: one(W**3 * F, EQ, W * F, Rewriting(), equal(W**2, 1)),
    "the root of a square of something positive": lambda: one(sp.sqrt(x**2), EQ, x, Rewriting()),
}


@pytest.mark.parametrize("name", FALSE)
def test_nothing_false_is_proved_by(name):
    assert not is_proved(FALSE[name])


@pytest.mark.parametrize("name", TRUE)
def test_what_is_true_is_proved(name):
    assert is_proved(TRUE[name])

"""Recursions that tests share."""

import sympy as sp

from theory.activations import relu
from theory.recursion import ExactRecursion, Matrix, Series, gaussian, parameter, series, signs, state, uniform
from theory.symbols import t

rational = sp.Rational
q, dq, x = state("q"), state("dq"), series("x")
u, gain = sp.Symbol("u", real=True), parameter("gain")
INPUTS = Series("x", (1, 0, 2, 1, 0, 1, 1, 2, 0, 1, 1, 0, 1))


NU = rational(6, 5)


def one(formula, variance=NU, initial=1, **more):
    """A recursion of one column and one matrix."""
    return ExactRecursion(("q",), (Matrix("W", variance, (formula,)),), sp.ImmutableMatrix([[initial]]), **more)


EXAMPLES = {
    "linear": one(q(t), rational(4, 5), rational(13, 10), title="A linear RNN"),
    "perturbed": ExactRecursion(
        ("q", "dq"),
        (Matrix("W", rational(4, 5), (q(t), dq(t))), Matrix("dW", 1, (0, q(t)))),
        sp.ImmutableMatrix([[rational(13, 10), 0], [0, 1]]),
        title="The linearized RNN",
    ),
    "tanh": one(
        sp.tanh(q(t) + x(t) * u), noises=(gaussian("u", rational(1, 4)),), series=(INPUTS,), title="A tanh RNN"
    ),
    "relu": one(relu(q(t) + u), noises=(gaussian("u", rational(1, 4)),), title="A relu RNN"),
    "plain relu": one(relu(q(t)), 2, title="A relu RNN without inputs"),
    "relu inputs": one(
        relu(q(t) + x(t) * u), initial=0, noises=(gaussian("u", rational(1, 4)),), series=(INPUTS,), title="Inputs"
    ),
    "erf": one(
        u * sp.erf(gain * q(t)) + x(t),
        noises=(uniform("u", -1, 1),),
        parameters=((gain, rational(3, 2)),),
        series=(INPUTS,),
        title="An echo state network",
    ),
    "two columns": ExactRecursion(
        ("q", "dq"),
        (Matrix("A", rational(6, 5), (relu(q(t)), relu(dq(t)))), Matrix("B", 1, (0, sp.erf(q(t) + dq(t))))),
        sp.ImmutableMatrix([[1, rational(1, 2)], [rational(1, 2), 2]]),
        title="Two columns",
    ),
    "polynomial": one(q(t) ** 2 - 1 + u * q(0), rational(1, 2), noises=(gaussian("u", 2),), title="A polynomial"),
    "lag": one(sp.Abs(q(t)) + relu(q(t) - q(t - 1) / 2), title="Lags"),
    "tanh lag": one(sp.tanh(q(t) - q(t - 1) / 2), title="Lags of tanh"),
    "signs": one(u * q(t) + q(t - 1), rational(1, 2), noises=(signs("u"),), title="Signs"),
    "changing": ExactRecursion(
        ("q",), (Matrix("W", 1, (relu(q(t)),), at=((1, (q(0),)),)),), sp.ImmutableMatrix([[1]]), title="Changing"
    ),
}

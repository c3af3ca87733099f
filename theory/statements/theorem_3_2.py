"""Theorem 3.2: the tangent kernel of the scaled convolution (5), (7), for every horizon: (17)–(19)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from typing import Final

import sympy as sp

from theory.derivation import Derivation
from theory.draft import Draft, relies_on
from theory.facts import Equation
from theory.justification import Instance, Instances, Rewriting
from theory.operators import Expectation, Slope, sequence
from theory.statements.lemma_b_1 import basis
from theory.step import Hypothesis
from theory.sums import carried_out
from theory.symbols import T, a, b, c, d, j, k, n_x, s, size, t

rho = sequence("rho", r"\rho_{{{0}}}", commutative=True, positive=True)
parameter = sequence("theta", r"\theta_{{{0},{1}{2}}}", commutative=True)
direction = sequence("dtheta", r"\tilde{{\theta}}_{{{0},{1}{2}}}", commutative=True, random=True)
signal = sequence("x_c", r"x_{{{0},{1}}}", commutative=True)
signal_prime = sequence("x_c_prime", r"x'_{{{0},{1}}}", commutative=True)
output = sequence("f", r"f_{{{0}}}(x)_{{{1},{2}}}", commutative=True, random=True)
output_prime = sequence("f_prime", r"f_{{{0}}}(x')_{{{1},{2}}}", commutative=True, random=True)
toeplitz = sequence("T_x", r"T(x)_{{({0},{1}),{2}}}", commutative=True)
toeplitz_prime = sequence("T_x_prime", r"T(x')_{{({0},{1}),{2}}}", commutative=True)
kernel = sequence("K", r"K(x,x')_{{({0},{1}),({2},{3})}}", commutative=True)

SMALL = ((1, 1, 1), (2, 1, 2), (2, 2, 1), (3, 2, 2))
"""Horizons, inputs and outputs for which the model is differentiated literally."""


@cache
def convolution_kernel() -> Derivation:
    """(17) in components, by Lemma B.1 and by literal differentiation at small sizes."""
    draft = Draft(
        "3.2",
        "The tangent kernel of the convolution",
        r"The tangent kernel (13) of the scaled convolution is (17) at every $\theta$; in components:",
        (_model(), relies_on(basis()), _kernel(), _direction(), TOEPLITZ),
    )
    for name, values, function in (("derivative", signal, output), ("derivative prime", signal_prime, output_prime)):
        draft.add(
            name,
            Slope(function(size, t, a), size),
            carried_out(draft.unfold(Slope(function(size, t, a), size), "perturbed model"), (c, j)),
            r"the output is linear in the parameters: $\theta$ drops out" if values is signal else "the same at $x'$",
            Rewriting(),
            uses=("perturbed model",),
        )
    add_kernel(draft, "definition", "derivative", "derivative prime", "direction")
    shown = draft.steps[-1]
    draft.add(
        "literal",
        shown.lhs,
        shown.rhs,
        "the same, against the Jacobian of the model, differentiated parameter by parameter",
        Instances(
            tuple(case for sizes in SMALL for case in _literal(*sizes)),
            "all entries for $(T, n_x, n_y)$ = " + ", ".join(map(str, SMALL)),
        ),
        uses=("toeplitz",),
    )
    return draft.finish("kernel")


def add_kernel(draft: Draft, *uses: str, equation: str = "17") -> None:
    """The last steps of Theorems 3.2 and 3.3(b): carry out the expectation, then read it as matrices."""
    entry = kernel(t, a, s, b)
    found = carried_out(draft.unfold(entry, *uses), (c, j))
    draft.add(
        "entries",
        entry,
        found,
        "expand both derivatives; only equal lags, equal inputs and equal outputs remain",
        Rewriting(),
        uses=uses,
    )
    draft.add(
        "kernel",
        entry,
        found.xreplace({signal(t - j, c): toeplitz(j, c, t), signal_prime(s - j, c): toeplitz_prime(j, c, s)}),
        r"which is the entry of $T(x)^{\top} D(\rho)\, T(x') \otimes I_{n_y}$, with $D(\rho)$ the diagonal matrix (19)",
        Rewriting(),
        uses=("entries", "toeplitz"),
        equation=equation,
    )


def _model() -> Hypothesis:
    """The convolution, moved in a direction."""
    weights = parameter(j, a, c) + size * direction(j, a, c)

    def moved(values: Callable[..., sp.Expr]) -> sp.Expr:
        return sp.Sum(sp.sqrt(rho(j)) * weights * values(t - j, c), (c, 0, n_x - 1), (j, 0, T - 1))

    return Hypothesis(
        "perturbed model",
        r"the convolution (5) with $L_j = \sqrt{\rho_j}\, \theta_j$ (7), moved by $\varepsilon$ in the direction "
        r"$\tilde{\theta}$; inputs are 0 before time 0",
        (Equation(output(size, t, a), moved(signal)), Equation(output_prime(size, t, a), moved(signal_prime))),
    )


def _kernel() -> Hypothesis:
    """Lemma B.1 turns the sum over all parameters into an expectation."""
    derivatives = Slope(output(size, t, a), size) * Slope(output_prime(size, s, b), size)
    return Hypothesis(
        "definition",
        r"the kernel (13), a sum over all parameters of products of derivatives, is by Lemma B.1 the expectation of "
        r"the "
        r"product of the derivatives along a random direction $\tilde{\theta}$",
        (Equation(kernel(t, a, s, b), Expectation(derivatives)),),
    )


def _direction() -> Hypothesis:
    """What is random: the entries of the direction."""
    equal = sp.KroneckerDelta(j, k) * sp.KroneckerDelta(a, b) * sp.KroneckerDelta(c, d)
    return Hypothesis(
        "direction",
        r"the entries of $\tilde{\theta}$ are uncorrelated, of mean 0 and variance 1",
        (Equation(Expectation(direction(j, a, c) * direction(k, b, d)), equal),),
    )


TOEPLITZ: Final = Hypothesis(
    "toeplitz",
    r"$T(x)$ is the block Toeplitz matrix (18): row $(j, c)$ and column $t$ hold $x_{t-j,c}$",
    (
        Equation(toeplitz(j, c, t), signal(t - j, c)),
        Equation(toeplitz_prime(j, c, t), signal_prime(t - j, c)),
    ),
)


def _literal(horizon: int, inputs: int, outputs: int) -> Iterator[Instance]:
    """Every entry of the kernel from the Jacobian of the model, for explicit sizes."""
    places = list(product(range(horizon), range(outputs)))
    parameters = [
        sp.Symbol(f"theta_{lag}_{row}_{channel}")
        for lag in range(horizon)
        for row in range(outputs)
        for channel in range(inputs)
    ]
    names = dict(zip(product(range(horizon), range(outputs), range(inputs)), parameters, strict=True))

    def jacobian(values: Callable[..., sp.Expr]) -> sp.Matrix:
        outputs_at = [
            sum(
                sp.sqrt(rho(lag)) * names[lag, row, channel] * values(time - lag, channel)
                for lag in range(time + 1)
                for channel in range(inputs)
            )
            for time, row in places
        ]
        return sp.Matrix(outputs_at).jacobian(parameters)

    whole = jacobian(signal) * jacobian(signal_prime).T
    silence = tuple(
        Equation(values(sp.Integer(-time), c), sp.S.Zero)
        for values in (signal, signal_prime)
        for time in range(1, horizon)
    )
    for (row, (time, channel)), (column, (other_time, other)) in product(enumerate(places), repeat=2):
        yield Instance(
            f"T = {horizon}, n_x = {inputs}, n_y = {outputs}, entry ({time},{channel}), ({other_time},{other})",
            (
                (T, sp.Integer(horizon)),
                (n_x, sp.Integer(inputs)),
                (t, sp.Integer(time)),
                (a, sp.Integer(channel)),
                (s, sp.Integer(other_time)),
                (b, sp.Integer(other)),
            ),
            (*silence, Equation(kernel(time, channel, other_time, other), whole[row, column])),
        )

"""Every symbol of the paper, declared once with its assumptions.

Sizes are positive integers, times and lags are non-negative integers, and the variances of the
initialization (4) are positive reals. The prior variance of a zero matrix (``nu_W = 0``) is reached
by substitution *after* the lag has been substituted, so that ``j*nu_W**(j-1)`` is 0 at ``j = 0``.
"""

from __future__ import annotations

import sympy as sp

n = sp.Symbol("n", integer=True, positive=True)
"""Hidden width."""

T = sp.Symbol("T", integer=True, positive=True)
"""Horizon: time runs over 0 … T-1."""

n_x = sp.Symbol("n_x", integer=True, positive=True)
"""Number of input channels."""

n_y = sp.Symbol("n_y", integer=True, positive=True)
"""Number of output channels."""

j = sp.Symbol("j", integer=True, nonnegative=True)
"""Lag."""

t = sp.Symbol("t", integer=True, nonnegative=True)
"""Time."""

nu_W = sp.Symbol("nu_W", positive=True)
"""Variance of the entries of W, see (4)."""

nu_F = sp.Symbol("nu_F", positive=True)
"""Variance of the entries of F, see (4)."""

nu_C = sp.Symbol("nu_C", positive=True)
"""Variance of the entries of C, see (4)."""

VARIANCES: tuple[sp.Symbol, sp.Symbol, sp.Symbol] = (nu_W, nu_F, nu_C)

s = sp.Symbol("s", integer=True, nonnegative=True)
"""An earlier time, s < t."""

epsilon_W, epsilon_F, epsilon_C = sp.symbols("epsilon_W epsilon_F epsilon_C", positive=True)
"""Variances of the perturbations W̃, F̃, C̃ of (44)."""

W, dW, F, dF, C, dC = sp.symbols(r"W \tilde{W} F \tilde{F} C \tilde{C}", commutative=False)
"""The parameters and their perturbations, as non-commuting symbols."""

q, dq = sp.symbols(r"q_t \tilde{q}_t", commutative=False)
"""The state of the recursion (41) and its perturbation."""

size = sp.Symbol("varepsilon", real=True)
"""Size of a perturbation; derivatives are taken at 0."""

path = sp.Symbol("lambda", real=True, nonnegative=True)
"""A place between 0 and 1 on a path; facts in it are meant for all of these."""

i, k, l, m, p, r, a, b, c, d = sp.symbols("i k l m p r a b c d", integer=True, nonnegative=True)  # noqa: E741
"""Further indices: of nodes, channels, components and steps."""

ell = sp.Symbol("ell", integer=True, nonnegative=True)
"""A step of gradient descent."""

INDICES: frozenset[sp.Symbol] = frozenset({s, t, j, i, k, l, m, p, r, a, b, c, d, ell})
"""The symbols that a fact is meant for all values of."""

PARAMETERS: frozenset[sp.Symbol] = frozenset(
    {n, T, n_x, n_y, *VARIANCES, epsilon_W, epsilon_F, epsilon_C, W, dW, F, dF, C, dC, size, path}
)
"""The symbols that no derivation may define anew."""

"""The piecewise linear activations, as functions that SymPy differentiates, evaluates and prints.

``in_ridges`` writes ``|x|``, ``max``, ``min`` and signs in terms of them, so that rules need to know
``relu`` and ``step`` only.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any, Final

import sympy as sp


class relu(sp.Function):  # type: ignore[misc]  # noqa: N801
    """``max(x, 0)``."""

    nargs = 1
    is_commutative = True
    is_real = True
    is_nonnegative = True

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        """What it is where the sign of the argument is known."""
        if x.is_extended_nonnegative:
            return x
        return sp.S.Zero if x.is_extended_nonpositive else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:  # noqa: ARG002
        """The derivative: 1 where the argument is positive."""
        return step(self.args[0])

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _printed("relu", self, printer, exp)


class step(sp.Function):  # type: ignore[misc]  # noqa: N801
    """1 for positive arguments, 0 for others."""

    nargs = 1
    is_commutative = True
    is_real = True
    is_nonnegative = True

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        """What it is where the sign of the argument is known."""
        if x.is_extended_positive:
            return sp.S.One
        return sp.S.Zero if x.is_extended_nonpositive else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:  # noqa: ARG002
        """The derivative: a unit mass at 0."""
        return sp.DiracDelta(self.args[0])

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return _printed("step", self, printer, exp)


def _printed(name: str, function: sp.Function, printer: Any, exp: str | None) -> str:
    power = "" if exp is None else f"^{{{exp}}}"
    return rf"\operatorname{{{name}}}{power}\left({printer.doprint(function.args[0])}\right)"


def in_ridges(expression: sp.Expr) -> sp.Expr:
    """Absolute values, maxima, minima and signs of real arguments in terms of ``relu`` and ``step``.

    Examples
    --------
    >>> x = sp.Symbol("x", real=True)
    >>> in_ridges(sp.Abs(x) + sp.Max(x, 1))
    -x + 2*relu(x) + relu(x - 1) + 1
    """
    if not expression.args:
        return expression
    arguments = [in_ridges(argument) for argument in expression.args]
    rule = _RULES.get(expression.func)
    return rule(*arguments) if rule else expression.func(*arguments)


def _greatest(*arguments: sp.Expr) -> sp.Expr:
    return reduce(lambda greatest, other: greatest + relu(other - greatest), arguments)


def _least(*arguments: sp.Expr) -> sp.Expr:
    return reduce(lambda least, other: least - relu(least - other), arguments)


_RULES: Final[dict[Any, Callable[..., sp.Expr]]] = {
    sp.Abs: lambda x: 2 * relu(x) - x,
    sp.Max: _greatest,
    sp.Min: _least,
    sp.sign: lambda x: step(x) - step(-x),
    sp.Heaviside: lambda x, *_: step(x),
    sp.erfc: lambda x: 1 - sp.erf(x),
    sp.sinh: lambda x: sp.sinh(x).rewrite(sp.exp),
    sp.cosh: lambda x: sp.cosh(x).rewrite(sp.exp),
}

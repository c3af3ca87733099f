"""How a user's recursion is written in a derivation: its sequences, and its formulas in terms of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import sympy as sp
from sympy.core.function import AppliedUndef

from theory.activations import in_ridges, relu, step
from theory.operators import sequence
from theory.recursion import ExactRecursion
from theory.statements.arc_cosine import H
from theory.symbols import t

RIDGES: Final = (relu, step, sp.erf)


def _template(name: str, upper: str = "") -> str:
    """A format string for a value at a time: an index of the name's own comes before the time."""
    base, _, below = sp.latex(sp.Symbol(name)).partition("_")
    own = below.removeprefix("{").removesuffix("}")
    index = ",".join(part for part in (_escaped(own), "{0}") if part)
    above = f"^{{{{{_escaped(upper)}}}}}" if upper else ""
    return f"{_escaped(base)}{above}_{{{{{index}}}}}"


def _escaped(latex: str) -> str:
    return latex.replace("{", "{{").replace("}", "}}")


@dataclass(frozen=True)
class Notation:
    """The sequences of a recursion.

    Attributes
    ----------
    recursion : ExactRecursion
    forms : list of sympy.Expr
        Linear forms in Gaussian variables that ridges are applied to, in the order of their numbers, at time t.
    """

    recursion: ExactRecursion
    forms: list[sp.Expr] = field(default_factory=list)

    def vector(self, a: int) -> Any:
        """Column a of q, a vector of n components."""
        name = self.recursion.columns[a]
        return sequence(f"recursion_vector_{name}", _template(name), commutative=False)

    def limit(self, a: int) -> Any:
        """A component of column a of q, in the limit."""
        name = self.recursion.columns[a]
        capital = self._capital(name)
        return sequence(f"recursion_limit_{name}:{capital}", _template(capital), random=True, real=True)

    def argument(self, i: int, a: int) -> Any:
        """Column a of what matrix i is applied to."""
        upper, place = self._place(i, a)
        name = f"{self._letter}{place}"
        own = f"recursion_argument_{name}:{self.recursion.matrices[i].name if upper else ''}"
        return sequence(own, _template(name, upper), commutative=False)

    def argument_limit(self, i: int, a: int) -> Any:
        """A component of it, in the limit."""
        upper, place = self._place(i, a)
        name = f"{self._letter.upper()}{place}"
        own = f"recursion_argument_{name}:{self.recursion.matrices[i].name if upper else ''}"
        return sequence(own, _template(name, upper), random=True, real=True)

    @cached_property
    def _letter(self) -> str:
        """z, or another letter where that is taken."""
        recursion = self.recursion
        taken = {name.lower() for name in (*recursion.columns, *(u.name for u in recursion.noises))}
        taken |= {series.name.lower() for series in recursion.series}
        return next(letter for letter in ("z", "g", "y", "a", "b", "c", "d", "e") if letter not in taken)

    def matrix(self, i: int) -> sp.Symbol:
        """Matrix i."""
        return sp.Symbol(self.recursion.matrices[i].name, commutative=False)

    def start(self, a: int) -> sp.Symbol:
        """Column a of q_0, as something that is independent of the matrices."""
        return sp.Symbol(f"{self.recursion.columns[a]}^0", commutative=False)

    @cached_property
    def noises(self) -> dict[sp.Symbol, sp.Expr]:
        """A component of each column of u."""
        return {
            u.symbol: sequence(f"recursion_u_{u.name}", _escaped(sp.latex(u.symbol)), random=True, real=True)(0)
            for u in self.recursion.noises
        }

    def series(self, name: str) -> Any:
        """A series of numbers."""
        return sequence(f"recursion_series_{name}", _template(name), real=True)

    @property
    def family(self) -> tuple[str, ...]:
        """Names of the limits of the columns of q."""
        return tuple(str(self.limit(a)(t).func) for a in range(len(self.recursion.columns)))

    def translated(self, formula: sp.Expr, values: Mapping[sp.Symbol, sp.Expr] | None = None) -> sp.Expr:
        """A formula in these sequences; ``values`` are put in place of parameters."""
        return sp.expand(self.written(in_ridges(formula.subs(values or {}))))

    def written(self, formula: sp.Expr) -> sp.Expr:
        """A formula in these sequences, as it stands."""
        columns = self.recursion.columns

        def value(node: AppliedUndef) -> sp.Expr:
            name, (time,) = str(node.func), node.args
            if time.is_Integer and time < 0:
                return sp.S.Zero
            return self.limit(columns.index(name))(time) if name in columns else self.series(name)(time)

        return formula.replace(lambda e: isinstance(e, AppliedUndef), value).xreplace(self.noises)

    def with_numbered_forms(self, formula: sp.Expr) -> sp.Expr:
        """Linear forms in Gaussian variables as ``H^{(k)}_t`` where a ridge is applied to them."""
        return formula.replace(lambda e: isinstance(e, RIDGES), self._numbered)

    def _numbered(self, ridge: sp.Expr) -> sp.Expr:
        (form,) = ridge.args
        gaussian = [self.noises[u.symbol] for u in self.recursion.noises if u.variance is not None]
        gaussian += [value for value in form.atoms(AppliedUndef) if str(value.func) in self.family]
        rest = form - sum(sp.diff(form, value) * value for value in gaussian)
        random = set(gaussian) | set(self.noises.values())
        slopes = [sp.diff(form, value) for value in gaussian]
        if sp.expand(rest) != 0 or any(slope.has(*random) for slope in slopes):
            return ridge
        if form not in self.forms:
            self.forms.append(form)
        return ridge.func(H(self.forms.index(form) + 1, t))

    def _capital(self, name: str) -> str:
        capital = name[:1].upper() + name[1:]
        taken = {*self.recursion.columns, *(u.name for u in self.recursion.noises), "H", self._letter.upper()}
        return capital if capital not in taken else f"{name}bar"

    def _place(self, i: int, a: int) -> tuple[str, str]:
        """What tells several matrices and columns apart: the matrix above, the column below."""
        upper = sp.latex(self.matrix(i)) if len(self.recursion.matrices) > 1 else ""
        return upper, str(a + 1) if len(self.recursion.columns) > 1 else ""

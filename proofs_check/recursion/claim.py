"""The user's conjecture about a recursion: ``var = …`` in t, or ``cov = …`` in s and t, instead of (72).

``var`` is ``E Q_t²`` for t ≥ 1 and ``cov`` is ``E Q_s·Q_t`` for 1 ≤ s < t. Where q has several columns the name
of one is added: ``var_dq = …``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Final

import numpy as np
import sympy as sp

from numerics.gaussian_matrix import Array
from proofs_check.errors import FormulaError, InputError
from proofs_check.formula import parse_formula
from proofs_check.recursion.model import PythonRecursion, RecursionData
from theory.symbols import s, t

if TYPE_CHECKING:
    from proofs_check.registry import Entry
    from proofs_check.settings import Settings

TARGETS: Final = ("var", "cov")


@dataclass(frozen=True)
class CovarianceClaim:
    """A formula for variances, or for covariances of two times, of one column.

    Attributes
    ----------
    target, column : str
        ``"var"`` or ``"cov"``, and which column of q.
    text : str
        The formula as it was written.
    formula : sympy.Expr
        In s and t, with the values of the parameters put in.
    """

    target: str
    column: str
    text: str
    formula: sp.Expr

    @classmethod
    def parse(cls, text: str, recursion: RecursionData | PythonRecursion) -> CovarianceClaim:
        """Read ``var = …`` or ``cov_q = …``.

        Raises
        ------
        FormulaError
            When it is not understood.
        """
        name, equals, formula = text.partition("=")
        found = re.fullmatch(r"(var|cov)(?:_(\w+))?", name.strip())
        columns = recursion.q_columns
        allowed = (
            ", ".join(f"{one}_{column}" for one in TARGETS for column in columns) if len(columns) > 1 else "var, cov"
        )
        if not found or not equals:
            raise FormulaError(f"{text!r} is not a claim: write 'var = …' in t, or 'cov = …' in s and t ({allowed})")
        target, column = found.group(1), found.group(2) or (columns[0] if len(columns) == 1 else "")
        if column not in columns:
            raise FormulaError(f"{text!r}: which column of q is meant? ({allowed})")
        parameters: Mapping[str, Fraction] = recursion.parameters if isinstance(recursion, RecursionData) else {}
        named = {one: sp.Symbol(one) for one in parameters}
        values = {named[one]: sp.Rational(v.numerator, v.denominator) for one, v in parameters.items()}
        times = {"t": t, "s": s} if target == "cov" else {"t": t}
        return cls(target, column, formula.strip(), parse_formula(formula, named | times).subs(values))

    def covariances(self, law: Array, recursion: RecursionData | PythonRecursion) -> Array:
        """(72) with what is claimed put in, (K, K); NaN where the formula has no value."""
        found, size = law.copy(), len(recursion.q_columns)
        place, times = recursion.q_columns.index(self.column), law.shape[0] // size
        for later in range(1, times):
            for earlier in range(1, later + 1):
                if (earlier == later) is (self.target == "var"):
                    row, column = earlier * size + place, later * size + place
                    found[row, column] = found[column, row] = self._value(earlier, later)
        return found

    def _value(self, earlier: int, later: int) -> float:
        value = self.formula.subs({s: earlier, t: later})
        number = complex(value) if value.is_number and not value.has(sp.zoo, sp.nan, sp.oo) else complex(np.nan)
        return number.real if abs(number.imag) < 1e-12 and isfinite(number.real) else float("nan")


def check_claims(entry: Entry, settings: Settings) -> None:  # noqa: ARG001
    """Complain about claims that are not understood.

    Raises
    ------
    InputError
        Naming the claim and what is allowed.
    """
    seen = set()
    assert settings.recursion is not None  # the command has read one
    for claim in read_claims(settings.claims, settings.recursion):
        if (claim.target, claim.column) in seen:
            raise InputError(f"--claim: {claim.target!r} of {claim.column} is claimed twice")
        seen.add((claim.target, claim.column))


def read_claims(claims: tuple[str, ...], recursion: RecursionData | PythonRecursion) -> tuple[CovarianceClaim, ...]:
    """The claims about a recursion.

    Raises
    ------
    InputError
        When one is not understood.
    """
    try:
        return tuple(CovarianceClaim.parse(text, recursion) for text in claims)
    except FormulaError as error:
        raise InputError(f"--claim: {error}") from None

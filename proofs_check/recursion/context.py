"""What the checks of one recursion share: the recursion, its state evolution, and the measurements."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from numerics.expression import Apply, Expression, Input, Program, State, walk
from numerics.extrapolation import Estimate, extrapolated
from numerics.gaussian_matrix import Array
from numerics.lipschitz import outgrows_squares
from numerics.quadrature import NonFiniteError
from numerics.recursion import Recursion
from numerics.state_evolution import LimitLaw, state_evolution
from numerics.statistics import POWER_QUANTILE, Moments
from proofs_check.errors import InputError
from proofs_check.judgement import FAMILY_LEVEL
from proofs_check.progress import Progress
from proofs_check.recursion.claim import CovarianceClaim, read_claims
from proofs_check.recursion.hypotheses import Hypotheses, examine, ranges
from proofs_check.recursion.laboratory import Laboratory
from proofs_check.recursion.model import PythonRecursion, RecursionData
from proofs_check.recursion.numeric import numeric, numeric_functions
from proofs_check.recursion.reader import read
from proofs_check.settings import Settings

if TYPE_CHECKING:
    from theory.derivation import Derivation
    from theory.recursion import ExactRecursion

PART: Final = "71"
SAYS: Final = "(u, q_0 … q_T) of this recursion tends to (U, Q_0 … Q_T), Gaussian, of covariance (72)"
EXAMPLE: Final = "tanh-rnn"
"""What is checked where no recursion is given."""

TOLERANCE: Final = 1e-10
WIDENED: Final = 2.5
"""From Student's half width at 99.9 %, with 15 degrees of freedom, to a level of 1e-7 for each entry."""

LONGEST: Final = 128
"""Horizon up to which the integrals of (72), one for each pair of times, take no more than minutes."""

DIGITS: Final = 30
"""Of the closed forms."""

CLOSED_TIMES: Final = 16
"""Up to this time closed forms are worked out."""

TINY: Final = 1e-12
"""A variance below this share of the largest is 0."""

ROUNDING: Final = 1e-13
"""Rounding, relative to the largest covariance."""

SINGULAR: Final = 1e-6
"""A covariance whose smallest eigenvalue is below this share of the largest is taken to be singular."""


@dataclass(frozen=True)
class RecursionContext:
    """One recursion, examined; nothing is computed yet.

    Attributes
    ----------
    settings : Settings
    data : RecursionData or PythonRecursion
    recursion : Recursion
        The same in floating point.
    hypotheses : Hypotheses
    names : tuple of str
        What the test functions are called.
    laboratory : Laboratory
    claims : tuple of CovarianceClaim
        The user's.
    """

    settings: Settings
    data: RecursionData | PythonRecursion
    recursion: Recursion
    hypotheses: Hypotheses
    names: tuple[str, ...]
    laboratory: Laboratory
    claims: tuple[CovarianceClaim, ...] = ()

    @classmethod
    def prepare(cls, settings: Settings, progress: Progress | None = None) -> RecursionContext:
        """Examine the recursion of the settings.

        Raises
        ------
        InputError
            When the lemma does not cover it, or it does not fit into the memory.
        """
        data = settings.recursion or read(EXAMPLE)
        if settings.horizon > LONGEST:
            raise InputError(
                f"--horizon {settings.horizon}: at most {LONGEST}, since (72) has an integral for each pair of times"
            )
        recursion = numeric(data) if isinstance(data, RecursionData) else data.recursion
        hypotheses = examine(recursion, settings.horizon)
        if hypotheses.undefined:
            one = hypotheses.undefined[0]
            raise InputError(f"--recursion {data.source}: {one.where} is {one.undefined}")
        if hypotheses.broken and not settings.outside_hypotheses:
            one = hypotheses.broken[0]
            raise InputError(
                f"--recursion {data.source}: {one.where} is not Lipschitz ({one.witness}): Lemma C.1 does not "
                "cover it; --outside-hypotheses runs it all the same"
            )
        functions = test_functions(data, settings.horizon)
        program = Program(tuple(functions.values()))
        laboratory = Laboratory(recursion, settings, program, progress)
        return cls(
            settings, data, recursion, hypotheses, tuple(functions), laboratory, read_claims(settings.claims, data)
        )

    @cached_property
    def left_out(self) -> tuple[str, ...]:
        """The user's test functions that are about times after the horizon."""
        return tuple(name for name, one in _own(self.data).items() if _last_time(one) > self.settings.horizon)

    @property
    def not_pseudo_lipschitz(self) -> tuple[str, ...]:
        """The user's test functions that are seen to grow faster than a square."""
        variables = ranges(self.recursion, self.settings.horizon)
        return tuple(
            name
            for name, one in _own(self.data).items()
            if name not in self.left_out and outgrows_squares(one, variables)
        )

    @property
    def formulas(self) -> dict[str, str]:
        """What is claimed of the covariances."""
        return {f"{one.target}_{one.column}": one.text for one in self.claims}

    @property
    def says(self) -> dict[str, str]:
        """What is checked, in words."""
        own = "; ".join(f"{name} = {text}" for name, text in self.formulas.items())
        return {PART: f"{SAYS}; your claim: {own}" if own else SAYS}

    @property
    def interrupted(self) -> bool:
        """Whether the user stopped the measurements."""
        return self.laboratory.interrupted

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know about the request."""
        found = [
            f"{one.where} is not Lipschitz ({one.witness}): Lemma C.1 does not cover this recursion"
            for one in self.hypotheses.broken[:1]
        ]
        found += [
            f"{one.where}: no Lipschitz constant was found, and none was ruled out; Lemma C.1 may not cover it"
            for one in self.hypotheses.open[:1]
        ]
        if self.left_out:
            late = self.left_out[0]
            found.append(f"functions: {late} is about a time after the horizon {self.settings.horizon}; left out")
        found += [f"functions: {one} grows faster than a square: it is not PL(2), and (71) says nothing of it"
                  for one in self.not_pseudo_lipschitz[:1]]  # fmt: skip
        return tuple(found)

    @cached_property
    def limit(self) -> LimitLaw:
        """(72) by quadrature.

        Raises
        ------
        InputError
            When a row function gives something that is not a number.
        """
        return self.limit_of(self.recursion)

    @cached_property
    def fresh(self) -> LimitLaw:
        """The same if the matrices were drawn afresh at each time, which they are not."""
        return self.limit_of(self.recursion, fresh=True)

    @cached_property
    def exact(self) -> ExactRecursion | str:
        """The recursion in exact terms, or why it has none."""
        if not isinstance(self.data, RecursionData):
            return "none: the row functions are written in Python"
        from proofs_check.recursion.symbolic import exact

        try:
            return exact(self.data)
        except InputError as error:
            return f"none: {error}"

    @cached_property
    def derivation(self) -> Derivation | str:
        """(72) derived for this recursion, one step written out; or why it is not."""
        if isinstance(self.exact, str):
            return self.exact
        from theory.statements.user_recursion import derive

        return derive(self.exact, 1)

    @cached_property
    def closed_forms(self) -> Array | str:
        """(72) in closed form, (K, K), or why there is none."""
        if isinstance(self.exact, str):
            return self.exact
        from theory.closed_forms import covariances
        from theory.gaussian_ridges import NoClosedFormError

        try:
            blocks = covariances(self.exact, min(self.settings.horizon, CLOSED_TIMES), digits=DIGITS)
        except NoClosedFormError as error:
            return f"{error}; by quadrature alone"
        return np.array(np.block([[np.array(block, dtype=np.float64) for block in row] for row in blocks]))

    def limit_of(self, recursion: Recursion, *, fresh: bool = False) -> LimitLaw:
        """(72) for another recursion, or for matrices that are drawn afresh at each time."""
        try:
            return state_evolution(recursion, self.settings.horizon, tolerance=TOLERANCE, fresh=fresh)
        except NonFiniteError as error:
            raise InputError(f"--recursion {self.data.source}: {error}") from None

    @cached_property
    def limit_error(self) -> Array:
        """Stated errors of (72); those of quasi-Monte Carlo widened so that all of them hold together."""
        return self.limit.error * (WIDENED if self.limit.statistical else 1.0)

    @property
    def columns(self) -> int:
        """K, how many columns q_0 … q_T have together."""
        return (self.settings.horizon + 1) * self.recursion.q_columns

    @cached_property
    def ladder_moments(self) -> dict[int, Moments]:
        """Of the empirical second moments, at each width of the ladder."""
        return {n: Moments.of(sample.second_moments) for n, sample in self.laboratory.ladder().items()}

    @cached_property
    def measured(self) -> Estimate:
        """The measured limit of the second moments, (K, K)."""
        return extrapolated(list(self.ladder_moments), list(self.ladder_moments.values()))

    @cached_property
    def resolution(self) -> Array:
        """Deviations of a covariance that the measurements would notice with 95 % probability, (K, K)."""
        found, tests = self.measured, int(self.tested.sum())
        rejected = special.stdtrit(found.degrees, 1 - FAMILY_LEVEL / (2 * tests))
        return np.asarray((rejected + POWER_QUANTILE) * found.error + 2 * found.residual)

    def label(self, row: int, column: int) -> str:
        """What an entry of the covariance is called."""
        return f"E {self.name(row)}·{self.name(column)}" if row != column else f"E {self.name(row)}²"

    def name(self, place: int) -> str:
        """What a column of q_0 … q_T is called."""
        time, column = divmod(place, self.recursion.q_columns)
        return f"{self.data.q_columns[column]}_{time}"

    @property
    def tested(self) -> NDArray[np.bool_]:
        """Which entries are tested: one of each pair, (K, K)."""
        return np.triu(np.ones((self.columns, self.columns), dtype=np.bool_))


def test_functions(data: RecursionData | PythonRecursion, horizon: int) -> dict[str, Expression]:
    """Pseudo-Lipschitz functions of order 2, by name: the user's, and some of every kind.

    Second moments are measured anyway; these see what is not quadratic, or not about two times alone.
    """
    found = {name: function for name, function in _own(data).items() if _last_time(function) <= horizon}
    times = sorted({1, max(1, horizon // 2), horizon})
    for column, name in enumerate(data.q_columns):
        for time in times:
            found[f"|{name}_{time}|"] = Apply("abs", (State(time, column),))
        for one, other in pairwise(times):
            pair = (State(one, column), State(other, column))
            found[f"max({name}_{one}, {name}_{other})"] = Apply("maximum", pair)
            found[f"cos({name}_{one} + {name}_{other})"] = Apply("cos", (Apply("add", pair),))
        for place, other_name in enumerate(data.u_columns):
            size = Apply("abs", (State(horizon, column),))
            found[f"|{name}_{horizon}|·{other_name}"] = Apply("multiply", (size, Input(place)))
    return found


def _own(data: RecursionData | PythonRecursion) -> dict[str, Expression]:
    """The user's test functions."""
    if not isinstance(data, RecursionData):
        return {}
    names = (formula.text for formula in data.functions)
    return dict(zip(names, numeric_functions(data, data.functions), strict=True))


def _last_time(expression: Expression) -> int:
    return max((part.time for part in walk(expression) if isinstance(part, State)), default=0)


def is_singular(covariance: Array) -> bool:
    """Whether a covariance is singular, or nearly so."""
    values = np.linalg.eigvalsh(covariance)
    return bool(values[0] <= SINGULAR * max(values[-1], 1e-300))


def largest(covariance: Array) -> float:
    """The largest entry, to which errors are compared; 1 where all vanish."""
    return float(np.max(np.abs(covariance))) or 1.0

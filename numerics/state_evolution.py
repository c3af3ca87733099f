"""The state evolution (72) of a Gaussian recursion (68), by quadrature with stated errors.

Q_1, Q_2, … are jointly Gaussian with mean 0, and ``Cov(R_{i,s}, R_{i,t}) = ν_i E[Z_{i,s}^T Z_{i,t}]``, so that
one covariance matrix grows by one block row at each step. Every entry is an integral of a product of two row
functions, over the forms that they read. Errors of earlier steps move later ones; the evolution is
therefore run more than once: with every integral off by its error or, if there are integrals
with too many coordinates for quadrature, with independent scramblings of quasi-Monte Carlo points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import numpy as np

from numerics.expectations import Expectations, NeedsSampleError, Usage
from numerics.expression import Expression, Program, State, Variable
from numerics.gaussian_matrix import Array
from numerics.predictors import PredictorForm, predictor_form
from numerics.quadrature import Estimate, NonFiniteError, Space, Splitting
from numerics.quasi_monte_carlo import NAME as SOBOL
from numerics.quasi_monte_carlo import SobolSample, student_interval
from numerics.recursion import Recursion
from numerics.structure import Forms, Term, name_of

LOCAL_SHARE: Final = 0.01
LOCAL_LEAST: Final = 1e-13
"""The tolerance of one integral, as a share of that of the evolution, but not where rounding prevails."""

SAFETY: Final = 2.0
"""What differs between two runs is multiplied by this."""

SAMPLE_TOLERANCE: Final = 1e-8
SAMPLE_LIMIT: Final = 300_000
"""Tolerance and nodes of an integral by quadrature where others need quasi-Monte Carlo, which is less accurate."""


@dataclass(frozen=True, eq=False)
class LimitLaw:
    """The law of Q_0 … Q_T in (71).

    Attributes
    ----------
    recursion : Recursion
    horizon : int
        T.
    tolerance : float
    fresh : bool
        Whether the matrices are drawn anew at each step.
    covariance : array, (K, K), K = (T+1) d_q
        ``E[Q_s^T Q_t]``, index time·d_q + column. Q_1 … Q_T are Gaussian with mean 0 and independent of Q_0,
        whose block holds its second moments.
    error : array, (K, K)
        Stated errors of the entries. Of quadrature: twice what changes when every integral is off by its own
        error. Of quasi-Monte Carlo: Student's half width at 99.9 %.
    second_moments, second_moment_errors : tuple of array, (T d_q, T d_q)
        For each matrix ``E[Z_{i,s}^T Z_{i,t}]``, with its error.
    method : str
        What was computed how, in words.
    nodes : int
        How many evaluations it took.
    statistical : bool
        Whether quasi-Monte Carlo was needed.
    """

    recursion: Recursion
    horizon: int
    tolerance: float
    fresh: bool
    covariance: Array
    error: Array
    second_moments: tuple[Array, ...]
    second_moment_errors: tuple[Array, ...]
    method: str
    nodes: int
    statistical: bool
    _evolution: _Evolution = field(repr=False)
    _runs: tuple[_Run, ...] = field(repr=False)

    @property
    def converged(self) -> bool:
        """Whether every error is below the tolerance, relative to the standard deviations."""
        spread = np.sqrt(np.maximum(np.diagonal(self.covariance), 0.0))
        return bool((self.error <= self.tolerance * np.outer(spread, spread)).all())

    def block(self, s: int, t: int) -> Array:
        """``E[Q_s^T Q_t]``, (d_q, d_q)."""
        size = self.recursion.q_columns
        return self.covariance[s * size : (s + 1) * size, t * size : (t + 1) * size]

    def predictor_form(self) -> PredictorForm:
        """The same law by (72d)–(72g): predictors and innovations.

        Raises
        ------
        ValueError
            For fresh matrices, whose images are independent over time.
        """
        if self.fresh:
            raise ValueError("matrices that are drawn anew at each step have no predictors: images are independent")
        variances = [matrix.variance for matrix in self.recursion.matrices]
        return predictor_form(self.second_moments, variances, self.recursion.q_columns)

    def expect(self, function: Expression) -> Estimate:
        """``E function(Q_0 … Q_T, U)``, the limit of the averages over rows in (71).

        Parameters
        ----------
        function : Expression
            Of states up to T and inputs.

        Returns
        -------
        Estimate
            Its error includes that of the covariances.

        Raises
        ------
        ValueError
            When it reads what there is not.
        NonFiniteError
            When it has no finite value somewhere.

        Examples
        --------
        >>> from numerics.expression import Apply, Constant
        >>> from numerics.recursion import python_recursion
        >>> law = state_evolution(python_recursion(lambda t, q, u: np.tanh(q[t]), 1.5, memory=0), 3)
        >>> bool(abs(law.expect(Apply("power", (State(3, 0), Constant(2.0)))).value - law.block(3, 3)[0, 0]) < 1e-10)
        True
        """
        return self._evolution.expected(self._runs, function, self.tolerance, statistical=self.statistical)

    def expect_all(self, program: Program) -> list[Estimate]:
        """The expectations of several functions."""
        return [self.expect(output) for output in program.outputs]


def state_evolution(
    recursion: Recursion,
    horizon: int,
    tolerance: float = 1e-10,
    *,
    fresh: bool = False,
    nodes: int = 20_000_000,
    points: int = 1 << 15,
    replicates: int = 16,
    seed: int = 0,
) -> LimitLaw:
    """The limit law of a recursion, by (72).

    Parameters
    ----------
    recursion : Recursion
    horizon : int
        T, at least 1.
    tolerance : float
        What the errors of the covariances should be below, relative to the standard deviations.
    fresh : bool
        Draw the matrices anew at each step: then images at different times are independent. This is not
        (68), but what it is easily mistaken for.
    nodes : int
        Bound on the evaluations for one integral by quadrature.
    points, replicates, seed : int
        Of the quasi-Monte Carlo points, a power of two of them for each of at least two scramblings; they
        are used if there is an integral with too many coordinates.

    Returns
    -------
    LimitLaw

    Raises
    ------
    ValueError
        When a parameter is out of range.
    NonFiniteError
        When a row function has no finite value somewhere; it names the matrix, the time and the arguments.

    Examples
    --------
    >>> from numerics.expression import Apply
    >>> from numerics.laws import Normal
    >>> from numerics.recursion import FormulaRows, Matrix
    >>> rows = lambda t: FormulaRows((Apply("relu", (State(t, 0),)),))
    >>> law = state_evolution(Recursion((Matrix("A", 2.0, rows),), (Normal(((1.0,),)),)), 3)
    >>> law.covariance.round(6).tolist()[1]
    [0.0, 1.0, 0.31831, 0.31831]
    """
    if horizon < 1:
        raise ValueError(f"horizon: {horizon} is not possible, it must be at least 1")
    if not 0 < tolerance < 1:
        raise ValueError(f"tolerance: {tolerance} is not possible, it must be between 0 and 1")
    if points < 2 or points & (points - 1):
        raise ValueError(f"points: {points} is not possible, it must be a power of two")
    if replicates < 2:
        raise ValueError(f"replicates: {replicates} is not possible, it must be at least 2")
    evolution = _Evolution(recursion, horizon, _Effort(nodes, points, replicates, seed), fresh=fresh)
    try:
        runs = tuple(evolution.run(_local_tolerance(tolerance), shift=shift) for shift in (0.0, 1.0))
        statistical = False
    except NeedsSampleError:
        evolution.usage = Usage(hard=evolution.usage.hard)
        evolution.effort = replace(evolution.effort, nodes=min(nodes, SAMPLE_LIMIT))
        local = max(_local_tolerance(tolerance), SAMPLE_TOLERANCE)
        runs = tuple(evolution.run(local, replicate=replicate) for replicate in range(replicates))
        statistical = True
    return evolution.law(runs, tolerance, statistical=statistical)


@dataclass(frozen=True, eq=False)
class _Run:
    """One run of the evolution.

    Attributes
    ----------
    expectations : Expectations
        Under the covariance matrix of the Gaussian variables.
    covariance, errors : array, (K, K)
        As in ``LimitLaw``, but with the errors of the integrals alone, not those of earlier steps.
    moments, moment_errors : array, (matrices, T d_q, T d_q)
    """

    expectations: Expectations
    covariance: Array
    errors: Array
    moments: Array
    moment_errors: Array


@dataclass(frozen=True)
class _Effort:
    """How much may be computed: see ``state_evolution``."""

    nodes: int
    points: int
    replicates: int
    seed: int


class _Evolution:
    """What all runs of one evolution have in common."""

    def __init__(self, recursion: Recursion, horizon: int, effort: _Effort, *, fresh: bool) -> None:
        self.recursion, self.horizon, self.fresh, self.effort = recursion, horizon, fresh, effort
        self.size = recursion.q_columns
        self.space = Space(recursion.initial, recursion.inputs, horizon)
        self.forms = Forms(self.space.mean)
        self.splitting = Splitting(self.forms, self.space)
        self.usage = Usage()

    @cached_property
    def terms(self) -> list[list[tuple[tuple[Term, ...], ...]]]:
        """For each matrix and time, the terms of each column of G."""
        matrices = range(len(self.recursion.matrices))
        found = [[self.forms.columns(self.recursion.rows(i, t)) for t in range(self.horizon)] for i in matrices]
        for i, matrix in enumerate(self.recursion.matrices):
            for t, columns in enumerate(found[i]):
                if not all(np.isfinite(term.coefficient) for column in columns for term in column):
                    raise NonFiniteError(f"G of {matrix.name} at t = {t} has a constant that is not finite")
        return found

    def expectations(self, gaussian: Array, tolerance: float, replicate: int | None) -> Expectations:
        """Expectations under a covariance matrix, with the points of a scrambling if it has a number."""

        def sample() -> SobolSample:
            seed = np.random.SeedSequence(self.effort.seed, spawn_key=(replicate or 0,))
            return SobolSample(self.space, self.effort.points, seed)

        drawn = sample if replicate is not None else None
        return Expectations(
            self.splitting, gaussian, self.usage, tolerance=tolerance, limit=self.effort.nodes, sample=drawn
        )

    def run(self, tolerance: float, *, shift: float = 0.0, replicate: int | None = None) -> _Run:
        """Run (72) once; ``shift`` moves every integral by that many errors."""
        size, length = self.size, (self.horizon + 1) * self.size
        gaussian = self.space.start_covariance()
        expectations = self.expectations(gaussian, tolerance, replicate)
        covariance, errors = np.zeros((2, length, length))
        moments, moment_errors = np.zeros((2, len(self.recursion.matrices), length - size, length - size))
        covariance[:size, :size], errors[:size, :size] = self._start(expectations)
        states = len(gaussian) - self.horizon * size
        variances = np.array([matrix.variance for matrix in self.recursion.matrices])
        for t in range(self.horizon):
            now, after = (slice(k * size, (k + 1) * size) for k in (t, t + 1))
            for s in range(t + 1):
                past, since = (slice(k * size, (k + 1) * size) for k in (s, s + 1))
                for i in range(len(variances)):
                    value, error = self._moment(expectations, i, s, t)
                    _fill(moments[i], past, now, value + shift * error)
                    _fill(moment_errors[i], past, now, error)
                if s == t or not self.fresh:
                    _fill(covariance, since, after, np.tensordot(variances, moments[:, past, now], 1))
                    _fill(errors, since, after, np.tensordot(variances, moment_errors[:, past, now], 1))
            gaussian[states : states + after.stop - size, states : states + after.stop - size] = covariance[
                size : after.stop, size : after.stop
            ]
        return _Run(expectations, covariance, errors, moments, moment_errors)

    def law(self, runs: tuple[_Run, ...], tolerance: float, *, statistical: bool) -> LimitLaw:
        """What the runs say together."""
        covariance, error = _together([(run.covariance, run.errors) for run in runs], statistical=statistical)
        moments, moment_error = _together([(run.moments, run.moment_errors) for run in runs], statistical=statistical)
        words = self.usage.words
        if statistical:
            words = f"{len(runs)} runs with independent scramblings of {self.effort.points} points: {words}"
        return LimitLaw(
            recursion=self.recursion,
            horizon=self.horizon,
            tolerance=tolerance,
            fresh=self.fresh,
            covariance=covariance,
            error=error,
            second_moments=tuple(moments),
            second_moment_errors=tuple(moment_error),
            method=words,
            nodes=self.usage.nodes,
            statistical=statistical,
            _evolution=self,
            _runs=runs,
        )

    def expected(
        self, runs: tuple[_Run, ...], function: Expression, tolerance: float, *, statistical: bool
    ) -> Estimate:
        """The expectation of a function under the law that the runs have found."""
        for variable in Program((function,)).variables:
            if variable not in self.space.gaussian and not self._is_source(variable):
                raise ValueError(f"there is no {name_of(variable, self.size)} up to T = {self.horizon}")
        terms = self.forms.reduced(function)
        try:
            found = self._expected([run.expectations for run in runs], terms)
            return _joined(found, statistical=statistical)
        except NeedsSampleError:
            of_runs = [
                [
                    self.expectations(run.expectations.covariance, _local_tolerance(tolerance), replicate)
                    for replicate in range(self.effort.replicates)
                ]
                for run in runs
            ]
            main, off = (_joined(self._expected(one, terms), statistical=True) for one in of_runs)
            return replace(main, error=main.error + SAFETY * abs(main.value - off.value))

    def _expected(self, under: Sequence[Expectations], terms: Sequence[Term]) -> list[Estimate]:
        try:
            return [one.of_terms(terms) for one in under]
        except NonFiniteError as error:
            raise NonFiniteError(f"the function is {self._where(error)}") from error

    def _is_source(self, variable: Variable) -> bool:
        return any(variable == one for source in self.space.sources for one, _ in source.variables)

    def _start(self, expectations: Expectations) -> tuple[Array, Array]:
        """``E[Q_0^T Q_0]`` with its error."""
        columns = [self.forms.reduced(State(0, column)) for column in range(self.size)]
        found = [[expectations.of_product(a, b) for b in columns] for a in columns]
        value = np.array([[one.value for one in row] for row in found])
        return value, np.array([[one.error for one in row] for row in found])

    def _moment(self, expectations: Expectations, i: int, s: int, t: int) -> tuple[Array, Array]:
        """``E[Z_{i,s}^T Z_{i,t}]`` with its error, both (d_q, d_q)."""
        value, error = np.zeros((2, self.size, self.size))
        try:
            for a, one in enumerate(self.terms[i][s]):
                for b, other in enumerate(self.terms[i][t]):
                    if s == t and b < a:
                        value[a, b], error[a, b] = value[b, a], error[b, a]
                        continue
                    found = expectations.of_product(one, other)
                    value[a, b], error[a, b] = found.value, found.error
        except NonFiniteError as failure:
            late = any(failure.factor in term.factors for column in self.terms[i][t] for term in column)
            name = self.recursion.matrices[i].name
            raise NonFiniteError(f"G of {name} at t = {t if late else s} is {self._where(failure)}") from failure
        return value, error

    def _where(self, failure: NonFiniteError) -> str:
        places = [self.forms.words(one, at, self.size) for one, at in failure.arguments.items()]
        return f"{failure.value} where {', '.join(places)}"


def _local_tolerance(tolerance: float) -> float:
    """The tolerance of one integral."""
    return max(LOCAL_SHARE * tolerance, LOCAL_LEAST)


def _fill(matrix: Array, rows: slice, columns: slice, block: Array) -> None:
    matrix[rows, columns] = block
    matrix[columns, rows] = block.T


def _together(found: Sequence[tuple[Array, Array]], *, statistical: bool) -> tuple[Array, Array]:
    """One value with its error from those of all runs."""
    values, errors = (np.stack(part) for part in zip(*found, strict=True))
    if statistical:
        value, spread = student_interval(values)
        return value, spread + errors.max(axis=0)
    return values[0], SAFETY * np.abs(values[1] - values[0]) + errors[0]


def _joined(found: Sequence[Estimate], *, statistical: bool) -> Estimate:
    pairs = [(np.array(one.value), np.array(one.error)) for one in found]
    value, error = _together(pairs, statistical=statistical)
    return Estimate(float(value), float(error), found[0].size, rule=SOBOL if statistical else "")

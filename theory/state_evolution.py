"""Lemma C.1's engine: the state evolution (72) of a Gaussian recursion (68), exactly.

A recursion is data: matrices A_i with independent N(0, ν_i) entries and row functions that form
``z_{i,t} = G_{i,t}(q_0 … q_t)``, with ``q_{t+1} = Σ_i n^{-1/2} A_i z_{i,t}``. Its large-n limit
is a Gaussian process Q_t whose covariances follow from (72a)–(72h): each new image R_{i,t} is its
linear prediction from the earlier images of the same matrix, plus an innovation.

The engine only asks a row function for ``E[Z_s^T Z_t]`` given the covariances of Q, so that
functions other than the linear ones below fit in without a change here. It writes covariances
for *one* column of each block; columns driven by different inputs are independent copies, so
the true covariance is ``⊗ I_{n_x}``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import sympy as sp

from theory import symbols
from theory.exact_zeros import is_zero

Covariance = Callable[[int, int], sp.Matrix]
"""``covariance(s, t)`` is ``E[Q_s^T Q_t]``, a d_q × d_q matrix."""

Blocks = list[list[sp.Matrix]]
"""``blocks[s][t]``: the covariance between times s and t."""


class RowFunction(Protocol):
    """The function G_i of (68), known through the second moments of its values."""

    def cross_moment(self, s: int, t: int, covariance: Covariance) -> sp.Matrix:
        """``E[Z_s^T Z_t]`` for jointly Gaussian Q with the given covariances."""
        ...


@dataclass(frozen=True)
class LinearRow:
    """``z_t = Σ_l q_{t-l} B_l``: a linear function of the present and of earlier rows.

    Parameters
    ----------
    coefficients : tuple of sympy.ImmutableMatrix
        ``B_0, B_1, …``, each d_q × d_q; terms that reach before time 0 are dropped.
    """

    coefficients: tuple[sp.ImmutableMatrix, ...]

    def cross_moment(self, s: int, t: int, covariance: Covariance) -> sp.Matrix:
        """``Σ_{l,m} B_l^T E[Q_{s-l}^T Q_{t-m}] B_m``."""
        size = self.coefficients[0].cols
        total = sp.zeros(size, size)
        for back_s, left in enumerate(self.coefficients[: s + 1]):
            for back_t, right in enumerate(self.coefficients[: t + 1]):
                total += left.T * covariance(s - back_s, t - back_t) * right
        return total

    @property
    def memoryless(self) -> bool:
        """Whether z_t depends on q_t alone."""
        return len(self.coefficients) == 1


@dataclass(frozen=True)
class RandomMatrix:
    """A matrix A_i of (68): independent N(0, variance) entries, applied to rows ``row``."""

    name: str
    variance: sp.Expr
    row: RowFunction


@dataclass(frozen=True)
class GaussianRecursion:
    """The recursion (68) as data.

    Parameters
    ----------
    matrices : tuple of RandomMatrix
        Independent of each other and of q_0.
    initial : sympy.ImmutableMatrix
        ``P_0``, the covariance of a row of q_0.
    """

    matrices: tuple[RandomMatrix, ...]
    initial: sp.ImmutableMatrix


@dataclass(frozen=True)
class Image:
    """What (72d)–(72g) say of one matrix at one time.

    Attributes
    ----------
    predictor : tuple of sympy.Matrix
        ``F_{i,t,s}`` for s < t, the coefficients of (72d).
    innovation : sympy.Matrix
        ``P_{i,t}`` of (72e).
    with_past : tuple of sympy.Matrix
        ``Cov(R_{i,s}, R_{i,t})`` for s ≤ t, in the predictor form.
    direct : tuple of sympy.Matrix
        ``ν_i E[Z_{i,s}^T Z_{i,t}]`` for s ≤ t: the same by the variance identity.
    """

    predictor: tuple[sp.Matrix, ...]
    innovation: sp.Matrix
    with_past: tuple[sp.Matrix, ...]
    direct: tuple[sp.Matrix, ...]

    def at(self, values: Mapping[sp.Symbol, sp.Expr]) -> Image:
        """The same with values in place of names."""
        if not values:
            return self
        several = (self.predictor, (self.innovation,), self.with_past, self.direct)
        parts = (tuple(block.xreplace(values) for block in blocks) for blocks in several)
        predictor, (innovation,), with_past, direct = parts
        return Image(predictor, innovation, with_past, direct)


class StateEvolution:
    """Run (72) forward in time.

    Parameters
    ----------
    recursion : GaussianRecursion
    covariances : list of lists of sympy.Matrix, optional
        Covariances of Q_0 … Q_t to start from; Q_0 alone by default.
    images : list of lists of sympy.Matrix, one for each matrix, optional
        Covariances of R_{i,0} … R_{i,t-1}, needed with ``covariances``.
    """

    def __init__(
        self,
        recursion: GaussianRecursion,
        covariances: Blocks | None = None,
        images: Sequence[Blocks] | None = None,
    ) -> None:
        self.recursion = recursion
        self.covariances: Blocks = covariances or [[sp.Matrix(recursion.initial)]]
        self._images: list[Blocks] = [list(map(list, b)) for b in images or [[] for _ in recursion.matrices]]
        self._names: dict[sp.Expr, sp.Symbol] = {}

    @property
    def time(self) -> int:
        """The last time whose covariance is known."""
        return len(self.covariances) - 1

    def covariance(self, s: int, t: int) -> sp.Matrix:
        """``E[Q_s^T Q_t]``."""
        return self.covariances[s][t]

    def advance(self) -> tuple[Image, ...]:
        """Compute Q_{t+1} from Q_0 … Q_t, equations (72b)–(72h).

        Returns
        -------
        tuple of Image
            One for each matrix of the recursion.
        """
        now = self.time
        size = self.recursion.initial.rows
        named = tuple(self._image(i, now) for i in range(len(self.recursion.matrices)))
        values = {name: value for value, name in self._names.items()}
        images = tuple(image.at(values) for image in named)
        none = sp.zeros(size, size)
        column = [none]  # Q_0 is independent of every A_i
        column += [sum((image.with_past[s] for image in images), none) for s in range(now + 1)]
        for s, row in enumerate(self.covariances):
            row.append(column[s])
        self.covariances.append([block.T for block in column[:-1]] + [column[-1]])
        for i, image in enumerate(named):
            for s, row in enumerate(self._images[i]):
                row.append(image.with_past[s])
            self._images[i].append([block.T for block in image.with_past[:-1]] + [image.with_past[-1]])
        return images

    def _image(self, i: int, now: int) -> Image:
        matrix = self.recursion.matrices[i]
        nu = matrix.variance

        def moment(s: int, t: int, covariance: Covariance) -> sp.Matrix:
            return matrix.row.cross_moment(s, t, covariance).applyfunc(self._named)

        cross = [moment(s, now, self.covariance) for s in range(now)]
        predictor = self._predictor(i, now, cross)
        present_moment = moment(now, now, self.covariance)
        none = sp.zeros(*present_moment.shape)
        explained = sum((c.T * f for c, f in zip(cross, predictor, strict=True)), none)
        innovation = nu * (present_moment - explained)  # (72e), at the optimal F
        past = self._images[i]
        with_past = [sum((past[s][r] * predictor[r] for r in range(now)), none) for s in range(now)]
        present = innovation + sum((f.T * w for f, w in zip(predictor, with_past, strict=True)), none)
        direct = [nu * block for block in (*cross, present_moment)]
        return Image(
            tuple(predictor),
            innovation.applyfunc(self._expanded),
            tuple(block.applyfunc(self._expanded) for block in (*with_past, present)),
            tuple(block.applyfunc(self._expanded) for block in direct),
        )

    def _named(self, entry: sp.Expr) -> sp.Expr:
        """A name for a second moment with roots or arcs in it: predictors are rational in the moments."""
        if entry.is_Rational or not (entry.is_number or entry.has(sp.pi, sp.exp, sp.sin, sp.cos)):
            return entry
        return self._names.setdefault(entry, sp.Dummy("moment", real=True))

    def _expanded(self, entry: sp.Expr) -> sp.Expr:
        return sp.expand(sp.cancel(entry) if entry.has(sp.Dummy) else entry)

    def _predictor(self, i: int, now: int, cross: list[sp.Matrix]) -> list[sp.Matrix]:
        """(72d): ``E[Z̄^T Z̄]^+ E[Z̄^T Z_t]``, cut into one block for each earlier time."""
        if all(block.is_zero_matrix for block in cross):
            return [sp.zeros(*block.shape) for block in cross]
        moment = self.recursion.matrices[i].row.cross_moment
        gram = sp.Matrix(
            sp.BlockMatrix(
                [[moment(r, s, self.covariance).applyfunc(self._named) for s in range(now)] for r in range(now)]
            )
        )
        size = cross[0].rows
        if gram.has(sp.Dummy):
            values = {name: value for value, name in self._names.items()}
            determinant = sp.cancel(gram.det(method="berkowitz"))
            singular = is_zero(determinant.xreplace(values))
            stacked = (gram.pinv() if singular else gram.inv(method="ADJ")) * sp.Matrix.vstack(*cross)
            return [stacked[s * size : (s + 1) * size, :].applyfunc(sp.cancel) for s in range(now)]
        stacked = gram.pinv() * sp.Matrix.vstack(*cross)
        return [stacked[s * size : (s + 1) * size, :].applyfunc(sp.simplify) for s in range(now)]


@dataclass(frozen=True)
class InductionStep:
    """One step of the induction over t that proves independence over time.

    The hypothesis is ``E[Q_s^T Q_t] = 0`` for s ≠ t up to t, and ``E[Q_t^T Q_t]`` is an unknown
    symmetric matrix of sequences. A generic earlier time s stands for all of them: with all cross
    moments zero, (72d) makes every predictor zero, whatever the other blocks of the Gram matrix.

    Attributes
    ----------
    earlier, present : sympy.Matrix
        ``E[Q_s^T Q_s]`` and ``E[Q_t^T Q_t]`` in unknown sequences.
    images : tuple of Image
        What (72d)–(72g) give for each matrix.
    with_initial, with_earlier : sympy.Matrix
        ``E[Q_0^T Q_{t+1}]`` and ``E[Q_{s+1}^T Q_{t+1}]``: zero closes the induction.
    following : sympy.Matrix
        ``E[Q_{t+1}^T Q_{t+1}]`` in terms of the sequences at t: the recurrence.
    """

    earlier: sp.Matrix
    present: sp.Matrix
    images: tuple[Image, ...]
    with_initial: sp.Matrix
    with_earlier: sp.Matrix
    following: sp.Matrix


def induct(recursion: GaussianRecursion, names: Sequence[Sequence[str]]) -> InductionStep:
    """Advance from time t to t+1 for symbolic t.

    Parameters
    ----------
    recursion : GaussianRecursion
        Its rows must be memoryless ``LinearRow`` s.
    names : d_q × d_q nested sequence of str
        Names of the unknown sequences, symmetric.

    Raises
    ------
    ValueError
        When a row reaches back in time: the two-time argument does not cover it.
    """
    for matrix in recursion.matrices:
        if not (isinstance(matrix.row, LinearRow) and matrix.row.memoryless):
            raise ValueError(f"induction over t needs z_t to depend on q_t alone; that of {matrix.name} does not")
    earlier, present = (unknown_covariance(names, time) for time in (symbols.s, symbols.t))
    none = sp.zeros(*present.shape)
    known: Blocks = [[earlier, none], [none, present]]
    past_images: list[Blocks] = [
        [[matrix.variance * matrix.row.cross_moment(0, 0, lambda *_: earlier)]] for matrix in recursion.matrices
    ]
    evolution = StateEvolution(recursion, known, past_images)
    images = evolution.advance()
    return InductionStep(
        earlier,
        present,
        images,
        with_initial=evolution.covariance(0, 2),
        with_earlier=evolution.covariance(1, 2),
        following=evolution.covariance(2, 2),
    )


def unknown_covariance(names: Sequence[Sequence[str]], time: sp.Expr) -> sp.Matrix:
    """A symmetric matrix of unknown sequences evaluated at ``time``."""
    return sp.Matrix([[sp.Function(name)(time) for name in row] for row in names])

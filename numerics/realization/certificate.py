"""What is known about a realization: how it was made, how good it is, what to watch."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any

from numerics.realization.arithmetic import Array, Float
from numerics.realization.nodes import nearest, scientific, short
from numerics.realization.residual import Residual, residual, residual_as_run
from numerics.realization.rnn import LinearRNN

if TYPE_CHECKING:
    from numerics.realization.ho_kalman import HoKalman


@dataclass(frozen=True, eq=False)
class Certificate:
    """How an RNN realizes an impulse response.

    Attributes
    ----------
    method, arithmetic : str
        ``"vandermonde"`` or ``"ho-kalman"``; ``"rational"``, ``"arbitrary"`` or ``"float"``.
    bits : int or None
        The working precision; None when it is exact.
    horizon, states : int
        T, n.
    tolerance : float
        What was asked for.
    residual : Residual
        Of the weights as they are: certified upper bounds; of exact weights, exact.
    as_run : Residual or None
        Of what weights in doubles put out, rounding errors included.
    nodes : array of Fraction, (T,), or None
    condition_number : float or None
        Of the Vandermonde matrix, in the maximum norm.
    ranks : HoKalman or None
        Singular values, and where they were cut.
    beyond : str or None
        What Ho and Kalman's method supposes of the lags from T on: ``"free"`` or ``"zero"``.
    remarks : tuple of str
        What the user should know.
    """

    method: str
    arithmetic: str
    bits: int | None
    horizon: int
    states: int
    tolerance: float
    residual: Residual
    as_run: Residual | None = None
    nodes: Array | None = field(default=None, repr=False)
    condition_number: float | None = None
    ranks: HoKalman | None = None
    beyond: str | None = None
    remarks: tuple[str, ...] = ()

    @property
    def accuracy(self) -> float:
        """What is compared with the tolerance.

        Entry by entry where the precision can be chosen; relative to the largest entry, and including the
        rounding errors of a run, in doubles.
        """
        if self.as_run is None:
            return self.residual.entrywise
        return max(self.residual.relative, self.as_run.relative)

    @property
    def holds(self) -> bool:
        """Whether the tolerance is met."""
        return self.accuracy == 0 if self.arithmetic == "rational" else self.accuracy <= self.tolerance

    @property
    def condition(self) -> str:
        """The condition number, in three digits."""
        return "beyond 1.8e308" if self.condition_number == inf else f"{self.condition_number:.3g}"

    def __str__(self) -> str:
        return "\n".join([self._first_line(), *(f"  {line}" for line in self._lines()), *self._remarks()])

    def _first_line(self) -> str:
        numbers = {
            "rational": "exact rational weights",
            "arbitrary": f"weights of {self.bits} bits",
            "float": "weights in double precision",
        }
        method = {"vandermonde": "Vandermonde (35)", "ho-kalman": "Ho and Kalman"}
        name, kind = method.get(self.method, self.method), numbers[self.arithmetic]
        return f"{name}: {count(self.states, 'state')} for {count(self.horizon, 'lag')}, {kind}"

    def _lines(self) -> list[str]:
        lines = [f"residual {self._residual()}"]
        if self.nodes is not None:
            gap = nearest(self.nodes)
            apart = f", at least {scientific(gap[0], 2)} of their size apart" if gap else ""
            lines.append(f"{count(len(self.nodes), 'node')}{_range(self.nodes)}{apart}")
            lines.append(f"condition number {self.condition}")
        if self.ranks is not None:
            lines.append(f"rank {self.ranks.rank} at the relative tolerance {self.ranks.rank_tolerance:.2g}")
        if self.beyond is not None:
            lines.append({"free": "lags from T on are free", "zero": "lags from T on are 0"}[self.beyond])
        return lines

    def _residual(self) -> str:
        if self.arithmetic == "rational":
            return "0, exactly" if self.accuracy == 0 else f"{self.accuracy:.3g}"
        size = self.residual
        entries = f"{size.entrywise:.2g} entry by entry" if size.entrywise < 1 else "small entries are lost"
        words = f"{size.relative:.2g} of the largest entry, {entries} (certified)"
        return words if self.as_run is None else f"{words}; {self.as_run.relative:.2g} when run in doubles"

    def _remarks(self) -> list[str]:
        return [f"  note: {remark}" for remark in self.remarks]


def certified(rnn: LinearRNN, target: Array, method: str, tolerance: float, **facts: Any) -> Certificate:
    """What is true of an RNN that was made to realize a target.

    Parameters
    ----------
    rnn : LinearRNN
    target : array of Fraction, (T, n_y, n_x)
    method : str
    tolerance : float
    **facts
        What the method knows: ``nodes``, ``condition_number``, ``ranks``, ``beyond``, ``remarks``.
    """
    arithmetic = rnn.arithmetic
    return Certificate(
        method,
        arithmetic.name,
        arithmetic.bits,
        len(target),
        rnn.n,
        tolerance,
        residual(rnn, target, tolerance),
        residual_as_run(rnn, target) if isinstance(arithmetic, Float) else None,
        **facts,
    )


def _range(nodes: Array) -> str:
    return f" from {short(min(nodes))} to {short(max(nodes))}" if len(nodes) > 1 else f", {short(nodes[0])}"


def count(number: int, noun: str) -> str:
    """``1 state``, ``2 states``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"

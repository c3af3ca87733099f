"""Sequences to learn from: inputs and outputs of N runs of T steps, each begun at rest, ``h_{-1} = 0`` of (1)."""

from __future__ import annotations

from dataclasses import dataclass

from numerics.gaussian_matrix import Array


@dataclass(frozen=True, eq=False)
class Sequences:
    """N pairs of an input and an output sequence; possibly views of one long record that overlap.

    Attributes
    ----------
    x : array, (N, T, n_x)
    y : array, (N, T, n_y)

    Raises
    ------
    ValueError
        When N or T of the two differ.
    """

    x: Array
    y: Array

    def __post_init__(self) -> None:
        if self.x.ndim != 3 or self.y.ndim != 3 or self.x.shape[:2] != self.y.shape[:2]:
            raise ValueError(
                f"x {self.x.shape} and y {self.y.shape}: (N, T, n_x) and (N, T, n_y) with the same N and T are needed"
            )

    def __len__(self) -> int:
        """N."""
        return int(self.x.shape[0])

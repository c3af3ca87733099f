"""What an experiment with training is asked to do: steps, rate, and data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Final

from proofs_check.errors import InputError

MAX_STEPS: Final = 10**7
MAX_SEQUENCES: Final = 10**6
MAX_RUNS: Final = 10**4


class Stopping(StrEnum):
    """When training ends."""

    NEVER = "never"
    VALIDATION = "validation"


class Joints(StrEnum):
    """What becomes of windows that run across a joint of two excerpts of a recording."""

    ACROSS = "across"
    LEAVE_OUT = "leave-out"


@dataclass(frozen=True)
class Rate:
    """A learning rate for the half-squared loss: a number, or a multiple of the bound B_1 of (62)."""

    value: float
    of_bound: bool

    def at(self, B_1: float) -> float:
        """The rate itself.

        Parameters
        ----------
        B_1 : float
            ``1/(‖A‖² max_j ρ_j)``, for the half-squared loss.
        """
        return self.value * B_1 if self.of_bound else self.value

    def __str__(self) -> str:
        return f"{self.value:.15g}{' B_1' * self.of_bound}"


@dataclass(frozen=True)
class Experiment:
    """A validated request for training; which of it counts depends on the statement.

    Attributes
    ----------
    steps : int
        Steps of full-batch gradient descent.
    eta : Rate
    stopping : Stopping
        With ``VALIDATION`` each model is taken at the step of its least error on the sequences set aside.
    runs : int
        Independent repetitions: initial weights, and data where they are synthetic.
    train, validation, test : int
        Numbers of synthetic sequences.
    snr : float
        Signal-to-noise ratio of synthetic outputs, in dB.
    teacher_states : int
    teacher_nu_W, teacher_nu_F, teacher_nu_C : Fraction
    delays : tuple of int
        In steps, ascending.
    data : Path or None
        A recording; None for the synthetic reaching task.
    bin_seconds : float
    fractions : tuple of float
        Shares of training, validation and test.
    gap : int or None
        Bins dropped between these; None for T.
    limited_minutes : float
    joints : Joints
    minutes, neurons : float, int
        Size of the synthetic reaching task.
    lag : int or None
        The lag that is wanted to be remembered.
    """

    steps: int
    eta: Rate
    stopping: Stopping
    runs: int
    train: int
    validation: int
    test: int
    snr: float
    teacher_states: int
    teacher_nu_W: Fraction
    teacher_nu_F: Fraction
    teacher_nu_C: Fraction
    delays: tuple[int, ...]
    data: Path | None
    bin_seconds: float
    fractions: tuple[float, float, float]
    gap: int | None
    limited_minutes: float
    joints: Joints
    minutes: float
    neurons: int
    lag: int | None

    def __post_init__(self) -> None:
        for option, value, lowest, highest in (
            ("--steps", self.steps, 1, MAX_STEPS),
            ("--runs", self.runs, 1, MAX_RUNS),
            ("--train", self.train, 1, MAX_SEQUENCES),
            ("--validation", self.validation, 0, MAX_SEQUENCES),
            ("--test", self.test, 1, MAX_SEQUENCES),
            ("--teacher-states", self.teacher_states, 1, 10**4),
            ("--neurons", self.neurons, 1, 10**4),
        ):
            if not lowest <= value <= highest:
                raise InputError(f"{option} {value}: from {lowest} to {highest} is allowed")

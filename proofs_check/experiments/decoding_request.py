"""The request of Figure 4 and Table 1, read: what is to be trained, and what the user should know before."""

from __future__ import annotations

from typing import Final

import numpy as np

from numerics.gaussian_matrix import Array
from numerics.training import Constants, DivergenceError, train_convolution
from proofs_check.claims import Claim
from proofs_check.errors import InputError
from proofs_check.experiment import Experiment, Stopping
from proofs_check.experiments.decoding_data import Cut, DecodingData
from proofs_check.experiments.decoding_training import Lesson, Lessons, watched_steps
from proofs_check.implicit_bias.context import Context
from proofs_check.settings import Settings

_LONG: Final = 300.0
"""Seconds of training beyond which the user is told."""

_BYTES_A_SECOND: Final = 1e10
_LAZY_SECONDS: Final = 3.0
_LAZY_SIZE: Final = 810
"""A lazy step with 15 lags and 54 channels, of which each moves its own vectors."""


def positive_weights(claim: Claim, initialization: Context) -> Array | str:
    """ρ_0 … ρ_(T-1), or which of them is not positive."""
    settings = initialization.settings
    found = np.array(claim.numbers(settings.horizon, initialization.expectations.values), dtype=np.float64)
    wrong = np.flatnonzero(~(found > 0))
    return f"ρ_{wrong[0]} is {found[wrong[0]]:.6g}" if wrong.size else found


def read_lessons(settings: Settings, data: DecodingData, rho: Array, claimed: Array) -> Lessons:
    """What is to be trained on each cut."""
    asked = settings.experiment
    assert asked is not None  # it was read
    return Lessons(
        settings.parameters(settings.widths[0]),
        tuple(_lesson(cut, rho, asked) for cut in data.cuts),
        claimed,
        float(rho.max()),
        watched_steps(asked.steps),
        settings.seed,
        settings.sampler,
        asked.stopping is Stopping.VALIDATION,
    )


def _lesson(cut: Cut, rho: Array, asked: Experiment) -> Lesson:
    bound = Constants.of(cut.train, np.zeros(cut.train.shape), float(rho.max())).B_1
    if not np.isfinite(bound):
        raise InputError(
            f"--data {asked.data or 'synthetic'}: no neuron's count changes in the training block of {cut.name} data"
        )
    return Lesson(cut.train, cut.validation, cut.test, asked.eta.at(bound))


def refuse_divergence(settings: Settings, lessons: Lessons, rho: Array) -> None:
    """Complain about a rate that is too large, before anything slow begins."""
    asked = settings.experiment
    assert asked is not None  # it was read
    blamed = ((f"--eta {asked.eta}", rho), (f"--claim 'rho = …' with --eta {asked.eta}", lessons.rho))
    for name, weights in blamed[: 2 if settings.claims else 1]:
        for lesson in lessons.cuts:
            try:
                train_convolution(
                    lesson.train, np.zeros(lesson.train.shape), weights, lessons.steps[-1:].tolist(), lesson.eta
                )
            except DivergenceError as error:
                raise InputError(f"{name}: {error}") from None


def bold(settings: Settings, data: DecodingData, lessons: Lessons, rho: Array) -> tuple[str, ...]:
    """A note when the rate is not below the bound."""
    asked = settings.experiment
    assert asked is not None  # it was read
    beyond = [
        cut.name
        for cut, lesson in zip(data.cuts, lessons.cuts, strict=True)
        if lesson.eta * lesson.train.largest_eigenvalue * float(rho.max()) >= 1
    ]
    return (f"--eta {asked.eta}: not below B_1 of (62) on {' and '.join(beyond)} data",) if beyond else ()


def slow(settings: Settings, lessons: Lessons) -> tuple[str, ...]:
    """A note when training is going to take long."""
    asked = settings.experiment
    assert asked is not None  # it was read
    n, passes = settings.widths[0], 2 * settings.horizon
    work = int(lessons.steps[-1]) * asked.runs * len(lessons.cuts)
    seconds = work * passes * 8.0 * n**2 / _BYTES_A_SECOND / settings.jobs
    if lessons.drawn == "lazy":
        size = settings.horizon * (settings.inputs + settings.outputs)
        seconds = work * _LAZY_SECONDS * (size / _LAZY_SIZE) ** 3 / settings.jobs
    if seconds <= _LONG:
        return ()
    return (f"--n {n} --steps {asked.steps}: {lessons.drawn} training takes about {seconds / 60:.0f} minutes",)

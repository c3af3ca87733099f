"""The synthetic data of Figures 1–3: what a small random linear RNN says, delayed or not, and noise.

The teacher is (1) with 4 hidden units and Gaussian weights (4). Its outputs ``ỹ`` are observed as
``y_t = ỹ_{t-delay} + noise``: a delay puts L_j at lag j + delay, and what it pushes beyond T is lost. There are
50 sequences for training, 50 for the test; T = 10, and longer (20) with delays.

Chosen here, as the paper's values are lost: n_x = n_y = 1; ν_W = 0.3 and ν_F = ν_C = 1 (4 units are far from the
limit: with ν_W = 0.8 a third of such teachers would be unstable, with 0.3 one in a hundred); inputs are white, N(0, 1).
The signal-to-noise ratio of 20 dB is that of the expected power of each output without delay, over the draw of the
inputs and averaged over t, so that all delays have the same noise.

The teacher, the inputs and the noise have a stream of random numbers each: the same seed with another delay, noise
or number of sequences changes nothing else, and curves over delays are of one teacher.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from numerics.experiments.sequences import Sequences
from numerics.gaussian_matrix import Array


@dataclass(frozen=True, eq=False)
class Teacher:
    """A linear RNN (1).

    Attributes
    ----------
    W : array, (n, n)
    F : array, (n, n_x)
    C : array, (n_y, n)
    """

    W: Array
    F: Array
    C: Array

    def respond(self, x: Array) -> Array:
        """The outputs (1), (N, T, n_y), to inputs (N, T, n_x), without noise."""
        n = self.W.shape[0]
        states = np.zeros((x.shape[0], n))
        outputs = np.empty((*x.shape[:2], self.C.shape[0]))
        for t in range(x.shape[1]):
            states = n**-0.5 * states @ self.W.T + x[:, t] @ self.F.T
            outputs[:, t] = n**-0.5 * states @ self.C.T
        return outputs

    def response(self, horizon: int) -> Array:
        """The impulse response (9), (T, n_y, n_x)."""
        inputs = self.F.shape[1]
        impulses = np.zeros((inputs, horizon, inputs))
        impulses[:, :1] = np.eye(inputs)[:, None]
        return np.ascontiguousarray(self.respond(impulses).transpose(1, 2, 0))

    def power(self, horizon: int) -> Array:
        """``E y_t²`` for white inputs, averaged over t < T, of each output, (n_y,)."""
        energies = np.sum(self.response(horizon) ** 2, axis=2)
        return np.asarray(np.mean(np.cumsum(energies, axis=0), axis=0))


@dataclass(frozen=True, eq=False)
class TeacherData:
    """Sequences of one teacher.

    Attributes
    ----------
    teacher : Teacher
    train, test : Sequences
        x is (N, T, n_x), y is (N, T, n_y).
    delay : int
    noise : array, (n_y,)
        Standard deviation of the noise; its square is the mean squared error that knowing the teacher leaves.
    """

    teacher: Teacher
    train: Sequences
    test: Sequences
    delay: int
    noise: Array


def random_teacher(
    rng: np.random.Generator,
    *,
    hidden: int = 4,
    inputs: int = 1,
    outputs: int = 1,
    nu_W: float = 0.3,
    nu_F: float = 1.0,
    nu_C: float = 1.0,
) -> Teacher:
    """A teacher with weights from (4), ``W_ij ~ N(0, ν_W)`` and so on.

    Parameters
    ----------
    rng : Generator
    hidden, inputs, outputs : int
        n, n_x, n_y of the teacher.
    nu_W, nu_F, nu_C : float
        Variances, at least 0.

    Raises
    ------
    ValueError
        When a size or a variance is not possible.
    """
    for name, size in (("hidden", hidden), ("inputs", inputs), ("outputs", outputs)):
        if size < 1:
            raise ValueError(f"{name}: {size} is not possible, it is at least 1")
    for name, variance in (("nu_W", nu_W), ("nu_F", nu_F), ("nu_C", nu_C)):
        if not 0 <= variance < np.inf:
            raise ValueError(f"{name}: {variance} is not possible, it is at least 0 and finite")
    W = np.sqrt(nu_W) * rng.normal(size=(hidden, hidden))
    F = np.sqrt(nu_F) * rng.normal(size=(hidden, inputs))
    C = np.sqrt(nu_C) * rng.normal(size=(outputs, hidden))
    return Teacher(W, F, C)


def teacher_data(
    rng: np.random.Generator,
    teacher: Teacher | None = None,
    *,
    horizon: int = 10,
    train: int = 50,
    test: int = 50,
    snr_db: float = 20.0,
    delay: int = 0,
) -> TeacherData:
    """The data of Figures 1 and 2, and with a delay that of Figure 3.

    Parameters
    ----------
    rng : Generator
        Streams are spawned from it.
    teacher : Teacher, optional
        ``random_teacher`` unless given.
    horizon : int
        T.
    train, test : int
        How many sequences.
    snr_db : float
        ``10 log₁₀`` of the power of signal over noise, of each output; infinite for no noise.
    delay : int
        Less than T.

    Raises
    ------
    ValueError
        When a number is not possible.
    """
    for name, size in (("horizon", horizon), ("train", train), ("test", test)):
        if size < 1:
            raise ValueError(f"{name}: {size} is not possible, it is at least 1")
    if not 0 <= delay < horizon:
        raise ValueError(f"delay: {delay} is not possible, it is from 0 to T - 1 = {horizon - 1}")
    if not snr_db >= -300:
        raise ValueError(f"snr_db: {snr_db} is not possible, it is a number of decibels, at least -300")
    own, for_train, for_test = rng.spawn(3)
    teacher = random_teacher(own) if teacher is None else teacher
    noise = np.sqrt(teacher.power(horizon)) * 10 ** (-snr_db / 20)
    parts = []
    for count, stream in ((train, for_train), (test, for_test)):
        for_x, for_noise = stream.spawn(2)
        x = for_x.normal(size=(count, horizon, teacher.F.shape[1]))
        y = noise * for_noise.normal(size=(count, horizon, len(noise)))
        y[:, delay:] += teacher.respond(x)[:, : horizon - delay]
        parts.append(Sequences(x, y))
    return TeacherData(teacher, parts[0], parts[1], delay, noise)

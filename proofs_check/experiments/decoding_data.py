"""What is decoded in Figure 4 and Table 1: hand velocity from spike counts, limited data and all of it.

The data are the recording that the user names, or the synthetic reaching task, which is labelled so wherever it is
shown. **All data** is cut into three blocks of time. **Limited data** is the beginning of the training block, 4.5
minutes of it; validation and test are those of all data. (Cut in three itself, it would leave a test of 54 s, on
which no difference in Table 1 could be told from chance; and both halves of the table would not be about one test.)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from numerics.ensembles import Stream
from numerics.experiments import Recording, RecordingError, Sequences, Split, load_recording, reaching_task, split
from numerics.training import Correlations
from proofs_check.errors import InputError
from proofs_check.experiment import Experiment, Joints, Stopping
from proofs_check.settings import Settings

OUTPUTS: Final = 2
"""v_x and v_y."""

ALL: Final = "all"
LIMITED: Final = "limited"

_STREAM: Final = 41
"""The key of the synthetic data."""

_OPTIONS: Final = {
    "train_minutes": "--limited-minutes",
    "fractions": "--fractions",
    "gap": "--gap",
    "horizon": "--horizon",
    "neurons": "--neurons",
    "bins": "--minutes",
    "bin_seconds": "--bin-seconds",
}
"""What the numbers are called in a complaint, and on the command line."""


@dataclass(frozen=True, eq=False)
class Cut:
    """A training block, with the validation and the test that go with it.

    Attributes
    ----------
    name : str
        ``ALL`` or ``LIMITED``.
    split : Split
    bin_seconds : float
    """

    name: str
    split: Split
    bin_seconds: float

    @property
    def minutes(self) -> float:
        """How long the training block is."""
        first, last = self.split.blocks[0]
        return (last - first) * self.bin_seconds / 60

    @cached_property
    def train(self) -> Correlations:
        """Of the training data."""
        return _correlations(self.split.train)

    @cached_property
    def validation(self) -> Correlations | None:
        """Of the validation data; None where there are none."""
        return _correlations(self.split.validation) if len(self.split.validation) else None

    @cached_property
    def test(self) -> Correlations:
        """Of the test data."""
        return _correlations(self.split.test)


@dataclass(frozen=True, eq=False)
class DecodingData:
    """A recording and its two cuts.

    Attributes
    ----------
    recording : Recording
    cuts : tuple of Cut
        Limited data, all data.
    """

    recording: Recording
    cuts: tuple[Cut, ...]

    @property
    def inputs(self) -> int:
        """n_x, how many neurons there are."""
        return int(self.recording.spikes.shape[1])

    def cut(self, name: str) -> Cut:
        """One of the two."""
        return next(one for one in self.cuts if one.name == name)

    @classmethod
    def read(cls, settings: Settings) -> DecodingData:
        """Read the recording, or draw the synthetic task, and cut it.

        Raises
        ------
        InputError
            When the file is not such a recording, or cannot be cut like that.
        """
        asked = settings.experiment
        assert asked is not None  # a statement about training has one
        try:
            recording = _recorded(asked) if asked.data else _synthetic(settings.seed, asked)
            data = cls(recording, _cuts(recording, settings.horizon, asked))
        except RecordingError as error:
            raise InputError(_complaint(f"--data {asked.data}", str(error))) from None
        except ValueError as error:
            source = f"--data {asked.data}" if asked.data else f"--minutes {asked.minutes:g}"
            raise InputError(_complaint(source, str(error))) from None
        if asked.stopping is Stopping.VALIDATION and data.cuts[0].validation is None:
            raise InputError("--stopping validation: needs a validation block, --fractions with a second share above 0")
        return data


def _recorded(asked: Experiment) -> Recording:
    assert asked.data is not None  # asked by the caller
    return load_recording(asked.data, asked.bin_seconds)


def _synthetic(seed: int, asked: Experiment) -> Recording:
    rng = Stream(seed, (_STREAM, 0)).generator()
    return reaching_task(rng, round(asked.minutes * 60 / asked.bin_seconds), asked.neurons, asked.bin_seconds)


def _cuts(recording: Recording, horizon: int, asked: Experiment) -> tuple[Cut, ...]:
    return tuple(
        Cut(
            name,
            split(
                recording,
                horizon,
                asked.fractions,
                gap=asked.gap,
                train_minutes=minutes,
                across_joints=asked.joints is Joints.ACROSS,
            ),
            recording.bin_seconds,
        )
        for name, minutes in ((LIMITED, asked.limited_minutes), (ALL, None))
    )


def _complaint(source: str, words: str) -> str:
    """A complaint that names the option, where one number is to blame, and else the source of the data."""
    name, colon, rest = words.partition(": ")
    if colon and name in _OPTIONS:
        return f"{_OPTIONS[name]}: {rest}"
    option, _, value = source.partition(" ")
    return f"{option} {words}" if words.startswith(f"{value}:") else f"{source}: {words}"


def _correlations(sequences: Sequences) -> Correlations:
    return Correlations.of(sequences.x, sequences.y)

"""Every option that decides a report, said once: how it is read, and where it is shown.

The command line, the settings, the heading, the report as data, and the command that reproduces it are made from this
table. Which of the options count for a statement, and with which defaults, is said where it is registered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from proofs_check.values import (
    FILE,
    FLAG,
    FRACTIONS,
    JOINTS,
    RATE,
    REAL,
    RECURSION,
    SAMPLER,
    SHARE,
    STOPPING,
    VARIANCE,
    WHOLE,
    WHOLES,
    WIDTHS,
    Values,
)

if TYPE_CHECKING:
    from proofs_check.settings import Settings


@dataclass(frozen=True)
class Option:
    """One option.

    Attributes
    ----------
    name : str
        As it is written after two dashes.
    metavar, help : str
    values : Values
    key : str
        The attribute of the settings, and its name in a report as data.
    default : str or None
        As text; None where there is no value unless one is given.
    group : str
        What kind of option it is: a heading of the help.
    heading : str
        How the first lines of a report show it, with a place for the value; empty where they do not.
    symbol : str
        The symbol of a claim that it fixes.
    multiple : bool
        Whether it may be given more than once, which says the same as commas.
    """

    name: str
    metavar: str
    help: str
    values: Values
    key: str
    default: str | None
    group: str
    heading: str = ""
    symbol: str = ""
    multiple: bool = False

    @property
    def parameter(self) -> str:
        """Its name as a parameter of a function."""
        return self.name.replace("-", "_")

    @property
    def is_flag(self) -> bool:
        """Whether it is given without a value."""
        return self.values is FLAG

    @property
    def trains(self) -> bool:
        """Whether it is about training: an attribute of ``settings.experiment``."""
        return self.group in TRAINING_GROUPS

    def of(self, settings: Settings) -> Any:
        """Its value in a request."""
        return getattr(settings.experiment if self.trains else settings, self.key)

    def read(self, text: str | None) -> Any:
        """The value of a text; None, or False of a flag, where there is none."""
        if text is None:
            return False if self.is_flag else None
        return self.values.read(f"--{self.name}", text)

    def write(self, settings: Settings) -> str:
        """The text that is read as its value in a request."""
        return self.values.write(self.of(settings))


MODEL: Final = "The RNN"
MEASURING: Final = "Measuring and searching"
TRAINING: Final = "Training"
TEACHER: Final = "Synthetic sequences"
RECORDED: Final = "Decoding a recording"
GROUPS: Final = (MODEL, MEASURING, TRAINING, TEACHER, RECORDED)
TRAINING_GROUPS: Final = (TRAINING, TEACHER, RECORDED)

OPTIONS: Final[tuple[Option, ...]] = (
    Option(
        "n",
        "N[,N…]",
        "Hidden widths, 1 to 1e18.",
        WIDTHS,
        "widths",
        "4096",
        MODEL,
        heading="n = {}",
        multiple=True,
    ),
    Option("horizon", "T", "Number of time steps.", WHOLE, "horizon", "10", MODEL, "T = {}", "T"),
    Option("inputs", "n_x", "Number of input channels.", WHOLE, "inputs", "1", MODEL, "n_x = {}", "n_x"),
    Option("outputs", "n_y", "Number of output channels.", WHOLE, "outputs", "1", MODEL, "n_y = {}", "n_y"),
    Option("nu-w", "ν_W", "Variance of the entries of W.", VARIANCE, "nu_W", "0.8", MODEL, "ν_W = {}", "nu_W"),
    Option("nu-f", "ν_F", "Variance of the entries of F.", VARIANCE, "nu_F", "1.3", MODEL, "ν_F = {}", "nu_F"),
    Option("nu-c", "ν_C", "Variance of the entries of C.", VARIANCE, "nu_C", "0.7", MODEL, "ν_C = {}", "nu_C"),
    Option(
        "sampler",
        "auto|lazy|dense",
        "How to draw at the given widths. Lazy is exact in law and its cost does not depend on n; auto is lazy, "
        "compared with dense wherever dense fits.",
        SAMPLER,
        "sampler",
        "auto",
        MODEL,
    ),
    Option(
        "recursion",
        "FILE",
        "The recursion for C.1: a TOML file, or an example: impulse-response, linearized-rnn, tanh-rnn, relu-rnn, "
        "erf-reservoir.",
        RECURSION,
        "recursion",
        "tanh-rnn",
        MODEL,
    ),
    Option(
        "outside-hypotheses",
        "",
        "Run a recursion that Lemma C.1 does not cover all the same.",
        FLAG,
        "outside_hypotheses",
        None,
        MODEL,
    ),
    Option("replicates", "R", "Number of draws at each width.", WHOLE, "replicates", None, MEASURING),
    Option(
        "resolution",
        "R",
        "Or: relative error in ρ_j to notice, such as 0.1%.",
        SHARE,
        "resolution",
        "1%",
        MEASURING,
    ),
    Option(
        "examples",
        "N",
        "Number of examples of each law among which a counterexample is searched for, 1 to 100000.",
        WHOLE,
        "examples",
        "300",
        MEASURING,
        heading="{} examples of each law",
    ),
    Option("seed", "SEED", "Seed of all random numbers.", WHOLE, "seed", "2021", MEASURING),
    Option("steps", "L", "Steps of full-batch gradient descent.", WHOLE, "steps", "100", TRAINING, heading="{} steps"),
    Option(
        "eta",
        "η",
        "Learning rate for the half-squared loss: a number, or a multiple of the bound B_1 of (62), such as '0.5 B_1'.",
        RATE,
        "eta",
        "0.5 B_1",
        TRAINING,
        heading="η = {}",
    ),
    Option(
        "stopping",
        "never|validation",
        "Take each model after the last step, or at that of its least error on the sequences set aside.",
        STOPPING,
        "stopping",
        "never",
        TRAINING,
    ),
    Option(
        "runs",
        "R",
        "Independent repetitions: initial weights, and data where they are synthetic.",
        WHOLE,
        "runs",
        "1",
        TRAINING,
        heading="{} runs",
    ),
    Option("lag", "J", "The lag that is to be remembered.  [default: T - 1]", WHOLE, "lag", None, TRAINING),
    Option(
        "train", "N", "Number of training sequences.", WHOLE, "train", "50", TEACHER, heading="{} training sequences"
    ),
    Option("validation", "N", "Number of sequences set aside for --stopping.", WHOLE, "validation", "0", TEACHER),
    Option("test", "N", "Number of test sequences.", WHOLE, "test", "50", TEACHER, heading="{} test sequences"),
    Option("snr", "DB", "Signal-to-noise ratio of the outputs in dB.", REAL, "snr", "20", TEACHER, heading="{} dB"),
    Option(
        "delays",
        "D[,D…]",
        "By how many steps the outputs are delayed; 0-4 stands for 0,1,2,3,4.",
        WHOLES,
        "delays",
        "0",
        TEACHER,
    ),
    Option("teacher-states", "N", "Hidden units of the teacher.", WHOLE, "teacher_states", "4", TEACHER),
    Option("teacher-nu-w", "ν_W", "Variance of its entries of W.", VARIANCE, "teacher_nu_W", "0.3", TEACHER),
    Option("teacher-nu-f", "ν_F", "Variance of its entries of F.", VARIANCE, "teacher_nu_F", "1", TEACHER),
    Option("teacher-nu-c", "ν_C", "Variance of its entries of C.", VARIANCE, "teacher_nu_C", "1", TEACHER),
    Option(
        "data",
        "FILE",
        "A MATLAB file with spikes, vel and pos, such as s1_data.mat.  [default: a synthetic reaching task]",
        FILE,
        "data",
        None,
        RECORDED,
    ),
    Option("bin-seconds", "S", "Width of a bin of the recording.", REAL, "bin_seconds", "0.05", RECORDED),
    Option(
        "fractions",
        "A,B,C",
        "Shares of training, validation and test, blocks of consecutive time.",
        FRACTIONS,
        "fractions",
        "0.7,0.1,0.2",
        RECORDED,
    ),
    Option("gap", "BINS", "Bins dropped between these blocks.  [default: T]", WHOLE, "gap", None, RECORDED),
    Option("limited-minutes", "M", "Length of the limited data.", REAL, "limited_minutes", "4.5", RECORDED),
    Option(
        "joints",
        "across|leave-out",
        "Whether sequences may run across a joint of two excerpts.",
        JOINTS,
        "joints",
        "across",
        RECORDED,
    ),
    Option("minutes", "M", "Length of the synthetic recording.", REAL, "minutes", "12", RECORDED),
    Option("neurons", "N", "Neurons of the synthetic recording.", WHOLE, "neurons", "52", RECORDED),
)

BY_NAME: Final = {option.name: option for option in OPTIONS}

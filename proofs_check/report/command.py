"""The command that reproduces a run, and what to cite."""

from __future__ import annotations

import shlex
from fractions import Fraction
from typing import Final

from proofs_check.registry import Entry
from proofs_check.settings import DEFAULT_RESOLUTION, Settings

DEFAULTS: Final[dict[str, str]] = {
    "n": "4096",
    "horizon": "10",
    "nu-w": "0.8",
    "nu-f": "1.3",
    "nu-c": "0.7",
    "inputs": "1",
    "outputs": "1",
    "sampler": "auto",
    "seed": "2021",
    "recursion": "tanh-rnn",
    "examples": "300",
}
"""Defaults of the command line. The variances are generic, so that no false formula agrees by accident."""

CITATION: Final = """\
@inproceedings{emami2021implicit,
  title     = {Implicit Bias of Linear {RNN}s},
  author    = {Emami, Melikasadat and Sahraee-Ardakan, Mojtaba and Pandit, Parthe and Rangan, Sundeep and
               Fletcher, Alyson K.},
  booktitle = {International Conference on Machine Learning (ICML)},
  year      = {2021}
}
@software{check_theorem,
  title   = {check-theorem: the theory of wide linear {RNN}s, executable},
  author  = {{The check-theorem developers}},
  version = {%s}
}"""


FIXES: Final[dict[str, str]] = {
    "nu-w": "nu_W",
    "nu-f": "nu_F",
    "nu-c": "nu_C",
    "horizon": "T",
    "inputs": "n_x",
    "outputs": "n_y",
}
"""Options that fix the value of a symbol in a claim."""


def reproducing_command(entry: Entry, settings: Settings) -> str:
    """The command line that gives the same report; workers and output files do not change it."""
    s = settings
    values = {
        "n": ",".join(map(str, s.widths)),
        "horizon": str(s.horizon),
        "nu-w": decimal(s.nu_W),
        "nu-f": decimal(s.nu_F),
        "nu-c": decimal(s.nu_C),
        "inputs": str(s.inputs),
        "outputs": str(s.outputs),
        "sampler": s.sampler,
        "seed": str(s.seed),
        "recursion": s.recursion.source if s.recursion else DEFAULTS["recursion"],
        "examples": str(s.examples),
    }
    words = ["check-theorem", entry.id]
    for option, value in values.items():
        shown = option == "n" or value != DEFAULTS[option] or FIXES.get(option) in s.fixed
        if shown and option in entry.options:
            words += [f"--{option}", value]
    if s.replicates is not None:
        words += ["--replicates", str(s.replicates)]
    elif s.resolution_given or s.resolution != DEFAULT_RESOLUTION:
        words += ["--resolution", f"{s.resolution:g}"]
    if s.outside_hypotheses:
        words += ["--outside-hypotheses"]
    for claim in s.claims:
        words += ["--claim", claim]
    for option, text in s.ignored:
        words += [f"--{option}", *([text] if text else [])]
    return shlex.join(words)


def decimal(value: Fraction) -> str:
    """A variance as a decimal where it has one, else as a fraction."""
    reduced = value.denominator
    for factor in (2, 5):
        while reduced % factor == 0:
            reduced //= factor
    return f"{float(value):.15g}" if reduced == 1 and Fraction(f"{float(value):.15g}") == value else str(value)

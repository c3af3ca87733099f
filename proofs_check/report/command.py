"""The command that reproduces a run, and what to cite."""

from __future__ import annotations

import shlex
from typing import Final

from proofs_check.options import OPTIONS, Option
from proofs_check.registry import Entry
from proofs_check.settings import Settings

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


def reproducing_command(entry: Entry, settings: Settings) -> str:
    """The command line that gives the same report; workers and output files do not change it."""
    words = ["check-theorem", entry.id]
    for option in OPTIONS:
        if option.name in entry.options and _is_said(option, entry, settings):
            value = option.write(settings)
            words += [f"--{option.name}", *([value] if value else [])]
    for claim in settings.claims:
        words += ["--claim", claim]
    for name, text in settings.ignored:
        words += [f"--{name}", *([text] if text else [])]
    return shlex.join(words)


def _is_said(option: Option, entry: Entry, settings: Settings) -> bool:
    """Whether an option is needed to reproduce a report, or makes it easier to read."""
    value = option.of(settings)
    if option.key == "resolution":  # how many are drawn decides more than what they were to resolve
        return settings.replicates is None and (settings.resolution_given or value != option.read(option.default))
    if option.key == "recursion":
        return option.write(settings) != option.default
    return option.name == "n" or option.symbol in settings.fixed or value != option.read(entry.default(option))

"""Every statement that can be checked: its id, one line about it, and where it is defined.

Definitions are imported only when they are asked for, so that listing them costs nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from proofs_check.derive.documents import key
from proofs_check.errors import InputError

if TYPE_CHECKING:
    from proofs_check.options import Option
    from proofs_check.settings import Settings
    from proofs_check.theorem import Theorem

MODEL: Final = ("n", "horizon", "nu-w", "nu-f", "nu-c", "sampler", "seed")
"""Options of a random RNN."""

MEASURED: Final = (*MODEL, "inputs", "outputs", "replicates", "resolution")
"""Options of a statement that is simulated."""

SIMULATED: Final = ("n", "horizon", "recursion", "outside-hypotheses", "seed", "replicates")
"""Options of a recursion that is simulated."""

SYMBOLIC: Final = ("seed",)
"""Options of a statement that is derived, and worked out exactly at random small sizes."""

SEARCHED: Final = ("seed", "examples")
"""Options of a statement that is derived, and searched for counterexamples."""


TEACHER: Final = ("train", "snr", "teacher-states", "teacher-nu-w", "teacher-nu-f", "teacher-nu-c")
"""Options of a statement about training on sequences of a teacher."""

TRAINED: Final = (*(option for option in MEASURED if option != "resolution"), "steps", "eta", *TEACHER)
"""Options of a statement about the training of many RNNs."""


EXPERIMENT: Final = (*MODEL, "inputs", "outputs", "steps", "eta", "runs", "test", *TEACHER)
"""Options of an experiment on sequences of a teacher."""

DECODED: Final = (
    *MODEL,
    "steps",
    "eta",
    "stopping",
    "runs",
    "data",
    "bin-seconds",
    "fractions",
    "gap",
    "limited-minutes",
    "joints",
    "minutes",
    "neurons",
)
"""Options of an experiment on a recording."""

DECODING: Final = {
    "n": "3000",
    "horizon": "15",
    "nu-w": "0.6",
    "nu-f": "0.001",
    "nu-c": "1",
    "steps": "500",
    "runs": "3",
    "minutes": "30",
}
"""Chosen on the validation block of the recording; ``experiments.decoding_request`` says why."""


@dataclass(frozen=True)
class Entry:
    """A statement by name.

    Attributes
    ----------
    id, title : str
    source : str
        ``module:function`` that gives its Theorem; the module's package is this one.
    options : tuple of str
        The options that its report depends on.
    targets : tuple of str
        What ``--claim`` may be about.
    within : str
        The id of the statement that it is a part of, or another view of.
    claims : str
        ``module:function`` that complains about claims which are not understood.
    defaults : mapping of str to str
        Option → its default here, where that is another than elsewhere.
    draws : bool
        Whether it has a picture.
    picture : str
        The file that it is drawn to unless the user names one; empty where it is drawn only then.
    """

    id: str
    title: str
    source: str
    options: tuple[str, ...] = SYMBOLIC
    targets: tuple[str, ...] = ()
    within: str = ""
    claims: str = "claims:check_claims"
    defaults: Mapping[str, str] = field(default_factory=dict)
    draws: bool = False
    picture: str = ""

    def default(self, option: Option) -> str | None:
        """The default of an option here, as text."""
        return self.defaults.get(option.name, option.default)

    def check_claims(self, settings: Settings) -> None:
        """Complain about claims that cannot be checked.

        Raises
        ------
        InputError
            Naming the claim and what is allowed.
        """
        if not self.targets:
            raise InputError(f"--claim: {self.id} has no formula of its own to claim; there is {claimable()}")
        _function(self.claims)(self, settings)

    def load(self) -> Theorem[Any]:
        """The definition, imported."""
        theorem: Theorem[Any] = _function(self.source)()
        return theorem


def _function(place: str) -> Callable[..., Any]:
    """``module:function`` of this package."""
    module, name = place.split(":")
    function: Callable[..., Any] = getattr(import_module(f"{__package__}.{module}"), name)
    return function


ENTRIES: Final[dict[str, Entry]] = {
    entry.id: entry
    for entry in (
        Entry(
            "2.1",
            "Proposition 2.1: linear RNNs and convolutions realize each other",
            "realization.statement:theorem",
            SEARCHED,
            ("n",),
            claims="realization.states:check_claims",
        ),
        Entry(
            "2.1a",
            "Proposition 2.1(a): a linear RNN is a convolution (10), of impulse response (9)",
            "realization.statement:part_a",
            SEARCHED,
            within="2.1",
        ),
        Entry(
            "2.1b",
            "Proposition 2.1(b): every impulse response is that of a linear RNN",
            "realization.statement:part_b",
            SEARCHED,
            ("n",),
            claims="realization.states:check_claims",
            within="2.1",
        ),
        Entry("3.2", "Theorem 3.2: the tangent kernel of the scaled convolution (17)", "symbolic.theorem_3_2:theorem"),
        Entry(
            "3.3",
            "Theorem 3.3: impulse response and tangent kernel of a wide linear RNN",
            "implicit_bias.theorem_3_3:theorem",
            MEASURED,
            ("var", "rho"),
        ),
        Entry(
            "3.3a",
            "Theorem 3.3(a): the impulse response tends to independent Gaussians",
            "implicit_bias.theorem_3_3:part_a",
            MEASURED,
            ("var",),
            within="3.3",
        ),
        Entry(
            "3.3b",
            "Theorem 3.3(b): the tangent kernel tends to that of a scaled convolution (21)",
            "implicit_bias.theorem_3_3:part_b",
            MEASURED,
            ("rho",),
            within="3.3",
        ),
        Entry("22", "Bound (22): the weights of the lags decay geometrically", "symbolic.bound_22:theorem"),
        Entry(
            "3.1",
            "Proposition 3.1: a wide RNN learns like a linear model, and a scaled convolution",
            "training.proposition_3_1:theorem",
            (*TRAINED, "test"),
            ("rho",),
            defaults={"n": "1000", "steps": "30"},
            draws=True,
        ),
        Entry(
            "4.1",
            "Theorem 4.1: how far gradient descent moves the impulse response",
            "training.theorem_4_1:theorem",
            (*TRAINED, "resolution"),
            ("var", "rho"),
            defaults={"n": "1000", "steps": "30"},
            draws=True,
        ),
        Entry(
            "24",
            "Theorem 4.1 (24): the size of the impulse response at initialization",
            "training.theorem_4_1:initial_size",
            MEASURED,
            ("var",),
            within="4.1",
            defaults={"n": "1000"},
        ),
        Entry(
            "25",
            "Theorem 4.1 (25): how far gradient descent moves each lag",
            "training.theorem_4_1:movement",
            TRAINED,
            ("rho",),
            within="4.1",
            defaults={"n": "1000", "steps": "30"},
            draws=True,
        ),
        Entry(
            "figure-1",
            "Figure 1: an RNN and the scaled convolution learn alike",
            "experiments.figure_1:theorem",
            EXPERIMENT,
            ("rho",),
            defaults={"n": "1000"},
            draws=True,
            picture="figure-1.png",
        ),
        Entry(
            "figure-2",
            "Figure 2: the training error from closer by",
            "experiments.figure_2:theorem",
            EXPERIMENT,
            ("rho",),
            defaults={"n": "1000"},
            within="figure-1",
            draws=True,
            picture="figure-2.png",
        ),
        Entry(
            "figure-3",
            "Figure 3: delayed outputs, and models that forget",
            "experiments.figure_3:theorem",
            (*EXPERIMENT, "delays", "stopping", "validation"),
            ("rho",),
            defaults={"n": "1000", "horizon": "20", "nu-w": "0.5", "runs": "18", "delays": "0,4,8,12,16"},
            draws=True,
            picture="figure-3.png",
        ),
        Entry(
            "figure-4",
            "Figure 4: decoding a hand's velocity from neurons",
            "experiments.figure_4:theorem",
            DECODED,
            ("rho",),
            defaults=DECODING,
            within="table-1",
            draws=True,
            picture="figure-4.png",
        ),
        Entry(
            "table-1",
            "Table 1: test R² of decoding, all data and little of it",
            "experiments.table_1:theorem",
            DECODED,
            ("rho",),
            defaults=DECODING,
        ),
        Entry(
            "memory",
            "Memory: how short it is, why, and what to change",
            "memory.statement:theorem",
            (*(option for option in MEASURED if option != "resolution"), "eta", "train", "lag"),
            ("rho",),
            defaults={"n": "1000000000", "horizon": "30"},
            draws=True,
        ),
        Entry("B.1", "Lemma B.1: a sum over a basis is an expectation (38)", "symbolic.lemma_b_1:theorem"),
        Entry(
            "C.1",
            "Lemma C.1: Gaussian recursions and their state evolution (72)",
            "recursion.statement:theorem",
            SIMULATED,
            ("var", "cov"),
            claims="recursion.claim:check_claims",
        ),
        Entry(
            "79",
            "Lemma C.1 (79): what the images of a Gaussian matrix say of it (symbolic part)",
            "symbolic.lemma_c_1:conditioning_alone",
            within="C.1",
        ),
        Entry(
            "72",
            "Lemma C.1 (72): predictors, innovations and covariances (symbolic part)",
            "symbolic.lemma_c_1:evolution_alone",
            within="C.1",
        ),
        Entry("stability", "Stability: the linear RNN is stable for ν_W < 1", "symbolic.stability:theorem"),
        Entry("32", "Distance (32): the Wasserstein distance of Gaussians", "symbolic.distance_32:theorem"),
    )
}


def find(name: str) -> Entry:
    """Look a statement up by its id or its title; ``proofs_check.derive.documents.key`` says what is forgiven.

    Raises
    ------
    InputError
        For an unknown id, with the nearest known ones.

    Examples
    --------
    >>> find("Theorem 3.3 (b)").id, find("lemma-c.1").id, find("bound (22)").id, find("Theorem 4.1 (24)").id
    ('3.3b', 'C.1', '22', '24')
    """
    wanted = key(name)
    known = {key(identifier): entry for identifier, entry in ENTRIES.items()}
    if wanted in known:
        return known[wanted]
    titles = {key(entry.title.partition(":")[0]): entry for entry in ENTRIES.values()}
    if wanted in titles:
        return titles[wanted]
    near = [known[match].id for match in difflib.get_close_matches(wanted, known, n=3, cutoff=0.4)]
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise InputError(f"unknown statement {name!r}{hint} (check-theorem --list shows all: {', '.join(ENTRIES)})")


def claimable() -> str:
    """What can be claimed about which statement, in words."""
    return ", ".join(f"{' and '.join(e.targets)} with {e.id}" for e in ENTRIES.values() if e.targets)

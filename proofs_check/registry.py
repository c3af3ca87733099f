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

MEASURED: Final = (
    "n",
    "horizon",
    "nu-w",
    "nu-f",
    "nu-c",
    "inputs",
    "outputs",
    "sampler",
    "seed",
    "replicates",
    "resolution",
)
"""Options of a statement that is simulated."""

SIMULATED: Final = ("n", "horizon", "recursion", "outside-hypotheses", "seed", "replicates")
"""Options of a recursion that is simulated."""

SYMBOLIC: Final = ("seed",)
"""Options of a statement that is derived, and worked out exactly at random small sizes."""

SEARCHED: Final = ("seed", "examples")
"""Options of a statement that is derived, and searched for counterexamples."""


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
        The id of the statement that it is a part of.
    claims : str
        ``module:function`` that complains about claims which are not understood.
    defaults : mapping of str to str
        Option → its default here, where that is another than elsewhere.
    """

    id: str
    title: str
    source: str
    options: tuple[str, ...] = SYMBOLIC
    targets: tuple[str, ...] = ()
    within: str = ""
    claims: str = "claims:check_claims"
    defaults: Mapping[str, str] = field(default_factory=dict)

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
            "4.1",
            "Theorem 4.1: how far gradient descent moves the impulse response (symbolic part)",
            "symbolic.theorem_4_1:theorem",
        ),
        Entry(
            "24",
            "Theorem 4.1 (24): the size of the impulse response at initialization",
            "symbolic.theorem_4_1:initial_size",
            within="4.1",
        ),
        Entry(
            "25",
            "Theorem 4.1 (25): how far gradient descent moves each lag (symbolic part)",
            "symbolic.theorem_4_1:movement",
            within="4.1",
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

"""Every law of Proposition 2.1 holds of what is implemented, and notices a mistake."""

import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from numerics import strategies
from proofs_check.realization import by_hand
from proofs_check.realization.laws import ALL
from proofs_check.realization.machine import MACHINE
from proofs_check.realization.mistakes import MISTAKES
from proofs_check.realization.vandermonde_laws import REPRODUCED
from proofs_check.search.law import search


def law_name(law):
    return law.name.replace(" ", "-")


@pytest.mark.parametrize("law", ALL, ids=law_name)
def test_it_holds(law):
    @settings(database=None)
    @given(law.examples())
    def holds(example):
        assert law.contradiction(MACHINE, example) == "", law.describe(example)

    holds()


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: f"{law_name(mistake.law)}: {mistake.words}")
def test_a_mistake_is_found_and_its_counterexample_is_small(mistake):
    found = search(mistake.law, mistake.machine, examples=300, seed=0).counterexample
    assert found is not None
    sizes = {name: int(size) for name, size in re.findall(r"\b(T|n|n_x|n_y) = (\d+)", found.split(":")[0])}
    assert sizes
    assert sizes.get("T", 1) <= 4
    assert sizes.get("n", 1) <= 4
    assert max(sizes.get("n_x", 1), sizes.get("n_y", 1)) <= 2


@pytest.mark.parametrize("words", ["repeated nodes", "missing factor √n", "V transposed", "one state too few"])
def test_mistakes_that_the_command_shows_break_the_law_that_targets_are_reproduced(words):
    (mistake,) = (one for one in MISTAKES if one.law is REPRODUCED and one.words == words)
    assert search(mistake.law, mistake.machine, examples=100, seed=1).counterexample is not None


def test_every_law_has_a_mistake():
    assert len(ALL) >= 25
    assert {mistake.law.name for mistake in MISTAKES} == {law.name for law in ALL}
    assert all(mistake.machine != MACHINE for mistake in MISTAKES)


def test_laws_have_names_that_fit_and_differ():
    assert len({law.name for law in ALL}) == len(ALL)
    assert all(len(law.name) <= 27 for law in ALL)
    assert {law.part for law in ALL} == {"a", "b"}


def test_searches_are_the_same_for_everybody():
    first, second = (search(REPRODUCED, MISTAKES[-1].machine, examples=20, seed=5) for _ in range(2))
    assert first == second


def test_a_minor_is_that_of_all_completions():
    L = np.array([0, 0, 1], dtype=object).reshape(3, 1, 1) * Fraction(1)
    later = np.array([5, 7], dtype=object).reshape(2, 1, 1) * Fraction(1)
    assert by_hand.minor(L, later) == by_hand.minor(L, 0 * later) == (3, -1)
    assert by_hand.tether(L) == 3


class Transformations(RuleBasedStateMachine):
    """Whatever is done to a realized RNN, in whatever order, the impulse response stays the target's."""

    @initialize(wanted=strategies.responses_with_nodes(max_horizon=3, max_outputs=1), few=st.booleans())
    def realized(self, wanted, few):
        self.L, nodes = wanted
        self.rnn = MACHINE.fewest(self.L, "free") if few else MACHINE.realize(self.L, nodes)

    @rule(data=st.data())
    def permuted(self, data):
        self.rnn = MACHINE.permuted(self.rnn, data.draw(st.permutations(range(self.rnn.n))))

    @precondition(lambda self: 0 < self.rnn.n <= 6)
    @rule(data=st.data())
    def in_other_coordinates(self, data):
        self.rnn = MACHINE.similar(self.rnn, data.draw(strategies.invertible_matrices(self.rnn.n, bound=2)))

    @precondition(lambda self: self.rnn.n <= 6)
    @rule(more=st.integers(0, 2))
    def with_idle_states(self, more):
        self.rnn = MACHINE.padded(self.rnn, self.rnn.n + more)

    @precondition(lambda self: self.rnn.n <= 9)
    @rule()
    def in_the_parameters_of_the_paper(self):
        W, F, C = MACHINE.weights(MACHINE.padded(self.rnn, None))
        self.rnn = MACHINE.from_weights(W, F, C)

    @rule()
    def dense(self):
        self.rnn = MACHINE.dense(self.rnn)

    @rule()
    def stored(self):
        self.rnn = MACHINE.stored(self.rnn)

    @rule()
    def as_a_system_and_back(self):
        A, B = by_hand.product(self.rnn.scaled_W), self.rnn.F
        C, D = (by_hand.product(self.rnn.scaled_C, each) for each in (A, B))
        self.rnn = MACHINE.from_system((A, B, C, D))

    @invariant()
    def the_impulse_response_is_the_target(self):
        assert by_hand.difference("L", MACHINE.response(self.rnn, len(self.L)), self.L) == ""

    @invariant()
    def outputs_are_the_convolution(self):
        T, _, inputs = self.L.shape
        x = by_hand.fractions(Fraction(2 * place + 1, 3) for place in range(T * inputs)).reshape(T, inputs)
        assert by_hand.difference("y", MACHINE.run(self.rnn, x), by_hand.convolution(self.L, x)) == ""


TestTransformations = Transformations.TestCase
TestTransformations.settings = settings(stateful_step_count=8)

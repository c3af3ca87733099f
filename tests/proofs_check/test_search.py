"""Counterexamples are found, made small, and the same for everybody; nothing else happens."""

import json
import os
import subprocess
import sys
import textwrap
import warnings
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import hypothesis
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as chosen
from hypothesis import strategies as st

from proofs_check.interruption import REQUESTED
from proofs_check.judgement import judge
from proofs_check.search import engine
from proofs_check.search.evidence import search_evidence, table
from proofs_check.search.law import Law, Search, search
from proofs_check.search.statement import (
    Claimed,
    Laws,
    Refutation,
    SearchControl,
    another_line,
    without_hypothesis,
)
from proofs_check.settings import Settings
from proofs_check.symbolic import proposition_2_1
from proofs_check.theorem import Control, Evidence, Kind, Outcome, Status
from theory.statements.proposition_2_1 import realization, unrolling

ROOT = Path(__file__).parents[2]


def reversed_twice(machine, example):
    return "" if machine(machine(example)) == example else f"gives {machine(machine(example))}"


def sizes(example):
    return {"T": len(example), "n": max(example, default=0)}


REVERSAL = Law(
    "reversed twice",
    "a",
    "it is as before",
    lambda: st.lists(st.integers(0, 9), max_size=6),
    reversed_twice,
    lambda example: f"list {example}",
    sizes,
)


def backwards(values):
    return values[::-1]


def ordered(values):
    return sorted(values)


def failing(contradiction, **changes):
    """A law of numbers that is contradicted as it is said."""
    law = Law("numbers", "a", "", lambda: st.integers(0, 1000), contradiction, "x = {}".format, lambda x: {"T": 1})
    return replace(law, **changes)


def test_a_law_that_holds_is_not_contradicted():
    found = search(REVERSAL, backwards, 200, 0)
    assert (found.tried, found.counterexample, found.interrupted) == (200, None, False)
    assert sum(found.sizes["T"].values()) == 200
    assert list(found.sizes["T"]) == sorted(found.sizes["T"])


@pytest.mark.parametrize("seed", range(5))
def test_a_law_that_is_false_is_refuted_by_its_smallest_counterexample(seed):
    found = search(REVERSAL, ordered, 300, seed)
    assert found.counterexample == "list [1, 0]: gives [0, 1]"
    assert 0 < found.tried < 300


def test_what_is_tried_to_make_a_counterexample_smaller_does_not_count():
    calls = []

    def contradiction(machine, example):
        calls.append(example)
        return reversed_twice(machine, example)

    found = search(replace(REVERSAL, contradiction=contradiction), ordered, 300, 1)
    assert found.tried == sum(found.sizes["T"].values()) < len(calls)


def test_a_small_space_of_examples_is_tried_as_a_whole():
    found = search(replace(REVERSAL, examples=lambda: st.lists(st.booleans(), max_size=2)), backwards, 300, 0)
    assert found.tried == 7
    assert "7 examples, no more were found" in search_evidence(REVERSAL, found).summary


def test_one_example_is_enough_to_ask_for():
    assert search(REVERSAL, backwards, 1, 0).tried == 1


def test_a_law_without_any_example_is_undecided():
    found = search(replace(REVERSAL, examples=lambda: st.integers().filter(lambda _: False)), backwards, 20, 0)
    assert (found.tried, found.counterexample) == (0, None)
    assert search_evidence(REVERSAL, found).status is Status.UNDECIDED


def test_examples_that_are_hard_to_draw_are_drawn_all_the_same():
    found = search(
        failing(lambda _, x: "", examples=lambda: st.integers(0, 10**6).filter(lambda x: x % 7 == 0)), None, 50, 0
    )
    assert found.tried == 50


def test_an_interrupt_that_was_lost_ends_the_search_before_the_next_example():
    def lose_the_interrupt(machine, values):
        if len(tried) == 2:
            REQUESTED.set()  # as the handler does, whose exception a callback of the garbage collector swallows
        tried.append(values)
        return ""

    tried = []
    try:
        found = search(replace(REVERSAL, contradiction=lose_the_interrupt), backwards, 50, 0)
    finally:
        REQUESTED.clear()
    assert (found.interrupted, found.tried, len(tried)) == (True, 3, 3)


def test_an_exception_inside_a_law_is_a_contradiction_that_names_it():
    def contradiction(_, x):
        return "" if x < 10 else str(1 // 0)

    found = search(failing(contradiction), None, 300, 0)
    assert found.counterexample == "x = 10: ZeroDivisionError: integer division or modulo by zero"


def test_an_example_that_cannot_be_described_is_shown_as_it_is():
    found = search(failing(lambda _, x: "no" if x > 3 else "", describe=lambda x: x.words), None, 100, 0)
    assert found.counterexample == "4: no"


def test_a_mistake_in_how_examples_are_drawn_is_no_counterexample():
    with pytest.raises(ZeroDivisionError):
        search(failing(lambda _, x: "", examples=lambda: st.integers().map(lambda x: x // 0)), None, 10, 0)


@pytest.mark.parametrize("when", [1, 10])
def test_an_interrupt_keeps_what_was_tried(when):
    calls = []

    def contradiction(_, x):
        calls.append(x)
        if len(calls) == when:
            raise KeyboardInterrupt
        return ""

    found = search(failing(contradiction), None, 300, 0)
    assert (found.tried, found.interrupted, found.counterexample) == (when - 1, True, None)
    evidence = search_evidence(REVERSAL, found)
    assert evidence.status is (Status.CONFIRMED if when > 1 else Status.UNDECIDED)
    assert ("9 of 300 examples" if when > 1 else "interrupted before") in evidence.summary


def test_an_interrupt_while_a_counterexample_gets_smaller_keeps_it():
    calls = []

    def contradiction(_, x):
        if x > 3:
            calls.append(x)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return "large" if x > 3 else ""

    found = search(failing(contradiction), None, 300, 0)
    assert found.interrupted
    assert found.counterexample == f"x = {calls[1]}: large"
    evidence = search_evidence(REVERSAL, found)
    assert evidence.status is Status.REFUTED
    assert "not made as small as possible" in evidence.summary


def test_attempts_at_a_smaller_counterexample_come_to_an_end(monkeypatch):
    monkeypatch.setattr(engine, "ATTEMPTS", 5)
    calls = []

    def contradiction(_, x):
        calls.append(x)
        return "large" if sum(x) > 100 else ""

    law = failing(contradiction, examples=lambda: st.lists(st.integers(0, 1000), max_size=20))
    found = search(law, None, 300, 0)
    assert found.counterexample.endswith(": large")
    assert len(calls) == found.tried + 5


def test_a_law_that_changes_its_mind_is_refuted_all_the_same():
    calls = []

    def contradiction(_, x):
        calls.append(x)
        return "once" if len(calls) == 5 else ""

    assert search(failing(contradiction), None, 100, 0).counterexample.endswith(": once")


def test_laws_do_not_share_draws_and_seeds_count():
    def drawn(name, seed):
        seen = []
        search(failing(lambda _, x: seen.append(x) or "", name=name), None, 30, seed)
        return seen

    assert drawn("one", 1) == drawn("one", 1)
    assert len({tuple(drawn(*case)) for case in (("one", 1), ("one", 2), ("other", 1))}) == 3


PROGRAM = """
    import json, sys
    {first}
    from dataclasses import asdict
    from hypothesis import strategies as st
    from proofs_check.search.law import Law, search

    everything = st.tuples(
        st.integers(), st.lists(st.integers(-(10**9), 10**9), max_size=8), st.floats(), st.binary(max_size=9),
        st.sampled_from(range(1000)), st.dictionaries(st.integers(), st.booleans(), max_size=3),
    )
    seen = []
    def contradiction(machine, x):
        seen.append(repr(x))
        return "large" if x[0] > machine and len(x[1]) > 1 else ""
    law = Law("any", "a", "", lambda: everything, contradiction, repr, lambda x: {{"T": len(x[1]), "n": len(x[3])}})
    found = [asdict(search(law, machine, 150, 7)) for machine in (1 << 200, 1000)]
    print(json.dumps([found, seen]))
"""


def fresh_process(folder, *, first="", hash_seed="0", **environment):
    """What a search finds in a process of its own, and what it leaves in its folder."""
    program = folder / "program.py"
    program.write_text(textwrap.dedent(PROGRAM).format(first=first), encoding="utf-8")
    before = set(folder.rglob("*"))
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-B", str(program)],
        cwd=folder, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip
    assert ran.stderr == ""
    assert set(folder.rglob("*")) == before
    return json.loads(ran.stdout)


def test_the_same_is_tried_and_found_wherever_and_among_whichever_modules(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    values = ", ".join(str(1000 + 7 * place) for place in range(300))
    (there / "constants.py").write_text(f"NUMBERS = ({values}, 0.123, 5.5, b'bytes', 'text')\n", encoding="utf-8")
    (there / "pyproject.toml").write_text("", encoding="utf-8")
    one = fresh_process(here)
    loaded = "import constants, numpy, sympy, proofs_check.symbolic.proposition_2_1, random; random.seed(5)"
    other = fresh_process(there, first=loaded, hash_seed="123", CI="true")
    assert one == other
    assert [found["counterexample"] is None for found in one[0]] == [True, False]
    assert one[0][1]["counterexample"].startswith("(1001, [0, 0], 0.0, b'', 0, {})")


def test_another_run_of_hypothesis_around_it_changes_nothing():
    alone = search(REVERSAL, ordered, 100, 3)
    seen = []

    @chosen(max_examples=3, database=None, deadline=None)
    @given(st.integers())
    def outer(_):
        seen.append(search(REVERSAL, ordered, 100, 3))

    outer()
    assert set(map(str, seen)) == {str(alone)}


def test_a_failure_within_another_run_of_hypothesis_is_passed_on():
    @chosen(max_examples=1, database=None, suppress_health_check=list(HealthCheck))
    @given(st.integers())
    def outer(_):
        with pytest.raises(ZeroDivisionError):
            search(failing(lambda _, x: "", examples=lambda: st.integers().map(lambda x: x // 0)), None, 10, 0)

    outer()


def test_nothing_is_printed_nor_warned_of_nor_written(capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search(REVERSAL, ordered, 100, 0)
        search(failing(lambda _, x: hypothesis.note("noted") or ("no" if x > 3 else "")), None, 100, 0)
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_what_was_replaced_in_hypothesis_is_put_back():
    providers = pytest.importorskip("hypothesis.internal.conjecture.providers")
    before = dict(vars(providers))
    search(REVERSAL, ordered, 10, 0)
    after = vars(providers)
    assert all(after[name] is before[name] for name in ("_get_local_constants", "CONSTANTS_CACHE") if name in before)


class Counting:
    """Progress that is remembered."""

    def __init__(self):
        self.said = []

    def begin(self, what, total):
        self.said.append((what, total))

    def advance(self):
        self.said.append("one")

    def end(self):
        self.said.append("end")


def test_progress_is_told_of_every_example():
    progress = Counting()
    search(REVERSAL, backwards, 20, 0, progress)
    assert progress.said == [("reversed twice", 20), *["one"] * 20, "end"]


def test_the_table_says_how_many_examples_there_were_of_which_sizes():
    one = Search(
        "one",
        9,
        9,
        {"T": {1: 4, 3: 2, 4: 1, 7: 2}, "n_x": {1: 8, 3: 1}, "n": {72: 9}},
        None,
        crashed=False,
        interrupted=False,
    )
    other = Search("other", 9, 2, {"T": {2: 2}, "n_x": {2: 2}}, "x", crashed=False, interrupted=False)
    found = table([one, other])
    assert found["title"] == "examples tried, how many of each T, the largest n_x, n"
    assert found["columns"] == ["", "examples", "T = 1", "2", "3-4", "5-8", "n_x", "n"]
    assert found["rows"] == [
        ["one", "9", "4", "0", "3", "2", "3", "72"],
        ["other", "2", "0", "2", "0", "0", "2", "—"],
    ]


def test_equal_limits_of_sizes_are_said_together():
    found = Search(
        "one", 9, 9, {"T": {8: 9}, "n_x": {3: 9}, "n_y": {3: 9}, "n": {72: 9}}, None, crashed=False, interrupted=False
    )
    assert search_evidence(REVERSAL, found).summary == (
        "9 examples, none contradicts: it is as before; T up to 8, n_x, n_y up to 3, n up to 72"
    )


SETTINGS = Settings(
    widths=(4096,), horizon=10, inputs=1, outputs=1, nu_W=Fraction(4, 5), nu_F=Fraction(13, 10), nu_C=Fraction(7, 10),
    replicates=None, resolution=0.01, resolution_given=False, sampler="auto", jobs=1, seed=2021, examples=50,
)  # fmt: skip

TWICE = Control("sorted instead", "sorted", "that is not the same")


def broken(values):
    raise TypeError("no such operation")


def mistake(*, refuted=True, machine=ordered):
    return SearchControl(TWICE, REVERSAL, machine, lambda: Refutation(refuted, "the derivation"))


@pytest.mark.parametrize(
    ("change", "refuted"),
    [({}, True), ({"refuted": False}, False), ({"machine": backwards}, False), ({"machine": broken}, False)],
)
def test_a_mistake_is_refuted_when_the_search_and_the_derivation_notice_it_and_it_does_not_merely_crash(
    change, refuted
):
    theorem = Laws((REVERSAL,), backwards, (mistake(**change),)).theorem()
    context = theorem.prepare(SETTINGS, None)
    result = theorem.refute(TWICE, context)
    assert result.refuted is refuted
    if refuted:
        assert result.numeric_reason == "list [1, 0]: gives [0, 1]"


def test_one_table_is_shown_after_the_last_law_or_where_it_was_interrupted():
    def interrupted(machine, example):
        raise KeyboardInterrupt

    laws = (REVERSAL, replace(REVERSAL, name="stops", contradiction=interrupted), replace(REVERSAL, name="never"))
    theorem = Laws(laws, backwards, ()).theorem()
    context = theorem.prepare(SETTINGS, None)
    found = []
    with pytest.raises(KeyboardInterrupt):
        found.extend(item for check in theorem.checks for item in check.run(context))
    assert [item.title for item in found] == ["reversed twice", "stops"]
    assert ["table" in item.details for item in found] == [False, True]
    assert context.interrupted


def test_a_part_has_its_own_laws_and_controls():
    laws = (REVERSAL, replace(REVERSAL, name="other", part="b"))
    theorem = Laws(laws, backwards, (mistake(),)).theorem("b")
    assert [law.name for law in theorem.prepare(SETTINGS, None).laws] == ["other"]
    assert {check.part for check in theorem.checks} == {"b"}
    assert theorem.controls == ()


def test_claims_about_another_part_are_left_out():
    claimed = Claimed({"n": "T"}, {"b": "n = T"}, (replace(REVERSAL, name="claimed", part="b"),))
    laws = Laws((REVERSAL, replace(REVERSAL, name="other", part="b")), backwards, (), lambda _: claimed)
    of_a, of_b = (laws.theorem(part).prepare(SETTINGS, None) for part in "ab")
    assert (of_a.formulas, of_a.says, [law.part for law in of_a.laws]) == ({}, {}, ["a"])
    assert (of_b.formulas, of_b.says, [law.name for law in of_b.laws]) == (
        {"n": "T"},
        {"b": "n = T"},
        ["other", "claimed"],
    )


def test_another_right_side_is_refuted_by_the_derivation_and_the_same_is_not():
    formula = proposition_2_1.IMPULSE
    assert another_line(unrolling, formula, 2 * formula.rhs)().refuted
    assert not another_line(unrolling, formula, formula.rhs)().refuted


def test_a_line_without_its_hypothesis_is_refuted_and_one_that_does_not_need_it_is_not():
    line = realization().verified.necessity["nodes"].step.name
    found = without_hypothesis(realization, "nodes", line)()
    assert found == Refutation(refuted=True, reason=f"without 'nodes', the line {line!r} is no longer proved")
    assert not without_hypothesis(realization, "nodes", "state solved")().refuted


def test_a_search_is_no_proof_and_does_not_make_a_pass():
    item = search_evidence(REVERSAL, search(REVERSAL, backwards, 20, 0))
    assert (item.kind, item.kind.is_proof) == (Kind.SEARCH, False)
    assert judge([item], [], rests_on=Kind.EXACT).outcome is Outcome.INCONCLUSIVE
    exact = Evidence("a.exact", Kind.EXACT, "worked out", Status.CONFIRMED, "")
    assert judge([item, exact], [], rests_on=Kind.EXACT).outcome is Outcome.PASSED


def test_a_counterexample_refutes():
    item = search_evidence(REVERSAL, search(REVERSAL, ordered, 100, 0))
    found = judge([item], [], rests_on=Kind.EXACT)
    assert found.outcome is Outcome.REFUTED
    assert found.reasons == ("reversed twice: list [1, 0]: gives [0, 1]",)

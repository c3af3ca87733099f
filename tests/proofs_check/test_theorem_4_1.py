"""Theorem 4.1 passes, false weights, variances and rates fail, and what could not be decided is said.

Each run has a false-alarm probability of at most 1e-4 over all its tests, and fixed seeds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from proofs_check.errors import InputError
from proofs_check.experiment import Experiment, Rate
from proofs_check.registry import Entry, find
from proofs_check.request import settings_of
from proofs_check.run import Verdict, run
from proofs_check.settings import Settings
from proofs_check.theorem import Evidence, Kind, Outcome, Status
from proofs_check.training import (
    certified_bound,
    theorem_4_1,
    theorem_4_1_ladder,
    theorem_4_1_learning,
    theorem_4_1_times,
)
from proofs_check.training.theorem_4_1_context import DescentContext, ladder, shown_lags
from proofs_check.training.theorem_4_1_ladder import Use, _judge, _share
from proofs_check.training.theorem_4_1_learning import LearningSample

SMALL = {"n": "300", "horizon": "4", "steps": "6", "train": "20", "seed": "0"}
BASE = replace(settings_of(find("4.1"), SMALL, jobs=1), fixed=frozenset())
RHO = "nu_C*(j*nu_F*nu_W**(j-1) + nu_W**j) + nu_F*nu_W**j"


def settings(**changes: Any) -> Settings:
    training = {name: changes.pop(name) for name in list(changes) if name in Experiment.__dataclass_fields__}
    return replace(BASE, experiment=replace(BASE.experiment, **training), **changes)


def check(part: str = "descent", **changes: Any) -> Verdict:
    return run(Entry("4.1", "Theorem 4.1", f"training.theorem_4_1:{part}"), settings(**changes))


def found(verdict: Verdict, name: str) -> list[Evidence]:
    return [item for item in verdict.judgement.evidence if item.check == name]


def status(verdict: Verdict, name: str) -> Status:
    (one,) = found(verdict, name)
    return one.status


@pytest.fixture(scope="module")
def descent() -> Verdict:
    return check()


@pytest.fixture(scope="module")
def size() -> Verdict:
    return check("size")


@pytest.fixture(scope="module")
def false_weights() -> Verdict:
    return check(claims=("rho = nu_W**(j+1)",))


def test_both_parts_pass(descent: Verdict, size: Verdict) -> None:
    for verdict in (descent, size):
        assert verdict.judgement.outcome is Outcome.PASSED
        assert verdict.judgement.reasons == ()


def test_every_check_gives_evidence_for_its_part(descent: Verdict, size: Verdict) -> None:
    for verdict in (descent, size):
        checked = {item.check for item in verdict.judgement.evidence}
        assert {check.name for check in verdict.theorem.checks} <= checked
        assert set(verdict.says) == set(verdict.theorem.parts)


def test_the_bound_is_certified_for_the_convolution_and_an_experiment_for_the_rnn(descent: Verdict) -> None:
    kinds = {item.check: item.kind for item in descent.judgement.evidence}
    assert all(kinds[f"25.{name}"] is Kind.CERTIFIED for name in ("constants", "errors", "bound"))
    assert kinds["25.rnn"] is Kind.EXPERIMENT
    assert kinds["61.rates"] is Kind.STATISTICAL


def test_every_control_is_refuted_by_both_sides(descent: Verdict, size: Verdict) -> None:
    for verdict in (descent, size):
        assert len(verdict.controls) >= 5
        assert all(result.symbolic and result.numeric for result in verdict.controls if result.applicable)
        assert sum(result.applicable for result in verdict.controls) >= 5


def test_the_whole_theorem_has_all_three_parts_and_the_symbolic_ones() -> None:
    whole = theorem_4_1.theorem()
    assert list(whole.parts) == ["24", "25", "61"]
    names = {check.name for check in whole.checks}
    assert {"24.derivation", "25.derivation", "24.size", "25.bound", "61.rates"} <= names
    assert "(symbolic part)" not in whole.title
    assert set(theorem_4_1.initial_size().parts) == {"24"}
    assert set(theorem_4_1.movement().parts) == {"25", "61"}


def test_the_report_is_data(descent: Verdict, size: Verdict) -> None:
    for verdict in (descent, size):
        json.dumps([dict(item.details) for item in verdict.judgement.evidence], allow_nan=False)


def test_tables_fit_a_terminal(descent: Verdict, size: Verdict) -> None:
    tables = [
        item.details["table"] for v in (descent, size) for item in v.judgement.evidence if "table" in item.details
    ]
    assert len(tables) == 4
    for table in tables:
        rows = [table["columns"], *table["rows"]]
        widths = [max(len(row[place]) for row in rows) + 2 for place in range(len(table["columns"]))]
        assert sum(widths) <= 80
        assert len(table["title"]) <= 80


def test_mean_squares_are_tested_against_exact_values_in_the_regime_only() -> None:
    verdict = check("size", widths=(4,), horizon=6)
    family = found(verdict, "24.size")[0].tests
    assert family is not None
    assert family.size == 3
    assert family.expected[2] == pytest.approx(0.7 * 1.3 * 0.8**2 * (1 + 2 / 4**2))


def test_a_false_variance_is_refuted_by_derivation_and_draws() -> None:
    verdict = check("size", claims=("var = nu_C*nu_F*nu_W**(j+1)",))
    assert verdict.judgement.outcome is Outcome.REFUTED
    assert status(verdict, "24.conjecture") is Status.REFUTED
    assert status(verdict, "24.limit") is Status.REFUTED
    assert "your claim" in verdict.says["24"]


def test_a_larger_exponent_is_refuted_by_bound_derivation_and_learning(false_weights: Verdict) -> None:
    assert false_weights.judgement.outcome is Outcome.REFUTED
    for name in ("25.bound", "25.rnn", "61.conjecture", "61.rates"):
        assert status(false_weights, name) is Status.REFUTED
    assert status(false_weights, "25.errors") is Status.CONFIRMED
    assert "ℓ = 1" in found(false_weights, "25.bound")[0].summary


def test_how_rnns_approach_the_convolution_does_not_depend_on_the_claim(
    descent: Verdict, false_weights: Verdict
) -> None:
    one, other = (found(verdict, "25.approach")[0] for verdict in (descent, false_weights))
    assert one.summary == other.summary


def test_larger_weights_bound_too_but_are_not_what_is_learned() -> None:
    verdict = check(claims=(f"rho = 1.001*({RHO})",))
    assert status(verdict, "25.bound") is Status.CONFIRMED
    assert status(verdict, "25.rnn") is Status.CONFIRMED
    assert status(verdict, "61.rates") is Status.REFUTED
    assert status(verdict, "61.conjecture") is Status.REFUTED


def test_an_undefined_claim_bounds_nothing() -> None:
    verdict = check(claims=("rho = log(j)",))
    for name in ("25.bound", "25.rnn", "61.rates"):
        assert status(verdict, name) is Status.REFUTED


def test_irrational_claims_are_read_to_many_digits() -> None:
    context = DescentContext.prepare(settings(claims=("rho = sqrt(nu_C) + 1",)))
    assert abs(context.claimed[0] - 1 - Fraction("0.83666002653407554797817202578518748939")) < Fraction(1, 10**37)


def test_a_rate_above_the_bound_is_outside_the_statement() -> None:
    verdict = check(eta=Rate(1.5, of_bound=True))
    assert verdict.judgement.outcome is Outcome.INCONCLUSIVE
    assert status(verdict, "25.constants") is Status.UNDECIDED
    assert status(verdict, "25.bound") is Status.CONFIRMED
    assert len(verdict.judgement.reasons) == 1


def test_a_diverging_rate_is_named() -> None:
    with pytest.raises(InputError, match=r"--eta 50 B_1: gradient descent diverged.*at step"):
        check(eta=Rate(50, of_bound=True))


@pytest.mark.parametrize("rate", [Rate(1e-9, of_bound=True), Rate(1e-15, of_bound=False)])
def test_a_rate_that_moves_nothing_is_named(rate: Rate) -> None:
    with pytest.raises(InputError, match=r"--eta .*at least 1e-06 B_1"):
        check(eta=rate)


def test_small_rates_measure_the_same_weights() -> None:
    verdict = check(eta=Rate(2e-6, of_bound=True), horizon=3)
    assert verdict.judgement.outcome is Outcome.PASSED


def test_a_lag_without_weight_is_named() -> None:
    with pytest.raises(InputError, match=r"--nu-w 0.*ρ_2 = 0"):
        check(nu_W=Fraction(0))


def test_widths_at_which_rnns_diverge_are_shown() -> None:
    verdict = check(widths=(2,))
    assert "at step" in found(verdict, "25.diverged")[0].summary
    assert status(verdict, "25.rnn") is Status.CONFIRMED


def test_narrow_rnns_decide_nothing() -> None:
    verdict = check(widths=(40,), sampler="dense")
    assert status(verdict, "25.rnn") is Status.UNDECIDED
    assert status(verdict, "25.approach") is Status.INFORMATION


def test_several_channels_and_a_single_lag_are_possible() -> None:
    assert check(inputs=2, outputs=3, horizon=2).judgement.outcome is Outcome.PASSED
    assert check(horizon=1).judgement.outcome is Outcome.PASSED


def test_an_interrupted_run_keeps_what_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(theorem_4_1_learning, "train_many", interrupted)
    verdict = check()
    assert verdict.judgement.outcome is Outcome.INTERRUPTED
    assert status(verdict, "25.rnn") is Status.CONFIRMED
    assert not found(verdict, "61.rates")
    assert verdict.picture is not None
    assert len(verdict.picture.panels) == 2


def test_the_picture_shows_movement_ladder_and_learning(descent: Verdict) -> None:
    assert descent.picture is not None
    movement, widths, times = descent.picture.panels
    for moved, bound in zip(movement.series[::2], movement.series[1::2], strict=True):
        assert np.all(np.array(moved.y) <= np.array(bound.y))
    assert len(widths.series[0].x) == 3
    assert np.allclose(times.series[0].y, times.series[1].y, rtol=1e-2)


@pytest.mark.slow
def test_the_report_does_not_depend_on_the_workers(descent: Verdict) -> None:
    other = check(jobs=2)

    def said(verdict: Verdict) -> Sequence[object]:
        return [(e.check, e.summary, e.status, repr(e.details)) for e in verdict.judgement.evidence] + [
            repr(verdict.controls)
        ]

    assert said(descent) == said(other)


def test_two_wide_rnns_are_added_where_fewer_are_given() -> None:
    assert ladder(settings(widths=(300,))) == (300, 10**5, 10**8)
    assert ladder(settings(widths=(10**6, 10**9))) == (10**6, 10**9)
    assert ladder(settings(widths=(300,), sampler="dense")) == (300,)


def test_of_many_lags_some_are_shown() -> None:
    assert shown_lags(3) == [0, 1, 2]
    assert shown_lags(100)[0] == 0
    assert shown_lags(100)[-1] == 99
    assert len(shown_lags(100)) == 12


@pytest.mark.parametrize(
    ("largest", "size", "expected"),
    [(0.9, 1e-4, Status.CONFIRMED), (1.0005, 1e-4, Status.CONFIRMED), (1.1, 1e-4, Status.REFUTED),
     (1.1, 0.1, Status.UNDECIDED)],
)  # fmt: skip
def test_an_excess_counts_where_the_width_does_not_explain_it(largest: float, size: float, expected: Status) -> None:
    use = Use(10**8, np.full((64, 1), largest), np.full((64, 1), 0.9), np.full(64, size), np.full(64, size))
    assert _judge(use, 5)[0] is expected


def test_lags_that_hardly_weigh_do_not_hide_the_approach() -> None:
    """In RNNs of n = 10^5 states lag 5, of weight 5e-8, uses more than all of its bound."""
    context = DescentContext.prepare(settings(horizon=6, steps=2, nu_W=Fraction(1, 100)))
    assert theorem_4_1_ladder.uses(context)[1].size > 1
    (evidence,) = theorem_4_1_ladder.approach(context)
    assert evidence.tests is not None
    assert evidence.tests.p_values.min() > 1e-3


def test_the_share_of_the_bound_is_the_largest_over_the_steps() -> None:
    moved = np.array([[[0.1, 0.0], [0.6, 0.0], [0.3, 0.1]]])
    np.testing.assert_array_equal(_share(moved, np.broadcast_to([1.0, 0.0], (1, 3, 2))), [[0.6, np.inf]])


def test_each_start_has_the_constants_that_are_certified_for_it() -> None:
    context = DescentContext.prepare(settings(steps=1))
    for found, certain in zip(context.constants(context.starts), context.descents, strict=True):
        np.testing.assert_allclose([found.B_1, found.B_2], [certain.B_1.low, certain.B_2.low], rtol=1e-12)


def test_starts_have_the_variance_of_the_limit() -> None:
    """1024 draws of each lag: five standard deviations are 22 %."""
    starts = DescentContext.prepare(settings(steps=1, inputs=8, outputs=8, nu_C=Fraction(1, 3))).starts
    expected = 1.3 / 3 * 0.8 ** np.arange(4)
    np.testing.assert_allclose(np.mean(starts**2, axis=(0, 2, 3)), expected, rtol=5 * (2 / 1024) ** 0.5)


def test_a_bound_that_only_a_later_start_breaks_is_refuted() -> None:
    context = DescentContext.prepare(settings(steps=1))
    used = [float(one.ratios(context.rho).max()) for one in context.descents]
    assert used[0] < 0.99 * max(used)
    factor = (used[0] + max(used)) / 2
    claimed = DescentContext.prepare(settings(steps=1, claims=(f"rho = {factor:.6f}*({RHO})",)))
    (evidence,) = certified_bound.bound(claimed)
    assert evidence.status is Status.REFUTED
    assert "draw 0" not in evidence.summary


def test_a_bound_that_is_attained_is_certified_as_an_equality() -> None:
    """Of one sequence of one step the operator A has rank one."""
    context = DescentContext.prepare(settings(horizon=1, train=1))
    (evidence,) = certified_bound.bound(context)
    assert evidence.status is Status.CONFIRMED
    assert "lag 0 attains it at ℓ = 1: equality" in evidence.summary


@pytest.mark.parametrize(
    ("variances", "rho"),
    [({"nu_F": Fraction(0)}, [0.7, 0.56]), ({"nu_C": Fraction(0)}, [1.3, 1.04]), ({"nu_W": Fraction(0)}, [2.0, 0.91])],
)
def test_lags_that_are_0_at_the_start_are_learned_too(variances: dict[str, Any], rho: list[float]) -> None:
    """Then 0 is what must not be learned: nothing would be measured."""
    verdict = check(horizon=2, steps=2, **variances)
    (rates,) = found(verdict, "61.rates")
    assert rates.status is Status.CONFIRMED
    assert rates.tests is not None
    np.testing.assert_allclose(rates.tests.found, rho, rtol=1e-3)
    assert np.all(rates.tests.error < 1e-3)
    assert verdict.judgement.outcome is Outcome.PASSED
    assert all(result.numeric for result in verdict.controls if result.applicable)
    assert "nan" not in repr(rates.details)


def test_weights_that_are_measured_too_coarsely_decide_nothing() -> None:
    context = DescentContext.prepare(settings(horizon=1))
    context.learning.found = sample([1.0, 1.0], [0.9, 0.1], at=1)
    (rates,) = theorem_4_1_times.rates(context)
    assert rates.status is Status.UNDECIDED
    assert "nothing is decided" in rates.summary
    false = DescentContext.prepare(settings(horizon=1, claims=("rho = 100",)))
    false.learning.found = sample([1.0] * 64, [0.9, 0.1] * 32, at=1)
    assert next(theorem_4_1_times.rates(false)).tests is not None


def sample(start: Sequence[float], end: Sequence[float], at: int) -> LearningSample:
    """What is left of one lag in some RNNs, at the start and from step 1 on."""
    left = np.array([start, *[end] * at])[:, :, None]
    return LearningSample(10**9, 0.1, np.array([4.0]), left, np.array([at]))


def without_each(start: Sequence[float], end: Sequence[float], at: int) -> list[float]:
    """The weights that all other RNNs show."""
    others = [[i for i in range(len(start)) if i != k] for k in range(len(start))]
    return [sample([start[i] for i in own], [end[i] for i in own], at).weights.item() for own in others]


@pytest.mark.parametrize("at", [1, 7])
def test_the_error_of_a_weight_is_that_of_leaving_one_rnn_out(at: int) -> None:
    """Equal RNNs, small fluctuations: the delta method is exact to 1 %, whatever the number of steps."""
    rng = np.random.default_rng(3)
    start, end = np.full(20, 16.0).tolist(), (8 + 0.01 * rng.standard_normal(20)).tolist()
    jackknife = np.sqrt(20) * np.std(without_each(start, end, at), ddof=1)
    np.testing.assert_allclose(sample(start, end, at).errors, jackknife, rtol=0.01)


def test_one_rnn_that_decides_a_share_shows_in_the_error() -> None:
    """It holds 97 % of all error; without it the weight is 0.25 and not 1.2."""
    start, end = [1.0, 1.0, 1.0, 97.0], [0.9, 0.9, 0.9, 49.0]
    jackknife = 2 * np.std(without_each(start, end, 1), ddof=1)
    np.testing.assert_allclose(sample(start, end, 1).errors, jackknife, rtol=1e-9)

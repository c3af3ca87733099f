from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from numerics.experiments.sequences import Sequences
from numerics.training import Correlations, predictions, train_convolution
from proofs_check.errors import InputError
from proofs_check.experiments import figure_3, synthetic_delays
from proofs_check.experiments.synthetic import sequences
from proofs_check.experiments.synthetic_delays import carrying
from proofs_check.judgement import judge
from proofs_check.options import OPTIONS
from proofs_check.registry import Entry
from proofs_check.request import settings_of
from proofs_check.theorem import InterruptedRunError, Kind, Outcome, Status

ENTRY = Entry("figure", "", "", tuple(option.name for option in OPTIONS if option.name != "recursion"), ("rho",))
CHEAP = {
    "n": "300", "horizon": "8", "nu-w": "0.3", "steps": "60", "train": "30", "test": "30", "seed": "1", "runs": "16",
    "delays": "0,3,6",
}  # fmt: skip


def settings(claims=(), jobs=1, **options):
    given = {name.replace("_", "-"): str(value) for name, value in options.items()}
    return settings_of(ENTRY, CHEAP | given, claims=claims, jobs=jobs)


@cache
def judged(claims=(), jobs=1, controls=(), **asked):
    theorem = figure_3.theorem()
    context = theorem.prepare(settings(claims, jobs, **asked), None)
    checks = [check for check in theorem.checks if check.name != "formula" or claims or controls]  # SymPy takes longest
    evidence = [item for check in checks for item in check.run(context)]
    results = [theorem.refute(control, context) for control in controls]
    return context, judge(evidence, results, rests_on=theorem.rests_on, interrupted=context.interrupted), results


def statuses(judgement, kind=Kind.EXPERIMENT):
    return [item.status for item in judgement.evidence if item.kind is kind]


def test_the_figure_passes():
    _, judgement, controls = judged(controls=figure_3.CONTROLS)
    assert judgement.outcome is Outcome.PASSED
    assert statuses(judgement) == [Status.CONFIRMED] * 3
    assert len(controls) == 5
    assert all(control.refuted for control in controls)


def test_the_unscaled_convolution_in_the_place_of_the_scaled_one_is_refuted():
    _, judgement, _ = judged(claims=("rho = 1",))
    assert judgement.outcome is Outcome.REFUTED
    assert statuses(judgement, Kind.STATISTICAL) == [Status.REFUTED]


def test_an_unscaled_error_that_grows_like_the_scaled_one_is_not_flat():
    # with rho = 1 they are the same, and with few steps both grow, as few outputs carry the signal of late lags
    _, judgement, _ = judged(claims=("rho = 1",), steps=20, delays="0,7", runs=20, n=64)
    assert statuses(judgement)[1:] == [Status.CONFIRMED, Status.REFUTED]


def test_few_runs_decide_nothing():
    _, judgement, _ = judged(runs=5)
    assert judgement.outcome is Outcome.INCONCLUSIVE
    assert statuses(judgement) == [Status.UNDECIDED] * 3
    assert any("--runs" in reason for reason in judgement.reasons)


@pytest.mark.slow
def test_long_training_leaves_no_growth_to_be_confirmed():
    # after infinitely many steps all three are least squares: the scaled error is as flat as the unscaled one
    _, judgement, _ = judged(steps=400, nu_w="0.8", n=64, runs=14)
    assert statuses(judgement) == [Status.UNDECIDED] * 3


def test_the_error_of_the_unscaled_convolution_stays_near_the_noise():
    context, _, _ = judged()
    errors = [run.errors(context.weights.claimed) for run in context.found[300]]
    assert np.median([one["unscaled"] for one in errors]) < 0.015
    assert np.median([one["scaled"][-1] for one in errors]) > 0.1


def test_errors_are_of_the_outputs_that_carry_the_signal():
    data, _ = sequences(settings(), 0, delay=3)
    L = np.random.default_rng(2).standard_normal((8, 1, 1))
    residual = (data.test.y - predictions(L, data.test.x))[:, 3:]
    found = carrying(data.test, 3)
    assert found.loss(L) * found.mean_squared_factor == pytest.approx(np.mean(residual**2))


def test_the_test_errors_of_a_run_are_of_these_outputs():
    data, _ = sequences(settings(), 0, delay=3)
    L = np.random.default_rng(2).standard_normal((8, 1, 1))
    residual = (data.test.y - predictions(L, data.test.x))[:, 3:]
    delayed = figure_3.prepare(settings())._delayed(0, 3)
    assert delayed.error(L[None]) * delayed.power == pytest.approx(np.mean(residual**2))


def test_the_unscaled_convolution_starts_at_the_response_of_the_network():
    delayed = figure_3.prepare(settings(steps=2))._delayed(0, 3)
    L = np.random.default_rng(4).standard_normal((8, 1, 1))
    eta = min(delayed.task.eta, 1 / delayed.task.train.largest_eigenvalue)
    expected = train_convolution(delayed.task.train, L, 1.0, [2], eta)
    np.testing.assert_allclose(delayed.unscaled(L), expected.responses, atol=1e-12)


def test_ranks_are_put_together_by_fishers_method():
    ranks = [0.04, 0.6, 0.01, 1.0]
    runs = [SimpleNamespace(rank=lambda _, found=found: found) for found in ranks]
    assert figure_3._coincidence(runs[:1], np.ones(8)) == pytest.approx(0.04)
    assert figure_3._coincidence(runs, np.ones(8)) == pytest.approx(stats.combine_pvalues(ranks).pvalue)


@pytest.mark.parametrize(
    ("slope", "status"),
    [(0.05, Status.CONFIRMED), (-0.05, Status.CONFIRMED), (0.5, Status.REFUTED), (-0.5, Status.REFUTED)],
)
def test_an_unscaled_error_is_flat_if_it_neither_grows_nor_falls(slope, status):
    context = figure_3.prepare(settings())
    line = np.array(context.delays, dtype=float)
    errors = {"RNN": line, "scaled": 1 + line, "unscaled": 5 + slope * line}
    vars(context)["found"] = {300: [SimpleNamespace(errors=lambda _: errors)] * 16}
    assert [found.status for found in figure_3.flat(context)] == [status]


def test_without_a_delay_all_outputs_carry_the_signal():
    rng = np.random.default_rng(3)
    data = Sequences(rng.standard_normal((7, 5, 2)), rng.standard_normal((7, 5, 3)))
    found, expected = carrying(data, 0), Correlations.of(data.x, data.y)
    np.testing.assert_allclose(found.X, expected.X, atol=1e-12)
    np.testing.assert_allclose(found.Y, expected.Y, atol=1e-12)
    assert found.count == expected.count


def test_predicting_nothing_has_an_error_of_about_one_at_every_delay():
    context = figure_3.prepare(settings(test=2000, snr=300))
    nothing = np.zeros((1, 8, 1, 1))
    for delay in (0, 3):
        assert 0.5 < context._delayed(0, delay).error(nothing) < 1.2


def test_optional_stopping_takes_each_student_at_its_least_validation_error():
    context = figure_3.prepare(settings(stopping="validation", validation=20, train=4, snr=0))
    delayed = context._delayed(0, 3)
    responses = delayed.task.linear(np.ones((8, 1, 1)), np.stack([np.eye(8), 0.1 * np.eye(8)]))
    stopped = delayed.stopped(responses)
    for every, last in zip(responses, stopped, strict=True):
        assert delayed.aside.loss(last[0]) == pytest.approx(min(delayed.aside.loss(L) for L in every))


def test_with_optional_stopping_the_figure_passes():
    _, judgement, _ = judged(stopping="validation", validation=20)
    assert judgement.outcome is Outcome.PASSED


@pytest.mark.parametrize("delays", ["3", "0,8"])
def test_delays_that_show_nothing_are_refused(delays):
    with pytest.raises(InputError, match=rf"--delays {delays} with --horizon 8: at least two.*from 0 to 7"):
        figure_3.prepare(settings(delays=delays))


def test_a_rate_that_diverges_is_named():
    context = figure_3.prepare(settings(eta="50 B_1"))
    with pytest.raises(InputError, match=r"--eta 50 B_1.*diverged"):
        list(figure_3.coincide(context))


@pytest.mark.slow
def test_ranks_of_true_networks_are_uniform_or_larger():
    ranks = [run.rank(context.weights.claimed) for context in [judged(runs=60, n=100)[0]] for run in context.found[100]]
    # of 60 uniform ranks: more than 14 below 0.1 by chance with probability 2e-4, below 0.02 more than 6 with 2e-4
    assert np.sum(np.array(ranks) <= 0.1) <= 14
    assert np.sum(np.array(ranks) <= 0.02) <= 6


def test_a_delay_does_not_depend_on_the_other_delays():
    one, other = (judged(delays=delays, runs=2)[0].found[300][1] for delays in ("0,3", "0,3,6"))
    np.testing.assert_array_equal(one.rnn[1], other.rnn[1])


@pytest.mark.slow
def test_a_run_does_not_depend_on_the_number_of_workers():
    one, two = (judged(runs=3, jobs=jobs)[0].found[300][2] for jobs in (1, 2))
    np.testing.assert_array_equal(one.rnn[2], two.rnn[2])
    np.testing.assert_array_equal(one.law.ratios, two.law.ratios)


def test_complete_runs_are_kept_when_the_user_stops(monkeypatch):
    work_through = synthetic_delays.work_through

    def stopping(*arguments):
        for count, one in enumerate(work_through(*arguments)):
            if count == 7:
                raise KeyboardInterrupt
            yield one

    monkeypatch.setattr(synthetic_delays, "work_through", stopping)
    context = figure_3.prepare(settings())
    assert len(context.found[300]) == 2
    assert context.interrupted


def test_nothing_is_started_again_when_the_user_stopped(monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    context = figure_3.prepare(settings())
    monkeypatch.setattr(synthetic_delays, "work_through", stop)
    with pytest.raises(InterruptedRunError):
        list(figure_3.coincide(context))
    monkeypatch.undo()
    with pytest.raises(InterruptedRunError):
        list(figure_3.grow(context))
    assert figure_3.picture(context) is None


def test_the_picture_has_a_curve_for_each_student():
    context, _, _ = judged()
    (panel,) = figure_3.picture(context).panels
    assert [series.label for series in panel.series] == ["scaled convolution", "RNN", "unscaled convolution"]
    for series in panel.series:
        assert series.x == [0, 3, 6]
        assert all(low <= y <= high for low, y, high in zip(series.low, series.y, series.high, strict=True))


def test_the_table_fits_on_a_terminal():
    _, judgement, _ = judged()
    content = next(item for item in judgement.evidence if item.check == "b.table").details["table"]
    widths = [
        max(len(name) + 1, *(len(row[place]) for row in content["rows"])) + 1
        for place, name in enumerate(content["columns"])
    ]
    assert sum(widths) <= 80
    assert max(len(item.title) for item in judgement.evidence) <= 27

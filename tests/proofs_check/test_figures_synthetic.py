from functools import cache

import numpy as np
import pytest

from proofs_check.errors import InputError
from proofs_check.experiments import figure_1, figure_2, synthetic_checks, synthetic_curves
from proofs_check.experiments.synthetic import remembered, sequences
from proofs_check.judgement import judge
from proofs_check.options import OPTIONS
from proofs_check.registry import Entry
from proofs_check.request import settings_of
from proofs_check.theorem import InterruptedRunError, Outcome, Status

ENTRY = Entry("figure", "", "", tuple(option.name for option in OPTIONS if option.name != "recursion"), ("rho",))
CHEAP = {"n": "1000", "horizon": "5", "steps": "30", "train": "30", "test": "20", "seed": "1"}


def settings(claims=(), jobs=1, **options):
    given = {name.replace("_", "-"): str(value) for name, value in options.items()}
    return settings_of(ENTRY, CHEAP | given, claims=claims, jobs=jobs)


@pytest.fixture(scope="module", autouse=True)
def few_draws():
    """Laws of fewer draws, which take less time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synthetic_curves, "KERNELS", 512)
        patch.setattr(synthetic_curves, "NARROW_NETWORKS", 48)
        yield


@cache
def judged(figure=figure_1, claims=(), jobs=1, controls=(), **asked):
    theorem = figure.theorem()
    context = theorem.prepare(settings(claims, jobs, **asked), None)
    checks = [check for check in theorem.checks if check.name != "formula" or claims or controls]  # SymPy takes longest
    evidence = [item for check in checks for item in check.run(context)]
    results = [theorem.refute(control, context) for control in controls]
    return context, judge(evidence, results, rests_on=theorem.rests_on, interrupted=context.interrupted), results


def found(judgement, check):
    return [item for item in judgement.evidence if item.check == f"a.{check}"]


@pytest.mark.parametrize("figure", [figure_1, figure_2])
def test_the_figure_passes(figure):
    _, judgement, controls = judged(figure, controls=figure.theorem().controls)
    assert judgement.outcome is Outcome.PASSED
    assert judgement.tests == 4
    assert len(controls) == 7
    assert all(control.refuted for control in controls)


@pytest.mark.slow
def test_several_outputs_pass():
    assert judged(n=10**6, outputs=2)[1].outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "claim", ["rho = 1", "rho = nu_C*nu_W**j + nu_F*nu_W**j", "rho = 2*nu_C*j*nu_F*nu_W**(j-1) + 2*(nu_C+nu_F)*nu_W**j"]
)
def test_a_false_claim_is_refuted_by_the_derivation_and_by_the_curves(claim):
    _, judgement, _ = judged(claims=(claim,))
    assert judgement.outcome is Outcome.REFUTED
    assert found(judgement, "formula")[0].status is Status.REFUTED
    assert found(judgement, "deviation")[-1].status is Status.REFUTED


def test_a_claim_that_is_written_otherwise_passes():
    claim = "rho = (nu_C + nu_F)*nu_W**j + j*nu_C*nu_F*nu_W**(j-1)"
    context, judgement, _ = judged(claims=(claim,))
    assert judgement.outcome is Outcome.PASSED
    assert "your claim" in context.says["a"]


@pytest.mark.parametrize("claim", ["rho = -1", "rho = 1/j", "rho = 1 - j"])
def test_weights_that_no_convolution_has_are_named(claim):
    context, judgement, _ = judged(claims=(claim,))
    assert judgement.outcome is Outcome.REFUTED
    assert "no convolution" in found(judgement, "deviation")[-1].summary
    assert figure_1.picture(context) is None


def test_a_width_out_of_the_regime_is_shown_and_not_tested():
    _, judgement, _ = judged(n=8)
    first, wide = found(judgement, "deviation")
    assert first.status is Status.INFORMATION
    assert wide.status is Status.CONFIRMED
    assert judgement.outcome is Outcome.PASSED


def test_every_run_is_tested_at_every_width():
    context, judgement, _ = judged(n="200,300", runs=2)
    assert judgement.tests == 12
    assert set(context.comparisons) == {(n, run) for n in (200, 300, 10**9) for run in (0, 1)}


def test_a_run_does_not_depend_on_the_other_widths():
    alone, together = (judged(n=n)[0].comparisons[1000, 0] for n in ("1000", "200,1000"))
    np.testing.assert_array_equal(alone.rnn, together.rnn)
    np.testing.assert_array_equal(alone.law.ratios, together.law.ratios)
    np.testing.assert_array_equal(alone.rests, together.rests)


@pytest.mark.slow
def test_a_run_does_not_depend_on_the_number_of_workers():
    one, two = (judged(jobs=jobs)[0].comparisons[1000, 0] for jobs in (1, 2))
    np.testing.assert_array_equal(one.rnn, two.rnn)
    np.testing.assert_array_equal(one.law.ratios, two.law.ratios)
    np.testing.assert_array_equal(one.rests, two.rests)


def test_the_rest_of_narrow_networks_is_brought_to_a_width_by_one_over_n():
    comparisons = judged()[0].comparisons
    np.testing.assert_allclose(comparisons[1000, 0].rests, 10**6 * comparisons[10**9, 0].rests)


def test_another_seed_is_another_experiment():
    one, other = (judged(seed=seed)[0].comparisons[1000, 0] for seed in (1, 2))
    assert not np.allclose(one.initial, other.initial)
    assert one.task.eta != other.task.eta


def test_the_rnn_does_not_depend_on_the_claim():
    one, other = (judged(claims=claims)[0].comparisons[1000, 0] for claims in ((), ("rho = 1",)))
    np.testing.assert_array_equal(one.rnn, other.rnn)


def test_a_rate_that_diverges_is_named():
    context = figure_1.prepare(settings(n=200, eta="50 B_1"))
    with pytest.raises(InputError, match=r"--eta 50 B_1.*diverged"):
        list(synthetic_checks.deviation(context))


def test_a_silent_teacher_is_named():
    with pytest.raises(InputError, match="--teacher-nu"):
        sequences(settings(teacher_nu_f=0), 0)


def test_a_dense_matrix_that_does_not_fit_is_refused():
    with pytest.raises(InputError, match="dense"):
        settings(n=10**6, sampler="dense")


def test_more_sequences_set_aside_change_nothing_else():
    (one, none), (other, aside) = (sequences(settings(validation=size), 0) for size in (0, 7))
    np.testing.assert_array_equal(one.train.y, other.train.y)
    np.testing.assert_array_equal(one.test.y, other.test.y)
    assert (len(none), len(aside)) == (0, 7)


def test_a_long_run_is_looked_at_in_a_hundred_steps():
    steps = remembered(10**5)
    assert steps[0] == 0
    assert steps[-1] == 10**5
    assert len(steps) <= 101
    assert (np.diff(steps) > 0).all()


def test_stopped_by_the_user_nothing_is_started_again(monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    context = figure_1.prepare(settings(n=300))
    monkeypatch.setattr(synthetic_curves, "work_through", stop)
    for _ in range(2):
        with pytest.raises(InterruptedRunError):
            list(synthetic_checks.deviation(context))
        monkeypatch.undo()
    assert context.interrupted
    assert figure_1.picture(context) is None


def test_what_is_complete_is_kept_when_the_user_stops(monkeypatch):
    context = figure_1.prepare(settings(n=300))
    draws, work_through = [], synthetic_curves.work_through

    def stopping(task, work, *rest):
        draws.append(task)
        if len(draws) == 4:  # training, kernels and narrow RNNs of the first width are complete
            raise KeyboardInterrupt
        return work_through(task, work, *rest)

    monkeypatch.setattr(synthetic_curves, "work_through", stopping)
    assert len(list(synthetic_checks.deviation(context))) == 1
    assert context.interrupted
    assert len(figure_1.picture(context).panels) == 2


def test_the_picture_of_figure_1_has_the_rnn_on_the_convolution():
    context, _, _ = judged(n=10**6)
    training, test = figure_1.picture(context).panels
    for panel in (training, test):
        scaled, rnn = panel.series
        np.testing.assert_allclose(rnn.y, scaled.y, rtol=0.05)
        assert scaled.y[0] > 3 * scaled.y[-1]
    assert not np.allclose(training.series[0].y, test.series[0].y)


def test_the_picture_of_figure_2_has_the_rnn_in_the_band():
    context, _, _ = judged(figure_2)
    (panel,) = figure_2.picture(context).panels
    band, rnn = panel.series
    assert panel.series[0].x[0] == 3
    assert np.mean((np.array(band.low) <= rnn.y) & (rnn.y <= np.array(band.high))) > 0.5
    assert (np.array(band.low) <= band.y).all()
    assert (np.array(band.high) >= band.y).all()


@pytest.mark.parametrize("figure", [figure_1, figure_2])
def test_the_table_fits_on_a_terminal(figure):
    _, judgement, _ = judged(figure)
    content = found(judgement, "table")[0].details["table"]
    widths = [
        max(len(name) + 1, *(len(row[place]) for row in content["rows"])) + 1
        for place, name in enumerate(content["columns"])
    ]
    assert sum(widths) <= 80
    assert max(len(item.title) for item in judgement.evidence) <= 27

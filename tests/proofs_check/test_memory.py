import io
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from rich.console import Console

from numerics.lazy_matrix import LazySpace
from numerics.linear_rnn import Parameters
from numerics.training import RecurrentNetwork, SpaceWeights, train
from numerics.training.learning_times import overlaps, steps_to_share, white_correlations
from proofs_check.errors import InputError
from proofs_check.experiment import Rate
from proofs_check.judgement import judge, refuting_entries
from proofs_check.memory import advice, laboratory, shape_checks, speed_checks
from proofs_check.memory.context import MemoryContext
from proofs_check.memory.pictures import picture
from proofs_check.memory.statement import theorem
from proofs_check.picture import Style
from proofs_check.registry import find
from proofs_check.report.terminal import _print_table
from proofs_check.request import settings_of
from proofs_check.theorem import InterruptedRunError, Kind, Outcome, Status
from theory.memory import Memory

ONE = Fraction(1)
REQUEST = settings_of(find("memory"), {"horizon": "6", "nu-w": "0.9", "replicates": "64", "seed": "0"}, jobs=1)
SETTINGS = replace(REQUEST, fixed=frozenset())
VARIANCES = SETTINGS.variances
NOTHING = {"nu_F": Fraction(0), "nu_C": Fraction(0)}


def prepared(training=None, **changes):
    experiment = replace(SETTINGS.experiment, **(training or {}))
    return MemoryContext.prepare(replace(SETTINGS, **changes, experiment=experiment))


def evidence(context):
    return [item for check in theorem().checks for item in check.run(context)]


def named(items, check):
    return next(item for item in items if item.check == check)


def words(items):
    return " ".join(item.summary for item in items)


@pytest.fixture(scope="module")
def finished():
    context = prepared()
    return context, evidence(context), [theorem().refute(control, context) for control in theorem().controls]


def test_the_memory_of_a_linear_rnn_passes(finished):
    _, found, controls = finished
    judgement = judge(found, controls)
    assert (judgement.outcome, judgement.reasons) == (Outcome.PASSED, ())
    assert judgement.tests == SETTINGS.horizon


def test_every_control_is_refuted_by_both_sides(finished):
    controls = finished[2]
    assert [result.control.name for result in controls if not (result.applicable and result.refuted)] == []
    assert len(controls) == 8


def test_a_false_claim_is_refuted_by_derivation_and_by_training():
    context = prepared(claims=("rho = nu_C*nu_W**j + nu_F*nu_W**j",))
    found = evidence(context)
    assert named(found, "a.claim").status is Status.REFUTED
    assert refuting_entries(named(found, "b.rates").tests.p_values) == [1, 2, 3, 4, 5]
    assert "your claim" in context.says["a"]


def test_a_claim_that_is_undefined_is_refuted():
    context = prepared(claims=("rho = 1/j",))
    assert 0 in refuting_entries(speed_checks.family(context, context.kernel.claims["rho"]).p_values)


def test_weights_that_are_off_by_a_ten_millionth_are_refuted_at_the_largest_width():
    """Rounding is far less, and so is chance: 10^-9."""
    claim = "rho = (1 + 1/10**7)*((nu_C + nu_F)*nu_W**j + j*nu_C*nu_F*nu_W**(j-1))"
    context = prepared(widths=(10**18,), horizon=3, claims=(claim,))
    assert speed_checks.family(context, context.kernel.claims["rho"]).p_values.max() < 1e-6


def test_true_weights_are_refuted_no_more_often_than_the_level_says():
    """20 seeds, 3 lags: with true weights the smallest of 60 p-values is below 1e-6 in 1 of 16,000 such suites."""
    for seed in range(20):
        context = prepared(seed=seed, horizon=3)
        assert speed_checks.family(context, context.kernel.claims["rho"]).p_values.min() > 1e-6


def test_the_number_of_steps_is_the_one_that_training_takes():
    """A lazy RNN of 10^12 states off by about 1e-5 of a step."""
    context = prepared({"train": 3}, horizon=3, nu_W=Fraction(1, 2))
    rng = np.random.default_rng(5)
    weights = SpaceWeights(LazySpace(10**12, 4, rng), Parameters(10**12, 3, 1, 1, 0.5, 1.3, 0.7))
    target = np.full((3, 1, 1), 5.0)
    steps = range(25)
    trained = train(RecurrentNetwork(weights, 3), white_correlations(target, 3), steps, context.eta)
    left = overlaps(trained, target)
    for share in (0.5, 0.1):
        found = steps_to_share(np.array(steps), left / left[0], share)
        np.testing.assert_allclose(found, np.tile(context.steps(share), (4, 1)), rtol=1e-3)


def test_shape_advice_and_steps_say_what_is_so_at_a_wanted_lag(finished):
    found = finished[1]
    assert "largest at lag 8, 2.171 ρ_0" in named(found, "a.shape").summary
    assert "from lag 24 on" in named(found, "a.shape").summary
    assert "34.1507 for s = 1/2" in named(found, "a.closed").summary
    assert "ν_W ≥ 0.643366 gives ρ_5 ≥ ρ_0/2, and 10^-6 less does not" in named(found, "c.nu_W").summary
    assert "nu_C*nu_F*nu_W**j*(j + 2)" in named(found, "a.convention").summary
    assert "B_1 = 0.0008" in named(found, "b.eta").summary


@pytest.mark.parametrize("field", ["half", "half_of_peak", "hundredth"])
@pytest.mark.parametrize("off", [-1, 1])
def test_a_lag_that_is_off_by_one_is_found_by_the_search(field, off):
    memory = Memory.of(VARIANCES)
    assert shape_checks.contradiction(memory, VARIANCES) == ""
    wrong = replace(memory, **{field: getattr(memory, field) + off})
    assert f"not lag {getattr(wrong, field)} but lag" in shape_checks.contradiction(wrong, VARIANCES)


@pytest.mark.parametrize("peaks", [(7,), (9,), (8, 9)])
def test_a_wrong_peak_is_found_by_the_search(peaks):
    assert "the largest weight is at (8,)" in shape_checks.contradiction(
        replace(Memory.of(VARIANCES), peaks=peaks), VARIANCES
    )


def test_a_long_memory_is_searched_where_something_happens():
    variances = (Fraction(999, 1000), *VARIANCES[1:])
    memory = Memory.of(variances)
    assert memory.hundredth > shape_checks.SEARCHED
    assert shape_checks.contradiction(memory, variances) == ""
    assert shape_checks.contradiction(replace(memory, half=memory.half + 1), variances)


def test_a_wrong_closed_form_is_refuted(monkeypatch):
    context = prepared()
    assert next(shape_checks.closed_form(context)).status is Status.CONFIRMED
    right = type(context.weights).real_lag
    monkeypatch.setattr(type(context.weights), "real_lag", lambda weights, share: right(weights, share) + 1)
    assert next(shape_checks.closed_form(context)).status is Status.REFUTED


@pytest.mark.parametrize("off", [-1, 1])
@pytest.mark.parametrize(("name", "check"), [("smallest_nu_W", "nu_W"), ("smallest_nu_W_within", "speed")])
def test_advice_that_is_off_by_a_millionth_is_refuted(monkeypatch, name, check, off):
    right = getattr(advice, name)
    monkeypatch.setattr(advice, name, lambda *arguments: right(*arguments) + Fraction(off, 10**6))
    assert next(getattr(advice, check)(prepared())).status is Status.REFUTED


@pytest.mark.parametrize("lag", [-1, 6, 100])
def test_a_lag_that_sequences_do_not_have_is_refused(lag):
    with pytest.raises(InputError, match=rf"--lag {lag}: sequences of length T = 6 have the lags 0 to 5"):
        prepared({"lag": lag})


@pytest.mark.parametrize("eta", [Rate(5.0, of_bound=True), Rate(1.0, of_bound=False)])
def test_a_rate_that_diverges_is_refused_with_the_one_that_does_not(eta):
    with pytest.raises(InputError, match=r"--eta .*diverges.*less than 3\.69 B_1 is allowed"):
        prepared({"eta": eta})


def test_a_large_rate_that_converges_is_used():
    found = evidence_without_draws(prepared({"eta": Rate(1.5, of_bound=True)}))
    assert "not sought: the rate exceeds B_1" in words(found)


def test_training_that_does_not_fit_is_refused():
    with pytest.raises(InputError, match="--horizon 40 with 90 inputs and 3 outputs: training takes about"):
        prepared(horizon=40, inputs=90, outputs=3)


def evidence_without_draws(context):
    slow = ("a.derivation", "b.rates")
    return [item for check in theorem().checks if check.name not in slow for item in check.run(context)]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (NOTHING, ("every ρ_j is 0", "every gradient is 0", "with ν_F = ν_C = 0 none helps", "never learned")),
        ({"nu_W": Fraction(0)}, ("largest at lag 0", "lag 5: never", "change nothing", "does not help")),
        ({"nu_W": Fraction(3, 2)}, ("ρ_j grows with the lag", "is where you are", "√ν_W = 1.22", "times faster")),
        ({"nu_W": Fraction(10**4), "horizon": 7}, ("for lag 0, which is all but never learned at this rate",)),
        ({"nu_W": ONE, "nu_F": Fraction(0)}, ("ρ_j is the same for every lag",)),
        ({"nu_F": Fraction(0)}, ("log(s)/log(ν_W)", "change nothing")),
        ({"horizon": 1}, ("is remembered with every ν_W", "lag 0: 1;")),
        ({"nu_W": Fraction(999999, 10**6)}, ("largest at lag 9999", "beyond lag 65536")),
        ({"nu_W": Fraction(1, 2)}, ("both times 3.3 give ρ_5 = ρ_0/2", "ρ_5 = 0.1734 ρ_0")),
    ],
)
def test_what_is_special_is_said(changes, says):
    found = evidence_without_draws(prepared(**changes))
    for part in says:
        assert part in words(found)
    assert not any(item.status is Status.REFUTED for item in found)


def test_without_readin_and_readout_nothing_is_measured_and_the_user_is_told():
    context = prepared(**NOTHING)
    assert speed_checks.family(context, context.kernel.claims["rho"]).p_values.tolist() == [1.0] * 6
    assert "nothing is ever learned" in context.warnings[-1]
    assert picture(context) is None


def test_small_weights_that_start_at_nothing_are_measured_right():
    """The readout starts at 0, so that the impulse response does; in one seed, to a level of 10^-6."""
    context = prepared(nu_F=Fraction(1, 1000), nu_C=Fraction(0), horizon=8)
    assert speed_checks.family(context, context.kernel.claims["rho"]).p_values.min() > 1e-6


def test_an_unstable_network_is_warned_of():
    assert any("not stable" in warning for warning in prepared(nu_W=ONE).warnings)


def test_draws_depend_neither_on_workers_nor_on_other_widths():
    one = prepared(horizon=3).laboratory.sample(10**8).mean
    other = prepared(horizon=3, widths=(10**4, 10**9), jobs=2).laboratory
    other.sample(10**4)
    np.testing.assert_array_equal(one, other.sample(10**8).mean)


def test_the_rate_asked_for_changes_steps_and_no_measured_weight():
    one, other = prepared(horizon=2), prepared({"eta": Rate(1e-6, of_bound=False)}, horizon=2)
    np.testing.assert_array_equal(one.laboratory.sample(10**9).mean, other.laboratory.sample(10**9).mean)
    assert other.steps(0.5)[0] > one.steps(0.5)[0]


def test_a_width_that_is_too_small_for_the_limit_is_shown_and_not_tested():
    context = prepared(widths=(50,), horizon=4)
    found = list(speed_checks.learning_rates(context))
    assert [item.kind for item in found] == [Kind.STATISTICAL, Kind.INFORMATION]
    assert "this n is too small to see the limit" in found[1].summary


def test_a_width_at_which_training_diverges_is_named():
    found = list(speed_checks.learning_rates(prepared(widths=(3,), nu_W=Fraction(5), horizon=8)))
    assert "too narrow: gradient descent diverges" in found[1].summary


def test_dense_and_lazy_draws_agree():
    """Means of 256 at n = 30: five standard errors of the difference, in 3 lags, once in 10^6."""
    lazy, dense = (
        prepared(widths=(30,), horizon=3, sampler=sampler, replicates=256, seed=seed).laboratory.sample(30)
        for seed, sampler in enumerate(("lazy", "dense"))
    )
    assert (np.abs(lazy.mean - dense.mean) < 5 * np.hypot(lazy.error, dense.error)).all()


def test_an_interruption_keeps_what_needs_no_draws(monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(laboratory, "work_through", stop)
    context = prepared()
    with pytest.raises(InterruptedRunError):
        list(speed_checks.learning_rates(context))
    with pytest.raises(InterruptedRunError):
        theorem().refute(theorem().controls[0], context)
    assert context.interrupted
    assert {row[2] for row in speed_checks.table(context)["rows"]} == {"—"}
    assert "measured" not in {series.label for panel in picture(context).panels for series in panel.series}


def test_the_table_fits_on_a_terminal():
    context = prepared({"lag": 33, "train": 10**6}, horizon=100, nu_W=Fraction(4, 5))
    content = speed_checks.table(context)
    assert "33" in {row[0] for row in content["rows"]}
    assert len(content["rows"]) <= speed_checks.SHOWN_LAGS
    printed = io.StringIO()
    _print_table(content, Console(file=printed, width=80))
    assert "…" not in printed.getvalue()


def test_the_picture_shows_weights_and_steps_measured_and_advised(finished):
    context = finished[0]
    drawn = picture(context)
    weights, steps = ({series.label: series for series in panel.series} for panel in drawn.panels)
    assert list(weights) == [
        "ρ_j, ν_W = 0.9",
        "part of training C and F",
        "part of training W",
        "ν_W = 0.643366, for lag 5",
        "measured",
    ]
    assert list(steps) == ["RNN, ν_W = 0.9", "unscaled convolution", "ν_W = 0.643366, for lag 5", "measured"]
    assert drawn.panels[1].y_log
    assert weights["measured"].style is Style.POINTS
    np.testing.assert_allclose(weights["measured"].y, context.rho / 2, rtol=1e-3)
    np.testing.assert_allclose(weights["ν_W = 0.643366, for lag 5"].y[5], 0.5, rtol=1e-4)
    assert all(a < b for a, b in zip(steps["measured"].low, steps["measured"].high, strict=True))


def test_lags_that_are_never_learned_are_gaps_in_the_picture():
    assert math.isnan(picture(prepared(nu_W=Fraction(0))).panels[1].series[0].y[5])


def test_widths_are_drawn_independently():
    """Of one stream the fluctuations, scaled by √n, would be the same to 1 %."""
    context = prepared(horizon=2)
    first, second = (
        (context.laboratory.sample(n).mean - context.rho) / context.laboratory.sample(n).error for n in (10**8, 10**9)
    )
    assert (np.abs(first - second) > 0.02).any()


def test_a_rate_may_be_given_as_a_number():
    multiple = prepared({"train": 7})
    number = prepared({"train": 7, "eta": Rate(multiple.eta, of_bound=False)})
    assert float(number.learning.rate) == pytest.approx(0.5)
    np.testing.assert_allclose(number.steps(0.5), multiple.steps(0.5))
    np.testing.assert_allclose(number.unscaled_steps(0.5), multiple.unscaled_steps(0.5))


def test_the_unscaled_convolution_halves_lag_zero_in_one_step_at_half_of_its_bound():
    assert prepared({"train": 7}).unscaled_steps(0.5)[0] == pytest.approx(1.0)


def test_the_rate_is_also_given_for_the_mean_squared_loss():
    context = prepared({"train": 7}, outputs=2)
    factor = white_correlations(np.ones((6, 2, 1)), 7).mean_squared_factor
    details = next(speed_checks.steps(context)).details
    assert details["mean_squared_eta"] == pytest.approx(context.eta / factor)
    assert details["eta"] == pytest.approx(details["B_1"] / 2)


def test_the_share_of_training_recurrent_weights_and_what_early_stopping_leaves_are_right(finished):
    """ρ_5 = 2 · 0.9^5 + 5 · 0.91 · 0.9^4; the steps are whole numbers."""
    context, found, _ = finished
    late, early = 5 * 0.91 * 0.9**4, 2 * 0.9**5
    assert f"training W makes {100 * late / (late + early):.3g} %" in named(found, "a.why").summary
    first, last = 0.5 * context.rho[0] / context.rho.max(), 0.5 * context.rho[5] / context.rho.max() / 6
    steps = math.ceil(math.log(0.1) / math.log(1 - first))
    assert named(found, "c.longer").details["left"] == pytest.approx((1 - last) ** steps)

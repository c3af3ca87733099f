"""Proposition 3.1 measured: what is true passes, what is false is refuted, and mistakes are named.

Runs have a fixed seed; that of a true statement raises a false alarm with probability 1e-4.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from numerics.training import LagKernel
from proofs_check.errors import InputError
from proofs_check.experiment import Rate
from proofs_check.implicit_bias.context import Context
from proofs_check.judgement import FAMILY_LEVEL, judge
from proofs_check.registry import find
from proofs_check.request import settings_of
from proofs_check.run import Verdict, run
from proofs_check.settings import Settings
from proofs_check.theorem import Evidence, Kind, Outcome, Status
from proofs_check.training import ladder, proposition_3_1
from proofs_check.training.laboratory import Laboratory, effort_of
from proofs_check.training.proposition_3_1_context import TrainingContext

ENTRY = find("3.1")
PAPER = "(nu_C*(j*nu_F*nu_W**(j-1) + nu_W**j) + nu_F*nu_W**j)"
HORIZON, STEPS = 3, 4

SMALL = {"horizon": str(HORIZON), "steps": str(STEPS), "train": "20", "test": "10", "seed": "5"}
REQUEST = replace(settings_of(ENTRY, SMALL, jobs=1), fixed=frozenset())


def settings(experiment: dict[str, Any] | None = None, **changes: Any) -> Settings:
    return replace(REQUEST, **changes, experiment=replace(REQUEST.experiment, **(experiment or {})))


def measured(context: TrainingContext) -> dict[str, Evidence]:
    """What is measured, judged without controls and derivations."""
    checks = proposition_3_1.checks
    parts = (checks.kernel, checks.linear, checks.convolution, checks.table)
    judgement = judge([item for part in parts for item in part(context)], [])
    return {item.check: item for item in judgement.evidence}


def drawn(experiment: dict[str, Any] | None = None, **changes: Any) -> dict[str, Evidence]:
    return measured(TrainingContext.prepare(settings(experiment, **changes)))


def claimed(context: TrainingContext, claim: str) -> TrainingContext:
    """The same trained networks, with a claim."""
    wanted = replace(context.settings, claims=(claim,))
    return TrainingContext(wanted, Context.prepare(wanted), context.laboratory, context.widths, context.notes)


def all_hold(found: dict[str, Evidence]) -> bool:
    judged = [item for item in found.values() if item.kind is Kind.STATISTICAL]
    return bool(judged) and all(item.status is Status.CONFIRMED for item in judged)


def weights(horizon: int = HORIZON) -> np.ndarray[Any, np.dtype[np.float64]]:
    j = np.arange(horizon)
    return np.array(2.0 * 0.8**j + 0.91 * j * 0.8 ** np.maximum(j - 1, 0))


def found(verdict: Verdict, check: str) -> Evidence:
    return next(item for item in verdict.judgement.evidence if item.check == check)


@pytest.fixture(scope="module")
def true() -> Verdict:
    return run(ENTRY, settings())


@pytest.fixture(scope="module")
def context() -> TrainingContext:
    return TrainingContext.prepare(settings())


def test_the_truth_passes_and_every_control_is_refuted(true: Verdict) -> None:
    assert true.judgement.outcome is Outcome.PASSED
    assert len(true.controls) == 12
    assert all(result.refuted for result in true.controls if result.applicable)


@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": 2, "outputs": 3, "horizon": 2},
        {"horizon": 1},
        {"nu_F": Fraction(0)},
        {"nu_W": Fraction(0), "horizon": 2},
        {"nu_W": Fraction(6, 5)},
    ],
)
def test_other_sizes_and_variances_pass(changes: dict[str, Any]) -> None:
    assert all_hold(drawn(**changes))


@pytest.mark.parametrize("check", ["7.rate", "7.linear", "15.kernel", "15.change", "16.rate"])
def test_exponents_are_within_a_few_percent(true: Verdict, check: str) -> None:
    item = found(true, check)
    expected = -1.0 if check in {"15.change", "16.rate"} else -0.5
    for one in item.details["slopes"].values():
        assert one["slope"] == pytest.approx(expected, abs=0.04)
        assert one["interval"][1] - one["interval"][0] < 0.1


@pytest.mark.parametrize(
    "claim",
    [
        "rho = 1",
        "rho = nu_C*nu_W**j + nu_F*nu_W**j",
        f"rho = 1.0001*{PAPER}",
        f"rho = {PAPER}*(1 + 0.0001*j)",
    ],
)
def test_false_weights_are_refuted_by_the_trained_networks_alone(context: TrainingContext, claim: str) -> None:
    context = claimed(context, claim)
    evidence = measured(context)
    assert evidence["7.moved"].status is Status.REFUTED
    assert evidence["16.rate"].status is Status.CONFIRMED
    assert "your claim" in context.says["7"]


def test_a_true_claim_in_other_words_holds(context: TrainingContext) -> None:
    assert all_hold(measured(claimed(context, "rho = (nu_C + nu_F)*nu_W**j + j*nu_C*nu_F*nu_W**(j-1)")))


def test_what_is_said_to_be_noticed_is_noticed(context: TrainingContext, true: Verdict) -> None:
    """An error of three times the stated resolution in ρ_1 alone."""
    error = 3 * found(true, "7.moved").details["resolution"][1]
    item = measured(claimed(context, f"rho = {PAPER}*(1 + {error:.12f}*j*(2-j))"))["7.moved"]
    assert item.status is Status.REFUTED
    assert item.details["refuted"][0]["what"].startswith("lag 1 after 1 step")


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("rho = -1", "lag 0: the claim is -1, not positive"),
        ("rho = 1/j", "lag 0: the claim is undefined"),
        ("rho = 1000", "the claimed convolution diverges at step"),
    ],
)
def test_weights_without_a_convolution_are_refuted_with_the_reason(
    context: TrainingContext, claim: str, reason: str
) -> None:
    item = measured(claimed(context, claim))["7.rate"]
    assert item.status is Status.REFUTED
    assert item.summary.startswith(reason)


def test_another_rate_of_the_networks_would_be_noticed(context: TrainingContext) -> None:
    """RNNs that had descended at 1.001 η."""
    laboratory = Laboratory(settings({"eta": Rate(0.5005, of_bound=True)}), weights())
    mistaken = replace(context, laboratory=laboratory)
    _ = mistaken.trained
    laboratory.eta = context.laboratory.eta
    family, _ = proposition_3_1.checks.movement_family(mistaken, context.derived)
    assert family.p_values.min() < FAMILY_LEVEL / family.size


def test_a_linear_model_of_another_network_is_not_followed_so_closely(context: TrainingContext) -> None:
    """With the kernel of another draw the distance falls like n^(-1/2), and not like 1/n."""
    mistaken, laboratory = claimed(context, f"rho = {PAPER}"), context.laboratory
    models = {}
    for n, (networks, _) in context.trained.items():
        kernel = networks.kernel
        other = LagKernel(np.roll(kernel.A, 1, axis=0), np.roll(kernel.B, 1, axis=0), kernel.horizon)
        linear = ladder.linear_model(replace(networks, kernel=other), laboratory.correlations, laboratory.eta)
        models[n] = networks, linear
    mistaken.__dict__["trained"] = models
    item = measured(mistaken)["16.rate"]
    assert item.status is Status.REFUTED
    assert item.details["slopes"]["RNN–NTK model"]["slope"] == pytest.approx(-0.5, abs=0.05)


def test_a_quantity_that_shrinks_otherwise_is_refuted() -> None:
    rng = np.random.default_rng(3)
    draws = {n: np.log(n**-0.52 * rng.chisquare(5, 64)) for n in (10**4, 10**6, 10**8, 10**10)}
    slope = ladder.exponent(draws)
    assert slope.slope == pytest.approx(-0.52, abs=4 * slope.error)
    assert slope.error < 0.01
    assert replace(slope, slope=slope.slope - 0.04).p_value(-0.5) < 1e-6


@pytest.mark.parametrize("name", ["unscaled convolution", "another learning rate"])
def test_a_refuted_control_says_how_far_the_networks_move(true: Verdict, name: str) -> None:
    result = next(one for one in true.controls if one.control.name == name)
    assert result.numeric_reason.startswith("lag 0 after 1 step at n = 10^12: the RNN moves")


def test_a_control_that_is_true_at_the_parameters_is_not_counted() -> None:
    context = TrainingContext.prepare(settings({"steps": 1}, nu_F=Fraction(1, 2), nu_C=Fraction(1, 2), horizon=1))
    unscaled, other_rate = (proposition_3_1.run_control(one, context) for one in proposition_3_1.CONTROLS[:2])
    assert not unscaled.applicable
    assert other_rate.applicable
    assert other_rate.refuted


def test_the_same_is_found_on_two_workers() -> None:
    alone, shared = (Laboratory(settings(jobs=jobs), weights()) for jobs in (1, 2))
    for n in (1000, 10**9):
        np.testing.assert_array_equal(alone.trained(n).responses, shared.trained(n).responses)


def test_a_width_is_drawn_alike_whatever_else_is_asked(context: TrainingContext) -> None:
    other = Laboratory(settings(widths=(10**6,)), weights())
    np.testing.assert_array_equal(other.trained(10**6).responses, context.trained[10**6][0].responses)


def test_another_seed_draws_other_data_and_networks() -> None:
    one, other = (Laboratory(settings(seed=seed), weights()) for seed in (1, 2))
    assert not np.allclose(one.data.train.y, other.data.train.y)


def test_the_rate_is_the_asked_multiple_of_the_bound() -> None:
    laboratory = Laboratory(settings({"eta": Rate(0.25, of_bound=True)}), weights())
    expected = 1 / (np.linalg.eigvalsh(laboratory.correlations.X)[-1] * weights().max())
    assert pytest.approx(expected) == laboratory.B_1
    assert laboratory.eta == pytest.approx(0.25 * expected)


def test_a_rate_that_diverges_is_named() -> None:
    with pytest.raises(InputError, match=r"--eta 3: gradient descent diverged: with η = 3 .* at step \d"):
        TrainingContext.prepare(settings({"eta": Rate(3.0, of_bound=False), "steps": 30}))


def test_a_rate_above_the_bound_is_warned_of() -> None:
    context = TrainingContext.prepare(settings({"eta": Rate(1.5, of_bound=True)}))
    assert any("--eta 1.5 B_1: not below B_1" in one for one in context.warnings)


@pytest.mark.parametrize(
    ("variances", "name", "lag"),
    [({"nu_W": Fraction(0)}, "--nu-w 0", 2), ({"nu_F": Fraction(0), "nu_C": Fraction(0)}, "--nu-f, --nu-c 0", 0)],
)
def test_weights_that_vanish_are_named(variances: dict[str, Fraction], name: str, lag: int) -> None:
    with pytest.raises(InputError, match=f"{name}: ρ_{lag} = 0"):
        TrainingContext.prepare(settings(**variances))


def test_too_much_memory_is_said_before_anything_is_trained() -> None:
    with pytest.raises(InputError, match=r"--steps 30 with --horizon 200: .* directions of R\^n and takes .* GiB"):
        TrainingContext.prepare(settings({"steps": 30}, horizon=200, inputs=2, outputs=2))


def test_dense_matrices_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match=r"--sampler dense at n = 20000: .* GiB"):
        TrainingContext.prepare(settings(widths=(20000,), sampler="dense"))


def test_dense_matrices_are_drawn_at_the_given_widths_alone() -> None:
    laboratory = Laboratory(settings(widths=(30,), sampler="dense"), weights())
    assert [laboratory.training(n).sampler for n in (30, 10**6)] == ["dense", "lazy"]
    assert laboratory.trained(30).directions == 30


def test_a_long_run_is_warned_of() -> None:
    context = TrainingContext.prepare(settings({"steps": 10**5}))
    assert any("--steps 100000 with --horizon 3: about" in one for one in context.warnings)


def test_a_width_at_which_a_network_diverges_is_left_out_by_name() -> None:
    evidence = drawn(widths=(1, 1000))
    assert all_hold(evidence)
    left_out = evidence["16.diverged"]
    assert left_out.title == "left out: n = 1"
    assert "gradient descent diverged" in left_out.summary
    assert all(row[0] != "1" for row in evidence["16.table"].details["table"]["rows"])


class Stops:
    """A user who presses Ctrl-C while a number of widths are complete."""

    def __init__(self, complete: int) -> None:
        self._left = complete + 1

    def begin(self, what: str, total: int) -> None:
        self._left -= 1

    def advance(self) -> None:
        if self._left == 0:
            raise KeyboardInterrupt

    def end(self) -> None:
        pass


def test_an_interruption_keeps_the_complete_widths() -> None:
    context = TrainingContext.prepare(settings(), Stops(3))
    rows = measured(context)["16.table"].details["table"]["rows"]
    assert context.interrupted
    assert [row[0] for row in rows] == ["1000", "10000", "10^5", "slope", "± 95 %"]


def test_an_interruption_before_anything_is_complete_still_reports() -> None:
    verdict = run(ENTRY, settings(), Stops(0))
    assert verdict.judgement.outcome is Outcome.INTERRUPTED
    assert found(verdict, "15.derivation").status is Status.CONFIRMED


def test_without_measurements_nothing_passes(true: Verdict) -> None:
    proofs = [item for item in true.judgement.evidence if item.kind.is_proof]
    assert judge(proofs, true.controls).outcome is Outcome.INCONCLUSIVE


def test_the_table_fits_a_terminal(true: Verdict) -> None:
    table = found(true, "16.table").details["table"]
    assert all(len(row) == len(table["columns"]) for row in table["rows"])
    widths = [max(len(row[i]) for row in (table["columns"], *table["rows"])) + 2 for i in range(len(table["columns"]))]
    assert sum(widths) <= 80


def test_titles_fit_their_column(true: Verdict) -> None:
    assert all(len(item.title) <= 27 for item in true.judgement.evidence if item.check != "7.claim")


def test_the_picture_shows_every_width_with_intervals(context: TrainingContext) -> None:
    picture = proposition_3_1.picture(context)
    assert picture is not None
    points = [one for panel in picture.panels for one in panel.series if one.low is not None]
    assert len(points) == 5
    for one in points:
        assert list(one.x) == [float(n) for n in context.widths]
        assert one.high is not None
        assert all(low < y < high for low, y, high in zip(one.low or (), one.y, one.high, strict=True))


def test_the_picture_needs_two_widths(context: TrainingContext, monkeypatch: pytest.MonkeyPatch) -> None:
    one = dict(list(context.trained.items())[:1])
    monkeypatch.setitem(context.__dict__, "trained", one)
    assert proposition_3_1.picture(context) is None


FAR = {"horizon": "5", "steps": "8", "eta": "0.9 B_1", "teacher-nu-w": "3", "teacher-nu-c": "100", "replicates": "64"}
NOISY = {"horizon": "5", "steps": "8", "eta": "0.9 B_1", "inputs": "2", "train": "2", "snr": "-40"}


@pytest.mark.slow
@pytest.mark.parametrize("options", [FAR, NOISY])
def test_training_that_moves_far_raises_no_alarm(options: dict[str, str]) -> None:
    assert run(ENTRY, settings_of(ENTRY, options, jobs=1)).judgement.outcome is Outcome.PASSED


@pytest.mark.slow
def test_a_false_weight_is_refuted_where_training_moves_far() -> None:
    asked = settings_of(ENTRY, FAR, claims=[f"rho = 1.01*({PAPER})"], jobs=1)
    assert run(ENTRY, asked).judgement.outcome is Outcome.REFUTED


@pytest.fixture(scope="module")
def long_move() -> TrainingContext:
    """Noise so loud that training moves the weights a hundred times as far as they fluctuate."""
    return TrainingContext.prepare(settings({"snr": -60.0, "train": 5}))


def test_after_a_long_move_the_truth_holds(long_move: TrainingContext) -> None:
    assert long_move.laboratory.effort > 1000 * ladder.FREE
    evidence = measured(long_move)
    assert all_hold(evidence)
    assert {"15.change", "16.rate", "7.rate", "7.moved"} <= evidence.keys()


def test_after_a_long_move_a_slightly_false_weight_is_refuted(long_move: TrainingContext) -> None:
    evidence = measured(claimed(long_move, f"rho = {PAPER}*(1 + 0.0001*j)"))
    assert evidence["7.moved"].status is Status.REFUTED


def test_widths_that_suffice_for_short_moves_would_refute_the_truth(long_move: TrainingContext) -> None:
    """The rule for short moves is what raises a false alarm here."""
    mistaken = claimed(long_move, f"rho = {PAPER}")
    decades = long_move.laboratory.train_all((10**4, 10**5, 10**6))
    laboratory = Laboratory(long_move.settings, weights())
    laboratory.complete, laboratory.effort = decades, 0.0
    short = replace(mistaken, laboratory=laboratory, widths=tuple(decades))
    assert measured(short)["7.rate"].status is Status.REFUTED


def test_a_move_too_long_for_any_width_is_left_undecided() -> None:
    evidence = drawn({"snr": -120.0, "train": 5})
    undecided = {check for check, item in evidence.items() if item.status is Status.UNDECIDED}
    assert {"15.change", "16.rate", "7.rate", "7.moved"} <= undecided
    assert "training moves the weights by about" in evidence["7.rate"].summary
    assert judge(list(evidence.values()), []).outcome is Outcome.INCONCLUSIVE


def test_the_effort_does_not_depend_on_the_unit_of_the_weights() -> None:
    """With k times all variances, ρ_j is k^(j+1) times as large, and L_j k^(1+j/2) times."""
    j = np.arange(HORIZON)
    one, other = (
        effort_of((k ** (1 + j / 2))[:, None, None], k ** (j + 1) * weights(), (0.8 * k, 1.3 * k, 0.7 * k))
        for k in (1.0, 100.0)
    )
    assert other == pytest.approx(one)


def test_the_largest_difference_of_predictions_may_lie_in_the_middle(context: TrainingContext) -> None:
    new = context.laboratory.new_correlations
    path = np.zeros((1, 4, HORIZON, 1, 1))
    path[0, 2, 0] = 5.0
    assert ladder._largest_prediction(path, new).tolist() == pytest.approx([5.0 * new.X[0, 0] ** 0.5])

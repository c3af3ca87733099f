"""The verdicts of Table 1 on constructed models: what they decode is known, and nothing is trained."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from numerics.gaussian_matrix import Array
from proofs_check.experiments import table_1
from proofs_check.experiments.decoding import DecodingContext
from proofs_check.experiments.decoding_data import ALL, LIMITED, Cut
from proofs_check.experiments.decoding_training import MODELS, NTK, RNN, SCALED, UNSCALED, Trained
from proofs_check.registry import find
from proofs_check.request import settings_of
from proofs_check.theorem import Evidence, Kind, Status

SMALL = {
    "horizon": "6", "nu-w": "0.5", "steps": "3", "runs": "1", "limited-minutes": "0.5", "minutes": "4",
    "neurons": "20", "n": "50", "sampler": "dense",
}  # fmt: skip
GOOD, ALIKE, POOR = "good", "alike", "poor"


@cache
def recorded() -> DecodingContext:
    """A small task, as if it were recorded, so that it is judged."""
    request = settings_of(find("table-1"), SMALL, jobs=1)
    context = table_1.theorem().prepare(replace(request, fixed=frozenset()), None)
    recording = replace(context.data.recording, synthetic=False)
    return replace(context, data=replace(context.data, recording=recording), _resamplers={})


def decoder(cut: Cut, *axes: str) -> Array:
    """Two that are about as near to the least-squares fit of the test block as each other, or 0; (T, n_y, n_x)."""
    horizon, outputs, inputs = cut.test.shape
    L = (cut.test.Y @ np.linalg.pinv(cut.test.X)).reshape(outputs, horizon, inputs).swapaxes(0, 1)
    noise = 0.02 * np.random.default_rng(1).standard_normal(L.shape)
    found = {GOOD: L + noise, ALIKE: L - noise, POOR: 0 * L}
    return np.stack([found[quality][:, axis] for axis, quality in enumerate(axes)], axis=1)


def ended(cut: Cut, models: dict[str, tuple[str, str]]) -> Trained:
    """A repetition in which every model was at its end all along."""
    responses = {name: decoder(cut, *models.get(name, (GOOD, GOOD))) for name in MODELS}
    curves = {name: cut.test.r_squared(L[None]) for name, L in responses.items()}
    last = dict.fromkeys(MODELS, 0)
    return Trained(responses[RNN], curves, last, {}, responses, {})


def said(part: str, check: str, trained: dict[str, list[Trained]]) -> dict[str, Evidence]:
    """What a part of Table 1 says of trained models."""
    context = replace(recorded())
    vars(context)["trained"] = trained
    found = next(one for one in table_1.theorem().checks if one.name == f"{part}.{check}")
    return {item.check: item for item in found.run(context)}


ORDERINGS = pytest.mark.parametrize(
    ("part", "name", "better", "worse"), [("2", LIMITED, SCALED, UNSCALED), ("3", ALL, UNSCALED, SCALED)]
)


def ordered(part: str, name: str, models: dict[str, tuple[str, str]]) -> Evidence:
    """What claim 2 or 3 says of models that decode each axis so well."""
    trained = {cut.name: [ended(cut, models)] for cut in recorded().data.cuts}
    return said(part, "ordering", trained)[f"{part}.{name}"]


@ORDERINGS
def test_a_model_that_decodes_both_axes_better_is_confirmed(part: str, name: str, better: str, worse: str) -> None:
    found = ordered(part, name, {better: (GOOD, GOOD), worse: (POOR, POOR)})
    assert (found.kind, found.status) == (Kind.EXPERIMENT, Status.CONFIRMED)


@ORDERINGS
@pytest.mark.parametrize("quality", [(POOR, POOR), (GOOD, POOR)])
def test_a_model_that_decodes_an_axis_worse_is_refuted(
    part: str, name: str, better: str, worse: str, quality: tuple[str, str]
) -> None:
    found = ordered(part, name, {better: quality, worse: (ALIKE, ALIKE)})
    assert (found.kind, found.status) == (Kind.EXPERIMENT, Status.REFUTED)


@ORDERINGS
@pytest.mark.parametrize("quality", [(ALIKE, ALIKE), (POOR, ALIKE)])
def test_an_axis_on_which_models_are_alike_leaves_it_open(
    part: str, name: str, better: str, worse: str, quality: tuple[str, str]
) -> None:
    found = ordered(part, name, {better: (GOOD, GOOD), worse: quality})
    assert (found.kind, found.status) == (Kind.EXPERIMENT, Status.UNDECIDED)


@ORDERINGS
def test_an_rnn_for_which_it_is_the_other_way_round_leaves_it_open(
    part: str, name: str, better: str, worse: str
) -> None:
    """Two of three, so that the mean is above 0."""
    qualities = [((GOOD, GOOD), (POOR, POOR))] * 2 + [((POOR, POOR), (GOOD, GOOD))]
    trained = {cut.name: [ended(cut, {better: a, worse: b}) for a, b in qualities] for cut in recorded().data.cuts}
    found = said(part, "ordering", trained)[f"{part}.{name}"]
    assert min(low for _, low, _ in found.details["difference"]) > 0
    assert found.status is Status.UNDECIDED


def test_early_stopping_is_shown_with_the_models_and_the_steps_at_which_they_stop() -> None:
    cut = recorded().data.cut(LIMITED)
    last, early = (
        ended(cut, {SCALED: one, UNSCALED: other})
        for one, other in (((POOR, POOR), (GOOD, GOOD)), ((GOOD, GOOD), (POOR, POOR)))
    )
    curves = {name: np.concatenate([last.curves[name], early.curves[name]]) for name in MODELS}
    places = dict.fromkeys(MODELS, 1)
    trained = Trained(last.initial, curves, last.last, places, last.responses, early.responses)
    found = said("2", "ordering", {LIMITED: [trained], ALL: [trained]})
    assert found["2.limited"].status is Status.REFUTED
    assert min(low for _, low, _ in found["2.stopping"].details["difference"]) > 0
    score = ", ".join(f"{value:.4f}" for value in early.curves[SCALED][0])
    assert f": scaled {score} after 1 to 1 steps" in found["2.stopping"].summary


@pytest.mark.parametrize(
    ("place", "size", "status"),
    [((2, 1), 0.019, Status.CONFIRMED), ((1, 0), 0.021, Status.REFUTED), ((2, 1), 0.021, Status.REFUTED)],
)
def test_curves_must_be_within_the_tolerance_at_every_step_and_on_both_axes(
    place: tuple[int, int], size: float, status: Status
) -> None:
    rnn = np.linspace(0.1, 0.6, 6).reshape(3, 2)
    other = rnn.copy()
    other[place] += size
    curves = {RNN: rnn, NTK: other, SCALED: other, UNSCALED: other}
    trained = Trained(np.empty(0), curves, {}, {}, {}, {})
    found = said("1", "setup", {LIMITED: [trained], ALL: [trained]})
    assert [found[f"1.{name}"].status for name in (LIMITED, ALL)] == [status] * 2

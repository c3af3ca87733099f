"""What is held against the trained models of Figure 4 and Table 1.

That the curves coincide is judged by a distance, on any data. That one model decodes better than another is a
statement about a recording: it is judged on one, by a bootstrap over time and over all repetitions, and only shown on
synthetic data, whose neurons were given lags of our choice.
"""

from __future__ import annotations

from collections.abc import Iterator

from numerics.gaussian_matrix import Array
from proofs_check.claims import Claim, compare
from proofs_check.experiment import Joints
from proofs_check.experiments.decoding import AXES, TOLERANCE, DecodingContext
from proofs_check.experiments.decoding_bootstrap import Interval
from proofs_check.experiments.decoding_data import ALL, LIMITED
from proofs_check.experiments.decoding_request import positive_weights
from proofs_check.experiments.decoding_training import MODELS, NTK, RNN, SCALED, UNSCALED, safe_rate
from proofs_check.implicit_bias.context import DERIVED
from proofs_check.implicit_bias.false_weights import false_weights
from proofs_check.theorem import Control, ControlResult, Evidence, Kind, Status, shown

CONTROLS: tuple[Control, ...] = (
    false_weights("unscaled convolution"),
    false_weights("another learning rate"),
    false_weights("root of nu_W for nu_W"),
    false_weights("lag shifted by one"),
    false_weights("F not trained"),
    false_weights("variance of L_j for rho_j"),
)

PAPER_SCORES: dict[tuple[str, str], tuple[float, float, float]] = {
    (ALL, "v_x"): (0.6462, 0.6442, 0.6565),
    (ALL, "v_y"): (0.5911, 0.5860, 0.6027),
    (LIMITED, "v_x"): (0.6043, 0.6046, 0.5856),
    (LIMITED, "v_y"): (0.4257, 0.4234, 0.3918),
}
"""Table 1 of the paper: RNN, scaled convolution, convolution. Shown beside ours, and compared with nothing."""

CUTS: dict[str, str] = {LIMITED: "limited data", ALL: "all data"}


def coincidence(part: str, cut: str, context: DecodingContext) -> Evidence:
    """RNN and scaled convolution at every step, on both axes: the mean over the initial weights."""
    found, single, finite = context.mean_distance(cut), context.distance(cut), context.distance(cut, RNN, NTK)
    where = ", ".join(f"{axis} {value:.4f}" for axis, value in zip(AXES, found, strict=True))
    n, rnns = context.settings.widths[0], len(single)
    words = (
        f"largest |ΔR²| of {len(context.steps)} steps, RNN - scaled convolution, mean of {rnns} "
        f"RNN{'s' * (rnns != 1)}: {where}, at most {TOLERANCE:g} is asked; one RNN: {single.max():.4f}, from its "
        f"linear NTK model {finite.max():.4f}"
    )
    status = Status.CONFIRMED
    if not found.max() <= TOLERANCE:
        # what the kernel of a finite RNN explains is not held against the limit
        explained = float(finite.max()) <= TOLERANCE and context.claim_is_derived
        status = Status.UNDECIDED if explained else Status.REFUTED
        remedy = f"; it is the distance of their kernel from its limit at n = {n}: take a larger --n, or more --runs"
        words += remedy if explained else ""
    details = {"mean": found.tolist(), "single": single.tolist(), "linear_model": finite.tolist(), "asked": TOLERANCE}
    return Evidence(f"{part}.{cut}", Kind.EXPERIMENT, f"curves, {CUTS[cut]}", status, words, details=details)


def ordering(part: str, cut: str, better: str, worse: str, context: DecodingContext, *, judged: bool) -> Evidence:
    """Whether one model decodes better than another at the end."""
    intervals = context.differences(cut, better, worse)
    seeds = context.final(cut, better) - context.final(cut, worse)
    named = zip(AXES, intervals, seeds.T, strict=True)
    words = "; ".join(
        f"{axis} {_answer(found)}, {found.value:+.4f} ({found.low:+.4f} to {found.high:+.4f}), "
        f"over {len(column)} seed{'s' * (len(column) != 1)} {column.min():+.4f} to {column.max():+.4f}"
        for axis, found, column in named
    )
    above = all(one.low > 0 for one in intervals) and bool((seeds > 0).all())
    below = any(one.high < 0 for one in intervals)
    status = Status.CONFIRMED if above else Status.REFUTED if below else Status.UNDECIDED
    title = f"{first_word(better)} above {first_word(worse)}"
    summary = f"difference of R² and its 95 % interval, {CUTS[cut]}: {words}"
    details = {
        "outcome": status.value,
        "difference": [[one.value, one.low, one.high] for one in intervals],
        "seeds": seeds.tolist(),
    }
    if not judged:
        return shown(f"{part}.{cut}", title, summary, **details)
    return Evidence(f"{part}.{cut}", Kind.EXPERIMENT, title, status, summary, details=details)


def _answer(found: Interval) -> str:
    return "yes" if found.low > 0 else "no" if found.high < 0 else "not to be told"


def stopped_early(part: str, cut: str, context: DecodingContext) -> Iterator[Evidence]:
    """The same comparison when each model is stopped at its least validation error: nothing where that was done anyway.

    Stopping early is another way to save variance. What scaling gains over a model that was trained to the end, it need
    not gain over one that was not.
    """
    trained = context.repetitions(cut)
    if context.lessons.stopping or not trained[0].early:
        return
    intervals = context.differences(cut, SCALED, UNSCALED, early=True)
    words = "; ".join(
        f"{axis} {one.value:+.4f} ({one.low:+.4f} to {one.high:+.4f})"
        for axis, one in zip(AXES, intervals, strict=True)
    )
    ends = []
    for model in (SCALED, UNSCALED):
        places = [int(context.steps[one.early[model]]) for one in trained]
        scores = ", ".join(f"{value:.4f}" for value in context.final(cut, model, early=True).mean(axis=0))
        ends.append(f"{first_word(model)} {scores} after {min(places)} to {max(places)} steps")
    yield shown(
        f"{part}.stopping",
        "with early stopping",
        f"each at its least validation error, {CUTS[cut]}: {'; '.join(ends)}; scaled - unscaled {words}",
        difference=[[one.value, one.low, one.high] for one in intervals],
    )


def setup(part: str, context: DecodingContext) -> Iterator[Evidence]:
    """What was trained on what."""
    asked, data = context.experiment, context.data
    recording = data.recording
    source = "SYNTHETIC reaching task, cosine-tuned Poisson neurons" if context.synthetic else "recorded"
    joints, left_out = len(recording.starts) - 1, asked.joints is Joints.LEAVE_OUT
    words = f"; {joints} joint{'s' * (joints != 1)} of excerpts, "
    words += f"windows {'across them left out' if left_out else 'run across them'}"
    yield shown(
        f"{part}.data",
        "data",
        f"{source}: {data.inputs} neurons, {recording.minutes:.4g} minutes in bins of "
        f"{1000 * recording.bin_seconds:g} ms, {recording.rates.mean():.2g} spikes/s{words if joints else ''}",
        synthetic=recording.synthetic,
        joints=joints,
    )
    cuts = "; ".join(
        f"{CUTS[cut.name]}: {len(cut.split.train)} in {cut.minutes:.4g} minutes" for cut in reversed(data.cuts)
    )
    first = data.cuts[0]
    gap = context.settings.horizon if asked.gap is None else asked.gap
    yield shown(
        f"{part}.sequences",
        "sequences",
        f"windows of T = {context.settings.horizon} bins, one from every bin, all outputs scored; to train on, {cuts}; "
        f"one validation block ({len(first.split.validation)}) and one test block ({len(first.split.test)}) later in "
        f"time, {gap} bins apart; each channel with mean 0 and variance 1 in its training block",
    )
    yield shown(f"{part}.training", "training", _training(context))


def _training(context: DecodingContext) -> str:
    asked, lessons = context.experiment, context.lessons
    largest = float(context.derived_weights.max())
    rates = "; ".join(
        f"{CUTS[cut.name]}: η = {lesson.eta:.4g}, B_1 = {1 / (lesson.train.largest_eigenvalue * largest):.4g}, of the "
        f"mean squared loss {lesson.eta / lesson.train.mean_squared_factor:.4g}"
        for cut, lesson in zip(reversed(context.data.cuts), reversed(lessons.cuts), strict=True)
    )
    if any(safe_rate(lesson) < lesson.eta for lesson in lessons.cuts):
        rates += "; the unscaled convolution at its own, lower B_1"
    end = "each model at its least validation error" if lessons.stopping else "all models to the last step"
    return (
        f"n = {context.settings.widths[0]}, {lessons.drawn}, {asked.runs} initial L⁰; {lessons.steps[-1]} steps of "
        f"full-batch gradient descent on half the sum of squares, {end}, one η for all ({asked.eta}): {rates}"
    )


def score_table(part: str, context: DecodingContext) -> Evidence:
    """Our Table 1, and on a recording the paper's beside it."""
    rows, details = [], []
    for cut in (ALL, LIMITED):
        scores = {model: context.scores(cut, model) for model in MODELS}
        for place, axis in enumerate(AXES):
            found = [scores[model][place] for model in (RNN, SCALED, UNSCALED)]
            half = max(one.half for one in found)
            paper = [] if context.synthetic else [f"{value:.4f}" for value in PAPER_SCORES[cut, axis]]
            rows.append([f"{axis}, {cut}", *(f"{one.value:.4f}" for one in found), f"{half:.3f}", *paper])
            details.append(
                {model: [one[place].value, one[place].low, one[place].high] for model, one in scores.items()}
            )
    kind = "SYNTHETIC data" if context.synthetic else "ours, and the paper's"
    columns = ["R²", "RNN", "scaled", "unscaled", "± 95 %"]
    columns += [] if context.synthetic else ["paper: RNN", "scaled", "conv."]
    block, seeds = context.resampler(ALL).block, len(context.repetitions(ALL))
    return shown(
        f"{part}.table",
        "R² on the test block",
        f"mean over {seeds} initial L⁰; ± by a moving-block bootstrap over time, blocks of {block} "
        "windows, against which T and the 10 bins over which velocity is correlated are short",
        table={"title": f"R² on the test block, {kind}", "columns": columns, "rows": rows},
        scores=details,
    )


def difference_table(part: str, context: DecodingContext) -> Evidence:
    """Paired differences, with what the draw of the weights does to them."""
    rows = []
    for cut in (ALL, LIMITED):
        for one, other in ((RNN, SCALED), (SCALED, UNSCALED)):
            seeds = context.final(cut, one) - context.final(cut, other)
            for place, axis in enumerate(AXES):
                found = context.differences(cut, one, other)[place]
                rows.append([
                    f"{axis}, {cut}: {first_word(one)} - {first_word(other)}",
                    f"{found.value:+.4f}",
                    f"{found.low:+.4f} to {found.high:+.4f}",
                    f"{seeds[:, place].min():+.4f} to {seeds[:, place].max():+.4f}",
                ])  # fmt: skip
    return shown(
        f"{part}.differences",
        "differences",
        "paired: models are resampled together",
        table={
            "title": f"differences of R²{', SYNTHETIC data' if context.synthetic else ''}",
            "columns": ["", "Δ R²", "95 % interval", "over seeds"],
            "rows": rows,
        },
    )


def refute(control: Control, context: DecodingContext) -> ControlResult:
    """Attack with false weights: the derivation and the trained RNN must each refute them."""
    claim, values = Claim.parse(control.claim), context.initialization.expectations.values
    symbolic = compare(claim, DERIVED["rho"](), values, frozenset())
    weights = positive_weights(claim, context.initialization)
    if isinstance(weights, str):
        applicable, numeric, reason = True, True, f"no convolution has such weights: {weights}"
    else:
        applicable, numeric, reason = _attacked(context, weights)
    return ControlResult(
        control,
        applicable=applicable,
        symbolic=symbolic.is_refuted,
        numeric=numeric,
        symbolic_reason=symbolic.reason,
        numeric_reason=reason,
        remark="" if applicable else "closer to the truth than this experiment can tell, so not a control here",
    )


def _attacked(context: DecodingContext, weights: Array) -> tuple[bool, bool, str]:
    """Whether false weights can be told from the derived ones here, whether the RNN refutes them, and how."""
    told, reason = False, "its curves coincide with the RNN's"
    for cut in (ALL, LIMITED):
        if not context.reached(cut):
            continue
        found = context.false_distance(cut, weights)
        if isinstance(found, str):
            return True, True, found
        from_rnn, from_truth = found
        told = told or from_truth > 2 * TOLERANCE
        if from_rnn > TOLERANCE and from_truth > 2 * TOLERANCE:
            return True, True, f"{CUTS[cut]}: R² is up to {from_rnn:.3f} from the RNN's during training"
    return told, False, reason


def first_word(model: str) -> str:
    """A model in a word."""
    return model.partition(" ")[0]

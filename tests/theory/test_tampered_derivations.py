"""Plant an error in every obligation of every derivation, and see that none survives."""

from dataclasses import replace

import pytest
import sympy as sp

from theory import tangent_kernel
from theory.derivation import Derivation, Method
from theory.implicit_bias import bound
from theory.recurrences import solve
from theory.state_evolution import StateEvolution
from theory.symbols import j, nu_C, nu_F, nu_W, t
from theory.tangent_kernel import impulse_response_law, kernel_weight_law
from theory.verification import Outcome, verify

LAWS = {"3.3a": impulse_response_law, "3.3b": kernel_weight_law, "22": bound}

MUTATIONS = {
    "plus one": lambda e: e + 1,
    "plus a variance": lambda e: e + nu_W,
    "plus a term that vanishes at t = 0": lambda e: e + t * nu_F * nu_W**t,
    "times a variance": lambda e: e * nu_W,
    "doubled": lambda e: 2 * e,
    "negated": lambda e: -e,
    "shifted in time": lambda e: e.subs({t: t + 1, j: j + 1}, simultaneous=True),
    "variances of W and F exchanged": lambda e: e.subs({nu_W: nu_F, nu_F: nu_W}, simultaneous=True),
    "variances of F and C exchanged": lambda e: e.subs({nu_F: nu_C, nu_C: nu_F}, simultaneous=True),
}
ALWAYS_AN_ERROR = ("plus one", "plus a variance", "plus a term that vanishes at t = 0")


def obligations(law):
    return [(step, obligation) for step in law().steps for obligation in step.obligations]


def tampered(obligation, mutate, side):
    """The obligation with an error in one entry of one side, for each entry in which there is one to make."""
    original = getattr(obligation, side)
    if not isinstance(original, sp.MatrixBase):
        return [replace(obligation, **{side: mutate(original)})] if mutate(original) != original else []
    wrong = []
    for place, entry in enumerate(original):
        if mutate(entry) != entry:
            entries = list(original)
            entries[place] = mutate(entry)
            wrong.append(replace(obligation, **{side: sp.Matrix(*original.shape, entries)}))
    return wrong


def entries(obligation):
    return obligation.rhs.shape[0] * obligation.rhs.shape[1] if isinstance(obligation.rhs, sp.MatrixBase) else 1


@pytest.mark.parametrize("side", ["lhs", "rhs"])
@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize("law", LAWS)
def test_no_planted_error_survives(law, mutation, side):
    survivors = [
        (step.equation, wrong)
        for step, obligation in obligations(LAWS[law])
        for wrong in tampered(obligation, MUTATIONS[mutation], side)
        if verify(wrong).outcome is not Outcome.REFUTED
    ]
    assert survivors == []


@pytest.mark.parametrize("mutation", ALWAYS_AN_ERROR)
@pytest.mark.parametrize("law", LAWS)
def test_an_error_can_be_planted_in_every_entry_of_every_obligation(law, mutation):
    planted = [(len(tampered(o, MUTATIONS[mutation], "rhs")), entries(o)) for _, o in obligations(LAWS[law])]
    assert planted
    assert all(errors == places for errors, places in planted)


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_every_kind_of_error_is_planted_somewhere(mutation):
    planted = [w for law in LAWS.values() for _, o in obligations(law) for w in tampered(o, MUTATIONS[mutation], "rhs")]
    assert planted


@pytest.mark.parametrize("law", LAWS)
def test_one_tampered_step_sinks_its_derivation_wherever_it_stands(law):
    derivation = LAWS[law]()
    for place, step in enumerate(derivation.steps):
        for which, obligation in enumerate(step.obligations):
            wrong = list(step.obligations)
            wrong[which] = tampered(obligation, MUTATIONS["plus one"], "rhs")[0]
            steps = list(derivation.steps)
            steps[place] = replace(step, obligations=tuple(wrong))
            verified = replace(derivation, steps=tuple(steps)).verify()
            assert not verified.proved
            assert [failure.step for failure in verified.failures] == [steps[place]]


@pytest.mark.parametrize("law", LAWS)
def test_only_definitions_go_without_an_obligation(law):
    assert all(bool(step.obligations) != (step.method is Method.DEFINITION) for step in LAWS[law]().steps)


def failures(law):
    derivation: Derivation = LAWS[law].__wrapped__()
    return {failure.step.equation for failure in derivation.verify().failures}


@pytest.mark.parametrize(
    "mistake",
    [lambda s: s + 1, lambda s: 2 * s + nu_W**t, lambda s: s.subs(t, t + 1), lambda s: s + t],
    ids=["plus one", "doubled", "shifted", "plus t"],
)
@pytest.mark.parametrize(("law", "sequence", "equation"), [("3.3a", "sigma", "(43)"), ("3.3b", "tau", "(51)")])
def test_a_solver_that_is_wrong_is_caught_by_the_induction(monkeypatch, law, sequence, equation, mistake):
    def wrong(recurrences):
        return {s: mistake(e) if str(s.func) == sequence else e for s, e in solve(recurrences).items()}

    monkeypatch.setattr(tangent_kernel, "solve", wrong)
    assert equation in failures(law)


def test_cross_covariances_that_do_not_vanish_are_caught_by_the_induction(monkeypatch):
    def wrong(recurrences):
        return {s: e + nu_W**t if str(s.func) == "kappa" else e for s, e in solve(recurrences).items()}

    monkeypatch.setattr(tangent_kernel, "solve", wrong)
    assert "(46)" in failures("3.3b")


def test_rows_that_are_misread_are_caught_by_reassembling_the_derivative(monkeypatch):
    right = tangent_kernel.linearize

    def wrong(matrix, direction):
        linearized = right(matrix, direction)
        return replace(linearized, rows=linearized.rows | {direction: linearized.rows[direction].T})

    monkeypatch.setattr(tangent_kernel, "linearize", wrong)
    assert "(45)" in failures("3.3b")


def test_a_derivative_that_forgets_a_term_is_caught_by_the_product_rule(monkeypatch):
    right = tangent_kernel.linearize

    def wrong(matrix, direction):
        linearized = right(matrix, direction)
        return replace(linearized, derivative=linearized.derivative.args[0])

    monkeypatch.setattr(tangent_kernel, "linearize", wrong)
    assert {"(44)", "(52)"} <= failures("3.3b")


ENGINE_ERRORS = {
    "a predictor": (lambda image: {"predictor": tuple(f + sp.ones(*f.shape) for f in image.predictor)}, {"(72d)"}),
    "a correlation with the past": (
        lambda image: {"with_past": (image.with_past[0] + sp.ones(*image.innovation.shape), *image.with_past[1:])},
        {"(72h)"},
    ),
    "an innovation": (lambda image: {"with_past": (*image.with_past[:-1], 2 * image.with_past[-1])}, {"(43)", "(50)"}),
    "the variance identity": (lambda image: {"direct": (*image.direct[:-1], image.direct[-1] / 2)}, {"(43)", "(50)"}),
}


@pytest.mark.parametrize("error", ENGINE_ERRORS)
@pytest.mark.parametrize("law", ["3.3a", "3.3b"])
def test_an_engine_that_is_wrong_about_one_thing_is_caught_where_it_is_used(monkeypatch, law, error):
    right = StateEvolution._image
    mistake, equations = ENGINE_ERRORS[error]

    def wrong(self, i, now):
        image = right(self, i, now)
        return replace(image, **mistake(image))

    monkeypatch.setattr(StateEvolution, "_image", wrong)
    assert equations & failures(law)


@pytest.mark.parametrize("law", ["3.3a", "3.3b"])
def test_an_engine_that_predicts_what_cannot_be_predicted_closes_no_recurrence(monkeypatch, law):
    right = StateEvolution._predictor

    def wrong(self, i, now, cross):
        return [block + sp.ones(*block.shape) for block in right(self, i, now, cross)]

    monkeypatch.setattr(StateEvolution, "_predictor", wrong)
    with pytest.raises(ValueError, match="coupled"):
        LAWS[law].__wrapped__()

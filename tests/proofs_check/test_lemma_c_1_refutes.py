"""Each check of a recursion refutes what is false: a wrong limit, wrong samples, a wrong sampler."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from numerics.laws import Normal
from numerics.recursion import python_recursion
from proofs_check.judgement import judge
from proofs_check.recursion import laboratory
from proofs_check.recursion.checks import CHECKS
from proofs_check.recursion.context import RecursionContext
from proofs_check.recursion.hypotheses import examine
from proofs_check.recursion.laboratory import Laboratory
from proofs_check.recursion.numeric import numeric
from proofs_check.recursion.reader import read, read_text
from proofs_check.settings import Settings
from proofs_check.theorem import Status

SETTINGS = Settings(
    widths=(512,), horizon=3, inputs=1, outputs=1, nu_W=Fraction(1), nu_F=Fraction(1), nu_C=Fraction(1), replicates=128,
    resolution=0.01, resolution_given=False, sampler="auto", jobs=2, seed=2021,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _narrow_ladder(monkeypatch):
    monkeypatch.setattr(laboratory, "LADDER_TOP", 4096)
    monkeypatch.setattr(laboratory, "KEPT_SHARE", 10)


def context_of(name, **changes):
    return RecursionContext.prepare(replace(SETTINGS, recursion=read(name), **changes))


def statuses(context, check):
    """What one check finds, judged by itself."""
    (run,) = (one.run for one in CHECKS if one.name == f"71.{check}")
    return {item.status for item in judge(list(run(context)), []).evidence}


def with_limit_of(context, change):
    """The same with another state evolution in the place of its own."""
    matrices = tuple(replace(one, variance=change * one.variance) for one in context.recursion.matrices)
    context.__dict__["limit"] = context.limit_of(replace(context.recursion, matrices=matrices))
    return context


@pytest.mark.parametrize("check", ["exact", "covariance", "functions", "rate", "closed"])
def test_a_limit_with_another_variance_is_refuted(check):
    assert statuses(context_of("relu-rnn"), check) <= {Status.CONFIRMED, Status.INFORMATION}
    assert Status.REFUTED in statuses(with_limit_of(context_of("relu-rnn"), 1.3), check)


def test_predictors_that_do_not_rebuild_the_covariances_are_refuted(monkeypatch):
    context = context_of("relu-rnn")
    form = context.limit.predictor_form()
    monkeypatch.setattr(type(context.limit), "predictor_form", lambda _: replace(form, deviation=1e-3))
    assert statuses(context, "predictors") == {Status.REFUTED}


def changed_ladder(monkeypatch, change):
    honest = Laboratory.ladder
    monkeypatch.setattr(Laboratory, "ladder", lambda self: {n: change(one) for n, one in honest(self).items()})


def test_images_of_matrices_that_are_one_are_refuted(monkeypatch):
    def correlated(sample):
        images = sample.images.copy()
        half = images.shape[1] // 2
        images[:, 1, half + 1] += 0.2
        return replace(sample, images=images)

    assert statuses(context_of("linearized-rnn"), "independence") == {Status.CONFIRMED}
    changed_ladder(monkeypatch, correlated)
    assert statuses(context_of("linearized-rnn"), "independence") == {Status.REFUTED}


def test_rows_that_are_not_gaussian_are_refuted(monkeypatch):
    def squashed(sample):
        return replace(sample, rows=np.sign(sample.rows) * np.abs(sample.rows) ** 0.7)

    assert statuses(context_of("relu-rnn"), "gaussian") == {Status.CONFIRMED}
    changed_ladder(monkeypatch, squashed)
    assert statuses(context_of("relu-rnn"), "gaussian") == {Status.REFUTED}


def test_a_sampler_of_another_law_is_refuted(monkeypatch):
    honest = Laboratory.law_pair

    def shrunk(self, width):
        pair = honest(self, width)
        drawn = replace(pair.conditioned, second_moments=0.8 * pair.conditioned.second_moments)
        return replace(pair, conditioned=drawn)

    monkeypatch.setattr(Laboratory, "law_pair", shrunk)
    assert Status.REFUTED in statuses(context_of("relu-rnn", replicates=512), "dense")


def test_innovations_of_another_size_are_refuted(monkeypatch):
    honest = Laboratory.law_pair

    def grown(self, width):
        pair = honest(self, width)
        return replace(pair, dense=replace(pair.dense, innovations=1.6 * pair.dense.innovations))

    monkeypatch.setattr(Laboratory, "law_pair", grown)
    assert Status.REFUTED in statuses(context_of("relu-rnn", replicates=512), "dense")


def test_a_simulation_that_is_right_does_not_pass_as_an_attack(monkeypatch):
    monkeypatch.setattr(Laboratory, "fresh_ladder", Laboratory.ladder)
    assert statuses(context_of("relu-rnn"), "attack") == {Status.UNDECIDED}


def examined(text):
    return examine(numeric(read_text(text)), 2)


MATRIX = '[[matrix]]\nname = "A"\nvariance = 1\nz = ["{}"]\n[u]\ncolumns = ["u"]\nlaws = ["{}"]\n'


@pytest.mark.parametrize("z", ["step(u)*tanh(q)", "tanh(q)/u", "relu(q) + u**3", "u*erf(q)"])
def test_discrete_columns_count_by_the_values_they_take(z):
    found = examined(MATRIX.format(z, "values(-1, 1)"))
    assert found.constant is not None
    assert not found.broken


def test_a_discrete_factor_of_something_unbounded_is_not_lipschitz():
    assert "apart without bound" in examined(MATRIX.format("u*q", "values(-1, 1)")).broken[0].witness


def test_python_functions_are_searched_for_steep_slopes():
    assert examine(python_recursion(lambda t, q, u: q[t] ** 2, 1.0, memory=0), 2).broken
    assert examine(python_recursion(lambda t, q, u: np.tanh(q[t]), 1.0, memory=0), 2).open


def test_python_functions_of_all_rows_together_are_refused():
    together = python_recursion(lambda t, q, u: np.tanh(q[t] - q[t].mean()), 1.0, memory=0)
    assert "each row alone" in examine(together, 2).undefined[0].undefined


def test_tables_of_q_and_u_side_by_side_are_refused():
    with pytest.raises(ValueError, match="cannot both be tables"):
        read_text(
            '[q]\nrows = [1, -1]\n[u]\ncolumns = ["u"]\nrows = [1, -1]\n' + '[[matrix]]\nname="A"\nvariance=1\nz="q"'
        )


def test_widths_are_multiples_of_the_length_of_a_table():
    rows = [0] * 50 + [10] * 50
    data = read_text(f'[u]\ncolumns = ["u"]\nrows = {rows}\n[[matrix]]\nname = "A"\nvariance = 1\nz = "tanh(q) + u"\n')
    context = RecursionContext.prepare(replace(SETTINGS, recursion=data))
    widths = context.laboratory.ladder_widths
    assert all(width % 100 == 0 for width in widths)
    assert widths[-1] >= 4096
    assert statuses(context, "covariance") == {Status.CONFIRMED}


def test_errors_of_quasi_monte_carlo_are_widened():
    recursion = python_recursion(lambda t, q, u: np.tanh(q.sum(axis=0)), 1.0, initial=(Normal(((1.0,),)),))
    plain = context_of("relu-rnn")
    assert np.array_equal(plain.limit_error, plain.limit.error)
    context = replace(plain, recursion=recursion, settings=replace(SETTINGS, horizon=5))
    assert context.limit.statistical
    assert (context.limit_error >= 2 * context.limit.error).all()

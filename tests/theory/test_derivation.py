import pytest
import sympy as sp

from theory.derivation import Derivation, Method, Step, VerifiedStep
from theory.symbols import nu_F, nu_W
from theory.verification import Identity, Outcome, verify

x = sp.Symbol("x", positive=True)
RIGHT = Identity((nu_W + 1) ** 2, nu_W**2 + 2 * nu_W + 1)
WRONG = Identity(nu_W, nu_F)
TRIGONOMETRIC = Identity(sp.sin(x) ** 2 + sp.cos(x) ** 2, sp.S.One)
OUT_OF_REACH = Identity(sp.atan(x) + sp.atan(1 / x), sp.pi / 2)


def step(*obligations, method=Method.IDENTITY):
    return Step("(1)", sp.Symbol("a"), sp.Symbol("b"), "because", method, obligations)


def derivation(*steps):
    return Derivation("1", "A derivation", (), steps)


def test_a_definition_with_obligations_is_refused():
    with pytest.raises(ValueError, match=r"step '\(1\)': a definition with 1 obligations"):
        step(RIGHT, method=Method.DEFINITION)


@pytest.mark.parametrize("method", [Method.IDENTITY, Method.INDUCTION])
def test_a_proof_without_obligations_is_refused(method):
    with pytest.raises(ValueError, match=f"a {method.value} with 0 obligations"):
        step(method=method)


def test_a_step_without_an_equation_number_is_named_by_its_reason():
    with pytest.raises(ValueError, match="step 'because'"):
        Step("", sp.S.One, sp.S.One, "because", Method.IDENTITY)


def test_a_derivation_of_true_identities_is_proved():
    verified = derivation(step(method=Method.DEFINITION), step(RIGHT), step(RIGHT, RIGHT)).verify()
    assert verified.proved
    assert verified.failures == ()


@pytest.mark.parametrize("bad", [WRONG, TRIGONOMETRIC, OUT_OF_REACH], ids=["refuted", "one engine", "unverified"])
def test_one_step_that_is_not_proved_by_both_engines_sinks_the_derivation(bad):
    verified = derivation(step(RIGHT), step(RIGHT, bad), step(RIGHT)).verify()
    assert not verified.proved
    assert verified.failures == (verified.steps[1],)


@pytest.mark.parametrize(
    ("obligations", "weakest"),
    [
        ((RIGHT,), Outcome.PROVED),
        ((RIGHT, TRIGONOMETRIC), Outcome.ONE_ENGINE),
        ((TRIGONOMETRIC, OUT_OF_REACH), Outcome.UNVERIFIED),
        ((OUT_OF_REACH, WRONG, TRIGONOMETRIC), Outcome.REFUTED),
    ],
)
def test_a_step_is_as_good_as_its_weakest_obligation(obligations, weakest):
    verified = VerifiedStep(step(*obligations), tuple(map(verify, obligations)))
    assert verified.outcome is weakest


def test_a_definition_is_as_good_as_proved():
    assert VerifiedStep(step(method=Method.DEFINITION), ()).outcome is Outcome.PROVED


def test_identities_are_counted_over_all_steps():
    assert derivation(step(method=Method.DEFINITION), step(RIGHT), step(RIGHT, WRONG)).verify().identities == 3


@pytest.mark.parametrize(("identities", "cost"), [(1, 0), (2, 1), (4, 2), (5, 3)])
def test_many_identities_are_together_less_certain_than_one(identities, cost):
    """The union bound costs the logarithm of their number."""
    one, many = derivation(step(RIGHT)).verify(), derivation(*[step(RIGHT)] * identities).verify()
    assert many.error_bits == one.error_bits - cost


def test_a_derivation_of_definitions_claims_no_certainty():
    assert derivation(step(method=Method.DEFINITION)).verify().error_bits == 0

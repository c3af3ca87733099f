"""How many states suffice: the paper's number, and claims about it."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from numerics.realization.partial_realization import degree
from proofs_check.errors import FormulaError, InputError
from proofs_check.realization.states import StatesClaim, check_claims, decided
from proofs_check.registry import find
from proofs_check.search.statement import SearchContext
from proofs_check.settings import Settings
from proofs_check.theorem import Status


def settings(*claims):
    variance = Fraction(1, 2)
    return Settings(
        widths=(64,), horizon=10, inputs=1, outputs=1, nu_W=variance, nu_F=variance, nu_C=variance,
        replicates=None, resolution=0.01, resolution_given=False, sampler="auto", jobs=1, seed=0, claims=claims,
    )  # fmt: skip


def decision(*claims):
    (evidence,) = decided(SearchContext(settings(*claims), None, (), {}, {}))
    return evidence


@pytest.mark.parametrize(
    "claim",
    [
        "n = T*n_x*n_y", "n = T*min(n_x, n_y)", "n = T*n_x", "n = T*(n_x + n_y)/2", "n = T*max(n_x, n_y)",
        "n = T**2*n_x*n_y - T + 1",
    ],
)  # fmt: skip
def test_a_number_that_always_suffices_is_proved_to(claim):
    evidence = decision(claim)
    assert evidence.status is Status.CONFIRMED
    assert "for all sizes" in evidence.summary


@pytest.mark.parametrize(
    ("claim", "place"),
    [
        ("n = T*min(n_x, n_y) - 1", "T = 1, n_x = 1, n_y = 1"),
        ("n = T + n_x", "T = 3, n_x = 2, n_y = 2"),
        ("n = 16*min(n_x, n_y)", "T = 100, n_x = 1, n_y = 1"),  # beyond what is tried one by one
        ("n = 10000*T", "T = 1, n_x = 1000000, n_y = 1000000"),
        ("n = T/(n_x - n_y)", "T = 1, n_x = 1, n_y = 1"),
        ("n = log(0 - T)", "T = 1, n_x = 1, n_y = 1"),
    ],
)
def test_a_number_that_does_not_suffice_is_refuted_at_the_smallest_size(claim, place):
    evidence = decision(claim)
    assert evidence.status is Status.REFUTED
    assert evidence.summary.startswith(f"{place}, L = (0, …, 0, I): ")


@pytest.mark.parametrize(
    "claim",
    [
        "n = sqrt(T)*n_x*n_y*T",  # true
        "n = T*min(n_x, n_y) + (T - 33)*(T - 34) - 1",  # false at T = 33 only, and 34
        "n = T*min(n_x, n_y) + (max(n_x, n_y) - n_y)*((T - 33)*(T - 34) - 1)",  # and only where n_x > n_y
    ],
)
def test_what_holds_where_it_was_tried_but_is_not_proved_is_undecided(claim):
    assert decision(claim).status is Status.UNDECIDED


def test_without_a_claim_it_is_the_papers_number():
    assert decision() == decision("n = T*n_x*n_y")


@pytest.mark.parametrize(("T", "n_x", "n_y"), list(product((1, 2, 5), (1, 2, 3), (1, 2, 3))))
def test_the_last_lag_alone_needs_as_many_states_as_any_response(T, n_x, n_y):
    L = np.zeros((T, n_y, n_x), dtype=int)
    np.fill_diagonal(L[-1], 1)
    assert degree(L) == T * min(n_x, n_y)


@pytest.mark.parametrize(
    "text",
    ["rho = 1", "n", "n == T", "n = ", "n = j", "n = min(T)", "n = T**T", "n = exp(T*log(2))", "n = __import__('os')"],
)
def test_what_is_no_claim_is_refused(text):
    with pytest.raises(FormulaError):
        StatesClaim.parse(text)


def test_complaints_name_the_option():
    with pytest.raises(InputError, match=r"--claim: unknown name 'q' \(allowed: T, n_x, n_y\)"):
        check_claims(find("2.1"), settings("n = q"))
    with pytest.raises(InputError, match="one claim about the states"):
        check_claims(find("2.1"), settings("n = T", "n = n_x"))


def test_a_false_claim_is_refuted_by_the_command_with_the_smallest_response(command):
    ran = command("2.1b", "--examples", "100", "--claim", "n = T*min(n_x, n_y) - 1")
    assert ran.status == 1
    words = " ".join(ran.out.split())
    assert "with at most n = T*min(n_x, n_y) - 1 states" in words
    assert "→ so many states suffice: T = 1, n_x = 1, n_y = 1, L = (1): 1 state needed, 0 claimed" in words


def test_a_true_claim_passes_and_can_be_reproduced(command):
    ran = command("2.1b", "--examples", "100", "--claim", "n = T*min(n_x, n_y)")
    assert ran.status == 0
    assert "reproduce check-theorem 2.1b --examples 100 --claim 'n = T*min(n_x, n_y)'" in " ".join(ran.out.split())

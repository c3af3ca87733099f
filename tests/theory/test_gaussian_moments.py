import math
from collections import Counter
from itertools import product

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.gaussian_moments import MAX_LETTERS, polynomial, trace_moment
from theory.gaussian_moments_reference import trace_moment_by_enumeration
from theory.symbols import n

SWAP = str.maketrans("Gt", "tG")


@st.composite
def words(draw, most=10):
    """One to three words with an even number of letters altogether; some may be empty."""
    letters = draw(st.integers(0, most // 2).flatmap(lambda half: st.text("Gt", min_size=2 * half, max_size=2 * half)))
    cuts = sorted(draw(st.lists(st.integers(0, len(letters)), max_size=2)))
    return tuple(letters[a:b] for a, b in zip([0, *cuts], [*cuts, len(letters)], strict=True))


def transposed(word):
    return word[::-1].translate(SWAP)


def double_factorial(odd):
    return math.prod(range(odd, 0, -2))


def value(coefficients, width):
    return sum(c * width**power for power, c in enumerate(coefficients))


def moment_by_entries(width, *traces):
    """Sum over all index assignments of the moments of the entries: no pairing is ever formed."""
    starts, size = [], 0
    for word in traces:
        starts.append(size)
        size += len(word)
    total = 0
    for indices in product(range(width), repeat=size):
        entries = Counter()
        for start, word in zip(starts, traces, strict=True):
            for position, letter in enumerate(word):
                row, column = indices[start + position], indices[start + (position + 1) % len(word)]
                entries[(row, column) if letter == "G" else (column, row)] += 1
        if all(power % 2 == 0 for power in entries.values()):
            total += math.prod(double_factorial(power - 1) for power in entries.values())
    return total * width ** traces.count("")


@settings(deadline=None, max_examples=60)
@given(words())
def test_loop_equations_agree_with_the_enumeration_of_all_pairings(traces):
    assert trace_moment(*traces) == trace_moment_by_enumeration(*traces)


@settings(deadline=None, max_examples=25)
@given(words(most=8))
def test_loop_equations_agree_with_the_entries_of_a_two_by_two_matrix(traces):
    assert value(trace_moment(*traces), 2) == moment_by_entries(2, *traces)


@pytest.mark.parametrize("traces", [("GGtt",), ("Gt", "GG"), ("GGG", "ttt"), ("GtG", "G", "tt")])
def test_loop_equations_agree_with_the_entries_of_a_three_by_three_matrix(traces):
    assert value(trace_moment(*traces), 3) == moment_by_entries(3, *traces)


@settings(deadline=None, max_examples=40)
@given(words(most=14))
def test_at_width_one_every_word_is_a_gaussian_moment(traces):
    assert sum(trace_moment(*traces)) == double_factorial(len("".join(traces)) - 1)


@settings(deadline=None, max_examples=40)
@given(st.text("Gt", max_size=4), st.text("Gt", max_size=4), st.sampled_from(["G", "t", ""]))
def test_words_of_odd_length_have_zero_mean(one, other, filler):
    odd = one + other + "G" if len(one + other) % 2 == 0 else one + other
    assert trace_moment(odd) == trace_moment(odd, filler * 2) == ()


@settings(deadline=None, max_examples=40)
@given(words(most=14), st.integers(0, 13))
def test_rotating_a_word_changes_nothing(traces, places):
    first, *others = traces
    cut = places % len(first) if first else 0
    assert trace_moment(first[cut:] + first[:cut], *others) == trace_moment(*traces)


@settings(deadline=None, max_examples=40)
@given(words(most=14))
def test_transposing_one_word_changes_nothing(traces):
    first, *others = traces
    assert trace_moment(transposed(first), *others) == trace_moment(*traces)


@settings(deadline=None, max_examples=40)
@given(words(most=14))
def test_exchanging_the_matrix_and_its_transpose_changes_nothing(traces):
    assert trace_moment(*(word.translate(SWAP) for word in traces)) == trace_moment(*traces)


@settings(deadline=None, max_examples=40)
@given(words(most=14))
def test_the_order_of_the_traces_does_not_matter(traces):
    assert trace_moment(*reversed(traces)) == trace_moment(*traces)


@settings(deadline=None, max_examples=20)
@given(words())
def test_an_empty_word_is_a_factor_n(traces):
    moment = trace_moment(*traces)
    assert trace_moment(*traces, "") == ((0, *moment) if moment else ())


def test_no_words_have_expectation_one():
    assert trace_moment() == (1,)


@pytest.mark.parametrize("half", range(1, 9))
def test_the_trace_is_gaussian_with_variance_n(half):
    assert trace_moment(*["G"] * (2 * half)) == (0,) * half + (double_factorial(2 * half - 1),)


@pytest.mark.parametrize("power", range(1, 7))
def test_the_squared_norm_is_chi_squared_with_n_squared_degrees_of_freedom(power):
    expected = sp.expand(sp.prod(n**2 + 2 * i for i in range(power)))
    assert polynomial(trace_moment(*["Gt"] * power)) == expected


@pytest.mark.parametrize(
    ("power", "expected"),
    [(1, n**2), (2, 2 * n**3 + n**2), (3, 5 * n**4 + 6 * n**3 + 4 * n**2)],
)
def test_traces_of_powers_of_a_square_wishart_matrix(power, expected):
    assert polynomial(trace_moment("Gt" * power)) == expected


@pytest.mark.parametrize(
    ("lag", "expected"),
    [
        (0, (0, 1)),
        (1, (0, 0, 1)),
        (2, (0, 2, 0, 1)),
        (3, (0, 4, 10, 0, 1)),
        (4, (0, 48, 28, 28, 0, 1)),
        (5, (0, 304, 468, 110, 62, 0, 1)),
    ],
)
def test_the_known_moments_of_powers(lag, expected):
    """``E tr(G^j G^{jᵀ}) = n^{j+1} m_j(n)``, found independently by symbolic Gaussian integration."""
    assert trace_moment("G" * lag + "t" * lag) == expected


def test_twelve_letters_and_twelve_transposed_are_within_reach():
    moment = trace_moment("G" * 12 + "t" * 12)
    assert sum(moment) == double_factorial(23)
    assert (len(moment), moment[-1], moment[-2]) == (14, 1, 0)


def test_two_traces_of_twelve_letters_are_within_reach():
    moment = trace_moment("G" * 6 + "t" * 6, "G" * 6 + "t" * 6)
    assert sum(moment) == double_factorial(23)
    assert (len(moment), moment[-1]) == (15, 1)


def test_the_largest_number_of_letters_does_not_overflow_its_slots():
    expected = (0,) * (MAX_LETTERS // 2) + (double_factorial(MAX_LETTERS - 1),)
    assert trace_moment(*["G"] * MAX_LETTERS) == expected


@pytest.mark.parametrize(("word", "letter"), [("GT", "'T'"), ("gg", "'g'"), ("G t", "' '"), ("GᵀG", "'ᵀ'")])
def test_an_unknown_letter_is_refused_by_name(word, letter):
    with pytest.raises(ValueError, match=f"unknown letter {letter}"):
        trace_moment("Gt", word)


def test_too_many_letters_are_refused_with_the_limit():
    with pytest.raises(ValueError, match=f"{MAX_LETTERS + 2} letters: at most {MAX_LETTERS}"):
        trace_moment("G" * MAX_LETTERS, "tt")


def test_polynomial_writes_ascending_coefficients():
    assert polynomial((0, 2, 0, 1)) == n**3 + 2 * n

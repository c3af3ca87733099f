"""Statements are found by forgiving names."""

import pytest

from proofs_check.derive.documents import statements
from proofs_check.errors import InputError
from proofs_check.registry import ENTRIES, find


@pytest.mark.parametrize("name", ["3.3b", "3.3B", "theorem 3.3(b)", "Theorem 3.3 b", "thm. 3.3b", " 3.3 (B) "])
def test_case_and_the_word_theorem_are_forgiven(name):
    assert find(name).id == "3.3b"


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("c.1", "C.1"),
        ("Lemma C.1", "C.1"),
        ("LEMMA B.1", "B.1"),
        ("Theorem 4.1", "4.1"),
        ("prop. 2.1 (a)", "2.1a"),
        ("Proposition 2.1b", "2.1b"),
        ("bound (22)", "22"),
        ("eq. (25)", "25"),
        ("equation 24", "24"),
        ("Distance (32)", "32"),
        ("Stability", "stability"),
        ("Theorem 4.1 (24)", "24"),
        ("theorem-4.1-25", "25"),
        ("theorem-3.3", "3.3"),
        ("proposition-2.1", "2.1"),
        ("Inequality (22)", "22"),
        ("statement c.1", "C.1"),
    ],
)
def test_names_as_the_paper_has_them_are_understood(name, identifier):
    assert find(name).id == identifier


def test_an_unknown_statement_suggests_near_ones():
    with pytest.raises(InputError, match=r"unknown statement '3\.4'; did you mean .*3\.3"):
        find("3.4")


def test_every_statement_is_found_by_its_own_id():
    assert all(find(identifier) is entry for identifier, entry in ENTRIES.items())


@pytest.mark.parametrize(
    ("name", "near"), [("B1", r"B\.1"), ("stabilty", "stability"), ("4.2", r"4\.1"), ("C.3", r"C\.1")]
)
def test_a_misspelt_statement_suggests_what_is_meant(name, near):
    with pytest.raises(InputError, match=f"did you mean .*{near}"):
        find(name)


def test_what_is_far_from_all_statements_gets_no_suggestion():
    with pytest.raises(InputError, match=r"unknown statement 'kernel' \("):
        find("kernel")


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_every_statement_is_found_by_the_name_in_its_title(entry):
    assert find(entry.title.partition(":")[0]) is entry


@pytest.mark.parametrize("document", statements(), ids=lambda document: document.id)
def test_documents_and_statements_go_by_the_same_names(document):
    assert find(document.id).id == find(document.title).id == find(document.slug).id == document.id


@pytest.mark.parametrize("identifier", ENTRIES)
def test_only_statements_that_can_be_searched_have_a_number_of_examples(identifier):
    searched = any(check.name.endswith(".search") for check in ENTRIES[identifier].load().checks)
    assert not searched or "examples" in ENTRIES[identifier].options
    assert ("examples" in ENTRIES[identifier].options) == identifier.startswith("2.1")


def test_parts_lie_within_statements():
    assert all(entry.within in ENTRIES for entry in ENTRIES.values() if entry.within)


@pytest.mark.parametrize("identifier", ENTRIES)
def test_a_definition_has_the_id_that_it_is_registered_under(identifier):
    assert ENTRIES[identifier].load().id == identifier


def test_every_title_fits_a_terminal():
    assert max(len(entry.title) for entry in ENTRIES.values()) <= 80

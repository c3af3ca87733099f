"""Statements are found by forgiving names."""

import pytest

from proofs_check.errors import InputError
from proofs_check.registry import ENTRIES, find


@pytest.mark.parametrize("name", ["3.3b", "3.3B", "theorem 3.3(b)", "Theorem 3.3 b", "thm. 3.3b", " 3.3 (B) "])
def test_case_and_the_word_theorem_are_forgiven(name):
    assert find(name).id == "3.3b"


def test_an_unknown_statement_suggests_near_ones():
    with pytest.raises(InputError, match=r"unknown statement '3\.4'; did you mean 3\.3"):
        find("3.4")


def test_every_statement_is_found_by_its_own_id():
    assert all(find(identifier) is entry for identifier, entry in ENTRIES.items())

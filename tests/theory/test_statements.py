"""Every statement of the catalogue: proved, written down properly, and leaning on all it assumes."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sympy as sp

import theory
from proofs_check.implicit_bias.context import PAPER
from theory.statements.catalogue import STATEMENTS, all_derivations
from theory.step import Origin, is_definition
from theory.symbols import VARIANCES, j
from theory.verification import Outcome

DERIVATIONS = {derivation.id: derivation for derivation in all_derivations()}
PACKAGE = Path(theory.__file__).parent
EACH = pytest.mark.parametrize("derivation", DERIVATIONS.values(), ids=DERIVATIONS)
ASSUMED = [(name, h.name) for name, d in DERIVATIONS.items() for h in d.hypotheses if h.facts]

WITHOUT_CLAIMS = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("proofs_check", "numerics"):
            raise ImportError(f"{name} is out of bounds")

sys.meta_path.insert(0, Blocker())
try:
    import proofs_check
except ImportError:
    print("blocked")
from theory.statements.catalogue import all_derivations
print(*(f"{d.id}:{d.verify().proved}" for d in all_derivations()))
print(sorted(name for name in sys.modules if name.split(".")[0] in ("proofs_check", "numerics", "numpy", "scipy")))
"""


@EACH
def test_the_derivation_is_proved(derivation):
    assert [f"{failure.step.name}: {failure.outcome.value}" for failure in derivation.verified.failures] == []
    assert derivation.verified.identities > 0


def test_ids_are_unique():
    assert len(DERIVATIONS) == sum(len(statement.sources) for statement in STATEMENTS.values())
    assert [statement.id for statement in STATEMENTS.values()] == list(STATEMENTS)


def test_titles_and_file_names_are_unique():
    for attribute in ("title", "slug"):
        assert len({getattr(statement, attribute) for statement in STATEMENTS.values()}) == len(STATEMENTS)
    assert all(re.fullmatch(r"[a-z0-9.-]+", statement.slug) for statement in STATEMENTS.values())


def test_whatever_is_built_on_is_derived_as_well():
    names = set(DERIVATIONS) | set(STATEMENTS)
    assert {used for derivation in DERIVATIONS.values() for used in derivation.uses} <= names


def test_a_statement_builds_on_earlier_or_other_ones_but_not_in_a_circle():
    def below(name, path=()):
        assert name not in path
        for used in DERIVATIONS[name].uses if name in DERIVATIONS else ():
            below(used, (*path, name))

    for name in DERIVATIONS:
        below(name)


@EACH
def test_conclusions_are_lines_that_prove_something(derivation):
    assert derivation.conclusions
    steps = [derivation.step(name) for name in derivation.conclusions]
    assert any(not is_definition(step) for step in steps)


@EACH
def test_the_derivation_is_verified_with_every_method_it_names(derivation):
    for verified in derivation.verified.steps:
        assert bool(verified.verifications) != is_definition(verified.step)


@EACH
def test_numbers_are_those_of_the_paper(derivation):
    numbers = [step.equation for step in derivation.steps if step.equation]
    assert all(re.fullmatch(r"\d{1,3}[a-h]?", number) for number in numbers)


@EACH
def test_mathematics_in_words_is_closed(derivation):
    words = [derivation.title, derivation.statement, *(h.words for h in derivation.hypotheses)]
    words += [step.reason for step in derivation.steps] + [step.by.method for step in derivation.steps]
    for text in words:
        assert text.count("$") % 2 == 0, text
        assert all(part.count("{") == part.count("}") for part in text.split("$")[1::2]), text


@EACH
def test_every_line_and_every_hypothesis_says_why(derivation):
    assert derivation.title
    assert derivation.statement
    assert all(step.reason for step in derivation.steps)
    assert all(hypothesis.words for hypothesis in derivation.hypotheses)


@EACH
def test_a_citation_says_of_what(derivation):
    for hypothesis in derivation.hypotheses:
        assert bool(hypothesis.source) == (hypothesis.origin is not Origin.ASSUMPTION)


@EACH
def test_every_hypothesis_with_facts_is_named_by_a_line(derivation):
    named = {name for step in derivation.steps for name in step.uses}
    assert {h.name for h in derivation.hypotheses if h.facts} <= named


@pytest.mark.parametrize(("name", "hypothesis"), ASSUMED, ids=" ".join)
def test_without_this_hypothesis_a_line_fails(name, hypothesis):
    failed = DERIVATIONS[name].verified.necessity[hypothesis]
    assert failed is not None
    within_range = (name, hypothesis) == ("2.1b", "channels")  # points of the modular engine lie within this range
    assert failed.outcome in ({Outcome.ONE_ENGINE} if within_range else {Outcome.REFUTED, Outcome.UNVERIFIED})
    assert hypothesis in failed.step.uses


@pytest.mark.parametrize(("name", "hypothesis"), ASSUMED[::6], ids=" ".join)
def test_the_line_that_fails_without_it_is_the_first_that_does(name, hypothesis):
    verified = DERIVATIONS[name].without(hypothesis).verify(stop=True)
    assert verified.failures[0].step == DERIVATIONS[name].verified.necessity[hypothesis].step


def test_all_are_proved_where_claims_and_simulations_cannot_be_imported():
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_CLAIMS], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    )
    blocked, outcomes, loaded = ran.stdout.splitlines()
    assert blocked == "blocked"
    assert outcomes.split() == [f"{name}:True" for name in DERIVATIONS]
    assert loaded == "[]"


NAMES = {symbol.name: symbol for symbol in (*VARIANCES, j)}


def written(source):
    """Every formula in lags and variances that stands in a source, multiplied out."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        plain = all(isinstance(part, ARITHMETIC) for part in ast.walk(node))
        if isinstance(node, ast.BinOp) and plain and names <= set(NAMES):
            found.add(sp.expand(sp.sympify(ast.unparse(node), locals=NAMES)))
    return found


ARITHMETIC = (ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.Name, ast.Constant, ast.expr_context)


def test_a_formula_that_is_typed_in_is_found():
    assert sp.expand(sp.sympify(PAPER["rho"], locals=NAMES)) in written(f"def f():\n    return [{PAPER['rho']}]")
    assert sp.expand(sp.sympify(PAPER["var"], locals=NAMES)) in written("x = g(nu_W**j * nu_F * nu_C)")


@pytest.mark.parametrize("target", PAPER)
def test_the_paper_s_result_is_written_nowhere_in_the_theory(target):
    claimed = sp.expand(sp.sympify(PAPER[target], locals=NAMES))
    sources = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    assert [str(path) for path, source in sources.items() if claimed in written(source)] == []

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
import sympy as sp

from theory.derivation import Derivation
from theory.facts import Equation, Nonnegative, Nonzero
from theory.justification import Bound, Definition, Instance, Instances, NonvanishingFactors, Rewriting
from theory.operators import sequence
from theory.rendering import FORMATS, bundle, render, render_exact_values, suffix
from theory.rendering.numbering import Numbering, label
from theory.rendering.printer import derivation_latex
from theory.statements.bound_22 import decay
from theory.statements.catalogue import Statement
from theory.statements.theorem_3_3b import linearized_kernel
from theory.step import Hypothesis, Origin, Step
from theory.symbols import n, nu_C, nu_F, nu_W

x = sequence("rendering_x", "x_{{{0}}}")
y = sp.Symbol("y")

START = Hypothesis("start", "first & only: $x_0 = 1$", (Equation(x(0), sp.S.One),))
SETTING = Hypothesis("setting", "everything is <fixed> at 100%")
THEOREM = Hypothesis("theorem", "a theorem", (Nonnegative(x(1)),), Origin.CITED, "Author (2020)")
ELSEWHERE = Hypothesis("elsewhere", "proved before", (Equation(x(3), nu_W),), Origin.STATEMENT, "3.2")
IDLE = Hypothesis("idle", "never used", (Equation(x(4), nu_W),))

NAMED = Step("named", y, (nu_W + nu_F) ** 2, "a name", Definition(), equation="43")
EXPANDED = Step(
    "expanded", y, sp.expand((nu_W + nu_F) ** 2), "expand a_b", Rewriting(), ("named",), "43",
    routes=(("by counting", (nu_W + nu_F) ** 2),),
)  # fmt: skip
USED = Step("used", x(0) * nu_W, nu_W, "what $x_0$ is", Rewriting(), ("start",), "44")
BOUNDED = Step(
    "bounded", sp.S.Zero, x(1) * (1 + nu_W), "a bound", Bound((x(1) * (1 + nu_W),)), ("theorem",),
)  # fmt: skip
SEEN = Step("seen", x(3), nu_W, "seen", Instances((Instance("once"),), "one of $j$"), ("elsewhere",))
WRONG = Step("wrong", x(0), 2 * nu_C / n, "an error", Rewriting(), ("start",))


@dataclass(frozen=True)
class Sample(Statement):
    made: tuple[Derivation, ...] = ()

    def derivations(self):
        return self.made


def derivation(*steps, hypotheses=(START, SETTING), name="Z.1"):
    return Derivation(name, "A title & more", "Something holds", hypotheses, steps)


def statement(*derivations):
    return Sample("Z", "Theorem Z", "about this & that", (), derivations)


PROVED = derivation(NAMED, EXPANDED, USED)
MIXED = derivation(
    NAMED, EXPANDED, USED, BOUNDED, SEEN, hypotheses=(START, SETTING, THEOREM, ELSEWHERE, IDLE), name="Z.2"
)
FAILED = derivation(NAMED, WRONG, name="Z.3")
WHOLE = statement(PROVED, MIXED, FAILED)


def text(form, *derivations):
    return render(statement(*derivations), form)


every_format = pytest.mark.parametrize("form", FORMATS)


@every_format
def test_every_line_has_a_number_of_its_own(form):
    shown = text(form, PROVED)
    for number in ("43a", "43b", "44"):
        assert number in shown


@every_format
def test_the_words_of_a_statement_lead_to_its_formula(form):
    assert "Something holds:" in text(form, PROVED)


def test_lines_that_share_a_number_of_the_paper_are_told_apart():
    numbering = Numbering((PROVED, MIXED))
    tags = [numbering.tag(d.id, step.name) for d in (PROVED, MIXED) for step in d.steps]
    assert tags == ["43a", "43b", "44a", "43c", "43d", "44b", "Z.2.4", "Z.2.5"]


def test_a_number_that_ends_in_a_letter_is_told_apart_by_primes():
    steps = (replace(NAMED, equation="72d"), replace(EXPANDED, equation="72d"))
    numbering = Numbering((derivation(*steps),))
    assert [numbering.tag("Z.1", step.name) for step in steps] == ["72d", "72d'"]


def test_a_label_is_prefixed_by_the_id():
    assert label("3.3a", "the first step") == "3.3a-the-first-step"


@every_format
def test_what_is_refuted_is_marked_as_not_verified(form):
    shown = text(form, FAILED)
    assert "NOT VERIFIED: refuted" in shown
    assert "NOT PROVED" in shown


@every_format
def test_what_is_proved_is_not_marked_as_failed(form):
    shown = text(form, PROVED)
    assert "NOT" not in shown
    assert "Proved:" in re.sub(r"</?b>|\*\*|\\textbf\{|\}", "", shown)


@every_format
def test_instances_are_not_called_a_proof(form):
    shown = text(form, derivation(SEEN, hypotheses=(ELSEWHERE,)))
    assert "is checked at instances only" in shown
    assert "Proved:" not in shown


@every_format
def test_instances_that_the_conclusion_does_not_use_do_not_weaken_it(form):
    shown = text(form, derivation(SEEN, NAMED, hypotheses=(ELSEWHERE,)))
    assert "is a check at instances, which the conclusion does not use" in shown
    assert "Not proved" not in shown


def test_hypotheses_of_a_failing_derivation_are_not_examined():
    assert "Not examined: the derivation fails with all of them" in text("fragment", FAILED)


def test_a_sentence_may_go_on_over_several_lines():
    shown = text("fragment", derivation(replace(NAMED, reason="a name,"), replace(EXPANDED, reason="expanded")))
    assert "A name, {" in shown
    assert "\nexpanded. {" in shown


@every_format
def test_a_cited_theorem_is_named_in_the_verdict(form):
    shown = text(form, derivation(BOUNDED, hypotheses=(THEOREM,)))
    assert "given what is cited, here or in what it builds on (Author (2020))" in shown


def test_what_is_cited_is_named_once_and_through_what_is_built_on():
    twice = replace(THEOREM, name="again")
    assert derivation(BOUNDED, hypotheses=(THEOREM, twice)).cited_sources == ("Author (2020)",)
    own = {h.source for h in decay().hypotheses if h.origin is Origin.CITED}
    built_on = {h.source for h in linearized_kernel().hypotheses if h.origin is Origin.CITED}
    assert built_on
    assert own | built_on <= set(decay().cited_sources)


@every_format
@pytest.mark.parametrize(
    "words",
    [
        "no check covers it",
        "is not used by any check",
        "left side less the right side leaves",
        "sign of this",
    ],
)
def test_each_hypothesis_is_said_to_be_needed_or_not(form, words):
    assert words in text(form, MIXED)


@every_format
def test_the_gap_of_a_bound_is_shown(form):
    assert "The gap between the sides" in text(form, MIXED)


def test_a_sign_that_is_assumed_is_shown_as_a_comparison():
    ordered = Hypothesis("ordered", "in order", (Nonnegative(nu_W - nu_F - 1),))
    assert r"\nu_{F} + 1 \le \nu_{W}" in text("fragment", derivation(NAMED, hypotheses=(ordered,)))


def test_a_product_that_may_vanish_is_said_to():
    apart = Hypothesis("apart", "apart", (Nonzero(nu_W - nu_F),))
    step = Step("apart too", nu_W - nu_F, sp.S.Zero, "so", NonvanishingFactors(), ("apart",))
    assert "nothing then says that this is not zero" in text("fragment", derivation(step, hypotheses=(apart,)))


@every_format
def test_another_way_to_the_right_side_is_named(form):
    assert "by counting" in text(form, PROVED)


@every_format
def test_the_same_statement_gives_the_same_text(form):
    assert render(WHOLE, form) == render(WHOLE, form)


@every_format
def test_appendix_lists_every_weight_that_is_not_zero(form):
    shown = render_exact_values(form)
    assert shown.count("P.") >= 16
    assert "P.0.1" not in shown


def test_tex_needs_amsmath_and_hyperref_only():
    packages = re.findall(r"\\usepackage(?:\[\w*\])?\{(\w+)\}", render(WHOLE, "latex"))
    assert set(packages) == {"fontenc", "inputenc", "amsmath", "hyperref"}


def test_tex_has_its_text_escaped():
    shown = text("fragment", PROVED)
    for escaped in (r"A title \& more", r"100\%", r"\(<\)fixed\(>\)", r"a\_b"):
        assert escaped in shown


def test_every_label_of_tex_is_defined_once_and_every_link_leads_to_one():
    shown = render(WHOLE, "fragment")
    labels = re.findall(r"\\label\{([^}]*)\}", shown)
    assert len(labels) == len(set(labels))
    outside = set(re.findall(r"\\ifcsname r@([^\\]*)\\endcsname", shown))
    assert set(re.findall(r"\\hyperref\[([^]]*)\]", shown)) <= {*labels, *outside}


def test_every_tag_of_tex_is_used_once():
    tags = re.findall(r"\\tag\{([^}]*)\}", render(WHOLE, "fragment"))
    assert len(tags) == len(set(tags)) > 0


def test_a_fragment_has_no_preamble():
    assert "documentclass" not in render(WHOLE, "fragment")


class Page(HTMLParser):
    """Collects tags, identifiers and addresses."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.ids, self.addresses = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            if name == "id":
                self.ids.append(value)
            if name in ("href", "src"):
                self.addresses.append(value)


def test_html_needs_nothing_from_elsewhere():
    page = Page(render(WHOLE, "html"))
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert not [address for address in page.addresses if ":" in address]


def test_every_link_within_html_leads_somewhere():
    page = Page(render(WHOLE, "html"))
    assert len(page.ids) == len(set(page.ids))
    assert {address[1:] for address in page.addresses if address.startswith("#")} <= set(page.ids)


def test_html_shows_formulas_as_mathml():
    shown = render(WHOLE, "html")
    assert shown.count("<math") > 20
    assert "<code>" not in shown


def test_html_is_well_formed():
    body = render(WHOLE, "html").split("<body>")[1].split("</body>")[0]
    assert ET.fromstring(body.replace("&nbsp;", " ")).tag == "main"


def test_html_has_its_text_escaped():
    assert "&lt;fixed&gt; at 100%" in text("html", PROVED)


def test_a_statement_proved_elsewhere_is_linked():
    assert "theorem-3.2.html#3.2" in text("html", MIXED)
    assert "theorem-3.2.md#3.2" in text("markdown", MIXED)


def test_markdown_keeps_every_formula_between_dollar_signs():
    shown = text("markdown", PROVED)
    assert shown.count("$$") % 2 == 0
    assert r"\tag{43b}" in shown


def test_markdown_has_its_text_escaped():
    assert r"\<fixed\> at 100%" in text("markdown", PROVED)


@pytest.mark.parametrize(
    ("form", "end"), [("latex", ".tex"), ("fragment", ".tex"), ("markdown", ".md"), ("html", ".html")]
)
def test_every_format_has_its_suffix(form, end):
    assert suffix(form) == end


@pytest.mark.parametrize("act", [suffix, render_exact_values, lambda form: render(WHOLE, form)])
def test_an_unknown_format_is_refused(act):
    with pytest.raises(ValueError, match="format 'docx': must be one of latex, fragment, markdown, html"):
        act("docx")


def test_a_notebook_gets_every_kind_of_text():
    shown = bundle(PROVED)
    assert set(shown) == {"text/plain", "text/latex", "text/markdown", "text/html"}
    assert shown["text/html"].startswith('<div class="derivation">')
    assert shown["text/plain"].startswith("Z.1: A title & more\n")


def test_a_notebook_gets_a_derivation_as_one_aligned_formula():
    shown = derivation_latex(PROVED)
    assert shown.startswith(r"$\displaystyle \begin{aligned}")
    assert shown.count(r"\begin{aligned}") == 1


def test_verification_does_not_import_rendering():
    code = "import sys, theory.derivation, theory.statements.catalogue; print('theory.rendering' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_tex_compiles_without_overfull_lines(tmp_path):
    (tmp_path / "whole.tex").write_text(render(WHOLE, "latex"), encoding="utf-8")
    for _ in range(2):
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "whole.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 0
    log = (tmp_path / "whole.log").read_text(errors="replace")
    assert not [wide for wide in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log) if float(wide) > 5]
    assert "undefined references" not in log

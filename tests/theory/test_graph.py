"""The graph of what builds on what: its status, its layers, its text and its drawing."""

import re
import xml.etree.ElementTree as ET

import pytest
import sympy as sp

from theory.draft import Draft
from theory.facts import Equation
from theory.graph import Graph, Node, Status, node
from theory.justification import Instance, Instances, Rewriting
from theory.rendering.graph_svg import BOX, graph_svg
from theory.statements.catalogue import STATEMENTS, all_derivations
from theory.step import Hypothesis, Origin

SMALL = Graph(
    (
        Node("1", "first"),
        Node("2", "cites", Status.GIVEN, cites=(("Gauss (1801)", "the law"),)),
        Node("3", "builds on both", uses=("1", "2")),
        Node("4", "cases", Status.INSTANCES, uses=("3",), instances=("case",)),
        Node("5", "alone"),
        Node("6", "on everything", uses=("4", "3", "1")),
    )
)
WRONG = Graph((Node("1", "wrong", Status.FAILED, failures=("line",)), Node("2", "next", uses=("1",))))


def lines(*steps, hypotheses=()):
    draft = Draft("1", r"about $\nu_{W}$", "", hypotheses)
    for name, lhs, rhs, by in steps:
        draft.add(name, lhs, rhs, "", by)
    return draft.finish()


a = sp.Symbol("a")
CASES = Instances((Instance("at 1", ((a, sp.Integer(1)),)),), "one value")


def test_what_uses_only_what_is_proved_is_proved():
    assert SMALL.status("1") is Status.PROVED


def test_a_citation_reaches_whatever_is_built_on_it():
    assert SMALL.status("3") is Status.GIVEN
    assert SMALL.inherited("3") == ("2",)


def test_instances_weigh_more_than_citations():
    assert SMALL.status("6") is Status.INSTANCES
    assert SMALL.inherited("6") == ("4",)


def test_nothing_is_inherited_where_the_own_lines_are_the_weakest():
    assert SMALL.inherited("4") == ()


def test_a_failure_reaches_whatever_is_built_on_it():
    assert WRONG.status("2") is Status.FAILED


def test_what_is_used_comes_in_an_earlier_layer():
    place = {name: level for level, layer in enumerate(SMALL.layers) for name in layer}
    assert all(place[used] < place[user] for user in "3456" for used in SMALL.uses(user))


def test_cited_theorems_are_nodes():
    assert SMALL.nodes["Gauss (1801)"].own is Status.CITED
    assert ("Gauss (1801)", "2") in SMALL.edges


def test_who_uses_a_statement_uses_its_parts():
    graph = Graph((Node("1a", ""), Node("1b", ""), Node("2", "", uses=("1",))), {"1": ("1a", "1b")})
    assert graph.uses("2") == ("1a", "1b")


def test_what_is_used_without_being_derived_is_not_proved():
    graph = Graph((Node("1", "", uses=("9",)),))
    assert graph.status("1") is Status.FAILED


def test_a_circle_is_refused():
    with pytest.raises(ValueError, match="1 uses 2 uses 1"):
        Graph((Node("1", "", uses=("2",)), Node("2", "", uses=("1",)))).text()


def test_a_derivation_with_a_false_line_has_failed():
    graph = Graph.of([lines(("true", a + a, 2 * a, Rewriting()), ("false", a, 2 * a, Rewriting()))])
    assert graph.status("1") is Status.FAILED
    assert graph.nodes["1"].failures == ("false",)


def test_a_line_of_instances_is_noted():
    graph = Graph.of([lines(("case", a**2, a, CASES))])
    assert graph.status("1") is Status.INSTANCES


def test_instances_that_the_conclusion_does_not_use_take_nothing_away():
    graph = Graph.of([lines(("case", a**2, a, CASES), ("general", a + a, 2 * a, Rewriting()))])
    assert graph.status("1") is Status.PROVED


def test_instances_that_the_conclusion_leans_on_are_noted():
    draft = Draft("1", "", "", ())
    draft.add("case", a**2, a, "", CASES)
    draft.add("again", a**2, a, "", Rewriting(), uses=("case",))
    assert node(draft.finish()).instances == ("case",)


def test_a_derivation_brings_its_citations():
    cited = Hypothesis("law", "the law $a = 1$", (Equation(a, sp.S.One),), Origin.CITED, "Gauss (1801)")
    graph = Graph.of([lines(("line", a, a, Rewriting()), hypotheses=(cited,))])
    assert graph.status("1") is Status.GIVEN
    assert graph.cites("1") == ("Gauss (1801)",)


def test_titles_are_plain_words():
    assert Graph.of([lines(("line", a, a, Rewriting()))]).nodes["1"].title == "about ν_W"


def test_the_text_fits_eighty_columns_and_names_every_node():
    long = Graph((*SMALL.derivations, Node("7", "a title that goes on " * 6, uses=tuple("123456"))))
    text = long.text()
    assert max(map(len, text.splitlines())) <= 80
    assert all(name in text for name in long.nodes)


def test_the_text_explains_its_marks():
    assert all(f"{status.mark} {status.value}" in SMALL.text() for status in Status)


def test_the_text_says_through_what_a_status_came():
    assert "builds on 4, of which some lines" in SMALL.text()


def test_the_drawing_is_well_formed_and_has_no_script():
    drawing = graph_svg(SMALL)
    assert {element.tag.rpartition("}")[2] for element in ET.fromstring(drawing).iter()} <= {
        *("svg", "title", "style", "rect", "g", "text", "path"),
    }
    assert "href" not in drawing


def test_the_drawing_shows_names_as_they_are():
    name = '<script>alert("1")</script> & co'
    drawing = ET.fromstring(graph_svg(Graph((Node(name, name), Node("2", "", uses=(name,))))))
    assert drawing.find(".//{*}script") is None
    assert any((element.text or "").startswith("✓ <script>") for element in drawing.iter())


def test_an_empty_graph_can_be_drawn():
    assert ET.fromstring(graph_svg(Graph(()))) is not None


def test_the_same_graph_gives_the_same_drawing():
    assert graph_svg(SMALL) == graph_svg(Graph(SMALL.derivations))


def test_all_that_the_statements_build_on_is_derived_and_without_circles():
    nodes = tuple(Node(d.id, d.title, uses=d.uses) for d in all_derivations())
    graph = Graph(nodes, {s.id: tuple(d.id for d in s.derivations()) for s in STATEMENTS.values()})
    assert graph.layers
    assert [one.id for one in graph.nodes.values() if one.own is not Status.PROVED] == []


def boxes(drawing):
    for box in ET.fromstring(drawing).iterfind(".//{*}rect"):
        if box.get("width") == str(BOX):
            yield tuple(float(box.get(name)) for name in ("x", "y", "width", "height"))


@pytest.fixture(scope="module")
def entangled():
    """Twenty nodes, each built on up to three earlier ones."""
    nodes = [
        Node(str(i), f"title of {i}", uses=tuple(dict.fromkeys(str(k) for k in (i // 2, i // 3, i - 5) if 0 < k < i)))
        for i in range(1, 21)
    ]
    return graph_svg(Graph(tuple(nodes)))


def test_boxes_do_not_overlap(entangled):
    found = list(boxes(entangled))
    assert len(found) == 20
    for number, (x, y, w, h) in enumerate(found):
        for u, v, p, q in found[number + 1 :]:
            assert x + w <= u or u + p <= x or y + h <= v or v + q <= y


def test_edges_pass_columns_between_the_boxes(entangled):
    found = list(boxes(entangled))
    passes = [(float(x), float(y), float(end)) for x, y, end in re.findall(r" ([\d.]+) ([\d.]+)H([\d.]+)", entangled)]
    assert passes
    for x, y, end in passes:
        assert not any(v < y < v + q and x < u + p and u < end for u, v, p, q in found)


def test_only_what_occurs_is_explained():
    assert Status.FAILED.value not in graph_svg(SMALL)
    assert Status.FAILED.value in graph_svg(WRONG)

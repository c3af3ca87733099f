"""Two theorems as one: each check and control meets its own context, and nothing of either is lost."""

from dataclasses import dataclass, field

import pytest

from proofs_check.composition import joined
from proofs_check.theorem import Check, Control, ControlResult, Kind, Theorem


@dataclass(frozen=True)
class Remembering:
    """A context that knows whose it is."""

    name: str
    interrupted: bool = False
    seen: list[str] = field(default_factory=list)

    @property
    def formulas(self):
        return {self.name: "formula"}

    @property
    def says(self):
        return {self.name: "says"}

    @property
    def warnings(self):
        return (f"warning of {self.name}",)


def theorem(name, *, interrupted=False):
    def check(context):
        context.seen.append("checked")
        return (context.name,)

    def refute(control, context):
        context.seen.append(control.name)
        return ControlResult(
            control, applicable=True, symbolic=True, numeric=True, symbolic_reason=context.name, numeric_reason=""
        )

    return Theorem(
        id=name,
        title=f"Title {name}",
        source=f"source {name}",
        parts={name: "part"},
        hypotheses=(f"hypothesis {name}",),
        checks=(Check(f"{name}.check", name, "check", check),),
        controls=(Control(f"control {name}", "claim", "why"),),
        prepare=lambda settings, progress: Remembering(name, interrupted),
        refute=refute,
    )


@pytest.fixture
def whole():
    return joined(theorem("a"), theorem("b"), rests_on=Kind.EXACT)


def test_checks_and_controls_meet_their_own_context(whole):
    context = whole.prepare(None, None)
    assert [list(check.run(context)) for check in whole.checks] == [["a"], ["b"]]
    assert [whole.refute(control, context).symbolic_reason for control in whole.controls] == ["a", "b"]
    assert context.first.seen == ["checked", "control a"]
    assert context.second.seen == ["checked", "control b"]


def test_what_both_say_is_said(whole):
    context = whole.prepare(None, None)
    assert (whole.id, whole.title, whole.source, whole.rests_on) == ("a", "Title a", "source a", Kind.EXACT)
    assert list(whole.parts) == list(context.says) == list(context.formulas) == ["a", "b"]
    assert whole.hypotheses == ("hypothesis a", "hypothesis b")
    assert context.warnings == ("warning of a", "warning of b")


def test_another_title_may_be_given():
    assert joined(theorem("a"), theorem("b"), title="Another", rests_on=Kind.EXACT).title == "Another"


@pytest.mark.parametrize("which", [(True, False), (False, True), (False, False)])
def test_an_interruption_of_either_is_one_of_both(which):
    one, other = (theorem(name, interrupted=value) for name, value in zip("ab", which, strict=True))
    assert joined(one, other, rests_on=Kind.EXACT).prepare(None, None).interrupted is any(which)


def test_controls_that_could_be_meant_for_either_are_refused():
    with pytest.raises(AssertionError):
        joined(theorem("a"), theorem("a"), rests_on=Kind.EXACT)

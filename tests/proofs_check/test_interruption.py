"""After an interrupt what was measured is kept, and nothing is begun for the sake of a picture."""

import pytest

from numerics.ensembles import chunks
from proofs_check.interruption import REQUESTED, nothing_is_begun
from proofs_check.picture import Picture
from proofs_check.progress import Silent
from proofs_check.registry import find
from proofs_check.request import settings_of
from proofs_check.run import run
from proofs_check.theorem import Check, Outcome, Theorem
from proofs_check.work import work_through


class Context:
    formulas, says, warnings, interrupted = {}, {"a": "something"}, (), False

    def __init__(self):
        self.drawn = []

    def picture(self):
        self.drawn += work_through(lambda chunk: chunk.index, chunks(3, 1), 1, Silent(), "drawing")
        return Picture("", ())


def pressed(_context):
    raise KeyboardInterrupt


def finished(monkeypatch, check):
    context = Context()
    theorem = Theorem(
        "x", "", "", {"a": ""}, (), (Check("a", "a", "", check),), (), lambda *_: context, None, picture=Context.picture
    )
    entry = find("22")
    monkeypatch.setattr(type(entry), "load", lambda _: theorem)
    return run(entry, settings_of(entry, {}, jobs=1)), context


def test_a_picture_is_drawn_of_a_run_that_ended(monkeypatch):
    verdict, context = finished(monkeypatch, lambda _: ())
    assert verdict.picture is not None
    assert context.drawn == [0, 1, 2]


def test_nothing_is_measured_for_the_picture_of_an_interrupted_run(monkeypatch):
    verdict, context = finished(monkeypatch, pressed)
    assert verdict.judgement.outcome is Outcome.INTERRUPTED
    assert verdict.picture is None
    assert context.drawn == []
    assert not REQUESTED.is_set()


def test_an_interrupt_of_the_user_is_remembered():
    REQUESTED.set()
    try:
        with nothing_is_begun():
            pass
        assert REQUESTED.is_set()
    finally:
        REQUESTED.clear()


def test_work_is_not_begun_after_an_interrupt():
    with nothing_is_begun(), pytest.raises(KeyboardInterrupt):
        next(work_through(lambda chunk: chunk, chunks(1, 1), 1, Silent(), "work"))

"""What the laws of Proposition 2.1 are tried on, values with names; and mistakes that break the laws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from numerics.realization.rnn import LinearRNN
from proofs_check.realization.by_hand import in_rows, shown
from proofs_check.realization.draws import Draw, Values
from proofs_check.realization.machine import Machine
from proofs_check.search.law import Law

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


@dataclass(frozen=True)
class Example:
    """Values by name.

    Attributes
    ----------
    values : mapping
    """

    values: Values

    @property
    def sizes(self) -> dict[str, int]:
        """T, n_x, n_y and n, as far as the example has them."""
        found: dict[str, int] = {}
        for name, value in self.values.items():
            if isinstance(value, LinearRNN):
                found |= {"n_x": value.inputs, "n_y": value.outputs, "n": value.n}
            elif name == "F":
                found |= {"n": value.shape[0], "n_x": value.shape[1]}
            elif name == "C":
                found["n_y"] = value.shape[0]
            elif name in ("L", "weights"):
                found |= dict(zip(("T", "n_y", "n_x"), value.shape, strict=True))
            elif name in ("x", "T"):
                found["T"] = value if name == "T" else value.shape[-2]
        if "T" not in found and "nodes" in self.values:
            found["T"] = len(self.values["nodes"])
        return {name: found[name] for name in ("T", "n_x", "n_y", "n") if name in found}

    def __str__(self) -> str:
        sizes = [f"{name} = {size}" for name, size in self.sizes.items()]
        return ", ".join([*sizes, *(_in_words(name, value) for name, value in self.values.items() if name != "T")])


class Mistake(NamedTuple):
    """A mistake in the operations, and the law that it breaks.

    Attributes
    ----------
    law : Law
    words : str
    machine : Machine
        With the mistake in it.
    """

    law: Law[Machine, Example]
    words: str
    machine: Machine


def _in_words(name: str, value: Any) -> str:
    if isinstance(value, LinearRNN):
        W = f"diag({', '.join(map(str, value.scaled_W))})" if value.is_diagonal else in_rows(value.scaled_W)
        return f"W/√n = {W}, F = {in_rows(value.F)}, C/√n = {in_rows(value.scaled_C)}"
    if isinstance(value, np.ndarray) and value.ndim > 1:
        matrix = value.T if name.endswith("x") else value  # time goes to the right
        return f"{name.replace('_', ' ')} = {in_rows(matrix) if value.ndim == 2 else shown(value)}"
    if isinstance(value, np.ndarray | list | tuple):
        return f"{name} {', '.join(map(str, value))}"
    return f"{name.replace('_', ' ')} = {value}"


def law(name: str, part: str, words: str, contradiction: Callable[..., str], **draws: Draw) -> Law[Machine, Example]:
    """A law of values that have names.

    Parameters
    ----------
    name, part, words : str
        See ``Law``.
    contradiction : callable
        From the machine and the values, by name, to what is wrong.
    **draws : callable
        How each value is drawn, in this order.
    """

    def examples() -> SearchStrategy[Example]:
        from hypothesis import strategies

        @strategies.composite
        def example(draw: Callable[[Any], Any]) -> Example:
            values: dict[str, Any] = {}
            for each, drawn in draws.items():
                values[each] = drawn(lambda one: draw(one), values)  # noqa: PLW0108 - Hypothesis looks for such a call
            return Example(values)

        return example()

    def contradicts(machine: Machine, example: Example) -> str:
        return contradiction(machine, **example.values)

    def sizes(example: Example) -> Mapping[str, int]:
        return example.sizes

    return Law(name, part, words, examples, contradicts, str, sizes)

"""Check a recursion from Python: one that is written there, an example, or the text of a TOML file."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from numerics.recursion import Recursion
from proofs_check.recursion.model import PythonRecursion, RecursionData
from proofs_check.recursion.reader import read
from proofs_check.registry import find
from proofs_check.run import Verdict, run
from proofs_check.settings import DEFAULT_RESOLUTION, Settings, default_jobs


def check_recursion(
    recursion: Recursion | RecursionData | str,
    *,
    n: int | Sequence[int] = 4096,
    horizon: int = 10,
    seed: int = 2021,
    replicates: int | None = None,
    outside_hypotheses: bool = False,
    title: str = "A recursion written in Python",
) -> Verdict:
    """Check Lemma C.1 on a recursion, as ``check-theorem C.1 --recursion`` does.

    Parameters
    ----------
    recursion : Recursion, RecursionData or str
        Written in Python (``numerics.recursion.python_recursion``), read from TOML
        (``proofs_check.recursion.reader.read_text``), or the name of a file or an example.
    n : int or sequence of int
        Widths.
    horizon : int
        T, the number of products.
    seed : int
    replicates : int, optional
        Draws at each width.
    outside_hypotheses : bool
        Run a recursion that is not Lipschitz all the same.
    title : str
        Of a recursion written in Python.

    Raises
    ------
    InputError
        When the request cannot be met.
    """
    settings = Settings(
        widths=tuple(sorted({n} if isinstance(n, int) else set(n))),
        horizon=horizon,
        inputs=1,
        outputs=1,
        nu_W=Fraction(0),
        nu_F=Fraction(0),
        nu_C=Fraction(0),
        replicates=replicates,
        resolution=DEFAULT_RESOLUTION,
        resolution_given=False,
        sampler="auto",
        jobs=default_jobs(),
        seed=seed,
        recursion=_read(recursion, title),
        outside_hypotheses=outside_hypotheses,
    )
    return run(find("C.1"), settings)


def _read(recursion: Recursion | RecursionData | str, title: str) -> RecursionData | PythonRecursion:
    if isinstance(recursion, str):
        return read(recursion)
    if isinstance(recursion, RecursionData):
        return recursion
    return PythonRecursion(recursion, _names("q", recursion.q_columns), _names("u", recursion.u_columns), title)


def _names(letter: str, count: int) -> tuple[str, ...]:
    return (letter,) if count == 1 else tuple(f"{letter}{place + 1}" for place in range(count))

"""False weights ρ_j, each said once: a statement picks those that its evidence can tell from the truth."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from proofs_check.implicit_bias.context import PAPER
from proofs_check.theorem import Control

OF_THE_KERNEL: Final = (
    Control(
        "factor j missing",
        "rho = nu_C*(nu_F*nu_W**(j-1) + nu_W**j) + nu_F*nu_W**j",
        "W is shared by j steps, and each contributes",
    ),
    Control(
        "j+1 for j",
        "rho = nu_C*((j+1)*nu_F*nu_W**(j-1) + nu_W**j) + nu_F*nu_W**j",
        "lag j passes through W exactly j times",
    ),
    Control(
        "exponent of W off by one",
        "rho = nu_C*(j*nu_F*nu_W**j + nu_W**j) + nu_F*nu_W**j",
        "the perturbed factor W~ has variance 1, not nu_W",
    ),
    Control("C not trained", "rho = nu_C*(j*nu_F*nu_W**(j-1) + nu_W**j)", "the part of C is missing"),
    Control("F not trained", "rho = nu_C*j*nu_F*nu_W**(j-1) + nu_F*nu_W**j", "the part of F is missing"),
    Control("W not trained", "rho = nu_C*nu_W**j + nu_F*nu_W**j", "the part of W is missing"),
    Control(
        "nu_F for nu_C in W's part",
        "rho = nu_F*j*nu_F*nu_W**(j-1) + nu_C*nu_W**j + nu_F*nu_W**j",
        "the perturbed W stands between C and F, one factor of each",
    ),
    Control(
        "root of nu_W for nu_W",
        "rho = nu_C*(j*nu_F*nu_W**((j-1)/2) + nu_W**(j/2)) + nu_F*nu_W**(j/2)",
        "nu_W is a variance",
    ),
    Control(
        "lag shifted by one",
        "rho = nu_C*((j+1)*nu_F*nu_W**j + nu_W**(j+1)) + nu_F*nu_W**(j+1)",
        "rho_{j+1} in place of rho_j",
    ),
    Control(
        "NTK parameterization",
        "rho = (j+2)*nu_C*nu_F*nu_W**j",
        "another convention, in which variances multiply standard Gaussians",
    ),
)
"""What a mistake in the tangent kernel would give."""

OF_LEARNING: Final = (
    Control("unscaled convolution", "rho = 1", "lags are learned at rates ρ_j, not at one rate"),
    Control(
        "another learning rate",
        f"rho = 2*({PAPER['rho']})",
        "a convolution of weights 2 ρ_j at rate η is one of weights ρ_j at rate 2 η",
    ),
    Control("variance of L_j for rho_j", f"rho = {PAPER['var']}", "how large L_j starts is not how fast it learns"),
)
"""Other models of how an RNN learns."""

BY_NAME: Final = {control.name: control for control in (*OF_THE_KERNEL, *OF_LEARNING)}


def false_weights(name: str, why: str = "", *, called: str = "") -> Control:
    """A control by its name here.

    Parameters
    ----------
    name : str
    why, called : str
        A reason, and a name, that say it better where it is used.
    """
    found = BY_NAME[name]
    return replace(found, name=called or found.name, why=why or found.why)

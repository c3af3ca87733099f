"""Errors that are the user's to mend."""

from __future__ import annotations


class UserError(ValueError):
    """Something in the input cannot be used; the message names what, and what is allowed."""


class InputError(UserError):
    """An option, or a combination of them."""


class FormulaError(UserError):
    """A formula that is not understood."""

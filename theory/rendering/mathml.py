"""Formulas as MathML that browsers without TeX's spacing rules show well."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from typing import Final
from xml.etree import ElementTree as ET

from latex2mathml.converter import convert

_NAMESPACE: Final = "http://www.w3.org/1998/Math/MathML"
_SCRIPTED: Final = {"msub", "msup", "msubsup", "munder", "mover", "munderover"}
_BELOW: Final = {"lim", "lim sup", "lim inf", "max", "min"}
_DEFINED: Final = r"\coloneqq"


@cache
def mathml(latex: str, *, display: bool = False) -> str:
    """A formula as MathML; in full size when it is displayed.

    What cannot be converted is shown as LaTeX.
    """
    spaced = re.sub(r"\\\\(?=\S)", r"\\\\ ", latex).replace(":=", _DEFINED)
    try:
        root = ET.fromstring(convert(spaced, display="block" if display else "inline"))  # noqa: S314
    except Exception:  # whatever the converter does not know
        return f"<code>{escape(latex)}</code>"
    root.set("display", "inline")
    if display:
        root.set("displaystyle", "true")
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{_NAMESPACE}}}")
    _space(root, script=False)
    root.set("xmlns", _NAMESPACE)
    return ET.tostring(root, encoding="unicode")


def _space(element: ET.Element, *, script: bool) -> None:
    """Set spacing as TeX does: none in scripts, a thin one around names of operators."""
    if element.tag == "mo":
        name = element.text or ""
        if name == "∞":
            element.tag = "mi"
        if script or name == "/":
            element.attrib.update(lspace="0", rspace="0")
        elif name.isalpha():
            element.attrib.update(lspace="0.17em", rspace="0")
    name = " ".join((element[0].text or "").split()) if element.tag == "msub" else ""
    if name in _BELOW:
        element.tag = "munder"
        element[0].set("movablelimits", "true")
    for place, child in enumerate(element):
        _space(child, script=script or (element.tag in _SCRIPTED and place > 0))

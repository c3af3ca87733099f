"""A verdict shows itself in a notebook."""

import html
import json
from fractions import Fraction

import jsonschema
import pytest

from proofs_check.registry import find
from proofs_check.report.json_report import schema
from proofs_check.run import run
from proofs_check.settings import Settings

SETTINGS = Settings(
    widths=(64,), horizon=3, inputs=1, outputs=1, nu_W=Fraction(4, 5), nu_F=Fraction(13, 10), nu_C=Fraction(7, 10),
    replicates=64, resolution=0.01, resolution_given=False, sampler="lazy", jobs=1, seed=3,
)  # fmt: skip


@pytest.fixture(scope="module", params=["22", "3.3b"])
def bundle(request):
    return run(find(request.param), SETTINGS)._repr_mimebundle_()


def test_as_text_it_is_the_report(bundle):
    text = bundle["text/plain"]
    assert "PASSED" in text
    assert "reproduce   check-theorem" in text
    assert "\x1b" not in text


def test_as_html_it_is_the_report_escaped(bundle):
    assert html.unescape(bundle["text/html"]) == f"<pre>{bundle['text/plain']}</pre>"


def test_as_data_it_obeys_the_schema(bundle):
    jsonschema.Draft202012Validator(schema()).validate(bundle["application/json"])
    json.dumps(bundle["application/json"])

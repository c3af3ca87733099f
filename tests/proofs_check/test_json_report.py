"""The report as data: described by a schema, the same on any number of workers."""

import copy
import json
from dataclasses import replace
from fractions import Fraction

import jsonschema
import pytest

from proofs_check.registry import find
from proofs_check.report.json_report import schema, to_json
from proofs_check.run import run
from proofs_check.settings import Settings

SETTINGS = Settings(
    widths=(16, 3000), horizon=4, inputs=1, outputs=1, nu_W=Fraction(4, 5), nu_F=Fraction(13, 10),
    nu_C=Fraction(7, 10), replicates=2500, resolution=0.01, resolution_given=False, sampler="auto", jobs=1, seed=3,
)  # fmt: skip


def text(**changes) -> str:
    return to_json(run(find("3.3"), replace(SETTINGS, **changes)))


@pytest.fixture(scope="module")
def plain_text():
    return text()


@pytest.fixture
def plain(plain_text):
    return json.loads(plain_text)


def validate(report) -> None:
    jsonschema.Draft202012Validator(schema()).validate(report)


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(schema())


def test_a_report_obeys_the_schema(plain):
    validate(plain)


def test_a_refuted_report_obeys_the_schema():
    found = json.loads(text(claims=("rho = nu_F/j", "var = -nu_F"), replicates=64, widths=(16,)))
    assert found["verdict"]["outcome"] == "refuted"
    validate(found)


def test_a_report_of_a_search_obeys_the_schema_and_counts_every_example():
    found = json.loads(to_json(run(find("2.1a"), replace(SETTINGS, examples=20))))
    validate(found)
    assert found["settings"]["examples"] == 20
    searches = [item for item in found["evidence"] if item["kind"] == "search"]
    for item in searches:
        assert item["details"]["tried"] == sum(item["details"]["sizes"]["T"].values()) == 20
        assert not item["is_proof"]
    (last,) = (item["details"]["table"] for item in searches if "table" in item["details"])
    assert [row[0] for row in last["rows"]] == [item["title"] for item in searches]


def test_the_schema_refuses_a_report_with_a_piece_missing(plain):
    broken = copy.deepcopy(plain)
    del broken["evidence"][0]["status"]
    with pytest.raises(jsonschema.ValidationError):
        validate(broken)


def test_one_worker_and_two_give_the_same_bytes_apart_from_times(plain_text):
    def without_times(report: str) -> list[str]:
        lines = report.splitlines()
        (time,) = (i for i, line in enumerate(lines) if '"seconds"' in line)
        return lines[:time] + lines[time + 1 :]

    assert without_times(plain_text) == without_times(text(jobs=2))


def test_another_seed_gives_another_report():
    one, other = (json.loads(text(seed=seed, replicates=64, widths=(16,))) for seed in (3, 4))
    assert one["evidence"] != other["evidence"]


def test_a_file_gets_the_report_and_the_terminal_the_verdict(command, tmp_path):
    path = tmp_path / "report.json"
    small = ("--n", "16", "--horizon", "2", "--replicates", "64", "--jobs", "1", "--quiet")
    ran = command("3.3", *small, "--json", str(path))
    assert ran.out.startswith("PASSED")
    assert json.loads(path.read_text(encoding="utf-8"))["verdict"]["outcome"] == "passed"


def test_a_dash_writes_the_report_alone_to_standard_output(command):
    ran = command("3.3b", "--n", "16", "--horizon", "2", "--replicates", "64", "--jobs", "1", "--json", "-")
    validate(json.loads(ran.out))


def test_every_lag_has_its_claim_measurement_and_resolution(plain):
    rows = next(item for item in plain["evidence"] if item["check"] == "b.weights")["details"]["rows"]
    assert [row["lag"] for row in rows] == [0, 1, 2, 3]
    assert {"claimed", "exact", "measured", "standard_error", "resolution", "tested_against"} <= set(rows[0])

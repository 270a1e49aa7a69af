"""The plan of a campaign: every failpoint has its place in a life, and no result is made up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from workflow.cli import cli
from workflow.kernel.failpoints import POINTS
from workflow.kernel.kills import Moment
from workflow.soak import campaign, oracle
from workflow.soak.points import PLACES, why_not
from workflow.soak.runs import Outcome, Result
from workflow.soak.truth import Truth

ALL = campaign.Order(points=tuple(PLACES), moments=tuple(Moment), databases=campaign.DATABASES, seed=3)


def test_every_failpoint_is_rehearsed() -> None:
    assert set(PLACES) == set(POINTS)
    assert len(PLACES) >= 30 and len(Moment) == 5


def test_a_moment_that_a_point_does_not_have_is_counted_apart_and_never_passed() -> None:
    runs, impossible = campaign.planned(ALL)
    assert len(runs) + len(impossible) == len(PLACES) * 5 * 2
    assert all(result.outcome is Outcome.NOT_APPLICABLE and result.why for result in impossible)
    assert {why_not(result.point, Moment(result.moment)) is None for result in impossible} == {False}
    assert "0 kills" in campaign.sentence(impossible)


def test_the_same_seed_plans_the_same_runs() -> None:
    assert campaign.planned(ALL) == campaign.planned(ALL)


def _result(outcome: Outcome, **more: tuple[str, ...]) -> Result:
    return Result("sqlite", "outbox.after_claim", "at", 1, outcome, **more)


@pytest.mark.parametrize(
    ("results", "well"),
    [
        ([], False),
        ([_result(Outcome.WELL)], True),
        ([_result(Outcome.WELL), _result(Outcome.NOT_APPLICABLE)], True),
        ([_result(Outcome.WELL), _result(Outcome.BROKEN)], False),
        ([_result(Outcome.WELL), _result(Outcome.HARM, lost=("a letter",))], False),
    ],
)
def test_a_campaign_is_well_only_if_every_run_has_a_good_result(results: list[Result], well: bool) -> None:
    assert campaign.is_well(results) is well


def test_an_interrupted_campaign_goes_on_and_repeats_what_broke(tmp_path: Path) -> None:
    path = tmp_path / "campaign.jsonl"
    journal = campaign.Journal(path, {"seed": 3}, resume=False)
    journal.add(_result(Outcome.WELL))
    journal.add(Result("sqlite", "letter.after_store", "at", 1, Outcome.BROKEN, why="never reached"))
    with path.open("a") as file:
        file.write('{"database": "sqlite", "point": "outb')  # killed in the middle of a line
    again = campaign.Journal(path, {"seed": 3}, resume=True)
    assert again.done() == {("sqlite", "outbox.after_claim", "at")}
    assert json.loads(path.read_text().splitlines()[0]) == {"seed": 3}


def test_an_unknown_point_is_said_in_a_sentence() -> None:
    refused = CliRunner().invoke(cli, ["soak", "kill", "--points", "outbox.nowhere"])
    assert refused.exit_code == 1 and str(refused.exception) == "There is no failpoint outbox.nowhere."


class Rows:
    """A database that says what a test wants."""

    def __init__(self, answers: dict[str, list[tuple[object, ...]]]) -> None:
        self._answers = answers

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return next((rows for words, rows in self._answers.items() if words in query), [])


def test_the_oracle_reckons_shares_to_the_cent() -> None:
    """300.01 net: VAT 21.00, owner 165.01 (a half cent is the owner's), operator 135.00, fee 1.5 % + 25 c."""
    facts = oracle.must_be(Truth(nets={"a@example.org": 30_001}, paid=("a@example.org",)))
    sums = {fact[2]: fact[3] for fact in facts if fact[0] == "booked"}
    assert sums == {
        "psp_clearing": 32_101 - 506, "psp_fees": 506, "vat_licences": -2_100, "commission": -13_500,
        "owner_held": -16_501,
    }  # fmt: skip
    assert sum(sums.values()) == 0


def test_the_oracle_tells_what_is_lost_and_what_is_doubled(tmp_path: Path) -> None:
    asked = Truth(nets={"a@example.org": 100}, offered=("a@example.org", "b@example.org"))
    letter = ("a@example.org", "offer", "", "sent", 1)
    database = Rows({"FROM letters": [letter, letter], "FROM outbox": [("letter:7", "claimed")]})
    lost, doubled = oracle.differences(oracle.must_be(asked), oracle.is_there(database, tmp_path, asked))
    assert lost == ["letter b@example.org offer  sent 1: 1 missing", "message letter:7 claimed: not finished"]
    assert doubled == ["letter a@example.org offer  sent 1: 1 too many"]

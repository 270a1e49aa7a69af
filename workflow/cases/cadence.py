"""When the next letter is due if nobody answers: the table ``data/cadence.yaml`` and its arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import yaml

from workflow.kernel.calendar import WorkingDays
from workflow.kernel.errors import Refused
from workflow.kernel.said import say

DATA = Path(__file__).parent / "data" / "cadence.yaml"


@dataclass(frozen=True, slots=True)
class Step:
    """One step after the offer: on ``day``, fire ``trigger``; ``letter`` names what is written, if any."""

    name: str
    day: int
    trigger: str
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Cadence:
    """One edition of the rhythm; a case keeps the edition it began with."""

    version: str
    effective_from: date
    gap_working_days: int
    answer_day: int
    hold_minimum_working_days: int
    extension_days: int
    refund_window_days: int
    owner_answer_days: int
    #: State → calendar days after which a person looks after it.
    follow_up_days: dict[str, int]
    steps: tuple[Step, ...]

    def step(self, number: int) -> Step | None:
        """The step to take next when ``number`` steps are done; ``None`` after the last."""
        return self.steps[number] if number < len(self.steps) else None

    def date_of(self, number: int, offered_on: date, last_letter_on: date, place: WorkingDays) -> date:
        """When step ``number`` is due (see the head of the data file for the rule)."""
        step = self.steps[number]
        planned = place.next_working(offered_on + timedelta(days=step.day))
        if not step.letter:
            over = not any(later.letter for later in self.steps[number:])
            # after the last letter, its whole time to answer passes first
            return max(planned, place.add(last_letter_on, self.gap_working_days + 1 if over else 1))
        return max(planned, place.add(last_letter_on, self.gap_working_days))

    def first_answer_by(self, offered_on: date, place: WorkingDays) -> date:
        """The date the offer names."""
        planned = place.next_working(offered_on + timedelta(days=self.answer_day))
        return max(planned, place.add(offered_on, self.gap_working_days))

    def answer_by(self, number: int, offered_on: date, letter_on: date, place: WorkingDays) -> date:
        """The date a reminder names: the last working day before the next letter could leave."""
        following = [at for at in range(number + 1, len(self.steps)) if self.steps[at].letter]
        if not following:
            return place.add(letter_on, self.gap_working_days)
        day = self.date_of(following[0], offered_on, letter_on, place) - timedelta(days=1)
        while not place.is_working(day):
            day -= timedelta(days=1)
        return day


def cadence_on(day: date) -> Cadence:
    """The edition in force on ``day``; :class:`Refused` when none is."""
    in_force = [edition for edition in _editions() if edition.effective_from <= day]
    if not in_force:
        raise Refused(say("No cadence is known for {isoformat}.", isoformat=day.isoformat()))
    return max(in_force, key=lambda edition: edition.effective_from)


def cadence(version: str) -> Cadence:
    """The edition a case began with."""
    return next(edition for edition in _editions() if edition.version == version)


def letter_steps() -> tuple[str, ...]:
    """The names of all steps that write a letter, of every edition."""
    return tuple({step.name: None for edition in _editions() for step in edition.steps if step.letter})


def zone_of(country: str) -> str:
    """The time zone in which a country's recipients read their mail; :class:`Refused` when unknown."""
    zones: dict[str, str] = _table()["zones"]
    if country not in zones:
        raise Refused(
            say(
                "No time zone is known for the country {country}. Add it to the cadence table.",
                country=country,
            )
        )
    return zones[country]


def countries() -> tuple[str, ...]:
    """The countries a letter can be sent to today."""
    return tuple(_table()["zones"])


@cache
def _editions() -> tuple[Cadence, ...]:
    return tuple(
        Cadence(**{**row, "steps": tuple(Step(**step) for step in row["steps"])})
        for row in _table()["editions"]
    )


@cache
def _table() -> dict:  # type: ignore[type-arg]
    table: dict = yaml.safe_load(DATA.read_text(encoding="utf-8"))  # type: ignore[type-arg]
    return table

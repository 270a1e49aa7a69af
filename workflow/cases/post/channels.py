"""By which ways a letter travels: the operator's choice for the case, or the rule in ``data/post.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import yaml

from workflow.cases.models import Case
from workflow.cases.post.states import Way
from workflow.cases.states import Channel, ChannelChoice, LetterKind
from workflow.kernel.errors import Refused
from workflow.kernel.said import inside, say

DATA = Path(__file__).parent / "data" / "post.yaml"
#: Street and town: a name alone finds nobody.
LEAST_LINES = 2

WAYS: dict[Channel, tuple[Way, ...]] = {
    Channel.MAIL: (Way.MAIL,),
    Channel.POST: (Way.POST,),
    Channel.BOTH: (Way.MAIL, Way.POST),
}
CHOICE_WORDS: dict[ChannelChoice, str] = {
    ChannelChoice.RULE: say("By the rule: mail if known, formal and last letters both ways, else post"),
    ChannelChoice.MAIL: say("By mail"),
    ChannelChoice.POST: say("By post"),
    ChannelChoice.BOTH: say("By mail and by post"),
}
CHANNEL_WORDS: dict[Channel, str] = {
    Channel.MAIL: say("By mail"),
    Channel.POST: say("By post"),
    Channel.BOTH: say("By mail and by post"),
}


@dataclass(frozen=True, slots=True)
class PostRules:
    """One edition of the rules for paper; days are working days of the recipient's place."""

    version: str
    effective_from: date
    delivery_days: int
    posting_days: int
    batch_letters: int
    both: tuple[str, ...]
    registered: tuple[str, ...]
    window_lines: int
    window_characters: int


def post_rules(day: date) -> PostRules:
    """The edition in force on ``day``; :class:`Refused` when none is."""
    in_force = [edition for edition in _editions() if edition.effective_from <= day]
    if not in_force:
        raise Refused(say("No rules for the post are known for {day}.", day=day))
    return max(in_force, key=lambda edition: edition.effective_from)


def channel_of(case: Case, kind: LetterKind, step: str, day: date) -> Channel:
    """The ways of one letter; :class:`Refused` with the reason when it has none."""
    no_mail = None if case.recipient_email else say("No e-mail address of the recipient is known.")
    no_post = address_problem(case, day)
    choice = case.channel
    if choice in (None, ChannelChoice.RULE):
        if no_mail and no_post:
            raise Refused(
                say("The letter has no way to travel. {no_mail} {no_post}", no_mail=no_mail, no_post=no_post)
            )
        if no_mail:
            return Channel.POST
        both = {kind.value, step} & set(post_rules(day).both)
        return Channel.BOTH if both and not no_post else Channel.MAIL
    wanted = Channel(choice.value)
    reasons = [no_mail if way is Way.MAIL else no_post for way in WAYS[wanted]]
    if missing := [reason for reason in reasons if reason]:
        raise Refused(
            say(
                "Letters of this case were chosen to go {ways}.",
                ways=inside(CHANNEL_WORDS[wanted]),
            ),
            *missing,
        )
    return wanted


def why_no_way(case: Case, kind: LetterKind, step: str, day: date) -> str | None:
    """Why a letter of this kind could not travel now, or ``None``."""
    try:
        channel_of(case, kind, step, day)
    except Refused as refusal:
        return str(refusal)
    return None


def is_registered(step: str, day: date) -> bool:
    """Whether the rule asks for registered mail at this step."""
    return step in post_rules(day).registered


def address_problem(case: Case, day: date) -> str | None:
    """Why nothing can be posted to this address, or ``None``: it must be whole and fit the window."""
    lines = address_lines(case.recipient_address)
    if not lines:
        return say("No postal address of the recipient is known.")
    if len(lines) < LEAST_LINES:
        return say("The postal address needs street and town, one line each.")
    rules = post_rules(day)
    most = rules.window_lines - 2  # the name above it, the country beneath it
    if len(lines) > most:
        return say(
            "The postal address has {count} lines; {most} fit into the window of the envelope.",
            count=len(lines),
            most=most,
        )
    longest = max((case.recipient_name, *lines), key=len)
    if len(longest) > rules.window_characters:
        return say(
            "“{longest}” is too long for one line in the window of the envelope: {count} "
            "characters, {window_characters} fit.",
            longest=longest[:60],
            count=len(longest),
            window_characters=rules.window_characters,
        )
    return None


def address_lines(text: str) -> list[str]:
    """The lines of a postal address, without empty ones."""
    return [line.strip() for line in text.splitlines() if line.strip()]


@cache
def _editions() -> tuple[PostRules, ...]:
    rows = yaml.safe_load(DATA.read_text(encoding="utf-8"))["editions"]
    return tuple(
        PostRules(**row | {"both": tuple(row["both"]), "registered": tuple(row["registered"])})
        for row in rows
    )

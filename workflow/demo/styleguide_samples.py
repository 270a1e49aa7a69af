"""What the style guide shows of the desk: bell, checklist, first steps, finds and a digest, all made up."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from workflow.accounts.bell import Bell, Line
from workflow.accounts.readiness import BLOCKS_WORDS, Blocks, Item
from workflow.desk.first_steps import FirstSteps, Step, StepState
from workflow.desk.search import Found, Group
from workflow.kernel.mail import render_mail
from workflow.kernel.money import Money
from workflow.kernel.said import say
from workflow.web.current import runtime

NOWHERE = uuid.UUID(int=0)


def samples(now: datetime) -> dict[str, Any]:
    """Everything the section about the desk needs."""
    return {
        "news": _bell(now),
        "needs": _needs(),
        "need_words": BLOCKS_WORDS,
        "steps": _steps(),
        "finds": _finds(),
        "digest": _digest(now),
    }


def _bell(now: datetime) -> Bell:
    host = "walks.example.org"
    told = (
        (say("You must act in case {reference}: {host}", reference="K7M3PQ-X", host=host),
         "exclamation-triangle", True, now.date() + timedelta(days=14)),
        (say("New hits in your inbox: {count}.", count=14), "images", True, None),
        (say("Case {reference} is paid: {host}", reference="P4RT9W-C", host=host),
         "credit-card", False, None),
    )  # fmt: skip
    lines = tuple(
        Line(NOWHERE, text, icon, now - timedelta(days=at), act_by, unread, "", {})
        for at, (text, icon, unread, act_by) in enumerate(told)
    )
    return Bell(2, lines)


def _needs() -> list[Item]:
    return [
        Item("profile", say("Who operates this instance"), done=True,
             why=say("Letters name {name}, {city}.", name="Example Picture Rights", city="Berlin"),
             blocks=(Blocks.LETTERS,)),
        Item("mail", say("Mail server"), done=False,
             why=say("No mail server is set: a letter by e-mail could not leave."), blocks=(Blocks.LETTERS,),
             command="LICHTBILD_MAIL_URL=smtp://user:password@host:587?starttls=1"),
        Item("logo", say("Logo"), done=False, why=say("Letters show the name alone."),
             blocks=(Blocks.NOTHING,)),
    ]  # fmt: skip


def _steps() -> FirstSteps:
    return FirstSteps((
        Step("email", say("Confirm your e-mail address"), say("So that nobody signs up in your name."),
             StepState.DONE),
        Step("photographs", say("Add your first photographs"),
             say("Only what we know can be found. The largest file you have is the best."), StepState.NEXT,
             say("Add photographs"), "demo_styleguide.show"),
        Step("watch", say("First search of the web"),
             say("It begins by itself after your first photograph; nothing for you to do."), StepState.WAITS),
    ))  # fmt: skip


def _finds() -> list[Group]:
    here = "demo_styleguide.show"
    case = Found("walks.example.org", "Example Walks Ltd · Offer sent", here, reference="K7M3PQ-X")
    work = Found("Chapel below the ridge", "chapel.jpg, 6000 × 4000", here)
    return [
        Group("cases", say("Cases"), "folder2-open", (case,), more=False),
        Group("photographs", say("Photographs"), "images", (work,), more=True),
    ]


def _digest(now: datetime) -> str:
    desk = runtime().config.desk_url
    context = {
        "name": "Anna Beispiel", "week_on": now.date(), "new_hits": 3, "to_decide": 14, "more_cases": 0,
        "cases": [{"reference": "K7M3PQ-X", "host": "walks.example.org", "stage": "Offer sent",
                   "next": "Answer by 19 Mar 2024."}],
        "held": Money(15_840), "available": Money(0), "paid": Money(0), "inbox_url": f"{desk}/inbox",
        "cases_url": f"{desk}/cases/", "money_url": f"{desk}/money/",
        "settings_url": f"{desk}/settings/notices", "sender_name": "Example Picture Rights",
    }  # fmt: skip
    subject, text = render_mail(runtime().press.environment, "digest", context)
    return f"{subject}\n\n{text}"

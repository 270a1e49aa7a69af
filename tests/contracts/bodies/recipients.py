"""What the recipient of a letter sends, and what comes to the portal from outside."""

from __future__ import annotations

import uuid

from tests.contracts.bodies.lines import File, Line, Stage, bare, countered, just_offered, on
from tests.world import Form, Visitor, picture
from workflow.cases.bargaining.countering import Verdict, decide_counter
from workflow.cases.models import Case
from workflow.kernel.db import Session
from workflow.kernel.money import Money


def _enter(stage: Stage) -> Form:
    stage.extra["fresh"] = Visitor(stage.world.portal)
    return stage.form("fresh", "/", {"reference": stage.case.reference, "code": stage.case.code})


def _entered(stage: Stage) -> None:
    """Somebody in a case whose sessions nobody else needs."""
    stage.extra["fresh"] = stage.world.recipient(stage.third_case)


def _leave(stage: Stage) -> Form:
    _entered(stage)
    return stage.form("fresh", "/case", action="/leave")


def _leave_everywhere(stage: Stage) -> Form:
    _entered(stage)
    _entered(stage)
    return stage.form("fresh", "/case", action="/leave/everywhere")


def _more_time(stage: Stage) -> Form:
    """Of a case that nobody answered yet."""
    stage.extra["fresh"] = stage.world.recipient(stage.unanswered_case)
    return stage.form("fresh", "/case", action="/more-time")


def _announce(stage: Stage) -> Form:
    """Of a case for which nothing came and nothing was announced."""
    stage.extra["fresh"] = stage.world.recipient(just_offered(stage))
    return stage.form("fresh", "/pay/transfer", action="/pay/transfer")


def _doubt(stage: Stage) -> Form:
    """Of a sum that was calculated, in a case where no input is doubted."""
    stage.extra["fresh"] = stage.world.recipient(just_offered(stage))
    values = {"text": "It stands in our imprint.", "files": File(picture(9), "imprint.jpg")}
    return stage.form("fresh", "/price/credited?value=yes", values)


def _counter(stage: Stage) -> Form:
    stage.extra["fresh"] = stage.world.recipient(just_offered(stage))
    return stage.form("fresh", "/counter-offer", {"total": "100.00"}, "/counter-offer")


def _take(stage: Stage) -> Form:
    """A sum that was named in answer to the recipient's."""
    made, counter = countered(stage)

    def name(session: Session) -> None:
        version = session.get_one(Case, made.id).version
        decide_counter(
            session, uuid.UUID(counter), Verdict.NAME, "Halfway.", Money(20_000), stage.world.owner,
            stage.world.now, seen_version=version,
        )  # fmt: skip

    stage.change(name)
    stage.extra["fresh"] = stage.world.recipient(made)
    return stage.form("fresh", "/case", {}, "/take")


def _verify(stage: Stage) -> Form:
    return stage.form("passer-by", "/verify", {"reference": stage.case.reference}, "/verify")


def _answer(stage: Stage) -> Form:
    values = {"source": "agency", "number": "4711", "files": File(picture(9), "licence.jpg")}
    return stage.form("recipient", "/answer/licence", values)


LINES = {
    "language.choose": bare("passer-by", "/language", ("language", "en"), ("back", "/"), writes=False),
    "money_webhooks.stripe": bare(
        "passer-by", "/webhooks/stripe", answer=400, writes=False,
        why="a body without a signature is from nobody; see the test of its own",
    ),
    "portal_public.look_up": Line("passer-by", _verify, writes=False),
    "portal_public.enter_with_code": Line("fresh", _enter),
    "portal_payments.announce": Line("fresh", _announce),
    "portal_payments.pay": on("recipient", "/pay", action="/pay"),
    "portal_answers.more_time": Line("fresh", _more_time),
    "portal_answers.send": Line("recipient", _answer),
    "portal_counter.send": Line("fresh", _counter),
    "portal_counter.take": Line("fresh", _take),
    "portal_price.send": Line("fresh", _doubt),
    "portal_infringer.leave": Line("fresh", _leave),
    "portal_infringer.leave_everywhere": Line("fresh", _leave_everywhere),
}  # fmt: skip

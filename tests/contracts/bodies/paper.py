"""Letters on paper and what came in by hand: one letter's way there and back, and once more."""

from __future__ import annotations

from typing import Any

from tests.contracts.bodies.lines import File, Line, Stage
from tests.world import Form, picture
from workflow.accounts.models import ContactRequest
from workflow.cases.arrivals.models import Arrival
from workflow.cases.models import Letter
from workflow.cases.post.models import LetterDelivery
from workflow.cases.post.states import DeliveryState, Way
from workflow.kernel.ids import new_id

#: The office shares its work, so nobody in it is a stranger to a letter.
BY = "reviewer"


def delivery(stage: Stage, *states: DeliveryState) -> LetterDelivery:
    """The paper of the recipient's case that stands so."""
    letters = [row.id for row in stage.world.all(Letter) if row.case_id == stage.case.id]
    here = (LetterDelivery.letter_id.in_(letters), LetterDelivery.way == Way.POST)
    batched = LetterDelivery.batch_id.is_not(None)
    found: LetterDelivery = stage.first(LetterDelivery, *here, batched, LetterDelivery.state.in_(states))
    return found


def _page(row: LetterDelivery) -> str:
    return f"/operator/post/deliveries/{row.id}"


def _came_back(stage: Stage) -> Form:
    today = stage.world.now.date().isoformat()
    scan = File(picture(8), "envelope.jpg")
    values = {"reason": "moved", "on": today, "scan": scan}
    return stage.form(BY, _page(delivery(stage, DeliveryState.POSTED)), values)


def _again(stage: Stage) -> Form:
    row = delivery(stage, DeliveryState.RETURNED)
    return stage.form(BY, _page(row), {"note": "The imprint names it so.", "address": ""}, "/again")


def _make(stage: Stage) -> Form:
    return stage.form(BY, "/operator/post/", {}, "/batches")


def _batch(stage: Stage) -> str:
    stage.world.work()
    lying = delivery(stage, DeliveryState.BATCHED)
    return f"/operator/post/batches/{lying.batch_id}"


def _back(stage: Stage) -> Form:
    return stage.form(BY, _batch(stage), {"note": "The printer smeared."}, "/back")


def _posted(stage: Stage) -> Form:
    again = [("key", new_id().hex)]
    assert stage.send(BY, "/operator/post/batches", again) == 303
    page = _batch(stage)
    to, fields = stage.form(BY, page, {}, "/posted")
    number = f"number-{delivery(stage, DeliveryState.BATCHED).id}"
    return to, [*fields, ("on", stage.world.now.date().isoformat()), (number, "")]


def _left(stage: Stage) -> Form:
    row = delivery(stage, DeliveryState.WITHHELD)
    today = stage.world.now.date().isoformat()
    return _page(row) + "/left", [("on", today), ("note", "It lay in the box.")]


def _arrived(stage: Stage) -> Form:
    return stage.form(BY, _page(delivery(stage, DeliveryState.POSTED)), {}, "/arrived")


def _new(stage: Stage) -> Form:
    values: dict[str, Any] = {"sender": "Somebody", "summary": "A call.", "scans": File(picture(8), "s.jpg")}
    return stage.form(BY, "/operator/incoming/new", values)


def _waiting(stage: Stage) -> str:
    return f"/operator/incoming/{stage.first(Arrival, Arrival.case_id.is_(None)).id}"


def _assign(stage: Stage) -> Form:
    return stage.form(BY, _waiting(stage), {"reference": stage.case.reference}, "/assign")


def _withdraw(stage: Stage) -> Form:
    return stage.form(BY, _waiting(stage), {"note": "Recorded twice."}, "/withdraw")


def _settle(stage: Stage) -> Form:
    message = stage.first(ContactRequest, ContactRequest.done_at.is_(None))
    return stage.form(BY, f"/operator/incoming/messages/{message.id}", {"note": "Answered by mail."})


LINES = {
    "post_operator.delivery": Line(BY, _came_back),
    "post_operator.again": Line(BY, _again),
    "post_operator.make": Line(BY, _make),
    "post_operator.back": Line(BY, _back),
    "post_operator.left": Line(BY, _left),
    "post_operator.arrived": Line(BY, _arrived),
    "post_operator.posted": Line(BY, _posted),
    "arrivals_operator.new": Line(BY, _new),
    "arrivals_operator.assign": Line(BY, _assign),
    "arrivals_operator.settle": Line(BY, _settle),
    "arrivals_operator.withdraw": Line(BY, _withdraw),
}

"""Where the payment service reports: checked, written down once, answered; the worker does the rest."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import cast

from flask import Response, current_app, jsonify, request

from workflow.kernel import inbox
from workflow.kernel.actors import Role
from workflow.kernel.db import Session
from workflow.kernel.errors import Unavailable
from workflow.kernel.failpoints import failpoint
from workflow.kernel.said import say
from workflow.money import queries
from workflow.money.gateway import ForgedEvent, GatewayEvent, PaymentGateway
from workflow.money.gateways import gateway_for
from workflow.web.blueprints import role_blueprint
from workflow.web.current import runtime, wall
from workflow.web.limits import limiter, max_bytes

MAX_BODY = 256 * 1024
#: After an outage the service sends what it kept; it is not turned away for being fast.
STORM = "6000/minute"
GATEWAY = "money_gateway"

money_webhooks = role_blueprint("money_webhooks", __name__, role=Role.PUBLIC, url_prefix="/webhooks")


@money_webhooks.post("/stripe")
@limiter.limit(STORM)
@max_bytes(MAX_BODY)
def stripe() -> Response:
    """Take a genuine event once (200, also when it was seen before); anything else is 400 and not kept."""
    body = request.get_data(cache=False)
    try:
        event = _gateway().read_event(body, request.headers.get("Stripe-Signature", ""), wall())
    except ForgedEvent as forged:
        current_app.logger.warning("webhook refused: %s", forged)
        return Response(f"{forged}\n", status=400, mimetype="text/plain")
    failpoint("webhook.after_verify")
    runtime().database.run(partial(_receive, event, body, wall()))
    failpoint("webhook.before_2xx")
    return jsonify(received=True)


def _receive(event: GatewayEvent, body: bytes, now: datetime, session: Session) -> None:
    inbox.receive(
        session, "stripe", event.foreign_id, kind=(event.word or event.kind.value)[:80], body=body,
        facts=queries.event_facts(event), wall=now,
    )  # fmt: skip
    failpoint("webhook.after_insert")


def _gateway() -> PaymentGateway:
    """The gateway of this process, made at the first message."""
    if GATEWAY not in current_app.extensions:
        current_app.extensions[GATEWAY] = gateway_for(runtime().config)
    gateway = cast("PaymentGateway | None", current_app.extensions[GATEWAY])
    if gateway is None:
        raise Unavailable(say("Card payments are not set up here."))
    return gateway


BLUEPRINTS = (money_webhooks,)

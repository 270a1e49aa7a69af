"""Is this process well? Asked by a supervisor; outsiders learn nothing but yes or no.

``/live``: the process answers. ``/ready``: it can do its work. ``/metrics``: figures, on loopback or with
the token of the configuration. ``/healthz``: the database answers.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from flask import Response, current_app, jsonify, request
from prometheus_client import generate_latest
from sqlalchemy import text

from workflow.kernel.actors import Role
from workflow.kernel.errors import NotFound
from workflow.web.blueprints import role_blueprint
from workflow.web.current import reading, runtime
from workflow.web.watching import REGISTRY

health = role_blueprint("health", __name__, role=Role.PUBLIC)

#: Said, but the pages work all the same while it does not hold.
ONLY_TOLD = frozenset({"truths"})
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via")
FIGURES_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def _nothing() -> Mapping[str, bool]:
    return {}


def _no_figures() -> bytes:
    return b""


@dataclass(frozen=True, slots=True)
class Condition:
    """What the composition root knows about the instance's condition."""

    #: Name of a need and whether it is met.
    readiness: Callable[[], Mapping[str, bool]] = _nothing
    #: Figures derived from the database, in Prometheus' text form.
    figures: Callable[[], bytes] = _no_figures
    #: Whether loopback may read figures without a token; never on the portal.
    local_figures: bool = False


@health.get("/live")
def live() -> Response:
    """``ok``: the process answers, whatever else does not."""
    return Response("ok\n", mimetype="text/plain")


@health.get("/healthz")
def healthz() -> Response:
    """``ok`` when the database answers; otherwise the error page of 503."""
    with reading() as session:
        session.execute(text("SELECT 1"))
    return Response("ok\n", mimetype="text/plain")


@health.get("/ready")
def ready() -> tuple[Response, int]:
    """Every need as true or false; 503 while one is not met that the pages cannot do without."""
    told = dict(_condition().readiness())
    well = all(met for name, met in told.items() if name not in ONLY_TOLD)
    return jsonify({"ready": well, **told}), 200 if well else 503


@health.get("/metrics")
def metrics() -> Response:
    """Counters of this process and figures of the instance; to everybody else the page does not exist."""
    if not (_has_token() or _is_local()):
        raise NotFound
    return Response(generate_latest(REGISTRY) + _condition().figures(), content_type=FIGURES_TYPE)


def _condition() -> Condition:
    condition: Condition = current_app.extensions["condition"]
    return condition


def _has_token() -> bool:
    token = runtime().config.metrics_token
    given = request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _is_local() -> bool:
    """From this very machine, and not handed on by a proxy on it that nobody told us about."""
    config = runtime().config
    if not _condition().local_figures or any(request.headers.get(name) for name in FORWARDED):
        return False
    if config.desk_url.startswith("https:") and not config.proxies:
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False

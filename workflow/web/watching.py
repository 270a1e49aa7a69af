"""Every request has a number, a line in the log and a place in the figures.

Counters belong to one process: a scraper that asks several web processes adds them up by itself.
"""

from __future__ import annotations

import logging
import secrets
import time
from typing import TYPE_CHECKING

from flask import current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram

from workflow.kernel import logs

if TYPE_CHECKING:
    from flask import Flask, Response

log = logging.getLogger("lichtbild.request")

REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "lichtbild_requests", "Requests answered.", ("app", "endpoint", "method", "status"), registry=REGISTRY
)
SECONDS = Histogram(
    "lichtbild_request_seconds", "Time to answer.", ("app", "endpoint"), registry=REGISTRY,
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)  # fmt: skip
METHODS = ("GET", "HEAD", "OPTIONS", "POST")


def install(app: Flask) -> None:
    """Number, count and time every request of ``app``."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    """Give the request the number that error pages show and every log line of it carries."""
    g.reference = secrets.token_hex(5)
    g.began = time.perf_counter()
    logs.bind(request=g.reference)


def _end(response: Response) -> Response:
    """Count it. The line names the endpoint, not the address: addresses may hold tokens."""
    seconds = time.perf_counter() - g.get("began", time.perf_counter())
    endpoint = request.endpoint or "none"
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(current_app.name, endpoint, method, str(response.status_code)).inc()
    SECONDS.labels(current_app.name, endpoint).observe(seconds)
    told = {"app": current_app.name, "endpoint": endpoint, "method": method, "status": response.status_code}
    log.info("request", extra={**told, "milliseconds": round(seconds * 1000, 1)})
    return response

"""Found pictures and comparisons as HTTP answers: fresh JPEGs, kept privately by the browser."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import cast

from flask import Response, current_app, request

from detection.images import ImageRefused
from detection.images.pool import PoolClosed, PoolUnavailable
from workflow.hits import queries
from workflow.hits.comparing import Comparing, Size, Views
from workflow.kernel.errors import Unavailable
from workflow.kernel.said import say
from workflow.web.current import actor, reading, runtime

KEPT_SECONDS = 3600
_KEY = "hit_views"


def found_copy(hit_id: uuid.UUID, size: Size) -> Response:
    """A fresh copy of the found picture of an own hit, never a stranger's bytes."""
    with reading() as session:
        hit = queries.own_hit(session, actor(), hit_id)
        name = f"{hit.found_sha256}-{size.value}"
        return _answer(name, lambda: _views().found(session, hit.found_sha256, size))


def compared(hit_id: uuid.UUID, way: Comparing) -> Response:
    """Both pictures of an own hit as one."""
    with reading() as session:
        hit = queries.own_hit(session, actor(), hit_id)
        name = f"{hit.found_sha256}-{hit.work_id.hex}-{way.value}"
        return _answer(name, lambda: _views().compared(session, hit, way))


def _answer(name: str, make: Callable[[], bytes]) -> Response:
    if request.if_none_match.contains(name):
        response = Response(status=304)
    else:
        try:
            response = Response(make(), mimetype="image/jpeg")
        except (ImageRefused, PoolUnavailable, PoolClosed) as refused:
            raise Unavailable(say("This picture cannot be shown at this moment.")) from refused
    response.set_etag(name)
    response.cache_control.private = True
    response.cache_control.max_age = KEPT_SECONDS
    return response


def _views() -> Views:
    """One for the process; its child starts with the first picture that is not kept yet."""
    if _KEY not in current_app.extensions:
        current_app.extensions.setdefault(_KEY, Views(runtime()))
    return cast("Views", current_app.extensions[_KEY])

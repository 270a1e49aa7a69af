"""Is this process well? Asked by a supervisor; tells nothing but yes or no."""

from __future__ import annotations

from flask import Response
from sqlalchemy import text

from workflow.kernel.actors import Role
from workflow.web.blueprints import role_blueprint
from workflow.web.current import reading

health = role_blueprint("health", __name__, role=Role.PUBLIC)


@health.get("/healthz")
def healthz() -> Response:
    """``ok`` when the database answers; otherwise the error page of 500."""
    with reading() as session:
        session.execute(text("SELECT 1"))
    return Response("ok\n", mimetype="text/plain")

"""Staff see our copies of every photograph in cases and queues, never the original."""

from __future__ import annotations

import uuid

from flask import Response

from workflow.accounts.permissions import May
from workflow.kernel.actors import Role
from workflow.web.blueprints import role_blueprint
from workflow.works import pictures

works_operator = role_blueprint(
    "works_operator",
    __name__,
    role=Role.OPERATOR,
    reads=May.PHOTOGRAPHS_READ,
    url_prefix="/operator/photographs",
)


@works_operator.get("/<uuid:work_id>/<kind>")
def image(work_id: uuid.UUID, kind: str) -> Response:
    """``display`` or ``thumb``."""
    return pictures.picture(work_id, pictures.kind_of(kind, original=False))


BLUEPRINTS = (works_operator,)

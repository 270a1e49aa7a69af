"""Where the operator's pages about cases and letters hang."""

from __future__ import annotations

from workflow.kernel.actors import Role
from workflow.web.blueprints import role_blueprint

cases_operator = role_blueprint("cases_operator", __name__, role=Role.OPERATOR, url_prefix="/operator")
letters_operator = role_blueprint(
    "letters_operator", __name__, role=Role.OPERATOR, url_prefix="/operator/letters"
)

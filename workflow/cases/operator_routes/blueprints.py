"""Where the operator's pages about cases and letters hang."""

from __future__ import annotations

from workflow.accounts.permissions import May
from workflow.kernel.actors import Role
from workflow.web.blueprints import role_blueprint

cases_operator = role_blueprint(
    "cases_operator",
    __name__,
    role=Role.OPERATOR,
    url_prefix="/operator",
    reads=May.CASES_READ,
)
post_operator = role_blueprint(
    "post_operator",
    __name__,
    role=Role.OPERATOR,
    url_prefix="/operator/post",
    reads=May.LETTERS_READ,
)
arrivals_operator = role_blueprint(
    "arrivals_operator",
    __name__,
    role=Role.OPERATOR,
    url_prefix="/operator/incoming",
    reads=May.CASES_READ,
)
tariffs_operator = role_blueprint(
    "tariffs_operator",
    __name__,
    role=Role.OPERATOR,
    url_prefix="/operator/tariffs",
    reads=May.TARIFFS_READ,
)
passport_operator = role_blueprint(
    "passport_operator",
    __name__,
    role=Role.OPERATOR,
    url_prefix="/operator/passport",
    reads=May.CASES_READ,
)
letters_operator = role_blueprint(
    "letters_operator",
    __name__,
    role=Role.OPERATOR,
    url_prefix="/operator/letters",
    reads=May.LETTERS_READ,
)

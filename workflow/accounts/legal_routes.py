"""Who operates this instance (DDG § 5), and what it keeps about whom (GDPR Art. 13, 14)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, render_template

from workflow.accounts import queries
from workflow.accounts.contract import country_name
from workflow.accounts.states import LABELS
from workflow.kernel.actors import Role
from workflow.web.blueprints import role_blueprint
from workflow.web.current import reading, runtime
from workflow.web.languages import language

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

legal_pages = role_blueprint("legal_pages", __name__, role=Role.PUBLIC)
BLUEPRINTS = (legal_pages,)


@legal_pages.get("/imprint")
def imprint() -> ResponseReturnValue:
    """Name, address, register and who answers."""
    return _page("legal/imprint.html")


@legal_pages.get("/privacy")
def privacy() -> ResponseReturnValue:
    """What is kept about visitors, recipients and rights-holders."""
    return _page("legal/privacy.html")


def _page(template: str) -> str:
    with reading() as session:
        profile = queries.operator_profile(session)
    return render_template(
        template, layout=f"layouts/{'portal' if current_app.name == 'portal' else 'public'}.html",
        profile=profile, country=country_name(profile.country, language()) if profile else "",
        legal_basis=LABELS[profile.legal_basis] if profile else "", keep_days=runtime().config.keep_days,
    )  # fmt: skip

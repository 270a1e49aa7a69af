"""The demo’s mailbox: what would have been sent, for whoever tries the demo; never on a real instance."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flask import Response, render_template

from workflow.kernel.actors import Role
from workflow.kernel.errors import NotFound
from workflow.kernel.mail import LocalMailbox
from workflow.web.blueprints import role_blueprint
from workflow.web.current import runtime

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

demo_mailbox = role_blueprint("demo_mailbox", __name__, role=Role.PUBLIC, url_prefix="/demo/mailbox")

SHOWN = 500
_ADDRESS = re.compile(r"(https?://[^\s<>\"]+[^\s<>\".,;:!?)])")


@demo_mailbox.get("/")
def index() -> ResponseReturnValue:
    """Every mail, newest first."""
    mails = mailbox().list()
    return render_template("operator/mailbox/index.html", mails=mails[:SHOWN], more=len(mails) > SHOWN)


@demo_mailbox.get("/<name>")
def show(name: str) -> ResponseReturnValue:
    """One mail with its files; addresses of ours can be followed, as in a mail program."""
    mail = mailbox().read(name)
    own = (runtime().config.desk_url, runtime().config.portal_url)
    parts = [(part, part.startswith(own)) for part in _ADDRESS.split(mail.text) if part]
    return render_template("operator/mailbox/show.html", mail=mail, parts=parts)


@demo_mailbox.get("/<name>/<int:number>")
def attachment(name: str, number: int) -> Response:
    """A file of a mail: our own PDFs are shown, anything else is handed out."""
    files = mailbox().read(name).attachments
    if number >= len(files):
        raise NotFound("This file")
    file = files[number]
    is_pdf = file.media_type == "application/pdf"
    response = Response(file.data, mimetype="application/pdf" if is_pdf else "application/octet-stream")
    response.headers.set("Content-Disposition", "inline" if is_pdf else "attachment", filename=file.name)
    return response


def mailbox() -> LocalMailbox:
    """The mailbox of this demo; :class:`NotFound` when mails really leave."""
    transport = runtime().mail
    if not runtime().config.demo or not isinstance(transport, LocalMailbox):
        raise NotFound
    return transport

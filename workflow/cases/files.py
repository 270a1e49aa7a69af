"""Documents of a case as HTTP answers: our letters shown, what others sent only handed out."""

from __future__ import annotations

import uuid
from dataclasses import replace

from flask import Response, request

from workflow.cases import queries
from workflow.cases.letters import Printable, printables
from workflow.cases.models import Case, Letter
from workflow.cases.states import ASKING, EvidenceKind
from workflow.kernel.db import Session
from workflow.kernel.documents import Document
from workflow.kernel.errors import NotFound, Unavailable
from workflow.kernel.runtime import Runtime
from workflow.kernel.said import say

#: The bytes behind an address never change; after this a browser asks whether it may still look.
KEPT_SECONDS = 3600
#: Longest side of pictures on case pages, in pixels.
PICTURE_SIDE = 1400
UNSEEN_CODE = say("known to the recipient only")


def evidence(
    session: Session, runtime: Runtime, case: Case, use_id: uuid.UUID, kind: str, *, whole: bool
) -> Response:
    """A picture as a fresh JPEG of ours; with ``whole`` the sealed bytes themselves, as a download."""
    if kind not in set(EvidenceKind):
        raise NotFound(say("This picture"))
    document = queries.evidence_of(session, case, use_id, EvidenceKind(kind))
    if whole:
        return download(session, runtime, document)
    if EvidenceKind(kind) is EvidenceKind.PAGE:
        raise NotFound(say("This picture"))
    tag = f"{document.address}-{PICTURE_SIDE}"
    if request.if_none_match.contains(tag):
        response = Response(status=304)
    else:
        data = runtime.vault.get(session, document.id)
        response = Response(runtime.decoder.normalise(data, PICTURE_SIDE), mimetype="image/jpeg")
    response.set_etag(tag)
    return private(response)


def download(session: Session, runtime: Runtime, document: Document) -> Response:
    """The bytes as they are, only ever as a file: a browser must not open what others sent."""
    data = runtime.vault.get(session, document.id)
    response = Response(data, mimetype="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=document.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return private(response)


def letter_pdf(session: Session, runtime: Runtime, case: Case, document_id: uuid.UUID) -> Response:
    """A page of a letter as it was sent."""
    _letter, _enclosure, document = queries.enclosure_of(session, case, document_id)
    return pdf(runtime.vault.get(session, document.id), document.name)


def owners_copy(session: Session, runtime: Runtime, case: Case, document_id: uuid.UUID) -> Response:
    """A page of a letter for the rights-holder: without the recipient's code, which opens the portal.

    Licence, receipt, closing letter and calculation carry none and are handed out as they were sent.
    """
    letter, enclosure, document = queries.enclosure_of(session, case, document_id)
    if letter.kind not in ASKING or enclosure.position > 0:
        return pdf(runtime.vault.get(session, document.id), document.name)
    printed = printables(session, runtime, letter, case)
    if enclosure.position >= len(printed):
        raise Unavailable(say("This document cannot be printed again."))
    copy = _without_code(session, runtime, letter, printed[enclosure.position])
    return pdf(copy.pdf(runtime.press), f"copy {document.name}")


def _without_code(session: Session, runtime: Runtime, letter: Letter, printed: Printable) -> Printable:
    """The same letter with the sums of its day, and no way into the portal."""
    context = {**printed.context, "code": UNSEEN_CODE, "portal_link": runtime.config.portal_url}
    asked = queries.offer_at(session, letter.case_id, letter.queued_at)
    if asked is not None:
        context |= {
            "lines": [{"label": line.label, "net": line.net} for line in asked.lines],
            "net": asked.net,
            "vat_rate": f"{asked.vat_rate_bp / 100:g} %",
            "vat": asked.vat,
            "total": asked.total,
            "nature": asked.nature.value,
        }
    return replace(printed, context=context)


def pdf(data: bytes, name: str) -> Response:
    """A PDF of ours, shown in the browser."""
    response = Response(data, mimetype="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename=name)
    return private(response)


def private(response: Response) -> Response:
    """Kept by this browser only."""
    response.cache_control.private = True
    response.cache_control.max_age = KEPT_SECONDS
    return response

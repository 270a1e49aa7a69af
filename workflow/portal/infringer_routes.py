"""The case as its recipient sees it: what it is about, what is asked, what was sent, and the way out."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flask import flash, redirect, url_for

from workflow.accounts.permissions import May
from workflow.accounts.queries import operator_profile
from workflow.cases.bargaining.countering import why_no_counter
from workflow.cases.bargaining.queries import counters_of, doubts_of
from workflow.cases.bargaining.states import OUTCOME_WORDS
from workflow.cases.cadence import cadence
from workflow.cases.lifecycle import CASE_LIFECYCLE
from workflow.cases.models import Case, Evidence
from workflow.cases.states import CaseTrigger, EvidenceKind
from workflow.kernel.actors import Role
from workflow.kernel.db import Session
from workflow.kernel.documents import Document
from workflow.kernel.errors import NotFound
from workflow.kernel.lifecycle import Context
from workflow.kernel.said import say
from workflow.money.credit import credit_of
from workflow.portal import access, entry, pictures, queries
from workflow.portal.bundle import bundle_of
from workflow.portal.infringer_answer_routes import portal_answers
from workflow.portal.infringer_payment_routes import portal_payments
from workflow.portal.pages import page
from workflow.portal.price.challenging_routes import portal_price
from workflow.portal.price.countering_routes import portal_counter
from workflow.portal.standing import answer_by_words, answerable, payable, received_words, standing
from workflow.portal.view import ASKED_WORDS, LETTER_WORDS, outline_of, sheet_of
from workflow.web.blueprints import role_blueprint
from workflow.web.current import actor, now, reading, runtime, wall, writing
from workflow.web.limits import limiter, source

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

portal_infringer = role_blueprint("portal_infringer", __name__, role=Role.INFRINGER, reads=May.PORTAL_READ)
BLUEPRINTS = (portal_infringer, portal_answers, portal_payments, portal_price, portal_counter)

SHOWN_KINDS = {"photograph": EvidenceKind.PHOTOGRAPH, "found": EvidenceKind.FOUND_IMAGE}
KINDS = {**SHOWN_KINDS, "page": EvidenceKind.PAGE}
SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif",
            "text/html": "html"}  # fmt: skip


def case_id() -> uuid.UUID:
    """The one case of this session."""
    return uuid.UUID(actor().id)


def own_case(session: Session) -> Case:
    """The case itself."""
    return session.get_one(Case, case_id())


def _may_extend(session: Session, case: Case) -> bool:
    """Whether more time can still be had for the asking."""
    steps = CASE_LIFECYCLE.actions(Context(session, case, actor(), now()))
    return any(step.trigger is CaseTrigger.EXTEND and not step.refusals for step in steps)


@portal_infringer.get("/case")
def case() -> ResponseReturnValue:
    """Everything on one page, in the order somebody asks for it."""
    with reading() as session:
        case = own_case(session)
        offer = queries.current_offer(session, case.id)
        letters = queries.letters_of(session, case.id)
        messages = queries.messages_of(session, case.id)
        payin = queries.live_payin(session, case.id)
        extendable = _may_extend(session, case)
        doubts, counters = doubts_of(session, case), counters_of(session, case.id)
        nameable = offer is not None and why_no_counter(session, case, now()) is None
        received = credit_of(session, case.id, offer.total.currency) if offer else None
        browsers = queries.count_browsers(session, case.id, wall(), wall() - entry.IDLE)
    return page(
        "infringer/case.html",
        case=case,
        outlines={use.id: outline_of(use) for use in case.uses},
        offer=offer,
        sheet=sheet_of(case, offer) if offer else None,
        asked_words=ASKED_WORDS[offer.nature] if offer else "",
        standing=standing(case),
        payable=payable(case) and offer is not None,
        answerable=answerable(case),
        answer_by=answer_by_words(case, case.answer_by),
        letters=letters,
        letter_words=LETTER_WORDS,
        messages=messages,
        when=lambda moment: received_words(case, moment),
        payin=payin,
        doubts=doubts,
        counters=counters,
        counter_words=OUTCOME_WORDS,
        nameable=nameable,
        received=received,
        browsers=browsers,
        extendable=extendable,
        extension_days=cadence(case.cadence_version).extension_days if extendable else 0,
    )


@portal_infringer.get("/case/uses/<uuid:use_id>")
def use(use_id: uuid.UUID) -> ResponseReturnValue:
    """The evidence of one use: both pictures large, facts, check sums, downloads."""
    with reading() as session:
        case = own_case(session)
        use = queries.use_of(session, case.id, use_id)
    kept = {piece.kind: piece for piece in use.evidence}
    return page(
        "infringer/use.html",
        case=case,
        use=use,
        outline=outline_of(use),
        pieces=[(word, kept[kind]) for word, kind in KINDS.items() if kind in kept],
    )


@portal_infringer.get("/case/uses/<uuid:use_id>/<kind>.jpg")
def picture(use_id: uuid.UUID, kind: str) -> ResponseReturnValue:
    """A fresh copy of our photograph or of the picture on the page."""
    piece, document = _evidence(use_id, SHOWN_KINDS.get(kind))
    return pictures.display(document, lambda: _bytes(piece.document_id), runtime().decoder)


@portal_infringer.get("/case/uses/<uuid:use_id>/<kind>/original")
def original(use_id: uuid.UUID, kind: str) -> ResponseReturnValue:
    """The evidence as it was captured, byte for byte, as a download."""
    piece, document = _evidence(use_id, KINDS.get(kind))
    name = f"{kind}-{piece.sha256[:12]}.{SUFFIXES.get(document.media_type, 'bin')}"
    return pictures.download(_bytes(piece.document_id), document.media_type, name)


@portal_infringer.get("/case/documents/<uuid:document_id>")
def document(document_id: uuid.UUID) -> ResponseReturnValue:
    """A letter, the licence certificate, the receipt."""
    with reading() as session:
        found = queries.enclosure_of(session, case_id(), document_id)
        data = runtime().vault.get(session, found.id)
    return pictures.document(data, found.name)


@portal_infringer.get("/case/everything.zip")
@limiter.limit("6/minute;60/hour", key_func=source, override_defaults=False)
def everything() -> ResponseReturnValue:
    """Letters, evidence, messages and files in one, with a manifest that is checked offline."""
    with reading() as session:
        case, profile = own_case(session), operator_profile(session)
        assert profile is not None, "no letter left before the set-up"
        data = bundle_of(session, runtime(), case, profile, now())
    return pictures.download(data, "application/zip", f"{case.reference}.zip")


@portal_infringer.get("/case/files/<uuid:proof_id>")
def proof(proof_id: uuid.UUID) -> ResponseReturnValue:
    """A file the recipient sent, as it was sent."""
    with reading() as session:
        found = queries.proof_of(session, case_id(), proof_id)
        media_type = session.get_one(Document, found.document_id).media_type
        data = runtime().vault.get(session, found.document_id)
    return pictures.download(data, media_type, found.file_name)


@portal_infringer.post("/leave", action=May.PORTAL_READ)
def leave() -> ResponseReturnValue:
    """End this browser's session."""
    with writing() as session:
        entry.leave(session, access.token())
    access.forget_cookie()
    flash(say("You have left the case. Your letter opens it again."), "done")
    return redirect(url_for("portal_public.enter"), code=303)


@portal_infringer.post("/leave/everywhere", action=May.PORTAL_READ)
def leave_everywhere() -> ResponseReturnValue:
    """End the sessions of the case in every browser."""
    with writing() as session:
        entry.leave_everywhere(session, case_id())
    access.forget_cookie()
    flash(say("You have left the case in every browser. Your letter opens it again."), "done")
    return redirect(url_for("portal_public.enter"), code=303)


def _evidence(use_id: uuid.UUID, kind: EvidenceKind | None) -> tuple[Evidence, Document]:
    if kind is None:
        raise NotFound
    with reading() as session:
        piece = queries.evidence_of(session, case_id(), use_id, kind)
        return piece, session.get_one(Document, piece.document_id)


def _bytes(document_id: uuid.UUID) -> bytes:
    with reading() as session:
        return runtime().vault.get(session, document_id)

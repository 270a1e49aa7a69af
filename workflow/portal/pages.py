"""What every page of the portal is given: who writes, who answers, how to check it and how to leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, url_for

from workflow.accounts.models import OperatorProfile
from workflow.accounts.queries import operator_profile
from workflow.accounts.states import LABELS
from workflow.kernel.said import say
from workflow.web.current import reading, signed_in
from workflow.web.i18n import translate


@dataclass(frozen=True, slots=True)
class Sender:
    """The operator of this instance, as the letters name it."""

    name: str
    logo_src: str
    imprint: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a name and a telephone."""

    name: str
    telephone: str
    email: str


def page(template: str, **context: Any) -> str:
    """The page with its frame; before the set-up there is no sender to name."""
    with reading() as session:
        profile = operator_profile(session)
    frame: dict[str, Any] = {"profile": profile, "legal_basis": _legal_basis(profile)}
    if profile is not None:
        frame["sender"] = _sender(profile)
        frame["person"] = Person(profile.contact_name, profile.phone, profile.sender_email)
    if signed_in() is not None:
        frame["log_out_url"] = url_for("portal_infringer.leave")
    frame["verify_url"] = url_for("portal_public.verify")
    return render_template(template, **{**frame, **context})


def _sender(profile: OperatorProfile) -> Sender:
    parts = [profile.name, *profile.address_lines, profile.register_entry,
             translate(say("VAT {number}", number=profile.vat_id)) if profile.vat_id else "",
             profile.sender_email]  # fmt: skip
    logo = url_for("portal_public.logo") if profile.logo_document_id else ""
    return Sender(profile.name, logo, " · ".join(part for part in parts if part))


def _legal_basis(profile: OperatorProfile | None) -> str:
    return LABELS[profile.legal_basis] if profile else ""

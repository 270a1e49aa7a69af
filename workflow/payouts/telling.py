"""What a rights-holder hears about a share: available, sent, or returned by the bank."""

from __future__ import annotations

from typing import Any

from workflow.accounts.models import Account as Person
from workflow.accounts.notices import Link, NoticeKind, NoticeMail, notify
from workflow.accounts.queries import operator_profile
from workflow.cases.models import Case
from workflow.kernel.lifecycle import Context
from workflow.kernel.runtime import config_in
from workflow.kernel.said import Said, say
from workflow.payouts.models import Payout


def tell_available(context: Context[Payout]) -> None:
    """Nobody can take the payment back any more: the share comes with the next payout."""
    payout = context.subject
    text = say("{amount} of case {reference} are available to you.", amount=payout.amount, **_named(context))
    _tell(context, text, "available", "payout_available")


def tell_sent(context: Context[Payout]) -> None:
    """The transfer was ordered."""
    payout = context.subject
    text = say("{amount} of case {reference} are on their way.", amount=payout.amount, **_named(context))
    _tell(context, text, f"sent:{payout.transfers}")


def tell_returned(context: Context[Payout]) -> None:
    """The bank sent it back: most often the account is not right."""
    payout = context.subject
    text = say(
        "Your bank returned {amount} of case {reference}: please check your account.",
        amount=payout.amount, **_named(context),
    )  # fmt: skip
    _tell(context, text, f"returned:{payout.transfers}", "payout_returned")


def _named(context: Context[Payout]) -> dict[str, str]:
    return {"reference": context.session.get_one(Case, context.subject.case_id).reference}


def _tell(context: Context[Payout], text: Said, key: str, template: str = "") -> None:
    payout = context.subject
    mail = NoticeMail(template, _mail(context)) if template else None
    notify(
        context.session, payout.owner_id, NoticeKind.PAYOUT, text, context.now,
        key=f"payout:{payout.id}:{key}", subject=("payout", payout.id), mail=mail,
        link=Link("payouts_rights_holder.show", {"payout_id": str(payout.id)}),
    )  # fmt: skip


def _mail(context: Context[Payout]) -> dict[str, Any]:
    payout, session = context.subject, context.session
    case, owner = session.get_one(Case, payout.case_id), session.get_one(Person, payout.owner_id)
    profile, config = operator_profile(session), config_in(session)
    desk = config.desk_url if config else ""
    return {
        "name": owner.name,
        "amount": {"minor": payout.amount.minor, "currency": payout.amount.currency.value},
        "reference": case.reference,
        "work_title": case.uses[0].work_title,
        "statement_url": f"{desk}/money/{payout.id}",
        "account_url": f"{desk}/settings#bank_holder",
        "settings_url": f"{desk}/settings/notices",
        "sender_name": profile.name if profile else "Lichtbild",
    }

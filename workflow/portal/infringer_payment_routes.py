"""Payment by card or by transfer: where to, what came, and the truth about it on the page."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import flash, make_response, redirect, request, url_for

from workflow.accounts.permissions import May
from workflow.accounts.queries import operator_profile
from workflow.cases.models import Case
from workflow.cases.states import LetterKind
from workflow.kernel.actors import Role
from workflow.kernel.errors import Unavailable
from workflow.kernel.said import say
from workflow.money.credit import credit_of
from workflow.money.models import Payin
from workflow.money.services import open_payin
from workflow.money.states import LIVE, PayinState
from workflow.money.transfers.announcing import announce_transfer, bank_details
from workflow.portal import queries
from workflow.portal.pages import page
from workflow.portal.standing import RELEASE, payable, payment_pending
from workflow.portal.view import ASKED_WORDS, sheet_of
from workflow.web.blueprints import role_blueprint
from workflow.web.current import actor, now, reading, runtime, writing
from workflow.web.i18n import translate
from workflow.web.limits import limit

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from workflow.config import Config

portal_payments = role_blueprint("portal_payments", __name__, role=Role.INFRINGER, reads=May.PORTAL_READ)

STRIPE_CHECKOUT = "https://checkout.stripe.com"
#: A page that waits looks again after so many seconds, so many times, and then says so.
WAIT_SECONDS, LOOKS = 1, 90
CODE = say("QR code for your bank's app")
#: Time to read where one is being taken.
LEAVE_SECONDS = 2


@portal_payments.get("/pay")
def offer() -> ResponseReturnValue:
    """What is paid for, and what one gets."""
    with reading() as session:
        case = session.get_one(Case, _case_id())
        offer = queries.current_offer(session, case.id)
        payin = queries.live_payin(session, case.id)
        received = credit_of(session, case.id, offer.total.currency) if offer else None
    if offer is None or not payable(case):
        return redirect(url_for("portal_infringer.case"), code=303)
    return page(
        "infringer/pay.html", case=case, offer=offer, sheet=sheet_of(case, offer), payin=payin,
        asked_words=ASKED_WORDS[offer.nature], release=RELEASE, received=received,
        cards=runtime().config.takes_cards,
    )  # fmt: skip


@portal_payments.get("/pay/transfer")
def transfer() -> ResponseReturnValue:
    """Where to transfer what is still open, with the code for a bank's app."""
    with reading() as session:
        case = session.get_one(Case, _case_id())
        offer = queries.current_offer(session, case.id)
        profile = operator_profile(session)
        received = credit_of(session, case.id, offer.total.currency) if offer else None
    if offer is None or profile is None or received is None or not payable(case):
        return redirect(url_for("portal_infringer.case"), code=303)
    return page(
        "infringer/pay_transfer.html", case=case, offer=offer, received=received,
        bank=bank_details(profile, case, offer.total - received, translate(CODE)),
        announced=payment_pending(case),
    )  # fmt: skip


@portal_payments.post("/pay/transfer", action=May.PORTAL_PAY)
@limit("20/minute")
def announce() -> ResponseReturnValue:
    """The transfer is ordered: our reminders stand still."""
    with writing() as session:
        announce_transfer(session, _case_id(), actor(), now())
    flash(say("Thank you. Our reminders stand still until the money is here."), "done")
    return redirect(url_for("portal_infringer.case"), code=303)


@portal_payments.post("/pay", action=May.PORTAL_PAY)
@limit("20/minute")
def pay() -> ResponseReturnValue:
    """Open the payment, or go on with the one that is open: a second one is impossible."""
    if not runtime().config.takes_cards:
        raise Unavailable(say("Paying by card is not possible here yet. The bank account is in your letter."))
    with writing() as session:
        payin_id = open_payin(session, _case_id(), actor(), now()).id
    return redirect(url_for("portal_payments.to_card_page", payin_id=payin_id), code=303)


@portal_payments.get("/pay/<uuid:payin_id>")
def to_card_page(payin_id: uuid.UUID) -> ResponseReturnValue:
    """Wait until the card page stands, then go there."""
    case, payin = _payin(payin_id)
    if payin.state not in LIVE:
        return redirect(url_for("portal_payments.back", payin_id=payin_id), code=303)
    href = card_page(payin, runtime().config)
    looks = _looks()
    gave_up = not href and looks >= LOOKS
    answer = make_response(
        page("infringer/pay_wait.html", case=case, payin=payin, href=href, gave_up=gave_up)
    )
    if href:
        answer.headers["Refresh"] = f"{LEAVE_SECONDS}; url={href}"
    elif looks < LOOKS:
        again = url_for("portal_payments.to_card_page", payin_id=payin_id, looks=looks + 1)
        answer.headers["Refresh"] = f"{WAIT_SECONDS}; url={again}"
    return answer


@portal_payments.get("/pay/<uuid:payin_id>/back")
def back(payin_id: uuid.UUID) -> ResponseReturnValue:
    """Where the card page sends people back to: received, still waiting, or not completed."""
    case, payin = _payin(payin_id)
    with reading() as session:
        paid = [letter for letter in queries.letters_of(session, case.id) if letter.kind is LetterKind.PAID]
    looks = _looks()
    waits = payin.state in LIVE or (payin.state is PayinState.RECEIVED and not paid)
    answer = make_response(
        page(
            "infringer/pay_back.html", case=case, payin=payin, release=RELEASE, live=payin.state in LIVE,
            received=payin.state in (PayinState.RECEIVED, PayinState.WON), gave_up=looks >= LOOKS,
            documents=[enclosure for letter in paid for enclosure in letter.enclosures],
            card_page=card_page(payin, runtime().config), payable=payable(case),
        )
    )  # fmt: skip
    if waits and looks < LOOKS:
        again = url_for("portal_payments.back", payin_id=payin_id, looks=looks + 1)
        answer.headers["Refresh"] = f"{_pause(looks)}; url={again}"
    return answer


def card_page(payin: Payin, config: Config) -> str:
    """The address of the card page, if it lies where card pages lie; we send nobody anywhere else."""
    if payin.state not in LIVE or not payin.checkout_url:
        return ""
    home = urlsplit(config.stripe_api_base or STRIPE_CHECKOUT)
    asked = urlsplit(payin.checkout_url)
    plain = not any(ord(sign) <= ord(" ") for sign in payin.checkout_url)
    return payin.checkout_url if plain and (asked.scheme, asked.netloc) == (home.scheme, home.netloc) else ""


def _case_id() -> uuid.UUID:
    return uuid.UUID(actor().id)


def _payin(payin_id: uuid.UUID) -> tuple[Case, Payin]:
    with reading() as session:
        return session.get_one(Case, _case_id()), queries.payin_of(session, _case_id(), payin_id)


def _looks() -> int:
    """How often this page looked already; the browser carries it, nothing depends on it."""
    text = request.args.get("looks", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else LOOKS  # noqa: PLR2004 - three digits


def _pause(looks: int) -> int:
    """Quick at first, calmer after ten looks."""
    return 1 if looks < 10 else 3  # noqa: PLR2004

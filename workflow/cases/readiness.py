"""What still blocks letters, payments and payouts, and why: derived from the rows and the configuration.

One function feeds the set-up page, the operator's queue, the pages of money and the guard of the offer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from workflow.accounts import approving
from workflow.accounts import queries as accounts
from workflow.accounts.models import Account, OperatorProfile
from workflow.accounts.numbers import checked_iban
from workflow.accounts.queries import AT_WORK
from workflow.accounts.readiness import MASTER_KEY_KEPT, Blocks, Item, acknowledged, open_items
from workflow.accounts.second_factor import SecondFactor
from workflow.accounts.states import REGISTERED
from workflow.cases.pricing import tariff_today
from workflow.config import Config
from workflow.kernel import pulses
from workflow.kernel.calendar import local_date
from workflow.kernel.db import Session
from workflow.kernel.errors import Refused
from workflow.kernel.mail import sender_parts
from workflow.kernel.outbox import OutboxMessage, OutboxState
from workflow.kernel.runtime import config_in
from workflow.kernel.said import say, stored
from workflow.kernel.vat import VatKind, vat_rate_bp

SET_UP = "operator_setup.show"
TARIFFS = "tariffs_operator.index"
MAILS = ("mail", "letter.send")
#: Parts give a sign of life every minute at least; without one for so long they do not run.
SILENT_AFTER = timedelta(minutes=5)
ENOUGH_STAFF = 2
PAYOUT = "payouts.send"


@dataclass(frozen=True, slots=True)
class Facts:
    """What every item is derived from."""

    session: Session
    config: Config | None
    profile: OperatorProfile | None
    #: Business time.
    now: datetime
    #: Wall time; ``None`` where only letters are asked about.
    wall: datetime | None


def checklist(session: Session, now: datetime, wall: datetime) -> list[Item]:
    """Every item, in the order in which one does them."""
    facts = Facts(session, config_in(session), accounts.operator_profile(session), now, wall)
    return [derive(facts) for derive in ITEMS]


def why_no_letter(session: Session, now: datetime, *, on_paper_only: bool = False) -> list[str]:
    """Why no offer can leave now: the open items' sentences. A letter on paper needs no mail server."""
    facts = Facts(session, config_in(session), accounts.operator_profile(session), now, None)
    items = open_items((derive(facts) for derive in FOR_LETTERS), Blocks.LETTERS)
    return [item.why for item in items if not (item.by_mail_only and on_paper_only)]


# --- who operates it --------------------------------------------------------------------------------------


def _profile(facts: Facts) -> Item:
    why = (
        say("Letters name {name}, {city}.", name=facts.profile.name, city=facts.profile.city)
        if facts.profile
        else say("The set-up is not complete: a letter must say who sends it.")
    )
    return Item("profile", say("Who operates this instance"), facts.profile is not None, why,
                (Blocks.LETTERS, Blocks.PAYMENTS, Blocks.PAYOUTS), SET_UP, anchor="form")  # fmt: skip


def _register(facts: Facts) -> Item:
    what = say("Legal basis and register")
    if facts.profile is None:
        why = say("By what right letters are written is not known yet.")
        return Item("register", what, done=False, why=why, blocks=(Blocks.LETTERS,), endpoint=SET_UP)
    needed = facts.profile.legal_basis in REGISTERED
    done = bool(facts.profile.register_entry) or not needed
    if facts.profile.register_entry:
        why = say("Entered as {entry}.", entry=facts.profile.register_entry)
    elif needed:
        why = say("A registered collector or law firm names its register and number.")
    else:
        why = say("This legal basis needs no entry in a register.")
    return Item("register", what, done, why, (Blocks.LETTERS,), SET_UP, anchor="form")


def _vat(facts: Facts) -> Item:
    what = say("VAT rate of your country")
    if facts.profile is None:
        return Item("vat", what, done=False, why=say("The country is not known yet."),
                    blocks=(Blocks.LETTERS,), endpoint=SET_UP, anchor="form")  # fmt: skip
    country = facts.profile.country
    try:
        rate = vat_rate_bp(VatKind.LICENCE, country, facts.now.date())
    except Refused:
        why = say("No VAT rate is known for {country}: without one no price can be set.", country=country)
        return Item(
            "vat", what, done=False, why=why, blocks=(Blocks.LETTERS,), endpoint=SET_UP, anchor="form"
        )
    why = say("Licences carry {percent} % in {country}.", percent=f"{rate / 100:g}", country=country)
    return Item("vat", what, done=True, why=why, blocks=(Blocks.LETTERS,), endpoint=SET_UP, anchor="form")


# --- mail ---------------------------------------------------------------------------------------------------


def _mail(facts: Facts) -> Item:
    config = facts.config
    command = "LICHTBILD_MAIL_URL=smtp://user:password@host:587?starttls=1"
    done = bool(config and config.mail_url)
    if done:
        why = (
            say("Mails stay in the demo’s mailbox.")
            if config and config.demo
            else say("A mail server is set.")
        )
    else:
        why = say("No mail server is set: a letter by e-mail could not leave.")
    return Item("mail", say("Mail server"), done, why, (Blocks.LETTERS,), command=command, by_mail_only=True)


def _sender(facts: Facts) -> Item:
    sender = facts.config.mail_sender if facts.config else ""
    try:
        _name, address = sender_parts(sender)
        done, why = True, say("Mails come from {address}.", address=address)
    except Refused:
        done, why = False, say("No sender is set: a mail must say from whom it comes.")
    command = "LICHTBILD_MAIL_SENDER='Name <licensing@example.org>'"
    what = say("Sender of mails")
    return Item("sender", what, done, why, (Blocks.LETTERS,), command=command, by_mail_only=True)


def _last_mail(facts: Facts) -> Item:
    last = facts.session.scalars(
        select(OutboxMessage)
        .where(
            OutboxMessage.kind.in_(MAILS),
            (OutboxMessage.state != OutboxState.PENDING) | (OutboxMessage.attempts > 0),
        )
        .order_by(OutboxMessage.id.desc())
        .limit(1)
    ).first()
    what = say("The last mail left")
    if last is None:
        return Item("last_mail", what, done=False, why=say("No mail was sent yet. Send one to yourself."),
                    blocks=(Blocks.NOTHING,), endpoint=SET_UP, anchor="test-mail")  # fmt: skip
    done = last.state is OutboxState.DONE
    why = say("The last one arrived at the mail server.") if done else say(
        "It did not: {error}", error=stored((last.last_error or last.state.value)[:500]))  # fmt: skip
    return Item("last_mail", what, done, why, (Blocks.NOTHING,), SET_UP, anchor="test-mail")


# --- money --------------------------------------------------------------------------------------------------


def _cards(facts: Facts) -> Item:
    config = facts.config
    done = bool(config and config.takes_cards)
    if not done:
        why = say("No card payments are set: whoever wants to pay by card is told to wait.")
    elif config and config.demo:
        why = say("The demo’s stand-in takes cards; no real money moves.")
    elif config and config.stripe_secret_key.startswith(("sk_live", "rk_live")):
        why = say("Live keys are set: real money moves.")
    else:
        why = say("Test keys are set: cards are not charged. Set live keys before the first real case.")
    command = "LICHTBILD_STRIPE_SECRET_KEY=sk_…  LICHTBILD_STRIPE_WEBHOOK_SECRET=whsec_…"
    return Item("cards", say("Card payments"), done, why, (Blocks.PAYMENTS,), command=command)


def _bank(facts: Facts) -> Item:
    what, blocks = say("Bank account"), (Blocks.PAYOUTS,)
    iban = facts.profile.iban if facts.profile else ""
    try:
        checked_iban(iban)
    except Refused:
        return Item("bank", what, done=False, why=say("The account money is paid out from is not known."),
                    blocks=blocks, endpoint=SET_UP, anchor="form")  # fmt: skip
    why = say("The account ending in {last} has sound check digits.", last=iban[-4:])
    return Item("bank", what, done=True, why=why, blocks=blocks, endpoint=SET_UP, anchor="form")


def _second_person(facts: Facts) -> Item:
    """Payouts need somebody who may agree to them, or the declaration that stands in for that person."""
    eyes = approving.four_eyes(facts.session)
    alone = not eyes.has_second(PAYOUT)
    if eyes.declared and alone:
        why = say(
            "Declared by {name} on {day}: one person works here. A day’s delay and the second factor "
            "stand in for the second person.",
            name=eyes.declared.by or "?", day=_day(facts, eyes.declared.since),
        )  # fmt: skip
    elif eyes.people < ENOUGH_STAFF:
        why = say("Only one person works here: payouts and other large steps need a second.")
    elif alone:
        why = say("Only one of the {count} people here may agree to payouts: give somebody the rank.",
                  count=eyes.people)  # fmt: skip
    else:
        why = say("{count} people work here.", count=eyes.people)
    what, done = say("A second person for decisions by two"), bool(eyes.declared) or not alone
    return Item("second_person", what, done, why, (Blocks.PAYOUTS,), "operator_people.index")


def _second_factor(facts: Facts) -> Item:
    enrolled = select(SecondFactor.account_id).where(SecondFactor.enrolled_at.is_not(None))
    without = facts.session.scalars(
        select(Account.name).where(*AT_WORK, Account.id.not_in(enrolled)).order_by(Account.id).limit(1)
    ).first()
    why = (
        say("Everybody who works here signs in with a second factor.") if without is None
        else say("{name} has none yet; it is asked for at the next log-in.", name=without)
    )  # fmt: skip
    return Item("second_factor", say("Second factor of the staff"), without is None, why, (Blocks.NOTHING,))


# --- the running parts --------------------------------------------------------------------------------------


def _ticker(facts: Facts) -> Item:
    done, seen = _is_alive(facts, pulses.TICKER)
    if done:
        why = say("The ticker looks for due dates.")
    elif seen is None:
        why = say("The ticker has never run: no reminder would be written.")
    else:
        why = say("The ticker was last seen on {day}: no reminder is written.", day=_day(facts, seen))
    return Item(
        "ticker", say("Ticker"), done, why, (Blocks.LETTERS,), command="lichtbild ticker", only_waits=True
    )


def _worker(facts: Facts) -> Item:
    done, seen = _is_alive(facts, pulses.WORKER)
    if done:
        why = say("The worker does what waits.")
    elif seen is None:
        why = say("The worker has never run: letters, mails and payments wait.")
    else:
        why = say(
            "The worker was last seen on {day}: letters, mails and payments wait.", day=_day(facts, seen)
        )
    blocks = (Blocks.LETTERS, Blocks.PAYMENTS)
    return Item("worker", say("Worker"), done, why, blocks, command="lichtbild worker", only_waits=True)


def _is_alive(facts: Facts, name: str) -> tuple[bool, datetime | None]:
    assert facts.wall is not None
    pulse = pulses.last(facts.session, name)
    return (pulse is not None and facts.wall - pulse.at <= SILENT_AFTER), pulse.at if pulse else None


def _day(facts: Facts, moment: datetime) -> date:
    return local_date(moment, facts.profile.time_zone if facts.profile else "UTC")


def _database(facts: Facts) -> Item:
    real = facts.session.get_bind().dialect.name == "postgresql"
    why = (
        say("PostgreSQL: several web and worker processes may run.") if real
        else say("SQLite: one worker by design; enough for one office on one machine.")
    )  # fmt: skip
    return Item("database", say("Database"), done=True, why=why, blocks=(Blocks.NOTHING,))


def _master_key(facts: Facts) -> Item:
    said = acknowledged(facts.session, MASTER_KEY_KEPT)
    what = say("Master key kept elsewhere")
    if said is None:
        path = facts.config.master_key_path.name if facts.config else "master.key"
        why = say("Keep a copy of {file} elsewhere: without it no sealed document can be read.", file=path)
        return Item("master_key", what, done=False, why=why, blocks=(Blocks.NOTHING,), endpoint=SET_UP,
                    anchor="master-key")  # fmt: skip
    person, at = said
    day = local_date(at, facts.profile.time_zone if facts.profile else "UTC")
    return Item("master_key", what, done=True, why=say("{name} said so on {day}.", name=person.name, day=day),
                blocks=(Blocks.NOTHING,), endpoint=SET_UP, anchor="master-key")  # fmt: skip


# --- how it looks -------------------------------------------------------------------------------------------


def _tariff(facts: Facts) -> Item:
    done, why = tariff_today(facts.session, facts.now.date())
    return Item("tariff", say("Tariff"), done, why, () if done else (Blocks.LETTERS,), TARIFFS)


def _logo(facts: Facts) -> Item:
    done = facts.profile is not None and facts.profile.logo_document_id is not None
    why = say("It stands on every letter.") if done else say("Letters show the name alone.")
    return Item("logo", say("Logo"), done, why, (Blocks.NOTHING,), SET_UP, anchor="form")


def _language(facts: Facts) -> Item:
    done = facts.profile is not None and bool(facts.profile.languages)
    if facts.profile and done:
        words = ", ".join(facts.profile.languages)
        why = say("Letters in {languages}; dates by {zone}.", languages=words, zone=facts.profile.time_zone)
    else:
        why = say("Not chosen yet.")
    return Item(
        "language", say("Languages and time zone"), done, why, (Blocks.NOTHING,), SET_UP, anchor="form"
    )


Derive = Callable[[Facts], Item]
#: What an offer needs; everything here can be told without looking at processes.
FOR_LETTERS: tuple[Derive, ...] = (_profile, _register, _vat, _mail, _sender)
ITEMS: tuple[Derive, ...] = (
    _profile, _register, _vat, _mail, _sender, _last_mail, _cards, _bank, _second_person, _second_factor,
    _ticker, _worker, _master_key, _database, _tariff, _language, _logo,
)  # fmt: skip

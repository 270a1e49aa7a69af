"""Why a step of a case is not possible now: ``None``, or the reason as a sentence for the person."""

from __future__ import annotations

from sqlalchemy import func, select

from workflow.accounts.queries import operator_profile
from workflow.cases.cadence import cadence, cadence_on, zone_of
from workflow.cases.contents import addressed, lacking_before
from workflow.cases.models import Case, Evidence, Letter, Offer
from workflow.cases.passport.queries import reasons_against
from workflow.cases.post.channels import channel_of, why_no_way
from workflow.cases.pricing import why_not_approved
from workflow.cases.readiness import why_no_letter
from workflow.cases.states import (
    ASKING,
    HOLD_WORDS,
    CaseTrigger,
    Channel,
    EvidenceKind,
    LetterKind,
    LetterState,
)
from workflow.kernel import audit
from workflow.kernel.errors import Refused
from workflow.kernel.lifecycle import Context
from workflow.kernel.said import joined, say

NEEDED = {EvidenceKind.PHOTOGRAPH, EvidenceKind.FOUND_IMAGE}


def has_a_use(context: Context[Case]) -> str | None:
    """A case accuses somebody of something."""
    return None if context.subject.uses else say("The case holds no use of a photograph.")


def has_evidence(context: Context[Case]) -> str | None:
    """Both pictures of every use are kept."""
    case = context.subject
    for use in case.uses:
        kinds = set(context.session.scalars(select(Evidence.kind).where(Evidence.use_id == use.id)))
        if not kinds >= NEEDED:
            return say(
                "The evidence for {page_url} is incomplete: both pictures must be kept.",
                page_url=use.page_url[:80],
            )
    return None


def has_a_note(context: Context[Case]) -> str | None:
    """A decision is explained."""
    return None if context.note.strip() else say("Please say why, in a sentence.")


def letters_can_leave(context: Context[Case]) -> str | None:
    """No offer is released that could not leave: it is known who sends it, and there is a way to send it."""
    why = why_no_letter(context.session, context.now, on_paper_only=_goes_on_paper_only(context))
    return " ".join(why) or None


def letter_is_complete(context: Context[Case]) -> str | None:
    """The offer can say all it must to this recipient."""
    session, case = context.session, context.subject
    profile = operator_profile(session)
    if profile is None:
        return None
    offer = session.scalars(
        select(Offer).where(Offer.case_id == case.id).order_by(Offer.number.desc()).limit(1)
    ).first()
    letter = addressed(case, profile, LetterKind.OFFER, offer, context.now.date())
    return " ".join(lacking_before(session, case, profile, letter)) or None


def _goes_on_paper_only(context: Context[Case]) -> bool:
    try:
        return channel_of(context.subject, LetterKind.OFFER, "", context.now.date()) is Channel.POST
    except Refused:
        return False


def is_priced(context: Context[Case]) -> str | None:
    """There is a sum to ask for."""
    offers = context.session.scalar(
        select(func.count()).select_from(Offer).where(Offer.case_id == context.subject.id)
    )
    return None if offers else say("Set the price first.")


def tariff_is_approved(context: Context[Case]) -> str | None:
    """A price of the neutral tariff is answered for by somebody of this instance."""
    offer = context.session.scalars(
        select(Offer).where(Offer.case_id == context.subject.id).order_by(Offer.number.desc()).limit(1)
    ).first()
    if offer is None:
        return None
    return why_not_approved(context.session, offer.edition, offer.facts, [line.net for line in offer.lines])


def is_not_settled(context: Context[Case]) -> str | None:
    """Nobody is asked again about what a licence or an earlier case has settled."""
    return joined(reasons_against(context.session, context.subject)) or None


def recipient_is_known(context: Context[Case]) -> str | None:
    """Name and country of the one who is written to, and a way to reach them."""
    case = context.subject
    missing = [
        word
        for word, value in (
            (say("name"), case.recipient_name),
            (say("country"), case.recipient_country),
        )
        if not value
    ]
    if not case.recipient_email and not case.recipient_address.strip():
        missing.append(say("e-mail or postal address"))
    if not missing:
        return None
    listed = missing[0]
    for word in missing[1:]:
        listed = say("{first} and {second}", first=listed, second=word)
    return say("The recipient's {facts} is missing.", facts=listed)


def offer_can_travel(context: Context[Case]) -> str | None:
    """The offer has a way to its recipient."""
    return _no_way(context, LetterKind.OFFER, "")


def next_letter_can_travel(context: Context[Case]) -> str | None:
    """So has the letter of the step that is due."""
    step = cadence(context.subject.cadence_version).step(context.subject.cadence_step)
    if step is None or not step.letter:
        return None
    return _no_way(context, LetterKind(step.letter), step.name)


def _no_way(context: Context[Case], kind: LetterKind, step: str) -> str | None:
    try:
        return why_no_way(context.subject, kind, step, context.now.date())
    except Refused as refusal:
        return str(refusal)


def was_looked_at(context: Context[Case]) -> str | None:
    """Nothing becomes formal past the person who was asked to look."""
    if not context.subject.needs_a_look:
        return None
    return say("A person was asked to look at the case again before it becomes formal, and has not yet.")


def cadence_is_known(context: Context[Case]) -> str | None:
    """The dates that follow can be computed for the recipient's place."""
    try:
        cadence_on(context.now.date())
        zone_of(context.subject.recipient_country)
    except Refused as refusal:
        return str(refusal)
    return None


def nothing_holds(context: Context[Case]) -> str | None:
    """No letter and no step against somebody whose answer we have not decided on."""
    held = [hold for hold in context.subject.holds if hold.closed_at is None]
    if not held:
        return None
    return say("{hold_word}; decide on that first.", hold_word=HOLD_WORDS[held[0].kind])


def not_extended_yet(context: Context[Case]) -> str | None:
    """More time for the asking is given once; after that a person decides."""
    if audit.newest(context.session, "case", context.subject.id, f"case:{CaseTrigger.EXTEND}") is None:
        return None
    return say("You had more time already. Write to us if you need more: a person decides.")


def letters_before_left(context: Context[Case]) -> str | None:
    """Nobody is reminded of a letter that never left."""
    letters = context.session.scalars(
        select(Letter)
        .where(Letter.case_id == context.subject.id, Letter.kind.in_(ASKING))
        .order_by(Letter.queued_at)
    )
    for letter in letters:
        name = (letter.step or letter.kind.value).replace("_", " ")
        if letter.state is LetterState.WITHHELD and letter.kind is LetterKind.OFFER:
            return say("The offer was withheld and never left, so nothing can follow it.")
        if letter.state not in (LetterState.SENT, LetterState.WITHHELD):
            if letter.channel is Channel.POST and letter.state is LetterState.QUEUED:
                return say(
                    "The letter before ({name}) waits for the post; its batch has not been posted yet.",
                    name=name,
                )
            return say("The letter before ({name}) has not left; send it again first.", name=name)
    return None


def is_unpaid(context: Context[Case]) -> str | None:
    """Nobody is reminded of what is paid."""
    return say("The claim is paid.") if context.subject.paid_at is not None else None

"""Where a case can be, what can happen to it, and the words its rows are made of."""

from __future__ import annotations

from enum import StrEnum

from workflow.kernel.said import say


class CaseState(StrEnum):
    """product.md section 2, in the order of a life."""

    #: Being put together by the rights-holder.
    DRAFT = "draft"
    #: Handed in; we check it.
    SUBMITTED = "submitted"
    #: Something is missing; the rights-holder must act.
    INFO_NEEDED = "info_needed"
    #: Not taken on; the reason is told.
    REJECTED = "rejected"
    #: The post-licence offer is out.
    OFFERED = "offered"
    #: Reminded at least once.
    REMINDED = "reminded"
    #: An amount was agreed, payment is awaited.
    AGREED = "agreed"
    #: Being paid by a plan.
    IN_INSTALMENTS = "in_instalments"
    #: Paid in full; open to refund and dispute until the hold window ends.
    PAID = "paid"
    #: Formal reminders run.
    IN_DUNNING = "in_dunning"
    #: A person looks before a lawyer gets it.
    LEGAL_REVIEW = "legal_review"
    #: A legal partner has the mandate.
    WITH_PARTNER = "with_partner"
    #: A proceeding runs; it has a machine of its own.
    IN_COURT = "in_court"
    #: Ended by agreement.
    SETTLED = "settled"
    #: Over; ``closed_reason`` says why.
    CLOSED = "closed"


class CaseTrigger(StrEnum):
    """What can happen to a case."""

    SUBMIT = "submit"
    ASK_OWNER = "ask_owner"
    COMPLETE = "complete"
    REJECT = "reject"
    PRICE = "price"
    OFFER = "offer"
    REMIND = "remind"
    LOOK_AGAIN = "look_again"
    FOLLOW_UP = "follow_up"
    DUN = "dun"
    REVIEW_LEGALLY = "review_legally"
    HAND_OVER = "hand_over"
    GO_TO_COURT = "go_to_court"
    AGREE = "agree"
    AGREE_INSTALMENTS = "agree_instalments"
    RECEIVE_PAYMENT = "receive_payment"
    TAKE_BACK_PAYMENT = "take_back_payment"
    SETTLE = "settle"
    WITHDRAW = "withdraw"
    EXTEND = "extend"
    HOLD = "hold"
    RESUME = "resume"
    CLOSE = "close"
    CLOSE_PAID = "close_paid"


class Stage(StrEnum):
    """The owner's eight words for where a find is, from the hit to its end."""

    HIT = "hit"
    REVIEWED = "reviewed"
    SUBMITTED = "submitted"
    OFFER = "offer"
    PAID = "paid"
    DUNNING = "dunning"
    COURT = "court"
    CLOSED = "closed"


STAGE_OF_CASE: dict[CaseState, Stage] = {
    CaseState.DRAFT: Stage.REVIEWED,
    CaseState.SUBMITTED: Stage.SUBMITTED,
    CaseState.INFO_NEEDED: Stage.SUBMITTED,
    CaseState.REJECTED: Stage.CLOSED,
    CaseState.OFFERED: Stage.OFFER,
    CaseState.REMINDED: Stage.OFFER,
    CaseState.AGREED: Stage.OFFER,
    CaseState.IN_INSTALMENTS: Stage.OFFER,
    CaseState.PAID: Stage.PAID,
    CaseState.IN_DUNNING: Stage.DUNNING,
    CaseState.LEGAL_REVIEW: Stage.DUNNING,
    CaseState.WITH_PARTNER: Stage.COURT,
    CaseState.IN_COURT: Stage.COURT,
    CaseState.SETTLED: Stage.CLOSED,
    CaseState.CLOSED: Stage.CLOSED,
}


class ClosedReason(StrEnum):
    """Why a case is over."""

    PAID = "paid"
    LICENSED = "licensed"
    NOT_ENFORCEABLE = "not_enforceable"
    TIME_BARRED = "time_barred"
    WITHDRAWN = "withdrawn"
    LOST = "lost"
    ERROR = "error"


CLOSED_WORDS: dict[ClosedReason, str] = {
    ClosedReason.PAID: say("The licence fee was paid."),
    ClosedReason.LICENSED: say("A licence was shown and accepted."),
    ClosedReason.NOT_ENFORCEABLE: say("The claim cannot be enforced."),
    ClosedReason.TIME_BARRED: say("The claim is time-barred."),
    ClosedReason.WITHDRAWN: say("The claim was withdrawn."),
    ClosedReason.LOST: say("The claim was not upheld."),
    ClosedReason.ERROR: say("The claim was raised in error."),
}


class RejectReason(StrEnum):
    """Why the operator does not take a case on, and what would change it."""

    NOT_THE_SAME = "not_the_same"
    LICENSED = "licensed"
    NO_OPERATOR = "no_operator"
    PERMITTED_USE = "permitted_use"
    NOT_ENFORCEABLE = "not_enforceable"


REJECT_WORDS: dict[RejectReason, str] = {
    RejectReason.NOT_THE_SAME: say(
        "The pictures are not the same photograph. A better original could show it."
    ),
    RejectReason.LICENSED: say("The use seems to be licensed. Tell us why it is not, and we look again."),
    RejectReason.NO_OPERATOR: say("We cannot find out who operates the page. An address would change that."),
    RejectReason.PERMITTED_USE: say("The law permits this use, for example as a quotation."),
    RejectReason.NOT_ENFORCEABLE: say(
        "The claim cannot be enforced in this country. You can ask for a takedown."
    ),
}


class ClaimNature(StrEnum):
    """Decides VAT, interest and court: an accepted licence is a contract, an unaccepted use is damages."""

    CONTRACT = "contract"
    DAMAGES = "damages"


class HoldKind(StrEnum):
    """Why our clocks stand still."""

    LICENCE_SHOWN = "licence_shown"
    OBJECTION = "objection"
    QUESTION = "question"
    PAYMENT_PENDING = "payment_pending"
    BOUNCE = "bounce"
    INSOLVENCY = "insolvency"
    DATA_PROTECTION = "data_protection"


HOLD_WORDS: dict[HoldKind, str] = {
    HoldKind.LICENCE_SHOWN: say("A licence was shown"),
    HoldKind.OBJECTION: say("An objection was made"),
    HoldKind.QUESTION: say("A question was asked"),
    HoldKind.PAYMENT_PENDING: say("A payment is on its way"),
    HoldKind.BOUNCE: say("Our letter could not be delivered"),
    HoldKind.INSOLVENCY: say("Insolvency was reported"),
    HoldKind.DATA_PROTECTION: say("A data-protection request is open"),
}


class LetterKind(StrEnum):
    """What is written; the template and the mail have the same name."""

    OFFER = "offer"
    REMINDER = "reminder"
    DUNNING = "dunning"
    PAID = "paid"
    CLOSING = "closing"
    RECEIPT_OF_ANSWER = "receipt_of_answer"


#: Letters that ask for something: never sent to somebody who paid, answered or was let go.
ASKING = (LetterKind.OFFER, LetterKind.REMINDER, LetterKind.DUNNING)


class LetterState(StrEnum):
    """Where a letter is on its way out."""

    #: Decided; a worker will render and send it.
    QUEUED = "queued"
    #: Being handed to the mail server; if this stays, nobody knows whether it left.
    SENDING = "sending"
    #: The mail server took it.
    SENT = "sent"
    #: Not sent: an answer or a payment came in between.
    WITHHELD = "withheld"
    #: Could not be delivered.
    FAILED = "failed"


class Channel(StrEnum):
    """By which ways a letter travels."""

    MAIL = "mail"
    POST = "post"
    BOTH = "both"


class ChannelChoice(StrEnum):
    """What an operator decided for all letters of a case."""

    #: Nobody chose: the rule in ``post/data/post.yaml`` decides for each letter.
    RULE = "rule"
    MAIL = "mail"
    POST = "post"
    BOTH = "both"


class EvidenceKind(StrEnum):
    """What a piece of evidence shows."""

    PHOTOGRAPH = "photograph"
    FOUND_IMAGE = "found_image"
    PAGE = "page"


class Direction(StrEnum):
    """Who wrote a message."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


class UseClass(StrEnum):
    """What the page is for; it decides the fee."""

    COMMERCIAL = "commercial"
    EDITORIAL = "editorial"
    PRIVATE = "private"

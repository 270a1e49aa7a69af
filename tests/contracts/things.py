"""Something real for every argument of a rule: the owner's, the recipient's, the office's; and of another case."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from tests.contracts.bodies.lines import Stage
from workflow.accounts.models import Account, ContactRequest
from workflow.cases.arrivals.models import Arrival, ArrivalScan
from workflow.cases.bargaining.models import CounterOffer, FeeChallenge
from workflow.cases.models import Letter, LetterDocument, Message, Proof, Use
from workflow.cases.passport.models import PassportEntry
from workflow.cases.post.models import LetterDelivery
from workflow.cases.states import LetterState
from workflow.hits.models import Hit
from workflow.kernel.actors import Role
from workflow.money.models import Payin
from workflow.money.transfers.models import BankTransfer
from workflow.payouts.models import Payout
from workflow.works.models import Work

#: The word for a picture or an answer differs from page to page.
KINDS = {
    "works_operator": "thumb", "works_rights_holder": "thumb", "cases_operator": "found_image",
    "cases_rights_holder": "found_image", "portal_infringer": "found", "portal_answers": "ask",
}  # fmt: skip


def things(stage: Stage, endpoint: str) -> dict[str, str]:
    """What belongs to the owner, and within it to the recipient's case, as the pages of ``endpoint`` name it."""
    stage.things = stage.things or _found(stage)
    return stage.things | {"kind": KINDS.get(endpoint.partition(".")[0], "")}


def _found(stage: Stage) -> dict[str, str]:
    case = stage.case.id
    found = {
        "account_id": stage.first(Account, Account.email == "newcomer@example.org").id,
        "hit_id": stage.first(Hit).id,
        "work_id": stage.first(Work).id,
        "payin_id": stage.first(Payin, Payin.case_id == case).id,
        "entry_id": stage.first(PassportEntry).id,
        "transfer_id": stage.first(BankTransfer).id,
        "payout_id": stage.first(Payout).id,
        "contact_id": stage.first(ContactRequest).id,
        "arrival_id": stage.first(Arrival).id,
        "scan_id": stage.first(ArrivalScan).id,
        "letter_id": stage.first(Letter, Letter.case_id == case, Letter.state == LetterState.SENT).id,
        "delivery_id": stage.first(LetterDelivery, LetterDelivery.scan_document_id.is_not(None)).id,
        "batch_id": stage.first(LetterDelivery, LetterDelivery.batch_id.is_not(None)).batch_id,
        "message_id": stage.first(Message, Message.case_id == case, Message.author_role == Role.INFRINGER).id,
        **within(stage, case),
        "challenge_id": stage.first(FeeChallenge).id, "fact": "placement",
        "counter_id": stage.first(CounterOffer).id,
        "case_id": case, "size": "thumb", "what": "list", "edition": "neutral-example-2024-02",
    }  # fmt: skip
    return {name: str(value) for name, value in found.items()}


def within(stage: Stage, case_id: uuid.UUID) -> dict[str, str]:
    """What lies within one case."""
    enclosed = select(LetterDocument.document_id).join(Letter, Letter.id == LetterDocument.letter_id)
    with stage.world.runtime.database.reading() as session:
        document = session.scalars(enclosed.where(Letter.case_id == case_id)).first()
        proof = session.scalars(select(Proof.id).where(Proof.case_id == case_id)).first()
        use = session.scalars(select(Use.id).where(Use.case_id == case_id)).first()
    return {"document_id": str(document), "proof_id": str(proof), "use_id": str(use)}

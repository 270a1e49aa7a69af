"""What the office does: cases, letters, money, who agrees, the set-up."""

from __future__ import annotations

from sqlalchemy import update

from tests.contracts.bodies.lines import Line, Stage, bare, countered, doubted, just_offered, on
from tests.world import Form, changed
from workflow.accounts.models import Account
from workflow.cases.models import Case, Letter
from workflow.cases.passport.models import PassportEntry
from workflow.cases.services import move
from workflow.cases.states import CaseState, CaseTrigger, LetterState
from workflow.kernel.approvals import Approval
from workflow.kernel.deadlines import DeadlineRow, DeadlineState
from workflow.money.models import Payin
from workflow.money.transfers.models import BankTransfer
from workflow.payouts.models import Payout

NOT_STUCK = "every letter of this world was sent, so none waits for a second try"
NEUTRAL = "/operator/tariffs/neutral-example-2024-02"
SEVERAL = "more than one person works here, so nobody decides alone"


def _page(stage: Stage) -> str:
    return f"/operator/cases/{stage.case.id}"


def _transferred(stage: Stage, named: str = "") -> str:
    """A transfer somebody wrote down; its page."""
    told = {"amount": "5,00", "party": "Example Walks Ltd", "purpose": named, "again": True}
    to, fields = stage.form("cashier", "/operator/transfers/new", told)
    assert stage.send("cashier", to, fields) == 303
    newest = max(stage.world.all(BankTransfer), key=lambda row: row.id)
    return f"/operator/transfers/{newest.id}"


def _transfer(stage: Stage) -> Form:
    told = {"amount": "7,00", "party": "Somebody", "purpose": "For a picture"}
    return stage.form("cashier", "/operator/transfers/new", told)


def _give(stage: Stage) -> Form:
    return stage.form("cashier", _transferred(stage), {"reference": stage.case.reference}, "/assign")


def _wrong(stage: Stage) -> Form:
    return stage.form("cashier", _transferred(stage), {"note": "Typed twice."}, "/withdraw")


def _back(stage: Stage) -> Form:
    _transferred(stage, stage.case.reference)
    return stage.form(
        "cashier", f"/operator/transfers/back/{stage.case.id}", {"party": "Somebody", "amount": "1"}
    )


def _ended(stage: Stage) -> Form:
    """A licence that was accepted and ran out."""
    made = just_offered(stage)
    licensed = {"reason": "licensed"}
    stage.change(
        lambda session: move(
            session, made.id, CaseTrigger.CLOSE, stage.world.operator, stage.world.now, carries=licensed
        )
    )
    entry = stage.first(PassportEntry, PassportEntry.case_id == made.id)
    return stage.form("reviewer", "/operator/passport/", {"note": "It ran out."}, f"/{entry.id}/end")


def _priced(stage: Stage) -> str:
    """A case before its offer; it waits for a second person."""
    return f"/operator/cases/{stage.first(Case, Case.state == CaseState.SUBMITTED).id}"


def _price(stage: Stage) -> Form:
    return stage.form("reviewer", f"{_priced(stage)}/price", {"own_net": "1900", "why": "A campaign"})


def _ways(stage: Stage) -> Form:
    return stage.form("reviewer", f"{_page(stage)}/ways", {"note": "They asked for it."})


def _doubted(stage: Stage, action: str) -> Form:
    page = f"/operator/cases/{doubted(stage).id}"
    return stage.form("reviewer", page, {"note": "Looked at."}, action)


def _sum(stage: Stage) -> Form:
    made, counter = countered(stage)
    to, fields = stage.form("reviewer", f"/operator/cases/{made.id}", {"note": "Too little."}, counter)
    return to, [*fields, ("verdict", "decline")]


def _answer(stage: Stage) -> Form:
    return stage.form("reviewer", _page(stage), {"text": "Thank you, we look at it."}, "/answer")


def _looked(stage: Stage) -> Form:
    mark = update(Case).where(Case.id == stage.case.id).values(needs_a_look=True)
    stage.change(lambda session: session.execute(mark))
    version = stage.here().version
    return f"{_page(stage)}/looked", [("note", "Still there."), ("version", str(version))]


def _again(stage: Stage) -> Form:
    row = stage.first(
        DeadlineRow, DeadlineRow.subject_type == "case", DeadlineRow.state == DeadlineState.OPEN
    )
    mark = update(DeadlineRow).where(DeadlineRow.id == row.id)
    blocked = mark.values(state=DeadlineState.BLOCKED, reasons=["Something was missing."])
    stage.change(lambda session: session.execute(blocked))
    return f"/operator/dates/{row.id}/again", []


def _hold(stage: Stage) -> Form:
    version = str(stage.here().version)
    return f"{_page(stage)}/act", [
        ("trigger", "hold"), ("kind", "question"), ("note", "They called."), ("version", version),
    ]  # fmt: skip


def _letter(stage: Stage, word: str) -> Form:
    letter = stage.first(Letter, Letter.case_id == stage.case.id, Letter.state == LetterState.SENT)
    return f"/operator/letters/{letter.id}/{word}", []


def _letters(stage: Stage) -> Form:
    to, _ = _letter(stage, "again")
    return "/operator/letters/again", [("letter", to.split("/")[3])]


def _decide(stage: Stage) -> Form:
    payin = stage.first(Payin)
    mark = update(Payin).where(Payin.id == payin.id).values(trouble="A second payment came.")
    stage.change(lambda session: session.execute(mark))
    return stage.form("cashier", f"/operator/payments/{payin.id}", {"note": "It stays."}, "/decide")


def _refund(stage: Stage) -> Form:
    payin = stage.first(Payin, Payin.case_id == stage.first(Case, Case.state == CaseState.PAID).id)
    return f"/operator/payments/{payin.id}/refund", [("version", str(payin.version))]


def _payout(stage: Stage) -> Form:
    payout = stage.first(Payout, Payout.case_id == stage.other_case.id)
    to = f"/operator/payouts/{payout.id}/{'release' if payout.state == 'accrued' else 'approve'}"
    return to, [("version", str(payout.version))]


def _agree(stage: Stage) -> Form:
    row = stage.first(Approval, Approval.action == "offers.release")
    return changed(stage.form("reviewer", "/operator/approvals", {}, f"{row.id}/agree"), note="It is right.")


def _person(stage: Stage, email: str, word: str) -> Form:
    account = stage.first(Account, Account.email == email)
    return f"/operator/people/{account.id}/{word}", [("version", str(account.version))]


def _rank(stage: Stage) -> Form:
    to, fields = _person(stage, "newcomer@example.org", "rank")
    return to, [*fields, ("rank", "cashier")]


def _tariff(stage: Stage) -> Form:
    to, fields = stage.form("operator", "/operator/tariffs/", {}, "/operator/tariffs/")
    return to, [*((name, value) for name, value in fields if name != "file"), ("file", "no file")]


LINES = {
    "operator_people.invite": on(
        "operator", "/operator/people/invite",
        {"name": "Sam Example", "email": "invited@example.org", "place": "reviewer"},
    ),
    "operator_people.invite_again": Line(
        "operator", lambda stage: _person(stage, "invited@example.org", "invite-again")
    ),
    "operator_people.change_rank": Line("operator", _rank),
    "operator_people.step": Line(
        "operator", lambda stage: _person(stage, "newcomer@example.org", "sign-out")
    ),
    "approvals_operator.decide": Line("reviewer", _agree),
    "approvals_operator.one_person": bare(
        "operator", "/operator/approvals/one-person", ("alone", "yes"),
        answer=422, why=SEVERAL, writes=False,
    ),
    "cases_operator.recipient": Line(
        "reviewer", lambda stage: stage.form("reviewer", f"{_priced(stage)}/recipient", {"name": "Example Ltd"})
    ),
    "cases_operator.set_price": Line("reviewer", _price),
    "cases_operator.ways": Line("reviewer", _ways),
    "cases_operator.answer": Line("reviewer", _answer),
    "cases_operator.looked": Line("reviewer", _looked),
    "cases_operator.accept_doubt": Line("reviewer", lambda stage: _doubted(stage, "/accept")),
    "cases_operator.refuse_doubt": Line("reviewer", lambda stage: _doubted(stage, "/refuse")),
    "cases_operator.decide_sum": Line("reviewer", _sum),
    "cases_operator.date_again": Line("reviewer", _again),
    "cases_operator.act": Line("reviewer", _hold),
    "passport_operator.end": Line("reviewer", _ended),
    "letters_operator.again": Line(
        "reviewer", lambda stage: _letter(stage, "again"), answer=422, why=NOT_STUCK, writes=False
    ),
    "letters_operator.all_again": Line("reviewer", _letters, writes=False),
    "letters_operator.release": Line(
        "reviewer", lambda stage: _letter(stage, "release"), answer=422, why=NOT_STUCK, writes=False
    ),
    "money_operator.decide": Line("cashier", _decide),
    "money_operator.refund": Line("cashier", _refund),
    "transfers_operator.new": Line("cashier", _transfer),
    "transfers_operator.assign": Line("cashier", _give),
    "transfers_operator.withdraw": Line("cashier", _wrong),
    "transfers_operator.back": Line("cashier", _back),
    "payouts_operator.take": Line("cashier", _payout),
    "tariffs_operator.load": Line("operator", _tariff, answer=422, why="the file is not one", writes=False),
    "tariffs_operator.take_back": on("operator", NEUTRAL, {"note": "Not any more."}, "/take-back"),
    "tariffs_operator.approve": on("operator", NEUTRAL, {"note": "As an example."}, "/approve"),
    "operator_setup.keep_master_key": on("operator", "/operator/set-up", action="/master-key"),
    "operator_setup.send_test_mail": on("operator", "/operator/set-up", action="/test-mail"),
    "operator_setup.save": on("operator", "/operator/set-up", {"contact_name": "Kim Example"}, "/set-up"),
}  # fmt: skip

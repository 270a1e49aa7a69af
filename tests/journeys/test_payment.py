"""From the offer to the money: every cent and every date of one paid case, through the pages.

The own price of 123.45 net is chosen so that both halves of 55/45 end in half cents.
"""

from __future__ import annotations

import json
import subprocess
import uuid
from datetime import date
from urllib.parse import urlsplit

from lxml import html
from sqlalchemy import select

from tests.world import Made, World, need, sums, words
from workflow.cases.states import CaseState
from workflow.checks import problems
from workflow.kernel.ledger import JournalLine
from workflow.kernel.mail import Attachment, StoredMail
from workflow.money.models import Payin
from workflow.money.states import PayinState
from workflow.payouts.models import Payout
from workflow.payouts.states import PayoutState


def text_of(pdf: Attachment) -> str:
    """The words of a PDF."""
    need("pdftotext")
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf.data, capture_output=True, check=True)
    return " ".join(done.stdout.decode().split())


def path_of(address: str) -> str:
    return urlsplit(address).path


def lines(world: World) -> list[tuple[str, int]]:
    with world.runtime.database.reading() as session:
        rows = session.scalars(select(JournalLine).order_by(JournalLine.account, JournalLine.id))
        return [(row.account, row.amount_minor) for row in rows]


def act(world: World, case: Made, trigger: str) -> int:
    """The operator presses a button on the page of the case."""
    operator = world.as_operator()
    return operator.press(f"/operator/cases/{case.id}", {"trigger": trigger}, action="/act").status_code


def test_priced_sent_paid_shared_and_closed(world: World) -> None:
    case = world.submitted()
    operator = world.as_operator()

    # priced by the operator: 123.45 net, 7 % VAT = 8.6415 -> 8.64, together 132.09
    page = f"/operator/cases/{case.id}/price"
    priced = operator.press(page, {"own_net": "123,45", "why": "Agreed with the rights-holder"})
    assert priced.status_code == 303, words(priced.text)
    shown = sums(words(operator.page(f"/operator/cases/{case.id}")))
    assert {"123.45", "8.64", "132.09"} <= set(shown)
    assert act(world, case, "offer") == 303
    world.work()
    [mail] = world.mails()
    assert case.reference in mail.subject + mail.text
    offer = text_of(mail.attachments[0])
    assert "132.09" in sums(offer) and case.code in offer and "18 Mar 2024" in offer
    assert world.letters(case) == [("offer", "2024-03-01", "2024-03-18", "sent")]

    # paid in the portal on Monday, 4 March
    world.until(date(2024, 3, 4))
    visitor = world.recipient(case)
    back = world.pay(visitor)
    assert world.case(case).state is CaseState.OFFERED  # a page that came back proves nothing
    reported = world.reports()
    for body in reported:
        assert world.webhook(body).status_code == 200
    world.work()
    assert world.case(case).state is CaseState.PAID
    assert "received" in words(visitor.page(path_of(back))).lower()

    # booked once: 132.09 = 8.64 VAT + 55 % of 123.45 (67.8975 -> 67.90) + 45 % (55.5525 -> 55.55)
    # the stand-in keeps 1.5 % and 25 cents: 1.98 + 0.25
    assert sorted(lines(world)) == [
        ("commission", -5_555), ("owner_held", -6_790), ("psp_clearing", -223), ("psp_clearing", 13_209),
        ("psp_fees", 223), ("vat_licences", -864),
    ]  # fmt: skip
    [payin], [payout] = world.all(Payin), world.all(Payout)
    assert (payin.state, payin.amount_minor) == (PayinState.RECEIVED, 13_209)
    assert (payout.state, payout.amount_minor) == (PayoutState.ACCRUED, 6_790)

    # licence certificate and receipt are in the mail and in the portal
    paid = world.mails()[-1]
    assert [each.name for each in paid.attachments] == [
        f"{case.reference}-Lizenzurkunde.pdf", f"{case.reference}-Quittung.pdf",
    ]  # fmt: skip
    licence, receipt = map(text_of, paid.attachments)
    assert "Example Walks Ltd" in licence and "Chapel below the ridge 1" in licence
    assert {"123.45", "8.64", "132.09"} <= set(sums(receipt))
    assert _downloads(world, case) >= 3

    # the rights-holder sees it as held
    held = words(world.as_owner().page("/money/"))
    assert "67.90" in sums(held) and "Held" in held

    # the refund window: 14 days after 4 March is Monday, 18 March
    world.until(date(2024, 3, 17))
    assert world.case(case).state is CaseState.PAID
    assert _take(world, payout.id, "approve") != 303
    world.until(date(2024, 3, 18))
    assert world.case(case).state is CaseState.CLOSED
    assert world.letters(case)[1:] == [
        ("paid", "2024-03-04", "", "sent"), ("closing", "2024-03-18", "", "sent"),
    ]  # fmt: skip
    assert "no further claim" in _said(world.mails()[-1]).lower()
    assert world.balances()["owner_available"] == -6_790 and "owner_held" not in world.balances()
    assert _state(world) is PayoutState.AVAILABLE

    # approved, agreed to by a second person, sent, confirmed
    assert _take(world, payout.id, "approve") == 303
    assert _take(world, payout.id, "send") == 422 and _state(world) is PayoutState.APPROVED
    _a_colleague_agrees(world)
    assert _take(world, payout.id, "send") == 303
    assert world.balances()["bank"] == -6_790 and "owner_available" not in world.balances()
    assert _take(world, payout.id, "confirm") == 303
    assert _state(world) is PayoutState.CONFIRMED
    assert sum(world.balances().values()) == 0
    assert "67.90" in sums(words(world.as_owner().page("/money/")))
    assert [step for step in world.history(case) if step != "case:portal:enter"] == [
        "case:begin", "case:submit", "case:price", "case:offer", "case:receive_payment", "case:close_paid",
    ]  # fmt: skip

    # told again, weeks late: nothing changes
    before = (lines(world), world.count(Payin), world.count(Payout), len(world.mails()))
    for body in reported:
        assert world.webhook(body).status_code == 200
    world.work()
    assert (lines(world), world.count(Payin), world.count(Payout), len(world.mails())) == before
    assert problems(world.runtime) == []


def test_forged_late_and_altered_reports_are_refused(world: World) -> None:
    case = world.offered()
    visitor = world.recipient(case)
    world.pay(visitor)
    report = next(
        body for body in world.reports() if json.loads(body)["type"] == "checkout.session.completed"
    )
    assert world.webhook(report, secret="whsec_somebody_else").status_code == 400
    assert world.webhook(report, late=3600).status_code == 400
    answer = world.portal.test_client().post(
        "/webhooks/stripe", data=report, headers={"Stripe-Signature": "t=1,v1=00"}
    )
    assert answer.status_code == 400
    assert world.portal.test_client().post("/webhooks/stripe", data=report).status_code == 400
    world.work()
    assert lines(world) == [] and world.case(case).state is CaseState.OFFERED

    # a genuine signature over invented facts books what the service says when asked, not what was written
    invented = json.loads(report)
    invented["id"] = "evt_invented"
    invented["data"]["object"]["amount_total"] = 1
    assert world.webhook(json.dumps(invented).encode()).status_code == 200
    world.work()
    assert ("psp_clearing", 30_816) in lines(world)  # 288.00 + 20.16 VAT
    assert world.webhook(report).status_code == 200
    world.work()
    assert sum(1 for account, _ in lines(world) if account == "owner_held") == 1


def test_two_clicks_open_one_payment(world: World) -> None:
    case = world.offered()
    visitor, other = world.recipient(case), world.recipient(case)
    first = visitor.press("/pay", action="/pay").location
    assert visitor.press("/pay", action="/pay").location == first
    assert other.press("/pay", action="/pay").location == first
    assert world.count(Payin) == 1
    world.paid(case)
    again = visitor.get("/pay")
    assert again.status_code == 303  # nothing more to pay
    assert world.count(Payin) == 1


def test_a_page_that_nobody_pays_books_nothing(world: World) -> None:
    case = world.offered()
    waiting = world.recipient(case).press("/pay", action="/pay").location
    world.work()
    for body in world.reports():
        assert world.webhook(body).status_code == 200
    world.work()
    assert lines(world) == [] and world.case(case).state is CaseState.OFFERED
    assert "not" in words(world.recipient(case).page(f"{path_of(waiting)}/back")).lower()


def _a_colleague_agrees(world: World) -> None:
    page = "/operator/approvals"
    answer = world.as_colleague().press(page, {"note": "Sum and account fit."}, action="/agree")
    assert answer.status_code == 303, words(answer.text)


def _take(world: World, payout_id: uuid.UUID, trigger: str) -> int:
    operator = world.as_operator()
    page = operator.page("/operator/payouts/")
    if f"/{payout_id}/{trigger}" not in page:
        return 404
    return operator.press("/operator/payouts/", action=f"/{payout_id}/{trigger}").status_code


def _state(world: World) -> PayoutState:
    [payout] = world.all(Payout)
    return payout.state


def _said(mail: StoredMail) -> str:
    return mail.text + " ".join(text_of(each) for each in mail.attachments)


def _downloads(world: World, case: Made) -> int:
    """How many PDFs the recipient can fetch from the page of the case."""
    visitor = world.recipient(case)
    links = set(html.fromstring(visitor.page("/case")).xpath("//a[contains(@href,'/case/documents/')]/@href"))
    for link in links:
        answer = visitor.get(link)
        assert answer.status_code == 200 and answer.data.startswith(b"%PDF")
    return len(links)

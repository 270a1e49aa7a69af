"""Who may do what, on one page. Every route of both apps names one of these rows; nothing else opens a door.

Read a row as: *word*, what it allows, who holds it. ``OWN`` reaches what belongs to the person alone,
``OFFICE`` is everybody of the office, ``REVIEW`` its reviewers, ``CASH`` its cashiers (administrators hold
both), ``CASE`` the recipient of a letter within that one case. ``True`` at the end marks a dangerous step:
it asks for password and code again when they were given more than ten minutes ago. What a case, a payment
or a payout then lets happen, and when, stands in its life cycle: the second wall. Who must agree as a second
person stands in ``data/approvals.yaml``.
"""

from __future__ import annotations

from workflow.accounts.states import Rank
from workflow.kernel.access import Grant, Permission, of_the_case, own
from workflow.kernel.actors import Role

OWN = Grant(Role.RIGHTS_HOLDER, reach=own)
CASE = Grant(Role.INFRINGER, reach=of_the_case)
PARTNER = Grant(Role.LEGAL_PARTNER, reach=own)
OFFICE = Grant(Role.OPERATOR)
REVIEW = Grant(Role.OPERATOR, frozenset({Rank.ADMINISTRATOR, Rank.REVIEWER}))
CASH = Grant(Role.OPERATOR, frozenset({Rank.ADMINISTRATOR, Rank.CASHIER}))
HEAD = Grant(Role.OPERATOR, frozenset({Rank.ADMINISTRATOR}))
SELF = (OWN, OFFICE, PARTNER)


class May(Permission):
    """The table."""

    # a person and the own account
    ACCOUNT_READ = "account.read", "See one's own settings, contract and signed-in browsers", SELF
    ACCOUNT_CHANGE = "account.change", "Change one's own profile and sign browsers out", SELF
    PASSWORD_CHANGE = "account.password", "Choose a new password after giving the present one", SELF
    SECOND_FACTOR = "account.second_factor", "Set up, replace or remove one's own second factor", SELF, True
    BANK_DETAILS = "bank_details.change", "Change the account that payouts go to", (OWN,), True
    # photographs and hits
    PHOTOGRAPHS_READ = "photographs.read", "Look at photographs and their data", (OWN, OFFICE)
    PHOTOGRAPHS_ADD = "photographs.add", "Add photographs", (OWN,)
    PHOTOGRAPHS_EDIT = "photographs.edit", "Change what is known about a photograph", (OWN,)
    HITS_READ = "hits.read", "Look at found copies", (OWN,)
    HITS_JUDGE = "hits.judge", "Judge found copies and set rules for sites", (OWN,)
    # cases and letters
    CASES_SUBMIT = "cases.submit", "Submit judged hits as a case", (OWN,)
    CASES_READ = "cases.read", "Look at cases, their documents and history", (OWN, OFFICE)
    CASES_ACT = "cases.act", "Take a step in one's own case", (OWN,)
    CASES_REVIEW = "cases.review", "Check cases, name recipients, set prices, take steps", (REVIEW,)
    CASES_ANSWER = "cases.answer", "Answer the recipient of a letter", (REVIEW,)
    OFFERS_RELEASE = "offers.release", "Send an offer", (REVIEW,)
    CASES_HAND_OVER = "cases.hand_over", "Hand a case over to a legal partner", (REVIEW,), True
    CASES_COURT = "cases.court", "Record a court proceeding", (PARTNER, HEAD), True
    LETTERS_READ = "letters.read", "Look at what was written", (OFFICE,)
    LETTERS_POST = "letters.post", "Print, post and repeat letters; record what came back", (REVIEW,)
    TARIFFS_READ = "tariffs.read", "Look at the tariffs prices are made by", (OFFICE,)
    TARIFFS_CHANGE = "tariffs.change", "Load a licensed tariff, answer for a neutral one", (HEAD,)
    # money
    MONEY_READ = "money.read", "See one's own balances and statements", (OWN,)
    PAYMENTS_READ = "payments.read", "Look at payments", (OFFICE,)
    PAYMENTS_DECIDE = "payments.decide", "Decide what becomes of a payment that does not fit", (CASH,)
    PAYMENTS_REFUND = "payments.refund", "Give a payment back", (CASH,), True
    PAYOUTS_READ = "payouts.read", "Look at payouts", (OFFICE,)
    PAYOUTS_STEP = "payouts.step", "Note what became of a payout", (CASH,)
    PAYOUTS_APPROVE = "payouts.approve", "Let a payout into the next transfer", (CASH,), True
    PAYOUTS_SEND = "payouts.send", "Order the transfer of a payout", (CASH,), True
    # the office
    APPROVALS_READ = "approvals.read", "See what waits for a second person", (OFFICE,)
    APPROVALS_DECIDE = "approvals.decide", "Agree or refuse as the second person", (OFFICE,), True
    SETUP_READ = "setup.read", "Look at the set-up of this instance", (OFFICE,)
    SETUP_CHANGE = "setup.change", "Change who operates this instance, and its bank account", (HEAD,)
    PEOPLE_READ = "people.read", "See who works here", (OFFICE,)
    PEOPLE_MANAGE = "people.manage", "Invite, rank, deactivate people; reset a second factor", (HEAD,), True
    # the recipient of a letter
    PORTAL_READ = "portal.read", "Look at the one case, its evidence and documents", (CASE,)
    PORTAL_ANSWER = "portal.answer", "Answer, object, ask, send proofs", (CASE,)
    PORTAL_PAY = "portal.pay", "Pay the offer", (CASE,)

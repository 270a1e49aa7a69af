"""The people of the office: invited, ranked, deactivated; who may, who may not, and what is told to whom."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.kernel.test_contention import at_once
from tests.second_step import wait
from workflow.accounts import passwords
from workflow.accounts.models import Account, DeskSession
from workflow.accounts.queries import account_by_email, count_office
from workflow.accounts.second_factor import SecondFactor
from workflow.accounts.services import joining, people, recovery
from workflow.accounts.services.factors import Moments
from workflow.accounts.services.people import Seen
from workflow.accounts.states import Rank, Standing
from workflow.kernel import audit
from workflow.kernel.actors import Role
from workflow.kernel.errors import NotAllowed, NotFound, Stale

if TYPE_CHECKING:
    from tests.accounts.conftest import Browser, House

KIM = "kim@example.org"
PEOPLE = "/operator/people"


@pytest.fixture
def head(house: House, staff: str) -> Browser:
    """An administrator's browser."""
    browser = house.browser()
    browser.log_in(staff)
    return browser


def who(house: House, email: str) -> Account:
    with house.reading() as session:
        account = account_by_email(session, email)
    assert account is not None, email
    return account


def colleague(house: House, email: str = KIM, rank: Rank = Rank.REVIEWER) -> Browser:
    """Somebody else who works here, signed in."""
    hashed = passwords.hash_password(house.PASSWORD)
    with house.runtime.database.transaction() as session:
        joining.create_operator(session, email, "Kim Example", hashed, house.clock.business(), rank)
    browser = house.browser()
    browser.log_in(email)
    return browser


def press(house: House, head: Browser, email: str, word: str, **fields: object) -> int:
    """Press a button on the person's page."""
    page = f"{PEOPLE}/{who(house, email).id}"
    return head.send(page, fields, to=f"{page}/{word}").status_code


def invite(head: Browser, **changes: object) -> str:
    answers = {"name": "Kim Example", "email": KIM, "place": "cashier", **changes}
    answer = head.send(f"{PEOPLE}/invite", answers)
    return "" if answer.status_code == 303 else answer.get_data(as_text=True)


def links(house: House) -> list[str]:
    start = house.runtime.config.desk_url
    mails = [mail for mail in house.mails() if mail["template"] == "invitation"]
    return [mail["context"]["link"].removeprefix(start) for mail in mails]


def actions(house: House, account_id: uuid.UUID) -> list[str]:
    with house.reading() as session:
        return [entry.action for entry in audit.history(session, "account", account_id)]


def security_mails(house: House, to: str) -> list[str]:
    return [
        m["context"]["what"] for m in house.mails() if m["template"] == "security_notice" and m["to"] == to
    ]


def test_an_invited_person_comes_in_by_the_link_once(house: House, head: Browser) -> None:
    assert invite(head) == ""
    kim = who(house, KIM)
    assert (kim.standing, kim.rank, kim.role) == (Standing.INVITED, Rank.CASHIER, Role.OPERATOR)
    page = head.get(PEOPLE).get_data(as_text=True)
    assert "Kim Example" in page and "Invited" in page
    [link] = links(house)
    visitor = house.browser()
    assert visitor.get(link).status_code == 200
    assert visitor.get(link).status_code == 200, "looking uses nothing up"
    assert visitor.send(link, {"password": "a lighthouse keeper's cat"}).status_code == 303
    assert visitor.get(link).status_code == 410
    assert visitor.log_in(KIM, "a lighthouse keeper's cat").status_code == 200, "and sets up a second factor"
    kim = who(house, KIM)
    assert kim.standing is Standing.ACTIVE and kim.last_seen_at == house.clock.wall()
    assert actions(house, kim.id)[:2] == ["account:invite", "account:join"]
    assert visitor.get(PEOPLE).status_code == 200


def test_nobody_works_here_before_the_invitation_is_taken(house: House, head: Browser) -> None:
    invite(head, place="administrator")
    with house.reading() as session:
        assert count_office(session) == 1
    page = head.get(f"{PEOPLE}/{who(house, house.STAFF).id}").get_data(as_text=True)
    assert "is the only administrator" in page
    assert house.browser().send("/forgotten-password", {"email": KIM}).status_code == 200
    assert [m["template"] for m in house.mails()].count("new_password") == 0


def test_a_stranger_cannot_sign_up_with_an_invited_address(house: House, head: Browser) -> None:
    """Whoever confirmed such a sign-up would have come into the office with a stranger's password."""
    invite(head)
    before = who(house, KIM)
    house.browser().send("/sign-up", house.sign_up_answers(email=KIM))
    after = who(house, KIM)
    assert (after.password_hash, after.name) == (before.password_hash, before.name)
    assert [mail["template"] for mail in house.mails() if mail["to"] == KIM] == ["invitation"]


def test_a_stranger_on_the_address_does_not_keep_somebody_out(house: House, head: Browser) -> None:
    house.browser().send("/sign-up", house.sign_up_answers(email=KIM))
    confirm = house.confirm_path()
    assert invite(head) == ""
    kim = who(house, KIM)
    assert (kim.role, kim.terms_version, kim.standing) == (Role.OPERATOR, None, Standing.INVITED)
    assert house.browser().get(confirm).status_code == 410


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"email": "nobody"}, "not an e-mail address"),
        ({"name": ""}, "This is needed"),
        ({"place": "king"}, "choose one of those offered"),
        ({"email": "desk@example.org"}, "There is an account for desk@example.org already."),
        ({"email": "Ada@Example.org"}, "ada@example.org is a rights-holder’s account."),
        ({"email": "left@example.org"}, "left@example.org belongs to somebody who is deactivated."),
        ({"email": "waits@example.org"}, "waits@example.org is invited already."),
    ],
)
def test_what_cannot_be_invited_is_said(
    house: House, head: Browser, owner: str, changes: dict[str, object], sentence: str
) -> None:
    invite(head, email="waits@example.org")
    colleague(house, "left@example.org")
    press(house, head, "left@example.org", "deactivate")
    assert sentence in invite(head, **changes)
    assert len(links(house)) == 1


def test_inviting_again_ends_the_link_before(house: House, head: Browser) -> None:
    invite(head, place="legal_partner")
    assert (who(house, KIM).role, who(house, KIM).rank) == (Role.LEGAL_PARTNER, None)
    assert press(house, head, KIM, "invite-again") == 303
    first, second = links(house)
    assert house.browser().get(first).status_code == 410
    house.clock._wall += timedelta(hours=71)
    assert house.browser().get(second).status_code == 200
    house.clock._wall += timedelta(hours=1)
    assert house.browser().get(second).status_code == 410
    late = house.browser()
    late.log_in(house.STAFF)
    assert "The link has ended" in late.get(PEOPLE).get_data(as_text=True)


def test_a_withdrawn_invitation_is_gone_and_can_be_made_anew(house: House, head: Browser) -> None:
    invite(head)
    kim = who(house, KIM)
    assert press(house, head, KIM, "withdraw") == 303
    assert house.browser().get(links(house)[0]).status_code == 410
    assert [account.email for account in house.accounts()] == [house.STAFF]
    assert actions(house, kim.id) == ["account:invite", "account:withdraw_invitation"]
    assert head.get(f"{PEOPLE}/{kim.id}").status_code == 404
    assert invite(head) == "" and len(links(house)) == 2


def test_who_is_deactivated_is_out_at_once_and_comes_back_as_before(house: House, head: Browser) -> None:
    kim = colleague(house)
    assert kim.get("/settings").status_code == 200
    assert press(house, head, KIM, "deactivate") == 303
    assert kim.get("/settings").status_code == 303
    wrong = house.browser().send("/log-in", {"email": KIM, "password": "not this one at all"})
    right = house.browser().send("/log-in", {"email": KIM, "password": house.PASSWORD})
    sentence = re.compile(r"<ul>\s*<li>(.*?)</li>", re.DOTALL)
    assert (right.status_code, sentence.findall(right.text)) == (422, sentence.findall(wrong.text))
    house.browser().send("/forgotten-password", {"email": KIM})
    assert [m["template"] for m in house.mails()].count("new_password") == 0
    assert press(house, head, KIM, "reactivate") == 303
    assert kim.get("/settings").status_code == 303, "no browser comes back by itself"
    wait(house.runtime)
    assert house.browser().log_in(KIM).status_code == 303
    assert security_mails(house, KIM)[1:] == ["Deactivated the account", "Reactivated the account"]
    assert actions(house, who(house, KIM).id)[-2:] == ["account:deactivate", "account:reactivate"]


def test_a_link_for_a_new_password_ends_with_the_account(house: House, head: Browser) -> None:
    colleague(house)
    house.browser().send("/forgotten-password", {"email": KIM})
    link = next(m["context"]["link"] for m in house.mails() if m["template"] == "new_password")
    path = link.removeprefix(house.runtime.config.desk_url)
    assert house.browser().get(path).status_code == 200
    press(house, head, KIM, "deactivate")
    assert house.browser().get(path).status_code == 410


def test_nobody_deactivates_themselves_and_the_last_administrator_stays(house: House, head: Browser) -> None:
    me = who(house, house.STAFF)
    seen = {"version": str(me.version)}
    alone = head.send(f"{PEOPLE}/{me.id}", seen, to=f"{PEOPLE}/{me.id}/deactivate")
    assert alone.status_code == 422 and "Nobody deactivates their own account" in alone.text
    demoted = head.send(f"{PEOPLE}/{me.id}", {**seen, "rank": "cashier"}, to=f"{PEOPLE}/{me.id}/rank")
    assert demoted.status_code == 422 and "is the only administrator" in demoted.text
    colleague(house, rank=Rank.ADMINISTRATOR)
    assert press(house, head, house.STAFF, "deactivate", **seen) == 422
    assert press(house, head, house.STAFF, "rank", rank="cashier") == 303
    assert head.get(f"{PEOPLE}/invite").status_code == 403, "the rank counts from the next click on"
    assert security_mails(house, house.STAFF)[-1] == "Changed the rank to Cashier"


def test_two_administrators_cannot_dismiss_each_other(house: House, head: Browser) -> None:
    """Both were allowed to press when their pages were made, and press at the same moment."""
    colleague(house, rank=Rank.ADMINISTRATOR)
    kim, me = who(house, KIM), who(house, house.STAFF)
    at = Moments(house.NOON, house.clock.wall())
    barrier = threading.Barrier(2)

    def dismisses(actor: Account, other: Account) -> Callable[[], None]:
        def press() -> None:
            barrier.wait(30)
            with house.runtime.database.transaction() as session:
                people.deactivate(session, Seen(other.id, other.version), actor.actor, at)

        return press

    [refused] = at_once(dismisses(kim, me), dismisses(me, kim))
    assert isinstance(refused, NotAllowed) and "no administrator any more" in str(refused)
    assert sorted(who(house, each).standing for each in (KIM, house.STAFF)) == [
        Standing.ACTIVE, Standing.DEACTIVATED,
    ]  # fmt: skip


def test_the_other_administrators_see_who_comes_and_goes(house: House, head: Browser) -> None:
    """Else one of them could bring in a second person of their own, and nobody would know."""
    kim = colleague(house, rank=Rank.ADMINISTRATOR)
    colleague(house, "reader@example.org", Rank.REVIEWER)
    invite(head, email="new@example.org", name="New Example")
    press(house, head, "reader@example.org", "rank", rank="cashier")
    page = kim.get("/notices").text
    assert "New Example: Invited (Staff)" in page and "Changed the rank to Cashier" in page
    assert "Invited" not in head.get("/notices").text, "one’s own doing is no news"


def test_a_lost_second_factor_is_reset_and_told(house: House, head: Browser) -> None:
    kim = colleague(house)
    assert press(house, head, KIM, "reset-second-factor") == 303
    assert kim.get("/settings").status_code == 303
    assert security_mails(house, KIM)[-1] == "Second factor was reset"
    again = house.browser().send("/log-in", {"email": KIM, "password": house.PASSWORD})
    assert again.location.startswith("/log-in/second-factor")
    none = head.send(
        f"{PEOPLE}/{who(house, KIM).id}", {}, to=f"{PEOPLE}/{who(house, KIM).id}/reset-second-factor"
    )
    assert none.status_code in (409, 422), "there is none to reset"
    with house.reading() as session:
        factor = session.get(SecondFactor, who(house, KIM).id)
    assert factor is not None and factor.secret is None


def test_every_browser_of_somebody_is_signed_out(house: House, head: Browser) -> None:
    kim = colleague(house)
    assert press(house, head, KIM, "sign-out") == 303
    assert kim.get("/settings").status_code == 303
    assert house.count(DeskSession) == 1
    assert security_mails(house, KIM)[-1] == "Signed out every browser"


def test_an_older_page_is_refused(house: House, head: Browser) -> None:
    colleague(house)
    kim = who(house, KIM)
    page = f"{PEOPLE}/{kim.id}"
    assert press(house, head, KIM, "rank", rank="cashier") == 303
    old = head.send(page, {"version": str(kim.version)}, to=f"{page}/deactivate")
    assert old.status_code == 409
    assert head.send(page, {"version": "x"}, to=f"{page}/deactivate").status_code == 409
    assert press(house, head, KIM, "reactivate") == 409, "nobody is deactivated"
    assert press(house, head, KIM, "promote") == 404
    assert who(house, KIM).standing is Standing.ACTIVE


def test_withdrawing_meets_the_moment_of_joining(house: House, head: Browser) -> None:
    invite(head)
    kim = who(house, KIM)
    [link] = links(house)
    at = Moments(house.NOON, house.clock.wall())
    with house.runtime.database.transaction() as session:
        recovery.take_new_password(session, link.rpartition("/")[2], "hash", at.now, at.wall)
    me = who(house, house.STAFF).actor
    with pytest.raises(Stale), house.runtime.database.transaction() as session:
        people.withdraw(session, Seen(kim.id, kim.version), me, at)


def test_who_does_not_administer_looks_and_changes_nothing(house: House, head: Browser) -> None:
    kim = colleague(house)
    me = who(house, house.STAFF)
    page = kim.get(f"{PEOPLE}/{me.id}").get_data(as_text=True)
    assert "Only administrators can change something here." in page and "Deactivate" not in page
    assert kim.get(f"{PEOPLE}/invite").status_code == 403
    assert invite(kim) != "" and links(house) == []
    for word in ("deactivate", "rank", "sign-out", "reset-second-factor"):
        assert kim.send(PEOPLE, {"version": "1"}, to=f"{PEOPLE}/{me.id}/{word}").status_code == 403, word
    assert head.get(PEOPLE).status_code == 200


def test_a_dangerous_step_asks_again_who_it_is(house: House, head: Browser) -> None:
    colleague(house)
    for _ in range(11):
        house.clock._wall += timedelta(minutes=1)
        head.get(PEOPLE)
    answer = head.get(f"{PEOPLE}/invite")
    assert answer.location == "/confirm-it-is-you?next=/operator/people/invite", "before anything is typed"
    assert press(house, head, KIM, "deactivate") == 403
    assert who(house, KIM).standing is Standing.ACTIVE


def test_rights_holders_are_listed_searched_and_left_alone(house: House, head: Browser, owner: str) -> None:
    page = head.get(f"{PEOPLE}/rights-holders").get_data(as_text=True)
    assert "Ada Beispiel" in page and owner in page
    assert "Ada Beispiel" in head.get(f"{PEOPLE}/rights-holders?q=BEISP%20ada").text
    for nothing in ("zzz", "%25", "_", "%00", "ada%20zzz"):
        found = head.get(f"{PEOPLE}/rights-holders?q={nothing}")
        assert found.status_code == 200
        assert ("Ada Beispiel" in found.text) == (nothing == "%00"), nothing
    for far in ("0", "-7", "99999999999999999999", "x"):
        assert head.get(f"{PEOPLE}/rights-holders?page={far}").status_code == 200
        assert head.get(f"{PEOPLE}?page={far}").status_code == 200
    ada = who(house, owner)
    assert head.get(f"{PEOPLE}/{ada.id}").status_code == 404
    at, actor = Moments(house.NOON, house.clock.wall()), who(house, house.STAFF).actor
    with pytest.raises(NotFound), house.runtime.database.transaction() as session:
        people.deactivate(session, Seen(ada.id, ada.version), actor, at)


def test_last_seen_outlives_the_session(house: House, head: Browser, owner: str) -> None:
    kim = colleague(house)
    house.clock._wall += timedelta(minutes=3)
    kim.get("/settings")
    moment = house.clock.wall()
    kim.send("/settings", {}, to="/log-out")
    house.clock._wall += timedelta(minutes=3)
    assert who(house, KIM).last_seen_at == moment
    assert who(house, owner).last_seen_at is None

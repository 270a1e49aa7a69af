"""The frontier: two claimers, leases that run out, acknowledgements that come too late."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import select

from detection.crawl.database import connect, transaction
from detection.crawl.frontier import Claim, Frontier, Wanted
from detection.crawl.tables import crawl_requests
from tests.detection.conftest import Crawl

LEASE = 10.0


def frontier(crawl: Crawl, owner: str, **limits: int) -> Frontier:
    return Frontier(connect(crawl.url), owner, LEASE, **limits)


def filled(crawl: Crawl, count: int, hosts: int = 1) -> Frontier:
    one = frontier(crawl, "one")
    one.begin([f"https://h{n % hosts}.example.org/{n}" for n in range(count)], now=0)
    return one


def finish(front: Frontier, claim: Claim) -> bool:
    with transaction(front.engine) as connection:
        return front.acknowledge(connection, claim, "done")


def test_two_claimers_share_without_overlap(crawl: Crawl) -> None:
    one = filled(crawl, 60)
    two = frontier(crawl, "two")
    two.begin([], now=0)
    taken: dict[str, list[str]] = {"one": [], "two": []}

    def work(name: str, front: Frontier) -> None:
        while claims := front.claim(3, now=1):
            for claim in claims:
                assert finish(front, claim)
                taken[name].append(claim.url)

    threads = [threading.Thread(target=work, args=pair) for pair in (("one", one), ("two", two))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(taken["one"]) + len(taken["two"]) == 60
    assert len({*taken["one"], *taken["two"]}) == 60
    assert one.finish(now=2)


def test_a_lease_that_ran_out_is_given_out_again_and_the_late_answer_is_ignored(crawl: Crawl) -> None:
    one = filled(crawl, 1)
    two = frontier(crawl, "two")
    two.begin([], now=0)
    (late,) = one.claim(5, now=0)
    assert two.claim(5, now=LEASE - 1) == []
    (fresh,) = two.claim(5, now=LEASE + 1)
    assert fresh.id == late.id and fresh.token == late.token + 1
    assert not finish(one, late)
    assert finish(two, fresh)
    assert not finish(two, fresh)


def test_an_address_that_kills_the_crawler_is_given_up(crawl: Crawl) -> None:
    one = filled(crawl, 1)
    for attempt in range(3):
        assert len(one.claim(5, now=attempt * 20)) == 1
    assert one.claim(5, now=100) == []
    assert crawl.rows("SELECT state FROM crawl_requests") == [("failed",)]
    assert one.finish(now=101)


def test_hosts_take_turns(crawl: Crawl) -> None:
    one = filled(crawl, 9, hosts=3)
    hosts = {claim.url.split("/")[2] for claim in one.claim(3, now=0)}
    assert len(hosts) == 3


def test_an_open_round_goes_on_and_a_closed_one_starts_over(crawl: Crawl) -> None:
    one = filled(crawl, 2)
    (claim, _) = one.claim(2, now=0)
    assert finish(one, claim) and not one.finish(now=1)
    again = frontier(crawl, "again")
    assert again.begin([claim.url], now=2) == one.round_id
    assert again.outstanding() == 1
    (left,) = again.claim(5, now=100)
    assert finish(again, left) and again.finish(now=101)
    assert again.begin([claim.url], now=102) == one.round_id + 1
    assert again.outstanding() == 1


def test_the_number_of_pages_is_limited(crawl: Crawl) -> None:
    one = frontier(crawl, "one", most_pages=3)
    one.begin([f"https://example.org/{n}" for n in range(10)], now=0)
    assert one.outstanding() == 3
    with transaction(one.engine) as connection:
        assert one.want(connection, Wanted("https://example.org/a.jpg", "image", 1)) is not None


def test_a_transaction_that_fails_leaves_the_claim_open(crawl: Crawl) -> None:
    one = filled(crawl, 1)
    (claim,) = one.claim(1, now=0)
    with pytest.raises(RuntimeError), transaction(one.engine) as connection:
        assert one.acknowledge(connection, claim, "done")
        raise RuntimeError("disk full")
    with transaction(one.engine) as connection:
        assert connection.scalar(select(crawl_requests.c.state)) == "claimed"
    assert len(one.claim(1, now=LEASE + 1)) == 1


def test_two_crawlers_that_begin_at_once_continue_one_round(crawl: Crawl) -> None:
    fronts = [frontier(crawl, f"c{n}") for n in range(4)]
    together = threading.Barrier(4)

    def begin(front: Frontier) -> None:
        together.wait(20)
        front.begin(["https://example.org/"], now=0)

    threads = [threading.Thread(target=begin, args=(front,)) for front in fronts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len({front.round_id for front in fronts}) == 1 and fronts[0].round_id > 0
    assert fronts[0].outstanding() == 1


def test_the_same_addresses_found_in_other_orders_are_no_ring(crawl: Crawl) -> None:
    """Two pages name the same forty pages, one from the other end."""
    fronts = [filled(crawl, 0), frontier(crawl, "two")]
    fronts[1].begin([], now=0)
    found = [f"https://example.org/{n}" for n in range(40)]
    raised: list[BaseException] = []

    def want(front: Frontier, urls: list[str]) -> None:
        try:
            with transaction(front.engine) as connection:
                for url in urls:
                    assert front.want(connection, Wanted(url, "page", 1)) is not None
                    time.sleep(0.005)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            raised.append(error)

    threads = [
        threading.Thread(target=want, args=pair) for pair in zip(fronts, (found, found[::-1]), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert raised == [] and fronts[0].outstanding() == 40

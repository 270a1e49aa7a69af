"""What to fetch next, in the database: claimed with a lease, acknowledged with what it brought.

A claim that is not acknowledged before its lease ends is given out again under a new token; an
answer under an old token changes nothing. So a killed crawler loses nothing and doubles nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from detection.crawl.addresses import address_key
from detection.crawl.database import transaction
from detection.crawl.tables import crawl_requests as requests
from detection.crawl.tables import crawl_rounds as rounds

_OPEN = ("waiting", "claimed")
MOST_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Claim:
    """One address that this process may fetch until the lease ends."""

    id: int
    token: int
    url: str
    kind: str
    depth: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """An address to put into the frontier."""

    url: str
    kind: str
    depth: int


class Frontier:
    """The queue of one crawl. `owner` names this process, `lease_seconds` is its patience."""

    def __init__(self, engine: Engine, owner: str, lease_seconds: float, most_pages: int = 10_000) -> None:
        self.engine = engine
        self._owner = owner
        self._lease = lease_seconds
        self._most_pages = most_pages
        self.round_id = 0

    def begin(self, seeds: Iterable[str], now: float) -> int:
        """Continue the open round, or start a new one, with these addresses in it."""
        with transaction(self.engine) as connection:
            open_round = connection.scalar(
                select(func.max(rounds.c.id)).where(rounds.c.finished_at.is_(None))
            )
            if open_round is None:
                result = connection.execute(insert(rounds).values(started_at=now))
                assert result.inserted_primary_key is not None
                open_round = result.inserted_primary_key[0]
            self.round_id = int(open_round)
            for seed in seeds:
                self.want(connection, Wanted(seed, "page", 0))
        return self.round_id

    def finish(self, now: float) -> bool:
        """Close the round when nothing is left to fetch."""
        with transaction(self.engine) as connection:
            if self._count_open(connection):
                return False
            connection.execute(update(rounds).where(rounds.c.id == self.round_id).values(finished_at=now))
        return True

    def want(self, connection: Connection, wanted: Wanted) -> int | None:
        """Put an address in, once a round; returns its row, or None when the round is full."""
        key = address_key(wanted.kind, wanted.url)
        row = connection.execute(
            select(requests.c.id, requests.c.round_id).where(requests.c.url_key == key)
        ).first()
        if row is not None and row.round_id == self.round_id:
            return int(row.id)
        if wanted.kind == "page" and self._count_pages(connection) >= self._most_pages:
            return None
        values = {
            "url": wanted.url, "host": urlsplit(wanted.url).hostname or "", "kind": wanted.kind,
            "depth": wanted.depth, "round_id": self.round_id, "state": "waiting", "attempts": 0,
            "reason": "",
        }  # fmt: skip
        if row is not None:
            connection.execute(update(requests).where(requests.c.id == row.id).values(values))
            return int(row.id)
        try:
            with connection.begin_nested():
                result = connection.execute(insert(requests).values(url_key=key, **values))
        except IntegrityError:  # another crawler was quicker
            return connection.scalar(select(requests.c.id).where(requests.c.url_key == key))
        assert result.inserted_primary_key is not None
        return int(result.inserted_primary_key[0])

    def claim(self, limit: int, now: float) -> list[Claim]:
        """Up to `limit` addresses, the hosts in turn; leases that ran out are given out again."""
        claimable = and_(
            requests.c.round_id == self.round_id,
            or_(
                requests.c.state == "waiting",
                and_(requests.c.state == "claimed", requests.c.lease_until < now),
            ),
        )
        with transaction(self.engine) as connection:
            self._give_up(connection, now)
            place = func.row_number().over(partition_by=requests.c.host, order_by=requests.c.id)
            ranked = select(requests.c.id, place.label("place")).where(claimable).subquery()
            chosen = select(ranked.c.id).order_by(ranked.c.place, ranked.c.id).limit(limit)
            found = connection.execute(
                select(requests)
                .where(requests.c.id.in_(connection.scalars(chosen).all()), claimable)
                .order_by(requests.c.id)
                .with_for_update(skip_locked=True)
            ).all()
            for row in found:
                connection.execute(
                    update(requests)
                    .where(requests.c.id == row.id)
                    .values(
                        state="claimed", owner=self._owner, lease_until=now + self._lease,
                        token=row.token + 1, attempts=row.attempts + 1,
                    )
                )  # fmt: skip
        return [Claim(row.id, row.token + 1, row.url, row.kind, row.depth) for row in found]

    def acknowledge(self, connection: Connection, claim: Claim, state: str, reason: str = "") -> bool:
        """Settle a claim inside the transaction that stores what it brought.

        False when the lease had run out and another took over: then nothing may be stored.
        """
        result = connection.execute(
            update(requests)
            .where(
                requests.c.id == claim.id, requests.c.token == claim.token,
                requests.c.state == "claimed",
            )
            .values(state=state, reason=reason[:500], lease_until=0)
        )  # fmt: skip
        return result.rowcount == 1

    def settle(self, claim: Claim, state: str, reason: str) -> None:
        """Settle a claim that brought nothing."""
        with transaction(self.engine) as connection:
            self.acknowledge(connection, claim, state, reason)

    def outstanding(self) -> int:
        """Addresses of this round that are waiting or claimed by anybody."""
        with transaction(self.engine) as connection:
            return self._count_open(connection)

    def _count_open(self, connection: Connection) -> int:
        return self._count(connection, requests.c.state.in_(_OPEN))

    def _count_pages(self, connection: Connection) -> int:
        return self._count(connection, requests.c.kind == "page")

    def _count(self, connection: Connection, condition: ColumnElement[bool]) -> int:
        question = select(func.count()).where(requests.c.round_id == self.round_id, condition)
        return int(connection.scalar(question) or 0)

    def _give_up(self, connection: Connection, now: float) -> None:
        """Addresses whose fetching killed the crawler again and again are not tried for ever."""
        connection.execute(
            update(requests)
            .where(
                requests.c.state == "claimed", requests.c.lease_until < now,
                requests.c.attempts >= MOST_ATTEMPTS,
            )
            .values(state="failed", reason="The crawler stopped while fetching it, three times.")
        )  # fmt: skip

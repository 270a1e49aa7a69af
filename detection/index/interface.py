"""What every index can do, embedded or distributed."""

from __future__ import annotations

from typing import Protocol

from detection.index.query import Proposal, Query
from detection.types import Candidate, Reference


class Index(Protocol):
    """Photographs by the ways they can be recognised."""

    def add(self, reference: Reference) -> None:
        """Take a photograph in; the same work again replaces it."""

    def remove(self, work_id: str) -> None:
        """Forget a photograph; unknown ones are no error."""

    def by_hash(self, query: Query) -> list[Proposal]:
        """Photographs whose hash is near, the nearest first."""

    def by_features(self, query: Query, limit: int) -> list[Proposal]:
        """At most `limit` photographs that local features vote for, the most promising first."""

    def search(self, query: Query, limit: int) -> list[Candidate]:
        """Both together as plain facts, at most `limit`."""

    def __len__(self) -> int:
        """Number of photographs."""

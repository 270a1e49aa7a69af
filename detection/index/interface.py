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

    def propose(self, query: Query, limit: int) -> list[Proposal]:
        """At most `limit` photographs worth verifying, the most promising first."""

    def search(self, query: Query, limit: int) -> list[Candidate]:
        """The same as plain facts."""

    def __len__(self) -> int:
        """Number of photographs."""

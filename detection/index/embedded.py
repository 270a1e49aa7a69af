# ruff: noqa: PLR2004 - orientations of the hash
"""The index inside one process: every hash and every descriptor compared, nothing approximate.

Good for some thousands of photographs: a search reads 64 kB for each of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from detection.images.distinct import PDQ_QUALITY_FLOOR
from detection.images.features import Floats, unpack
from detection.index.query import Bits, Proposal, Query, Variant
from detection.types import Candidate, Reference

#: The distance that the authors of PDQ give for "the same picture".
PDQ_DISTANCE = 31
#: Descriptors of the query that vote: spread ones, so a quarter of the image has a quarter.
#: Negatives are rare, so fewer are asked about them.
_VOTERS, _VOTERS_INVERTED = 320, 96
#: A vote counts by how much nearer its photograph is than the k-th nearest photograph ...
_BACKGROUND_RANK = 6
#: ... or than this squared distance, when there are few photographs to compare with.
_BACKGROUND_DISTANCE = 0.55
#: Sums of votes under which a photograph is not worth a look, absolute and by the median of all.
_LEAST_VOTES, _ABOVE_MEDIAN = 2.0, 1.5
#: Photographs compared at once: bounds the memory of one multiplication.
_BLOCK = 16
#: Up to so many photographs the blocks stay unfolded in memory (256 kB each).
_UNFOLDED = 200

Integers = npt.NDArray[np.int64]


class EmbeddedIndex:
    """Brute force over hashes and descriptors, exact and deterministic."""

    def __init__(self) -> None:
        self._hashes: dict[str, tuple[Bits, int]] = {}
        self._roots: dict[str, npt.NDArray[np.uint8]] = {}
        self._blocks: list[tuple[list[str], Floats, Integers]] | None = None

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, reference: Reference) -> None:
        """Take a photograph in; the same work again replaces it."""
        print_ = reference.fingerprint
        bits = np.unpackbits(np.frombuffer(print_.pdq, np.uint8))
        self._hashes[reference.work_id] = (bits, print_.pdq_quality)
        self._roots.pop(reference.work_id, None)
        descriptors = unpack(print_.features).descriptors
        if len(descriptors):
            self._roots[reference.work_id] = descriptors
        self._blocks = None

    def remove(self, work_id: str) -> None:
        """Forget a photograph; unknown ones are no error."""
        self._hashes.pop(work_id, None)
        self._roots.pop(work_id, None)
        self._blocks = None

    def search(self, query: Query, limit: int) -> list[Candidate]:
        """At most `limit` photographs worth verifying, as plain facts, hash neighbours first."""
        near = [Candidate(p.work_id, p.score, "pdq") for p in self.by_hash(query)]
        voted = [Candidate(p.work_id, p.score, "features") for p in self.by_features(query, limit)]
        return [*near, *voted][:limit]

    def by_hash(self, query: Query) -> list[Proposal]:
        """Photographs whose hash is near in one of eight orientations, or near its complement."""
        if query.pdq is None or query.pdq_quality < PDQ_QUALITY_FLOOR or not self._hashes:
            return []
        works = [w for w, (_, quality) in self._hashes.items() if quality >= PDQ_QUALITY_FLOOR]
        if not works:
            return []
        ours = np.stack([self._hashes[work][0] for work in works])
        theirs = query.pdq.astype(np.int64)
        differing = (ours[:, None, :] != theirs[None, :, :]).sum(axis=2)
        proposals = []
        for row, work in enumerate(works):
            both = np.concatenate([differing[row], 256 - differing[row]])
            best = int(both.argmin())
            distance = int(both[best])
            if distance <= PDQ_DISTANCE:
                variant = Variant.of(mirrored=best % 8 >= 4, inverted=best >= 8)
                proposals.append(Proposal(work, variant, 1 - distance / 256, distance))
        return sorted(proposals, key=lambda p: (-p.score, p.work_id))

    def by_features(self, query: Query, limit: int) -> list[Proposal]:
        """The photographs most descriptors vote for, at most `limit`, one per work and variant."""
        if not query.features.count or not self._roots:
            return []
        roots = query.features.roots()
        asked = [_every(roots, _VOTERS_INVERTED if variant.is_inverted else _VOTERS) for variant in Variant]
        permuted = [rows[:, v.permutation] for rows, v in zip(asked, Variant, strict=True)]
        works, nearest = self._nearest(np.concatenate(permuted))
        weights = _weights(nearest)
        ends = np.cumsum([len(rows) for rows in asked])
        sums = np.stack([
            part.sum(axis=0) * len(asked[0]) / len(part)
            for part in np.split(weights, ends[:-1], axis=0)
        ])  # fmt: skip
        least = max(_LEAST_VOTES, _ABOVE_MEDIAN * float(np.median(sums)))
        if len(works) <= _BACKGROUND_RANK:  # too few to tell what an ordinary vote is
            least = 0.0
        proposals = [
            Proposal(works[column], variant, float(sums[row, column]))
            for row, variant in enumerate(Variant)
            for column in np.flatnonzero(sums[row] >= least)
        ]
        return sorted(proposals, key=lambda p: (-p.score, p.work_id, p.variant))[:limit]

    def _nearest(self, queries: Floats) -> tuple[list[str], Floats]:
        """Squared distance of every query to the nearest descriptor of every photograph."""
        works: list[str] = []
        parts: list[Floats] = []
        for names, roots, starts in self._stacked():
            similar = queries @ roots.T
            best = np.maximum.reduceat(similar, starts, axis=1)
            works += names
            parts.append((2 - 2 * best).astype(np.float32))
        return works, np.concatenate(parts, axis=1)

    def _stacked(self) -> Iterator[tuple[list[str], Floats, Integers]]:
        """The descriptors of all photographs, block by block."""
        if self._blocks is not None:
            yield from self._blocks
            return
        works = sorted(self._roots)
        groups = (works[at : at + _BLOCK] for at in range(0, len(works), _BLOCK))
        if len(works) <= _UNFOLDED:
            self._blocks = [self._stack(group) for group in groups]
            yield from self._blocks
        else:
            yield from (self._stack(group) for group in groups)

    def _stack(self, works: list[str]) -> tuple[list[str], Floats, Integers]:
        rows = [self._roots[work] for work in works]
        values = np.concatenate(rows).astype(np.float32)
        values /= np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6)
        starts = np.cumsum([0, *[len(part) for part in rows[:-1]]])
        return works, values, starts


def _every(rows: Floats, count: int) -> Floats:
    """About `count` rows, evenly taken."""
    return rows[:: max(1, len(rows) // count)][:count]


def _weights(nearest: Floats) -> Floats:
    """How much every query votes for every photograph, from squared distances."""
    rank = min(_BACKGROUND_RANK, nearest.shape[1] - 1)
    limit = np.full((len(nearest), 1), _BACKGROUND_DISTANCE, np.float32)
    if rank:
        kth = np.partition(nearest, rank, axis=1)[:, rank : rank + 1]
        limit = np.minimum(limit, kth)
    return np.asarray(np.clip((limit - nearest) / np.maximum(limit, 1e-6), 0, 1) ** 2)

"""Matching as the parent sees it: images go in, facts come out, the work is done in children."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from detection.images.limits import FOUND, Limits
from detection.images.packing import fingerprint_to_wire
from detection.images.pool import DecodePool
from detection.images.refusals import ImageRefused, refusal
from detection.images.wire import Header
from detection.types import Certainty, Fingerprint, Match, MatchKind, Reference

#: Images on their way to each child: enough to keep it busy, few enough to hold in memory.
_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one image: its matches, or why it could not be looked at."""

    position: int
    matches: tuple[Match, ...]
    refused: ImageRefused | None = None


class Matcher:
    """Looks for a set of photographs in images. Close it, or use it as a context manager."""

    def __init__(
        self, references: Iterable[Reference] = (), *, processes: int = 2, limits: Limits = FOUND
    ) -> None:
        self._pool = DecodePool(processes, module="detection.matching.child")
        self._processes = processes
        self._limits = limits
        for reference in references:
            self.add(reference)

    def add(self, reference: Reference) -> None:
        """Look for this photograph too, from the next image on."""
        arguments, body = fingerprint_to_wire(reference.fingerprint)
        self._pool.teach({"task": "add", "arguments": _named(arguments, reference.work_id)}, body)

    def remove(self, work_id: str) -> None:
        """Look for this photograph no longer."""
        self._pool.teach({"task": "remove", "arguments": {"work_id": work_id}})

    def match(self, found: bytes | Fingerprint) -> list[Match]:
        """Every photograph found in the image, the surest first; raises ImageRefused."""
        if isinstance(found, Fingerprint):
            arguments, body = fingerprint_to_wire(found)
            answer, _ = self._pool.call("match_fingerprint", body, self._limits, arguments)
        else:
            if not found:
                raise refusal("empty")
            if len(found) > self._limits.max_bytes:
                raise refusal("too_large", max_megabytes=self._limits.max_bytes // 1024 // 1024)
            answer, _ = self._pool.call("match", found, self._limits)
        return [_match_from(words) for words in answer["matches"]]

    def match_many(self, images: Iterable[bytes | Path]) -> Iterator[Outcome]:
        """One outcome per image, in the order given; a refused image stops nothing."""
        with ThreadPoolExecutor(self._processes) as threads:
            waiting: deque[Future[Outcome]] = deque()
            for position, image in enumerate(images):
                waiting.append(threads.submit(self._outcome, position, image))
                if len(waiting) >= self._processes * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def close(self) -> None:
        """End the children."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _outcome(self, position: int, image: bytes | Path) -> Outcome:
        data = image.read_bytes() if isinstance(image, Path) else image
        try:
            return Outcome(position, tuple(self.match(data)))
        except ImageRefused as refused:
            return Outcome(position, (), refused)


def _named(arguments: Header, work_id: str) -> Header:
    return {**arguments, "work_id": work_id}


def _match_from(words: Header) -> Match:
    """The match as the child told it, every field held to its type."""
    distance = words["pdq_distance"]
    return Match(
        work_id=str(words["work_id"]),
        kind=MatchKind(words["kind"]),
        certainty=Certainty(words["certainty"]),
        inliers=int(words["inliers"]),
        pdq_distance=None if distance is None else int(distance),
        mirrored=bool(words["mirrored"]),
        visible_share=float(words["visible_share"]),
        covered_share=float(words["covered_share"]),
        outline=tuple((float(x), float(y)) for x, y in words["outline"]),
        sentence=str(words["sentence"]),
    )

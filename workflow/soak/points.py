"""Which life passes which failpoint, in which process, and how often: the plan of a campaign."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workflow.kernel.kills import Moment


class Life(StrEnum):
    """A short story with a beginning that is copied for every run, and an end that is known."""

    #: Two offers were decided; the worker prints and sends their letters.
    LETTERS = "letters"
    #: Two offers on paper wait for the post; the worker binds them into a batch.
    POST = "post"
    #: A first reminder is due in two cases; the ticker finds it, the worker writes it.
    DATES = "dates"
    #: Two cards were charged; the payment service reports it to the portal.
    REPORTS = "reports"
    #: The reports lie in the inbox; the worker books them.
    BOOKINGS = "bookings"
    #: Somebody presses “Pay” on the portal.
    WISH = "wish"
    #: A card page is wanted; the worker has it made.
    PAGES = "pages"
    #: A booked payment is to be given back.
    REFUND = "refund"
    #: A photographer hands in two photographs.
    UPLOAD = "upload"
    #: Four pages with three copies are fetched.
    CRAWL = "crawl"
    #: What was fetched is compared and becomes hits.
    HITS = "hits"
    #: An empty database is brought up to date.
    MIGRATION = "migration"


@dataclass(frozen=True, slots=True)
class Place:
    """``process``: the command that passes the point. ``passes``: how often at least, undisturbed."""

    life: Life
    process: str
    passes: int = 1


def _places(life: Life, process: str, **passes: int) -> dict[str, Place]:
    return {name.replace("__", "."): Place(life, process, count) for name, count in passes.items()}


PLACES: dict[str, Place] = {
    **_places(
        Life.LETTERS, "worker", outbox__after_claim=6, outbox__after_outside=4, outbox__before_finish=2,
        outbox__before_commit=2, outbox__after_commit=2, letter__after_render=2, letter__after_store=2,
        letter__before_submit=2, letter__after_submit=2, letter__before_record=2, file__after_write=4,
        file__after_fsync=4, file__after_link=4, document__after_store=2, document__after_row=2,
    ),
    **_places(Life.POST, "worker", post__after_bind=1, post__after_store=1),
    **_places(
        Life.DATES, "ticker", deadline__after_select=1, deadline__before_commit=1, deadline__after_commit=1,
        seal__before_commit=1,
    ),
    **_places(Life.DATES, "worker", deadline__after_advance=2),
    **_places(
        Life.REPORTS, "web", webhook__after_verify=3, webhook__after_insert=3, webhook__before_2xx=3
    ),
    **_places(
        Life.BOOKINGS, "worker", payin__before_fetch=3, payin__after_fetch=3, payin__before_commit=3,
        payin__after_commit=3, book__before_lock=3, book__after_journal=2, book__after_move=2,
    ),
    **_places(Life.WISH, "web", checkout__before_row=1, checkout__after_row=1),
    **_places(
        Life.PAGES, "worker", checkout__before_call=2, checkout__after_call=2, checkout__before_record=2
    ),
    **_places(Life.REFUND, "worker", refund__before_call=1, refund__after_call=1, refund__before_record=1),
    **_places(Life.UPLOAD, "web", upload__after_prepare=2, upload__before_commit=2, upload__after_commit=2),
    **_places(
        Life.CRAWL, "fetch", crawl__after_claim=2, crawl__after_page=4, crawl__after_page_blob=4,
        crawl__before_page_commit=4, crawl__after_page_commit=4, crawl__after_image=4,
        crawl__after_image_blob=4, crawl__before_image_commit=4, crawl__after_image_commit=4,
    ),
    **_places(
        Life.HITS, "crawl", match__after_number=1, match__after_compare=1, match__before_commit=1,
        match__after_commit=1, hits__after_read=1, hits__before_commit=1, hits__after_commit=1,
    ),
    **_places(
        Life.MIGRATION, "upgrade", migration__statement=40, migration__after_step=3,
        migration__before_commit=1, migration__after_commit=1,
    ),
}  # fmt: skip

#: Commands that do one thing and end: told to stop they end at once, so they have no exit to be killed in.
ENDS_AT_ONCE = ("crawl", "upgrade")


def why_not(point: str, moment: Moment) -> str | None:
    """Why this point has no such moment, as a sentence; ``None`` when it has."""
    process = PLACES[point].process
    if moment is Moment.EXIT and process in ENDS_AT_ONCE:
        return f"“{process}” ends at once when it is told to stop."
    return None

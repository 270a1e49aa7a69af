"""Sessions that live in a table: the one rule of how a click is noted, for desk and portal.

The signed cookie carries nothing but a token; when a session began and when it was last seen stand in its
row, so that a copied cookie ends with the row and cannot prolong itself. The note of a click is the one
write a page view may cause.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.exc import OperationalError

from workflow.web.current import runtime

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

log = logging.getLogger("lichtbild.web")

#: A click is noted at most this often.
TOUCH = timedelta(minutes=1)

#: Writes the moment of the click into the row of the token, if it is still there.
Touch = Callable[["Session", str, datetime], None]


def note_click(seen_at: datetime, token: str, moment: datetime, touch: Touch) -> None:
    """Let ``touch`` note the click, at most once a minute, in a transaction of its own."""
    if moment - seen_at < TOUCH:
        return
    try:
        with runtime().database.transaction() as session:
            touch(session, token, moment)
    except OperationalError:  # somebody writes for long: the page is more important than the note
        log.warning("a click could not be noted")

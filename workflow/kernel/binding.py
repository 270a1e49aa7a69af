"""Several PDFs bound into one for a printer that prints on both sides."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import ExitStack

from pikepdf import Pdf

from workflow.kernel.errors import Refused
from workflow.kernel.said import say

#: A4 in points; what follows a document with an odd number of pages.
A4 = (595.28, 841.89)


def bind(parts: Sequence[bytes]) -> tuple[bytes, list[int]]:
    """One PDF in which every part begins on an odd page, and how many pages each part takes with its blank.

    After a part with an odd number of pages comes an empty page: printed on both sides, the next part then
    begins on a sheet of its own. Same input, same bytes.
    """
    if not parts:
        raise Refused(say("There is nothing to print."))
    with ExitStack() as opened, Pdf.new() as bound:
        counts = []
        for part in parts:
            before = len(bound.pages)
            bound.pages.extend(opened.enter_context(Pdf.open(io.BytesIO(part))).pages)  # read when saved
            if len(bound.pages) % 2:
                bound.add_blank_page(page_size=A4)
            counts.append(len(bound.pages) - before)
        data = io.BytesIO()
        bound.save(data, deterministic_id=True)
    return data.getvalue(), counts


def page_count(pdf: bytes) -> int:
    """How many pages it has."""
    with Pdf.open(io.BytesIO(pdf)) as opened:
        return len(opened.pages)

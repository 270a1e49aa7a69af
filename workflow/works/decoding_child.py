"""The decoding child of uploads: everything the usual child does, and reading notes.

Started by the pool only: `python -m workflow.works.decoding_child FD MEMORY`.
"""

from __future__ import annotations

from detection.images.child import TASKS
from detection.images.limits import Limits
from detection.images.serving import Task, serve
from detection.images.wire import Header
from workflow.works.notes_reading import read_notes


def _notes(data: bytes, limits: Limits, _: Header) -> tuple[Header, bytes]:
    return {"notes": read_notes(data, limits)}, b""


UPLOAD_TASKS: dict[str, Task] = {**TASKS, "notes": _notes}


if __name__ == "__main__":
    serve(UPLOAD_TASKS)

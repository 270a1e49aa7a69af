"""What the owner's pages show of photographs and verdicts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from flask import request, url_for

from workflow.kernel.said import say
from workflow.works.models import UploadRecord, Work
from workflow.works.rules import UploadRules, editions
from workflow.works.states import TAKEN, WORDS, UploadVerdict

_KINDS: dict[UploadVerdict, str] = {
    UploadVerdict.ACCEPTED: "done",
    UploadVerdict.DUPLICATE: "neutral",
    UploadVerdict.TOO_SMALL: "danger",
    UploadVerdict.UNREADABLE: "danger",
    UploadVerdict.NOT_DISTINCTIVE: "danger",
    UploadVerdict.REFUSED: "danger",
}
#: What a script is told beside the sentence; everything else that was not taken is 422.
_CODES = {"unsupported_type": 415, "unsupported_variant": 415, "too_large": 413}
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Thumb:
    """One photograph on the shelf."""

    href: str
    src: str
    title: str
    meta: str
    chip_kind: str = ""
    chip_word: str = ""


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file and its verdict, as ``components/lists.html`` and ``js/upload.js`` show it."""

    name: str
    kind: str
    word: str
    #: The sentence, and what would help.
    remedy: str
    href: str
    thumb_src: str
    verdict: str
    code: str


def thumb(work: Work) -> Thumb:
    """The photograph as the list shows it."""
    warning = {} if work.distinctive else {"chip_kind": "waiting", "chip_word": say("Little detail")}
    return Thumb(
        href=url_for("works_rights_holder.show", work_id=work.id),
        src=url_for("works_rights_holder.image", work_id=work.id, kind="thumb"),
        title=work.title,
        meta=f"{work.width} × {work.height}",
        **warning,
    )


def file_row(record: UploadRecord) -> FileRow:
    """The verdict as the upload page shows it."""
    taken = record.verdict in TAKEN
    at = record.work_id
    return FileRow(
        name=record.file_name,
        kind=_KINDS[record.verdict],
        word=WORDS[record.verdict],
        remedy=f"{record.sentence} {record.remedy}".strip(),
        href=url_for("works_rights_holder.show", work_id=at) if taken else "",
        thumb_src=url_for("works_rights_holder.image", work_id=at, kind="thumb") if taken else "",
        verdict=record.verdict.value,
        code=record.code,
    )


def json_row(record: UploadRecord) -> dict[str, str]:
    """The same for a script."""
    return asdict(file_row(record))


def code_of(records: Sequence[UploadRecord]) -> int:
    """The HTTP code for a script that sent one file; several get 200 and a verdict each."""
    if len(records) != 1 or records[0].verdict in TAKEN:
        return 200
    return _CODES.get(records[0].code, 422)


def too_many_words(rules: UploadRules) -> str:
    """More files in one plain form than a browser would wait for."""
    return say(
        "At most {files_without_scripts} files fit in one go without scripts. Nothing "
        "was stored; please send fewer at once.",
        files_without_scripts=rules.files_without_scripts,
    )


def body_limit() -> int:
    """What the largest edition lets one form weigh, in bytes."""
    return max(edition.megabytes_without_scripts for edition in editions()) * _MEGABYTE


def wants_json() -> bool:
    """Whether a script asks."""
    return request.accept_mimetypes.best == "application/json"


def batch_of(text: str | None) -> uuid.UUID | None:
    """The key of an upload as it stands in an address."""
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None

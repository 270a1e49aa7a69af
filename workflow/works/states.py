"""What can become of an uploaded file."""

from __future__ import annotations

from enum import StrEnum

from workflow.kernel.said import say


class UploadVerdict(StrEnum):
    """One word per file; the sentence and the remedy stand beside it."""

    #: Stored, fingerprinted, and looked for from now on.
    ACCEPTED = "accepted"
    #: The very same file is there already; nothing was stored again.
    DUPLICATE = "duplicate"
    #: The longest side is too short to tell copies apart and to prove anything with.
    TOO_SMALL = "too_small"
    #: Not a picture, damaged, or built to harm.
    UNREADABLE = "unreadable"
    #: Nothing in it that would tell a copy from another picture.
    NOT_DISTINCTIVE = "not_distinctive"
    #: The picture is fine but cannot be taken now, such as when the quota is full.
    REFUSED = "refused"


#: The verdicts after which there is a photograph to look at.
TAKEN = frozenset({UploadVerdict.ACCEPTED, UploadVerdict.DUPLICATE})

WORDS: dict[UploadVerdict, str] = {
    UploadVerdict.ACCEPTED: say("Accepted"),
    UploadVerdict.DUPLICATE: say("Already there"),
    UploadVerdict.TOO_SMALL: say("Too small"),
    UploadVerdict.UNREADABLE: say("Unreadable"),
    UploadVerdict.NOT_DISTINCTIVE: say("Not distinctive"),
    UploadVerdict.REFUSED: say("Not taken"),
}

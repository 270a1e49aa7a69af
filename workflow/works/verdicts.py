"""Why a file was not taken, as a verdict with its sentence and its remedy."""

from __future__ import annotations

from detection.images import ImageRefused
from workflow.kernel.said import say
from workflow.works.states import UploadVerdict

#: Limits that were hit: the picture may be fine, the file is too much. All other codes: unreadable.
_TOO_MUCH = frozenset(
    {
        "too_large", "too_many_pixels", "dimensions", "too_many_frames", "too_many_scans",
        "metadata_bomb", "too_slow", "too_heavy",
    }
)  # fmt: skip
_NAMED = {
    "too_small": UploadVerdict.TOO_SMALL,
    "not_distinctive": UploadVerdict.NOT_DISTINCTIVE,
}


class NotTaken(Exception):
    """A file that did not become a photograph; known before any transaction begins."""

    def __init__(self, verdict: UploadVerdict, code: str, sentence: str, remedy: str) -> None:
        super().__init__(sentence)
        self.verdict = verdict
        self.code = code
        self.sentence = sentence
        self.remedy = remedy


def of_refused_image(refused: ImageRefused) -> NotTaken:
    """The decoder's refusal in the owner's words."""
    usual = UploadVerdict.REFUSED if refused.code in _TOO_MUCH else UploadVerdict.UNREADABLE
    verdict = _NAMED.get(refused.code, usual)
    return NotTaken(verdict, refused.code, refused.sentence, refused.remedy)


def too_small(longest: int, needed: int) -> NotTaken:
    """The longest side is too short."""
    return NotTaken(
        UploadVerdict.TOO_SMALL,
        "too_small",
        say(
            "The longest side has {longest} pixels; at least {needed} are needed.",
            longest=longest,
            needed=needed,
        ),
        say("Upload the photograph in its original size."),
    )


def nothing_to_tell_apart() -> NotTaken:
    """So little to see that hardly any copy would be found."""
    return NotTaken(
        UploadVerdict.NOT_DISTINCTIVE,
        "not_distinctive",
        say("The picture shows too little detail: hardly any copy of it could be told apart."),
        say("Upload it in its original size, or choose a photograph with more to see in it."),
    )


def quota_full(quota: int) -> NotTaken:
    """Every place is taken."""
    return NotTaken(
        UploadVerdict.REFUSED,
        "quota",
        say("All {quota} places for photographs are taken.", quota=f"{quota:,}"),
        say("Ask us through the contact form for more places."),
    )

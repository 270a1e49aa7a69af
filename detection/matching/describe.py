"""A match in words: what was done to the photograph, from the geometry and the pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from detection.matching import thresholds as t
from detection.matching.agreement import Agreement
from detection.matching.geometry import Matrix
from detection.types import Certainty, MatchKind

#: Chroma (Lab) under which a picture is grey, and the shift from which colours differ.
_GREY_CHROMA, _COLOURFUL, _SHIFTED = 3.5, 6.0, 9.0
_BRIGHTER = 22.0
_COVERED = 0.08
_TURNED, _STRETCHED = 1.5, 1.08

#: What the sentence begins with; ``visible`` and ``covered`` are shares such as ``52 %``.
HEADS: dict[MatchKind, str] = {
    MatchKind.CROPPED: "A crop: about {visible} of your photograph",
    MatchKind.EXACT: "Your whole photograph in the same size",
    MatchKind.RESIZED: "Your whole photograph in another size",
    MatchKind.RECOLOURED: "Your whole photograph",
    MatchKind.MIRRORED: "Your whole photograph",
    MatchKind.ALTERED: "Your whole photograph, altered",
}
PART_WHOLE = "Part of a larger image: your photograph fills about {covered} of it"
PART_CUT = PART_WHOLE + ", of which about {visible} is visible"
TURNED = "turned by about {degrees} degrees"
UNCERTAIN = "Please look closely, the match is not certain."
WIDER = (
    "Perhaps not your photograph: the image shows more of the scene than yours does. "
    "It may be another frame, or the larger picture yours was cut from."
)
#: Everything that is said about a match, for whoever tells it in another language.
TELLING: tuple[str, ...] = (
    *(f"{head}{end}" for head in (*HEADS.values(), PART_WHOLE, PART_CUT) for end in (".", ", {changes}.")),
    UNCERTAIN, WIDER, TURNED, "mirrored", "stretched", "with something laid over it",
    "as a negative", "in black and white", "in other colours", "made lighter", "made darker",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """What was done, as far as it can be measured."""

    mirrored: bool
    inverted: bool
    colours: str
    visible_share: float
    covered_share: float
    overlaid: bool
    turned: float
    stretched: bool
    same_size: bool
    wider: bool


def measure_change(
    agreement: Agreement,
    matrix: Matrix,
    *,
    mirrored: bool,
    inverted: bool,
    shares: tuple[float, float],
    same_size: bool,
) -> Change:
    """Put the measured facts together; `matrix` leads from photograph to image pixels."""
    turned, stretch = _turn_and_stretch(matrix, mirrored)
    return Change(
        mirrored=mirrored,
        inverted=inverted,
        colours="as a negative" if inverted else _colours(agreement),
        visible_share=shares[0],
        covered_share=shares[1],
        overlaid=_is_overlaid(agreement, shares),
        turned=turned,
        stretched=stretch > _STRETCHED,
        same_size=same_size,
        wider=agreement.running_on is None or agreement.running_on > 0,
    )


def _is_overlaid(agreement: Agreement, shares: tuple[float, float]) -> bool:
    """Something hides a part, inside or along a border of a photograph that fills the image."""
    left, top, right, bottom = agreement.kept
    hidden = 1 - (right - left) * (bottom - top) if shares[1] >= t.FILLING else 0.0
    return agreement.telling > 0 and (agreement.agreeing < 1 - _COVERED or hidden > _COVERED / 2)


def _turn_and_stretch(matrix: Matrix, mirrored: bool) -> tuple[float, float]:
    linear = matrix[:, :2].copy()
    if mirrored:
        linear[:, 0] *= -1
    singular = np.linalg.svd(linear, compute_uv=False)
    angle = math.degrees(math.atan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1]))
    return angle, float(singular[0] / singular[1])


def _colours(agreement: Agreement) -> str:
    """A phrase for changed colours, or nothing."""
    shift = agreement.colours
    if shift.their_chroma < _GREY_CHROMA and shift.our_chroma > _COLOURFUL:
        return "in black and white"
    if shift.distance > _SHIFTED:
        return "in other colours"
    if abs(shift.lighter) > _BRIGHTER:
        return "made lighter" if shift.lighter > 0 else "made darker"
    return ""


def kind_of(change: Change) -> MatchKind:
    """The one word for the strongest change."""
    whole, filling = change.visible_share >= t.WHOLE, change.covered_share >= t.FILLING
    if not filling:
        return MatchKind.COLLAGE
    if not whole:
        return MatchKind.CROPPED
    if change.mirrored:
        return MatchKind.MIRRORED
    if change.colours:
        return MatchKind.RECOLOURED
    if change.overlaid or change.stretched or _is_turned(change.turned):
        return MatchKind.ALTERED
    return MatchKind.EXACT if change.same_size else MatchKind.RESIZED


def _is_turned(angle: float) -> bool:
    return abs(angle) > _TURNED


def sentence_of(kind: MatchKind, change: Change, certainty: Certainty) -> str:
    """One plain sentence, e.g. "A crop: about 52 % of your photograph, mirrored." """
    head = _head(kind, change)
    details = [words for words in _details(change) if words]
    text = ", ".join([head, *details]) + "."
    if certainty is Certainty.CONFIRMED:
        return text
    if change.wider:
        return WIDER
    return f"{UNCERTAIN} {text}"


def _head(kind: MatchKind, change: Change) -> str:
    shares = {"visible": _percent(change.visible_share), "covered": _percent(change.covered_share)}
    if kind is MatchKind.COLLAGE:
        return (PART_WHOLE if change.visible_share >= t.WHOLE else PART_CUT).format(**shares)
    return HEADS[kind].format(**shares)


def _details(change: Change) -> list[str]:
    turned = TURNED.format(degrees=abs(round(change.turned)))
    return [
        "mirrored" if change.mirrored else "",
        change.colours,
        "with something laid over it" if change.overlaid else "",
        "stretched" if change.stretched else "",
        turned if _is_turned(change.turned) else "",
    ]


def _percent(share: float) -> str:
    return f"{max(1, round(100 * share))} %"

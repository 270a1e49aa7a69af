"""Real photographs, changed as people change them, and pictures that only look alike."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random

import pytest
from PIL import Image, ImageEnhance, ImageOps

from detection.images import DecodePool, ImageRefused, SafeDecoder
from detection.matching import Matcher
from detection.types import Certainty, Match, MatchKind, Point, Reference
from tests.detection.conftest import encoded, opened, photographs
from workflow.demo.alterations import Kind, alter

WORKS = photographs("work-*.jpg")
OTHERS = photographs("other-*.jpg")


@pytest.fixture(scope="module")
def references() -> list[Reference]:
    with DecodePool(1) as pool:
        decoder = SafeDecoder(pool)
        return [Reference(path.stem, decoder.fingerprint(path.read_bytes())) for path in WORKS]


@pytest.fixture(scope="module")
def matcher(references: list[Reference]) -> Iterator[Matcher]:
    with Matcher(references, processes=2) as matcher:
        yield matcher


def only(matches: list[Match], work_id: str) -> Match:
    assert [match.work_id for match in matches] == [work_id]
    return matches[0]


def share(outline: tuple[Point, ...], size: tuple[int, int]) -> float:
    total = sum(
        before[0] * here[1] - here[0] * before[1]
        for before, here in zip((outline[-1], *outline[:-1]), outline, strict=True)
    )
    return abs(total) / 2 / (size[0] * size[1])


@pytest.mark.slow
def test_recall_on_the_kinds_people_make_and_no_wrong_match(matcher: Matcher) -> None:
    random = Random(7)
    companions = [opened(path, 1000) for path in OTHERS[:12]]
    planted: list[tuple[str, str]] = []
    images: list[bytes] = []
    for path in WORKS:
        picture = opened(path, 1400)
        for kind in Kind:
            altered = alter(kind, picture, random, random.sample(companions, 3))
            planted.append((path.stem, kind.value))
            images.append(encoded(altered.picture, quality=altered.quality))
    missed: list[tuple[str, str]] = []
    for outcome, (work_id, kind) in zip(matcher.match_many(images), planted, strict=True):
        confirmed = [m.work_id for m in outcome.matches if m.certainty is Certainty.CONFIRMED]
        assert set(confirmed) <= {work_id}, (work_id, kind, outcome)
        if not confirmed:
            missed.append((work_id, kind))
    assert len(missed) <= 0.05 * len(planted), missed
    for kind in Kind:
        assert sum(1 for _, missed_kind in missed if missed_kind == kind.value) <= 1, missed


@pytest.mark.slow
def test_other_pictures_and_look_alikes_match_nothing(matcher: Matcher) -> None:
    for outcome in matcher.match_many(OTHERS):
        assert outcome.refused is None and outcome.matches == (), OTHERS[outcome.position]


def test_shifted_frames_of_one_scene_are_never_confirmed() -> None:
    """Two overlapping parts of one picture stand for two frames taken side by side."""
    confirmed = 0
    seen = 0
    with DecodePool(1) as pool:
        decoder = SafeDecoder(pool)
        for path in OTHERS[::9]:
            scene = opened(path, 1200)
            width = round(scene.width * 0.8)
            left = encoded(scene.crop((0, 0, width, scene.height)), quality=92)
            right = encoded(scene.crop((scene.width - width, 0, scene.width, scene.height)), quality=80)
            with Matcher([Reference("left", decoder.fingerprint(left))], processes=1) as matcher:
                matches = matcher.match(right)
            seen += bool(matches)
            confirmed += any(match.certainty is Certainty.CONFIRMED for match in matches)
    assert confirmed == 0
    assert seen >= 4


def test_a_crop_says_how_much_and_where(matcher: Matcher) -> None:
    picture = opened(WORKS[1], 1200)
    box = (100, 80, round(picture.width * 0.75), round(picture.height * 0.8))
    part = ImageOps.mirror(picture.crop(box))
    match = only(matcher.match(encoded(part)), "work-02")
    truth = (box[2] - box[0]) * (box[3] - box[1]) / (picture.width * picture.height)
    assert match.kind is MatchKind.CROPPED and match.mirrored
    assert match.visible_share == pytest.approx(truth, abs=0.01)
    assert match.covered_share == pytest.approx(1.0, abs=0.01)
    assert (
        match.sentence == f"A crop: about {round(100 * match.visible_share)} % of your photograph, mirrored."
    )


def test_a_photograph_on_a_page_is_outlined(matcher: Matcher) -> None:
    page = Image.new("RGB", (1200, 900), "#f4f1ea")
    picture = opened(WORKS[2], 380)
    page.paste(picture, (700, 300))
    match = only(matcher.match(encoded(page)), "work-03")
    assert match.kind is MatchKind.COLLAGE and match.certainty is Certainty.CONFIRMED
    right, bottom = 700 + picture.width, 300 + picture.height
    for corner in ((700, 300), (right, 300), (right, bottom), (700, bottom)):
        assert min(math.dist(corner, point) for point in match.outline) < 4
    assert match.covered_share == pytest.approx(share(match.outline, page.size), abs=0.002)


def test_small_pictures_of_a_gallery_are_found(matcher: Matcher) -> None:
    page = Image.new("RGB", (1280, 900), "white")
    places = [(30 + 310 * column, 30 + 220 * row) for row in range(4) for column in range(4)]
    for place, path in zip(places, [*OTHERS[:7], WORKS[4], *OTHERS[7:15]], strict=True):
        page.paste(ImageOps.fit(opened(path, 600), (260, 180)), place)
    match = only(matcher.match(encoded(page, quality=88)), "work-05")
    assert match.covered_share == pytest.approx(260 * 180 / (1280 * 900), rel=0.25)


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (lambda p: p, MatchKind.RESIZED, "in another size"),
        (ImageOps.mirror, MatchKind.MIRRORED, "mirrored"),
        (lambda p: ImageOps.grayscale(p).convert("RGB"), MatchKind.RECOLOURED, "in black and white"),
        (ImageOps.invert, MatchKind.RECOLOURED, "as a negative"),
        (lambda p: ImageEnhance.Brightness(p).enhance(0.5), MatchKind.RECOLOURED, "made darker"),
        (lambda p: p.transpose(Image.Transpose.ROTATE_180), MatchKind.ALTERED, "turned by about 180"),
    ],
)
def test_what_was_done_is_said(matcher: Matcher, change, kind: MatchKind, words: str) -> None:
    match = only(matcher.match(encoded(change(opened(WORKS[0], 700)))), "work-01")
    assert match.certainty is Certainty.CONFIRMED
    assert match.kind is kind and words in match.sentence
    assert match.visible_share > 0.98


def test_the_same_file_is_exact(matcher: Matcher) -> None:
    match = only(matcher.match(WORKS[5].read_bytes()), "work-06")
    assert match.kind is MatchKind.EXACT and match.pdq_distance == 0


def test_refused_images_stop_nothing(matcher: Matcher) -> None:
    good = WORKS[0].read_bytes()
    outcomes = list(matcher.match_many([b"", good, b"<svg/>", good[:3000], WORKS[0]]))
    assert [bool(outcome.matches) for outcome in outcomes] == [False, True, False, False, True]
    codes = [outcome.refused.code if outcome.refused else None for outcome in outcomes]
    assert codes == ["empty", None, "unsupported_type", "truncated", None]
    with pytest.raises(ImageRefused):
        matcher.match(b"nothing")


def test_photographs_come_and_go(references: list[Reference]) -> None:
    picture = WORKS[3].read_bytes()
    with Matcher(processes=1) as matcher:
        assert matcher.match(picture) == []
        matcher.add(references[3])
        only(matcher.match(picture), "work-04")
        only(matcher.match(references[3].fingerprint), "work-04")
        matcher.remove("work-04")
        assert matcher.match(picture) == []

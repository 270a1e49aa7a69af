"""Hostile, broken and odd images, each with the exact answer; built here, byte by byte."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image, ImageCms, ImageOps

from detection.images import DecodePool, Distinctiveness, ImageRefused, Limits, SafeDecoder, distinctiveness
from tests.detection.conftest import encoded, opened, photographs

Build = Callable[[], bytes]


def photo(side: int = 200) -> Image.Image:
    return opened(photographs("work-*.jpg")[0], side)


def jpeg(**options: object) -> bytes:
    return encoded(photo(), "JPEG", **options)


def png(**options: object) -> bytes:
    return encoded(photo(), "PNG", **options)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_of(width: int, height: int, *, extra: bytes = b"", depth: int = 8) -> bytes:
    """A PNG header that announces this size, with one row of data."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress(b"\x00" * (width + 1)))
    return b"\x89PNG\r\n\x1a\n" + head + extra + rows + chunk(b"IEND", b"")


def gif_of(frames: int) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", 40, 40, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff"
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 40, 40, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b"\x3b"


def tiff_of(pages: int, *, loop: bool = False, codec: int = 1) -> bytes:
    blocks, at = [], 8
    for page in range(pages):
        entries = [(256, 3, 40), (257, 3, 40), (259, 3, codec)]
        size = 2 + 12 * len(entries) + 4
        after = 8 if loop else (at + size if page + 1 < pages else 0)
        body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
        blocks.append(struct.pack("<H", len(entries)) + body + struct.pack("<I", after))
        at += size
    return b"II*\x00" + struct.pack("<I", 8) + b"".join(blocks)


def many_scans() -> bytes:
    """A progressive JPEG whose last scan is repeated a thousand times."""
    data = jpeg(progressive=True)
    last = data.rfind(b"\xff\xda")
    return data[:-2] + data[last:-2] * 1000 + b"\xff\xd9"


def with_segments(marker: bytes, size: int) -> bytes:
    data = jpeg()
    piece = b"\xff" + marker + struct.pack(">H", 65_535) + b"E" * 65_533
    return data[:2] + piece * (size // 65_535 + 1) + data[2:]


def frame_marker(marker: int, precision: int = 8) -> bytes:
    data = bytearray(jpeg())
    at = data.find(b"\xff\xc0")
    data[at + 1] = marker
    data[at + 4] = precision
    return bytes(data)


def big_profile() -> bytes:
    return png_of(40, 40, extra=chunk(b"iCCP", b"p\x00\x00" + zlib.compress(b"\x00" * 50_000_000)))


def bad_sum() -> bytes:
    data = bytearray(png())
    at = data.find(b"IDAT") + 20
    data[at] ^= 0xFF
    return bytes(data)


REFUSED: dict[str, tuple[Build, str]] = {
    "empty": (lambda: b"", "empty"),
    "over the limit": (lambda: jpeg() + b"\x00" * (100 * 1024 * 1024), "too_large"),
    "html": (lambda: b"<!doctype html><script>alert(1)</script>", "unsupported_type"),
    "svg": (lambda: b'<?xml version="1.0"?><svg onload="x()"/>', "unsupported_type"),
    "eps": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n", "unsupported_type"),
    "dos eps": (lambda: b"\xc5\xd0\xd3\xc6" + b"\x00" * 40, "unsupported_type"),
    "pdf": (lambda: b"%PDF-1.7\n", "unsupported_type"),
    "jpeg 2000": (lambda: encoded(photo(), "JPEG2000"), "unsupported_type"),
    "bmp": (lambda: encoded(photo(), "BMP"), "unsupported_type"),
    "film": (lambda: b"\x00\x00\x00\x18ftypisom" + b"\x00" * 40, "unsupported_type"),
    "noise": (lambda: os.urandom(5000), "unsupported_type"),
    "pixel flood": (lambda: png_of(50_000, 50_000), "too_many_pixels"),
    "long and thin": (lambda: png_of(60_000, 1), "dimensions"),
    "tiny": (lambda: encoded(Image.effect_noise((8, 8), 50), "PNG"), "too_small"),
    "no width": (lambda: png_of(0, 40), "unreadable"),
    "no height, jpeg": (lambda: jpeg().replace(struct.pack(">HH", photo().height, photo().width),
                                               struct.pack(">HH", 0, photo().width), 1), "unreadable"),
    "gif bomb": (lambda: gif_of(10_000), "too_many_frames"),
    "apng bomb": (lambda: png_of(40, 40, extra=chunk(b"acTL", struct.pack(">II", 100_000, 0))),
                  "too_many_frames"),
    "tiff pages": (lambda: tiff_of(1000), "too_many_frames"),
    "tiff loop": (lambda: tiff_of(1, loop=True), "corrupt"),
    "tiff fax": (lambda: tiff_of(1, codec=4), "unsupported_variant"),
    "tiff old jpeg": (lambda: tiff_of(1, codec=6), "unsupported_variant"),
    "huge profile": (big_profile, "metadata_bomb"),
    "maker note": (lambda: with_segments(b"\xe1", 10 * 1024 * 1024), "metadata_bomb"),
    "comments": (lambda: with_segments(b"\xfe", 10 * 1024 * 1024), "metadata_bomb"),
    "bad sum": (bad_sum, "corrupt"),
    "half a jpeg": (lambda: jpeg()[: len(jpeg()) // 2], "truncated"),
    "half a png": (lambda: png()[: len(png()) // 2], "truncated"),
    "half a webp": (lambda: encoded(photo(), "WEBP")[:2000], "truncated"),
    "half a tiff": (lambda: encoded(photo(), "TIFF")[:3000], "truncated"),
    "no end marker": (lambda: jpeg()[:-2], "truncated"),
    "head of a jpeg": (lambda: jpeg()[:20], "truncated"),
    "thousand scans": (many_scans, "too_many_scans"),
    "lossless jpeg": (lambda: frame_marker(0xC3), "unsupported_variant"),
    "arithmetic jpeg": (lambda: frame_marker(0xC9), "unsupported_variant"),
    "12 bit jpeg": (lambda: frame_marker(0xC1, 12), "unsupported_variant"),
    "all white": (lambda: encoded(Image.new("RGB", (300, 300), "white"), "PNG"), "not_distinctive"),
    "clear": (lambda: encoded(Image.new("RGBA", (300, 300), (5, 9, 200, 0)), "PNG"), "not_distinctive"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_code_sentence_and_remedy(decoder: SafeDecoder, name: str) -> None:
    build, code = REFUSED[name]
    data = build()
    start = time.monotonic()
    with pytest.raises(ImageRefused) as refused:
        decoder.inspect(data)
    assert refused.value.code == code
    assert refused.value.sentence.endswith(".") and refused.value.remedy.endswith(".")
    assert "{" not in refused.value.sentence
    assert time.monotonic() - start < 15


def heic() -> bytes:
    target = io.BytesIO()
    pillow_heif.from_pillow(photo()).save(target, quality=80)
    return target.getvalue()


def animated(kind: str) -> bytes:
    frames = [photo(), ImageOps.mirror(photo())]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100, loop=0)


def sixteen_bit() -> bytes:
    grey = photo().convert("L")
    values = b"".join(struct.pack("<H", value * 257) for value in grey.tobytes())
    return encoded(Image.frombytes("I;16", grey.size, values), "PNG")


def hostile_profile() -> bytes:
    return encoded(photo().convert("CMYK"), "JPEG", icc_profile=b"acsp" * 200)


def orientation(value: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = value
    exif[0x9286] = "<script>alert(1)</script>"
    return jpeg(exif=exif)


TAKEN: dict[str, tuple[Build, str, int, tuple[str, ...]]] = {
    "jpeg": (jpeg, "JPEG", 1, ()),
    "png": (png, "PNG", 1, ()),
    "webp": (lambda: encoded(photo(), "WEBP"), "WEBP", 1, ()),
    "gif": (lambda: encoded(photo(), "GIF"), "GIF", 1, ()),
    "tiff": (lambda: encoded(photo(), "TIFF", compression="tiff_lzw"), "TIFF", 1, ()),
    "avif": (lambda: encoded(photo(), "AVIF"), "AVIF", 1, ()),
    "heic": (heic, "HEIC", 1, ()),
    "animated gif": (lambda: animated("GIF"), "GIF", 2, ("first_frame_only",)),
    "animated webp": (lambda: animated("WEBP"), "WEBP", 2, ("first_frame_only",)),
    "apng": (lambda: animated("PNG"), "PNG", 2, ("first_frame_only",)),
    "jpeg with zip": (lambda: jpeg() + b"PK\x03\x04" + b"\x00" * 500, "JPEG", 1, ()),
    "php comment": (lambda: jpeg(comment=b"<?php system($_GET[0]); ?>"), "JPEG", 1, ()),
    "gif with script": (lambda: encoded(photo(), "GIF") + b"/*<script>alert(1)</script>*/", "GIF", 1, ()),
    "cmyk": (lambda: encoded(photo().convert("CMYK"), "JPEG"), "JPEG", 1, ()),
    "hostile profile": (hostile_profile, "JPEG", 1, ("profile_dropped",)),
    "16 bit": (sixteen_bit, "PNG", 1, ()),
    "float": (lambda: encoded(photo().convert("F"), "TIFF"), "TIFF", 1, ()),
    "one bit": (lambda: encoded(photo().convert("1"), "PNG"), "PNG", 1, ("one_bit",)),
    "palette": (lambda: encoded(photo().quantize(64), "PNG", transparency=0), "PNG", 1, ()),
    "orientation 9": (lambda: orientation(9), "JPEG", 1, ("orientation_ignored",)),
}


@pytest.mark.parametrize("name", TAKEN)
def test_taken_by_content_and_made_clean(decoder: SafeDecoder, name: str) -> None:
    build, kind, frames, remarks = TAKEN[name]
    data = build()
    info = decoder.inspect(data)
    assert (info.format, info.frames, info.remarks) == (kind, frames, remarks)
    assert (info.width, info.height) == photo().size
    assert info.sha256 == hashlib.sha256(data).hexdigest()
    clean = decoder.normalise(data, 150)
    for trace in (b"<?php", b"<script", b"PK\x03\x04", b"Exif", b"ICC_PROFILE", b"http"):
        assert trace not in clean
    with Image.open(io.BytesIO(clean)) as image:
        assert (image.format, image.mode, max(image.size)) == ("JPEG", "RGB", 150)
        assert not image.getexif() and "icc_profile" not in image.info and "comment" not in image.info
        assert _difference(image.convert("L"), photo(150).convert("L")) < (70 if name == "one bit" else 14)


def _difference(one: Image.Image, other: Image.Image) -> float:
    pairs = zip(one.tobytes(), other.resize(one.size).tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / (one.width * one.height)


@pytest.mark.parametrize("value", range(1, 9))
def test_every_orientation_stands_upright(decoder: SafeDecoder, value: int) -> None:
    upright = photo()
    exif = Image.Exif()
    exif[0x0112] = value
    undo = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
            4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
            6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
            8: Image.Transpose.ROTATE_270}  # fmt: skip
    stored = upright.transpose(undo[value]) if value > 1 else upright
    data = encoded(stored, "JPEG", exif=exif, quality=95)
    info = decoder.inspect(data)
    assert (info.width, info.height) == upright.size
    with Image.open(io.BytesIO(decoder.normalise(data, 200))) as image:
        assert _difference(image.convert("L"), upright.convert("L")) < 6


def test_transparent_becomes_white_and_profiles_become_srgb(decoder: SafeDecoder) -> None:
    picture = photo().convert("RGBA")
    picture.paste((255, 0, 0, 0), (0, 0, 60, 60))
    with Image.open(io.BytesIO(decoder.normalise(encoded(picture, "PNG"), 200))) as image:
        assert min(image.convert("RGB").getpixel((20, 20))) > 245
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    rgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert decoder.inspect(encoded(photo(), "JPEG", icc_profile=rgb)).remarks == ()
    assert decoder.inspect(encoded(photo(), "JPEG", icc_profile=lab)).remarks == ("profile_dropped",)


def test_fingerprints_say_how_distinctive_a_photograph_is(decoder: SafeDecoder) -> None:
    good = decoder.fingerprint(photographs("work-*.jpg")[0].read_bytes())
    assert distinctiveness(good) is Distinctiveness.GOOD
    assert (len(good.pdq), len(good.phash), good.feature_count) == (32, 8, 500)
    assert good == decoder.fingerprint(photographs("work-*.jpg")[0].read_bytes())
    sky = Image.linear_gradient("L").resize((600, 400))
    dull = decoder.fingerprint(encoded(sky))
    assert distinctiveness(dull) is not Distinctiveness.GOOD
    assert "low_distinctiveness" in decoder.inspect(encoded(sky)).remarks


def test_many_threads_share_a_pool(decoder: SafeDecoder) -> None:
    data = jpeg()
    answers: list[str] = []

    def ask() -> None:
        answers.extend(decoder.inspect(data).format for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == ["JPEG"] * 40


def test_a_child_that_takes_too_long_is_replaced() -> None:
    with DecodePool(1) as pool:
        patient = SafeDecoder(pool)
        patient.inspect(jpeg())
        (first,) = pool.child_ids()
        flood = encoded(photo().resize((7000, 7000)), "PNG", compress_level=1)
        with pytest.raises(ImageRefused) as refused:
            SafeDecoder(pool, Limits(seconds=0.05)).inspect(flood)
        assert refused.value.code == "too_slow"
        assert patient.inspect(jpeg()).format == "JPEG"
        assert pool.child_ids() != [first]


def test_a_child_that_needs_too_much_memory_is_refused() -> None:
    with DecodePool(1, memory=900 * 1024 * 1024) as pool:
        decoder = SafeDecoder(pool)
        wide = Image.new("RGB", (13_000, 13_000))
        wide.paste(photo(), (0, 0))
        with pytest.raises(ImageRefused) as refused:
            decoder.inspect(encoded(wide, "PNG", compress_level=1))
        assert refused.value.code == "too_heavy"
        assert decoder.inspect(jpeg()).format == "JPEG"


def test_a_killed_child_is_replaced_and_closing_ends_all() -> None:
    pool = DecodePool(2)
    decoder = SafeDecoder(pool)
    decoder.inspect(jpeg())
    (child,) = pool.child_ids()
    os.kill(child, 9)
    assert decoder.inspect(jpeg()).format == "JPEG"
    living = pool.child_ids()
    assert child not in living
    pool.close()
    assert not any(Path(f"/proc/{pid}").exists() for pid in living)


def test_children_without_work_end() -> None:
    with DecodePool(1, idle_seconds=0.3) as pool:
        SafeDecoder(pool).inspect(jpeg())
        (child,) = pool.child_ids()
        deadline = time.monotonic() + 10
        while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not Path(f"/proc/{child}").exists()
        assert SafeDecoder(pool).inspect(jpeg()).format == "JPEG"

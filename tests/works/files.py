"""Files as people and attackers send them, built in memory from the photographs of the demo."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from functools import lru_cache
from typing import Any

import pillow_heif
from PIL import Image, PngImagePlugin

from workflow.config import ROOT

PHOTOGRAPHS = ROOT / "workflow" / "demo" / "photographs"
PHP = b"<?php system($_GET['c']); ?>"
SCRIPT = "<script>alert(1)</script>"


@lru_cache(maxsize=16)
def photo(number: int = 6) -> bytes:
    """A real photograph as a JPEG file."""
    return (PHOTOGRAPHS / f"work-{number:02}.jpg").read_bytes()


def opened(number: int = 6) -> Image.Image:
    """The same, decoded."""
    return Image.open(io.BytesIO(photo(number))).convert("RGB")


def saved(image: Image.Image, form: str = "JPEG", **options: Any) -> bytes:
    """The image as a file."""
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    """One PNG chunk with a right check sum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of_size(width: int, height: int, *more: bytes) -> bytes:
    """A PNG that announces a size and holds next to nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", head), *more, chunk(b"IDAT", zlib.compress(bytes(100))), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def after_start(jpeg: bytes, *segments: bytes) -> bytes:
    """The JPEG with more segments right after its start."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def segment(marker: int, body: bytes) -> bytes:
    """One JPEG segment."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def frame_of(jpeg: bytes) -> int:
    """Where the frame header of a baseline or progressive JPEG begins."""
    at = 2
    while jpeg[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
    return at


def jpeg_without_height() -> bytes:
    data, at = bytearray(photo()), frame_of(photo())
    data[at + 5 : at + 7] = b"\0\0"
    return bytes(data)


def jpeg_with_twelve_bits() -> bytes:
    data, at = bytearray(photo()), frame_of(photo())
    data[at + 4] = 12
    return bytes(data)


def jpeg_with_many_scans() -> bytes:
    """The last scan of a progressive JPEG, a thousand times."""
    data = saved(opened().resize((700, 394)), progressive=True)
    last = data.rindex(b"\xff\xda")
    scan = data[last : data.rindex(b"\xff\xd9")]
    return data[:last] + scan * 1000 + b"\xff\xd9"


def jpeg_and_zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("evil.php", PHP)
    return photo() + packed.getvalue()


def gif_with_script() -> bytes:
    image = opened().resize((700, 394)).quantize(64)
    return saved(image, "GIF", comment=b"*/=1;alert(1);/*")


def gif_with_frames(count: int) -> bytes:
    frame = saved(Image.effect_noise((64, 64), 90).quantize(16), "GIF")
    body = frame[:-1]
    start = body.index(b"\x2c", 13 + 3 * 16)
    return body[:start] + body[start:] * count + b"\x3b"


def tiff_loop() -> bytes:
    """An image file directory whose next one is itself."""
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 0) + struct.pack("<I", 8)


def tiff_pages(count: int) -> bytes:
    page = Image.new("L", (64, 64), 128)
    return saved(page, "TIFF", save_all=True, append_images=[page] * (count - 1))


def png_bad_sum() -> bytes:
    data = bytearray(saved(opened().resize((700, 394)), "PNG"))
    at = data.index(b"IDAT") + 400
    data[at] ^= 0xFF
    return bytes(data)


def png_huge_profile() -> bytes:
    return png_of_size(700, 700, chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(64 * 1024 * 1024), 9)))


def apng_bomb() -> bytes:
    return png_of_size(700, 700, chunk(b"acTL", struct.pack(">II", 1_000_000, 0)))


def jpeg_flooded_with_notes() -> bytes:
    note = segment(0xE1, b"Exif\0\0" + bytes(65_000))
    return after_start(photo(), *[note] * 160)


def cmyk_with_broken_profile() -> bytes:
    return saved(opened().convert("CMYK"), icc_profile=b"\xff" * 500)


def sixteen_bit() -> bytes:
    grey = opened().convert("L")
    wide = Image.frombytes("I;16", grey.size, b"".join(bytes((0, v)) for v in grey.tobytes()))
    return saved(wide, "TIFF")


def palette_with_transparency() -> bytes:
    return saved(opened().quantize(64), "PNG", transparency=3)


def animated_webp() -> bytes:
    first, second = opened(6).resize((700, 394)), opened(7).resize((700, 394))
    return saved(first, "WEBP", save_all=True, append_images=[second], loop=0, duration=50)


def heic() -> bytes:
    target = io.BytesIO()
    pillow_heif.from_pillow(opened()).save(target, format="HEIF")
    return target.getvalue()


def with_exif(**tags: Any) -> bytes:
    """The photograph with these EXIF tags, by their Pillow names."""
    from PIL import ExifTags  # the tests of notes alone need the names

    exif = Image.Exif()
    for name, value in tags.items():
        tag = ExifTags.Base[name]
        detail = name in ("DateTimeOriginal", "UserComment")
        (exif.get_ifd(ExifTags.IFD.Exif) if detail else exif)[tag] = value
    return saved(opened(), exif=exif)


def iptc_block(records: list[tuple[int, int, bytes]]) -> bytes:
    """A Photoshop segment that holds these IPTC records."""
    data = b"".join(struct.pack(">BBBH", 0x1C, r, d, len(v)) + v for r, d, v in records)
    padded = data + b"\0" * (len(data) % 2)
    resource = b"8BIM" + struct.pack(">H", 0x0404) + b"\0\0" + struct.pack(">I", len(data)) + padded
    return segment(0xED, b"Photoshop 3.0\0" + resource)


def xmp(inner: str, *, before: str = "") -> bytes:
    """An XMP packet."""
    return (
        f'{before}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
        'xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/">'
        f"{inner}</rdf:RDF></x:xmpmeta>"
    ).encode()


def png_with_text() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", xmp('<rdf:Description photoshop:Credit="Example Pictures"/>').decode())
    return saved(opened().resize((700, 394)), "PNG", pnginfo=info)

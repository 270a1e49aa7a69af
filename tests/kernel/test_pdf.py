"""The press: nothing from outside, nothing missing, the same bytes every time."""

from __future__ import annotations

import io
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pikepdf
import pytest
from jinja2 import UndefinedError
from PIL import Image

from workflow.kernel.errors import Refused
from workflow.kernel.pdf import Press, qr_svg

ROOT = Path(__file__).resolve().parents[2]
FONTS = ROOT / "workflow" / "web" / "static" / "vendor" / "fonts"
SANS = "source-sans-3/source-sans-3-latin-400-normal.woff2"


@pytest.fixture
def press(tmp_path: Path) -> Press:
    (tmp_path / "documents").mkdir()
    return Press(tmp_path, FONTS)


def page(body: str, style: str = "") -> str:
    return f"<!doctype html><html lang=en><title>Test</title><style>{style}</style><body>{body}</body></html>"


def a_picture(kind: str = "PNG") -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(data, kind)
    return data.getvalue()


def text_of(pdf: bytes) -> str:
    command = ["pdftotext", "-layout", "-", "-"]
    return subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()


class Canary:
    """A server on loopback that counts who knocks."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.knocks = 0
        threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self) -> None:
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            self.knocks += 1
            line.close()


@pytest.fixture
def canary() -> Iterator[Canary]:
    found = Canary()
    yield found
    found.listener.close()


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every attempt of this process to open a connection or to look up a name."""
    attempts: list[object] = []
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        attempts.append(address)
        real(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)

    def look_up(*asked: object, **_options: object) -> list[object]:
        attempts.append(asked)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return attempts


#: Everywhere an address can stand.
PLACES = [
    '<img src="ADDRESS" alt="x">',
    '<img srcset="ADDRESS 2x" src="ADDRESS" alt="x">',
    '<link rel="stylesheet" href="ADDRESS">',
    '<link rel="attachment" href="ADDRESS">',
    '<object data="ADDRESS"></object>',
    '<embed src="ADDRESS">',
    "<style>@import url('ADDRESS');</style>",
    "<style>@font-face { font-family: x; src: url('ADDRESS') } p { font-family: x }</style><p>x</p>",
    "<style>p { background: url('ADDRESS') }</style><p>x</p>",
    "<style>p::before { content: url('ADDRESS') }</style><p>x</p>",
    "<style>li { list-style-image: url('ADDRESS') }</style><ul><li>x</ul>",
    "<svg><title>x</title><image href='ADDRESS' width='9' height='9'/></svg>",
    "<svg><title>x</title><use href='ADDRESS#a'/></svg>",
]
ADDRESSES = [
    "http://127.0.0.1:PORT/x.png",
    "https://127.0.0.1:PORT/x.png",
    "//127.0.0.1:PORT/x.png",
    "http://169.254.169.254/latest/",
    "ftp://127.0.0.1:PORT/x",
    "file:///etc/passwd",
    "file:///SECRET",
    "/etc/passwd",
    "../../../etc/passwd",
    "data:image/png;base64,iVBORw0KGgo=",
    "asset:../../../../../../../etc/passwd",
    "asset:/etc/passwd",
    "asset:source-sans-3/../LICENSE",
    "asset:%2e%2e/VERSIONS.md",
    "asset:source-sans-3",
    "asset:nothing.woff2",
    "asset://127.0.0.1:PORT/x",
    "image:other",
    "image:../work",
    "image:",
    "IMAGE:work/x",
    "jar:file:///etc/passwd",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("place", PLACES)
def test_nothing_is_fetched_from_outside(
    press: Press, canary: Canary, watched: list[object], tmp_path: Path, place: str
) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(a_picture())
    made = []
    for address in ADDRESSES:
        url = address.replace("PORT", str(canary.port)).replace("/SECRET", str(secret))
        try:
            pdf = press.print(page(place.replace("ADDRESS", url)), {"work": a_picture()})
        except Refused:
            continue
        made.append((address, pdf))
    assert canary.knocks == 0
    assert watched == []
    for _address, pdf in made:  # what WeasyPrint does not fetch at all may be printed, without the thing
        with pikepdf.open(io.BytesIO(pdf)) as document:
            assert len(document.attachments) == 0
            assert not document.pages[0].get_images()
        assert "root:" not in text_of(pdf)
    if place.startswith("<img"):
        assert made == []


def test_the_reason_is_told(press: Press) -> None:
    with pytest.raises(
        Refused, match=r"asks for “http://example\.org/x\.png”, which is not one of its own parts"
    ):
        press.print(page('<img src="http://example.org/x.png" alt="x">'), {})


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_given_pictures_and_shipped_fonts_are_used(press: Press, kind: str) -> None:
    style = (
        f'@font-face {{ font-family: "Shipped"; src: url("asset:{SANS}") }} body {{ font-family: Shipped }}'
    )
    pdf = press.print(
        page('<p>Grüße, 214,00 €</p><img src="image:work" alt="Sea">', style), {"work": a_picture(kind)}
    )
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert len(document.pages[0].get_images()) == 1
        assert document.Root.Lang == "en"
        assert document.Root.MarkInfo.Marked
        assert document.docinfo.Title == "Test"
        assert b"pdfuaid" in document.Root.Metadata.read_bytes()
        fonts = [str(font.BaseFont) for font in document.pages[0].Resources.Font.values()]
    assert [font.split("+")[1] for font in fonts] == ["Shipped"]
    assert "Grüße, 214,00 €" in text_of(pdf)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("work", b""),
        ("work", b"GIF89a"),
        ("work", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("work", b"%!PS-Adobe-3.0 EPSF-3.0"),
        ("../work", b"\x89PNG\r\n\x1a\n"),
        ("Work", b"\x89PNG\r\n\x1a\n"),
        ("work", b"\x89PNG\r\n\x1a\n" + bytes(20 * 1024**2)),
    ],
)
def test_a_picture_must_be_one(press: Press, name: str, data: bytes) -> None:
    with pytest.raises(Refused, match="picture"):
        press.print(page("x"), {name: data})


@pytest.mark.parametrize(
    "data", [a_picture()[:40], b"\x89PNG\r\n\x1a\n" + b"garbage" * 20, a_picture("JPEG")[:60]]
)
def test_a_broken_picture_stops_the_document(press: Press, data: bytes) -> None:
    with pytest.raises(Refused, match="cannot be made"):
        press.print(page('<img src="image:work" alt="x">'), {"work": data})


def test_a_picture_without_description_stops_the_document(press: Press) -> None:
    with pytest.raises(Refused, match="alt"):
        press.print(page('<img src="image:work">'), {"work": a_picture()})


def test_the_same_input_is_the_same_bytes_in_any_process(press: Press, tmp_path: Path) -> None:
    style = (
        f'@font-face {{ font-family: "Shipped"; src: url("asset:{SANS}") }} body {{ font-family: Shipped }}'
    )
    html = page('<h1>Letter</h1><img src="image:work" alt="Sea">', style)
    pdf = press.print(html, {"work": a_picture()})
    (tmp_path / "in.html").write_text(html)
    (tmp_path / "work.png").write_bytes(a_picture())
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from pathlib import Path\n"
        f"from workflow.kernel.pdf import Press\nfolder = Path({str(tmp_path)!r})\n"
        f"press = Press(folder, Path({str(FONTS)!r}))\n"
        "pdf = press.print((folder / 'in.html').read_text(), {'work': (folder / 'work.png').read_bytes()})\n"
        "sys.stdout.buffer.write(pdf)\n"
    )
    command = [sys.executable, "-c", script]
    elsewhere = subprocess.run(
        command, capture_output=True, check=True, env={"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    )
    assert elsewhere.stdout == pdf == press.print(html, {"work": a_picture()})
    assert press.print(html.replace("Letter", "Other"), {"work": a_picture()}) != pdf
    assert press.print(html, {"work": a_picture("JPEG")}) != pdf


def test_a_template_escapes_and_misses_nothing(press: Press, tmp_path: Path) -> None:
    template = "<html lang=en><title>{{ title }}</title><p>{{ title }}</p></html>"
    (tmp_path / "documents" / "note.html").write_text(template)
    evil = "<img src=file:///etc/passwd>{{ 7*7 }}"
    assert evil in " ".join(text_of(press.render("note", {"title": evil})).split())
    with pytest.raises(UndefinedError):
        press.render("note", {})


def test_threads_do_not_disturb_each_other(press: Press) -> None:
    bad = page('<img src="image:none" alt="x">')

    def one(number: int) -> bytes | None:
        try:
            return press.print(bad if number % 3 == 0 else page(f"<p>number {number}"), {})
        except Refused:
            return None

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(one, range(12)))
    for number, pdf in enumerate(made):
        assert (pdf is None) == (number % 3 == 0)
        if pdf:
            assert f"number {number}" in text_of(pdf)


def test_a_qr_code_is_an_escaped_drawing_that_reads_back(press: Press, tmp_path: Path) -> None:
    import cv2

    url = "https://portal.example.org/#K7M3PQ-X.7KX3M-9PQRD-HC4VT-8WYB6"
    svg = qr_svg(url, 'say "<b>"')
    assert "<b>" not in svg
    assert "style=" not in svg
    style = ".qr { width: 60mm; height: 60mm }"
    (tmp_path / "qr.pdf").write_bytes(press.print(page(svg, style), {}))
    subprocess.run(["pdftoppm", "-r", "100", "-png", "-singlefile", "qr.pdf", "qr"], cwd=tmp_path, check=True)
    image = cv2.imread(str(tmp_path / "qr.png"))
    assert image is not None
    read, _, _ = cv2.QRCodeDetector().detectAndDecode(image)
    assert read == url

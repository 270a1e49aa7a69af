"""Writes the HTML and the small files of the demo web's sites."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from PIL import Image, ImageDraw

from workflow.demo.sites import TEMPLATES, Page, Site

_WORDS = {
    "de": {
        "imprint": "Impressum",
        "friends": "Befreundete Seiten",
        "more": "Weiterlesen",
        "phone": "Telefon",
        "register": "Register",
        "vat": "USt-IdNr.",
        "fiction": "Alle Angaben sind erfunden. Diese Seite gehört zu einer Vorführung.",
    },
    "en": {
        "imprint": "Imprint",
        "friends": "Friends",
        "more": "Next",
        "phone": "Telephone",
        "register": "Register",
        "vat": "VAT number",
        "fiction": "All details are invented. This site is part of a demonstration.",
    },
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A picture on a page: how it is embedded and under which paths its files lie."""

    place: int
    channel: str
    url: str
    small_url: str
    webp_url: str
    width: int
    height: int
    small_width: int
    alt: str
    credit: str
    detail: str


class Renderer:
    """Writes sites below one folder per host."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def write(self, sites: list[Site]) -> None:
        """Write the pages, style, logo, robots.txt and sitemap of every site."""
        for site in sites:
            root = self._folder / str(site.facts["host"])
            self._write_assets(root / "assets", site)
            for page in site.pages:
                self._write_page(root, site, page)
            (root / "robots.txt").write_text(_robots(site), encoding="utf-8")
            (root / "sitemap.xml").write_text(_sitemap(site), encoding="utf-8")

    def _write_page(self, root: Path, site: Site, page: Page) -> None:
        template = self._templates.get_template(f"{page.template}.html")
        html = template.render(site=site.view, page=page, word=_WORDS[site.facts["language"]])
        plain = page.path.lstrip("/")
        if not plain or plain.endswith("/"):
            plain += "index.html"
        elif "." not in plain.rsplit("/", 1)[-1]:
            plain += ".html"
        target = root / plain
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(html, encoding="utf-8")

    def _write_assets(self, folder: Path, site: Site) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        style = self._templates.get_template("site.css").render(style=site.facts["style"])
        (folder / "site.css").write_text(style, encoding="utf-8")
        (folder / "lazy.js").write_bytes((TEMPLATES / "lazy.js").read_bytes())
        (folder / "blank.svg").write_text(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"/>', encoding="utf-8"
        )
        (folder / "logo.svg").write_text(_logo(site), encoding="utf-8")
        (folder / "icon.png").write_bytes(_icon(site))


def _angles(site: Site) -> tuple[int, int, int]:
    digest = hashlib.sha256(str(site.facts["host"]).encode()).digest()
    return digest[0] % 24 + 6, digest[1] % 24 + 6, digest[2] % 12 + 6


def _logo(site: Site) -> str:
    x, y, radius = _angles(site)
    accent = site.facts["style"]["accent"]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36">'
        f'<rect width="36" height="36" rx="8" fill="{accent}"/>'
        f'<circle cx="{x}" cy="{y}" r="{radius}" fill="#fff" fill-opacity=".8"/>'
        f'<path d="M4 30 L{y} {x} L32 30 Z" fill="#fff" fill-opacity=".55"/></svg>'
    )


def _icon(site: Site) -> bytes:
    x, y, radius = _angles(site)
    icon = Image.new("RGB", (36, 36), site.facts["style"]["accent"])
    ImageDraw.Draw(icon).ellipse((x - radius, y - radius, x + radius, y + radius), fill="#fff")
    data = BytesIO()
    icon.save(data, "PNG")
    return data.getvalue()


def _robots(site: Site) -> str:
    kept = [f"Disallow: {page.path}" for page in site.pages if not page.allowed] or ["Disallow:"]
    return "\n".join(["User-agent: *", *kept, f"Sitemap: {site.origin}/sitemap.xml", ""])


def _sitemap(site: Site) -> str:
    rows = [
        f"<url><loc>{escape(page.url)}</loc><lastmod>{page.date.isoformat()}</lastmod></url>"
        for page in site.pages
        if page.in_sitemap
    ]
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'{head}<urlset xmlns="{space}">\n' + "\n".join(rows) + "\n</urlset>\n"

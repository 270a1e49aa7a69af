"""The sites of the demo web and their pages, before any picture hangs in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import yaml

TEMPLATES = Path(__file__).with_name("site_templates")

#: Stands in every absolute address; the server puts ":port" or nothing in its place.
PORT_MARK = "@PORT@"
HTTP_PORT = 80

FIRST_DAY = date(2021, 3, 1)
LAST_DAY = date(2024, 2, 20)

#: How the pictures of a page are embedded, slot by slot.
CHANNELS: dict[str, tuple[str, ...]] = {
    "article": ("figure", "inline", "lightbox"),
    "product": ("source", "lazy", "lazy_set"),
    "news": ("lead", "inline"),
    "album": ("lightbox",) * 6,
    "thread": ("attachment", "attachment", "link"),
    "project": ("style_block", "style_inline", "inline"),
    "magazine": ("figure", "data_bg", "poster"),
    "list": ("figure",),
    "imprint": (),
}
_WORDS = {
    "de": {
        "list": "Übersicht",
        "imprint": "Impressum",
        "imprint_path": "/impressum",
        "older": "Ältere Beiträge",
        "page": "Seite",
    },
    "en": {
        "list": "Work",
        "imprint": "Imprint",
        "imprint_path": "/imprint",
        "older": "Older entries",
        "page": "Page",
    },
}
_MONTHS = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "en": "January February March April May June July August September October November December",
}


@dataclass(slots=True)
class Page:
    """One HTML page; `pictures` is filled when the pictures have been dealt."""

    path: str
    title: str
    template: str
    date: date
    day: str
    number: int = 0
    section: str = ""
    price: str = ""
    paragraphs: list[str] = field(default_factory=list)
    entries: list[Page] = field(default_factory=list)
    href: str = ""
    url: str = ""
    next_href: str = ""
    next_title: str = ""
    pictures: list[Any] = field(default_factory=list)
    allowed: bool = True
    in_sitemap: bool = True

    @property
    def slots(self) -> tuple[str, ...]:
        """The channels this page can show pictures through."""
        return CHANNELS[self.template]


@dataclass(slots=True)
class Site:
    """One host: what stands in its imprint, its pages and its redirects."""

    facts: dict[str, Any]
    pages: list[Page] = field(default_factory=list)
    redirects: dict[str, tuple[int, str]] = field(default_factory=dict)
    friends: list[tuple[str, str]] = field(default_factory=list)
    navigation: list[tuple[str, str]] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """Scheme, host and the mark for the port."""
        return f"http://{self.facts['host']}{PORT_MARK}"

    @property
    def imprint(self) -> str:
        """The address of the imprint on this host."""
        return _WORDS[self.facts["language"]]["imprint_path"]

    @property
    def view(self) -> dict[str, Any]:
        """What the templates know of the site."""
        return {
            **self.facts,
            "origin": self.origin,
            "imprint": self.imprint,
            "navigation": self.navigation,
            "friends": self.friends,
        }


def planned_sites(random: Random) -> list[Site]:
    """All sites with their pages, texts, dates and links."""
    texts = _yaml("texts.yaml")
    sites = [Site(facts) for facts in _yaml("sites.yaml")]
    for site in sites:
        posts = _posts(site, texts[site.facts["texts"]], random)
        site.pages = [*_lists(site, posts, texts[site.facts["texts"]]), *posts, _imprint(site)]
        if site.facts["template"] == "album":
            _hide_a_page(site, texts[site.facts["texts"]])
        for page in site.pages:
            page.url = site.origin + page.path
            page.href = page.href or page.path
    _befriend(sites)
    return sites


def spoken(day: date, language: str) -> str:
    """A date as people write it."""
    month = _MONTHS[language].split()[day.month - 1]
    return f"{day.day}. {month} {day.year}" if language == "de" else f"{day.day} {month} {day.year}"


def _posts(site: Site, texts: list[str], random: Random) -> list[Page]:
    facts = site.facts
    posts = []
    for index, title in enumerate(facts["titles"]):
        day = FIRST_DAY + timedelta(days=random.randrange((LAST_DAY - FIRST_DAY).days + 1))
        section = facts["sections"][index % len(facts["sections"])] if facts["sections"] else ""
        number = random.randint(1000, 8999)
        slug = _slug(title)
        posts.append(
            Page(
                path=facts["path"].format(
                    year=day.year, month=day.month, slug=slug, number=number, section=_slug(section)
                ),
                title=title,
                template=facts["template"],
                date=day,
                day=spoken(day, facts["language"]),
                number=number,
                section=section,
                price=f"{random.randint(6, 89)},{random.choice(('90', '95', '50'))}",
                paragraphs=random.sample(texts, min(len(texts), random.randint(3, 5))),
            )
        )
    posts.sort(key=lambda page: page.date, reverse=True)
    for page, following in zip(posts, posts[1:] + posts[:1], strict=True):
        page.next_href, page.next_title = following.path, following.title
    if facts["template"] == "project":
        _behind_redirects(site, posts)
    return posts


def _behind_redirects(site: Site, posts: list[Page]) -> None:
    """Some projects are linked through a short address that leads on in two steps."""
    for index, page in enumerate(posts[:4], start=1):
        page.href = f"/r/{index}"
        page.in_sitemap = False
        step = f"/go{page.path.removeprefix('/work').rstrip('/')}"
        site.redirects[page.href] = (302, step)
        site.redirects[step] = (301, page.path)
    site.redirects["/projects"] = (301, "/work/")
    hidden = {page.path: page.href for page in posts[:4]}
    for page in posts:
        page.next_href = hidden.get(page.next_href, page.next_href)


def _lists(site: Site, posts: list[Page], texts: list[str]) -> list[Page]:
    facts, words = site.facts, _WORDS[site.facts["language"]]
    per_list = facts["per_list"]
    pages = []
    if facts["list_path"] != "/":
        pages.append(_list(site, "/", facts["name"], [], texts))
        pages[0].next_href, pages[0].next_title = "/projects", words["list"]
    for start in range(0, len(posts), per_list):
        number = start // per_list + 1
        path = facts["list_path"] if number == 1 else f"/seite/{number}/"
        title = words["list"] if facts["list_path"] != "/" else facts["claim"]
        title = title if number == 1 else f"{words['page']} {number}"
        pages.append(_list(site, path, title, posts[start : start + per_list], texts))
        if start + per_list < len(posts):
            pages[-1].next_href = f"/seite/{number + 1}/"
            pages[-1].next_title = words["older"]
    for section in facts["sections"]:
        within = [page for page in posts if page.section == section]
        pages.append(_list(site, f"/{_slug(section)}/", section, within, texts))
        site.navigation.append((section, pages[-1].path))
    site.navigation.append((words["imprint"], words["imprint_path"]))
    return pages


def _list(site: Site, path: str, title: str, entries: list[Page], texts: list[str]) -> Page:
    day = entries[0].date if entries else LAST_DAY
    return Page(
        path=path,
        title=title,
        template="list",
        date=day,
        day=spoken(day, site.facts["language"]),
        paragraphs=texts[:1],
        entries=entries,
    )


def _imprint(site: Site) -> Page:
    words = _WORDS[site.facts["language"]]
    return Page(
        path=words["imprint_path"],
        title=words["imprint"],
        template="imprint",
        date=FIRST_DAY,
        day=spoken(FIRST_DAY, site.facts["language"]),
    )


def _hide_a_page(site: Site, texts: list[str]) -> None:
    """A folder that robots.txt keeps to itself."""
    day = LAST_DAY - timedelta(days=40)
    site.pages.append(
        Page(
            path="/private/",
            title="For members",
            template="album",
            date=day,
            day=spoken(day, site.facts["language"]),
            paragraphs=texts[:1],
            next_href="/",
            next_title=site.facts["name"],
            allowed=False,
            in_sitemap=False,
        )
    )
    site.navigation.insert(0, ("Members", "/private/"))


def _befriend(sites: list[Site]) -> None:
    for index, site in enumerate(sites):
        for step in (1, 3):
            friend = sites[(index + step) % len(sites)]
            site.friends.append((friend.facts["name"], f"{friend.origin}/"))


def _slug(text: str) -> str:
    plain = text.lower()
    for letter, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        plain = plain.replace(letter, letters)
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _yaml(name: str) -> Any:
    return yaml.safe_load((TEMPLATES / name).read_text(encoding="utf-8"))

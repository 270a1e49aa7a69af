"""The look: pages hold no inline code, assets are our own, contrasts are readable, a browser finds no barrier."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from drawing import NOW, ROOT, STATIC, TEMPLATES, Contact, environment, render, words
from flask import Flask, render_template
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from workflow.accounts.readiness import BLOCKS_WORDS
from workflow.demo import styleguide_samples
from workflow.kernel.money import Money
from workflow.web import i18n
from workflow.web.headers import content_policy
from workflow.web.languages import LANGUAGES

SPRITE = STATIC / "vendor" / "bootstrap-icons" / "bootstrap-icons.svg"
#: Templates that become pages in a browser; letters and mails live by other rules.
PAGES = sorted(
    path
    for path in TEMPLATES.rglob("*.html")
    if path.relative_to(TEMPLATES).parts[0] not in {"documents", "mails"}
)


def names(path: Path) -> str:
    return str(path.relative_to(ROOT))


# --- pages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [403, 404, 409, 413, 422, 429, 500])
def test_an_error_page_names_reasons_a_number_and_a_way_on(code: int) -> None:
    error = SimpleNamespace(
        code=code, title="That did not work", reasons=("First.", "Second."),
        reference="E7K3", way_on="/cases", way_on_label="Back to the cases",
    )  # fmt: skip
    page = render(f"errors/{code}.html", error=error)
    assert words(page.find(".//h1")) == "That did not work"
    for part in ("First.", "Second.", "E7K3"):
        assert part in words(page)
    assert [a.get("href") for a in page.iter("a") if "Back" in words(a)] == ["/cases"]


PUBLIC: dict[str, dict[str, Any]] = {
    "public/home.html": {},
    "public/how_it_works.html": {"phase_days": 60},
    "public/pricing.html": {
        "owner_percent": 55, "operator_percent": 45, "phase_days": 60,
        "example": [{"label": "You", "amount": Money(19800), "total": True}],
    },
    "public/faq.html": {},
    "public/contact.html": {"form": Contact()},
}  # fmt: skip


@pytest.mark.parametrize(("template", "context"), PUBLIC.items(), ids=list(PUBLIC))
def test_every_public_page_leads_in(template: str, context: dict[str, Any]) -> None:
    page = render(template, **context)
    links = {words(a): a.get("href") for a in page.find(".//header").iter("a")}
    assert links["Log in"] == "/accounts_public.log_in"
    assert links["Create account"] == "/accounts_public.sign_up"
    assert len(page.findall(".//h1")) == 1
    assert "1 Mar 2024" in words(page.find_class("ribbon")[0])


def test_prices_come_from_the_terms() -> None:
    context = PUBLIC["public/pricing.html"] | {"owner_percent": 61, "operator_percent": 39}
    page = words(render("public/pricing.html", **context))
    assert "61 %" in page
    assert "39 %" in page
    assert "55" not in page


def test_the_desk_marks_where_one_is_and_signs_out_by_post() -> None:
    items = [
        SimpleNamespace(endpoint=f"{word}.show", label=word.title(), icon="inbox", count=n)
        for n, word in enumerate(("inbox", "works", "cases", "money", "letters", "settings"))
    ]
    me = SimpleNamespace(display_name="A. Photographer", email="owner@example.org")
    parts = {
        "news": styleguide_samples._bell(NOW), "needs": styleguide_samples._needs(), "need_words": BLOCKS_WORDS,
        "steps": styleguide_samples._steps(), "finds": styleguide_samples._finds(), "digest": ("", ""),
    }  # fmt: skip
    page = render("styleguide.html", nav=items, me=me, amount=Money, form=Contact(), demo=False, **parts)
    here = [words(a) for a in page.iter("a") if a.get("aria-current") == "page"]
    assert here == ["Inbox", "Inbox"]
    tabs = page.find_class("tabs-bar")[0]
    assert len(tabs.findall("a")) + len(tabs.findall("details")) == 5
    out = next(f for f in page.iter("form") if f.get("action") == "/accounts_desk.log_out")
    assert (out.get("method"), out.find("input").get("value")) == ("post", "token")
    assert not page.find_class("ribbon")


# --- rules for all templates and assets ----------------------------------------------------------


@pytest.mark.parametrize("path", PAGES, ids=names)
def test_no_page_holds_style_or_script(path: Path) -> None:
    source = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.search(r"<style|\sstyle\s*=|javascript:|\son[a-z]+\s*=\s*[\"']", source)
    for script in re.findall(r"<script[^>]*>", source):
        assert " src=" in script
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", source), "assets are our own"


@pytest.mark.parametrize("path", PAGES, ids=names)
def test_every_template_reads_and_every_icon_is_shipped(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    environment().parse(source)
    shipped = set(re.findall(r'<symbol[^>]* id="([a-z0-9-]+)"', SPRITE.read_text(encoding="utf-8")))
    assert len(shipped) > 100
    named = set(re.findall(r"\bicon\(['\"]([a-z0-9-]+)['\"]", source))
    named |= set(re.findall(r"\bicon(?:_name)?['\"]?\s*[:=]\s*['\"]([a-z0-9-]+)['\"]", source))
    assert named <= shipped, f"not in the sprite: {named - shipped}"


def test_pages_do_not_shout() -> None:
    for path in PAGES:
        text = re.sub(r"\{[#%{].*?[#%}]\}|<!doctype", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert "!" not in re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL), path


def test_everything_vendored_has_its_licence_and_version() -> None:
    versions = (STATIC / "vendor" / "VERSIONS.md").read_text(encoding="utf-8")
    vendored = {file.parent for file in (STATIC / "vendor").rglob("*.*") if file.suffix != ".md"}
    assert len(vendored) >= 5
    for folder in vendored:
        assert (folder / "LICENSE").is_file(), folder
        assert folder.name in versions


@pytest.mark.parametrize("sheet", sorted((STATIC / "css").glob("*.css")), ids=names)
def test_style_sheets_name_only_files_that_exist(sheet: Path) -> None:
    css = sheet.read_text(encoding="utf-8")
    assert "gradient" not in css
    assert "@import" not in css
    for address in re.findall(r"url\(\"?([^)\"]+)", css):
        if address.startswith("asset:"):
            assert list(STATIC.rglob(address.removeprefix("asset:"))), address
        else:
            assert (sheet.parent / address).resolve().is_file(), address


# --- contrast, computed ---------------------------------------------------------------------------


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
    )  # fmt: skip
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, two: str) -> float:
    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *((word, ground) for word in ("ink", "ink-2", "action") for ground in ("paper", "card")),
        *((word, f"{word}-pale") for word in ("action", "done", "waiting", "danger", "neutral")),
        ("ink-2", "neutral-pale"),
        ("ink-2", "hover"),
        ("danger", "card"),
    ],
)
def test_text_is_readable_on_its_ground(text: str, ground: str) -> None:
    css = (STATIC / "css" / "lichtbild.css").read_text(encoding="utf-8")
    tokens = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", css))
    assert contrast(tokens[text], tokens[ground]) >= 4.5


# --- in a browser, under the real content policy ----------------------------------------------------


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The public pages and the style guide, served on loopback."""
    app = Flask("look", template_folder=str(TEMPLATES), static_folder=str(STATIC))
    app.secret_key = "for one test"
    drawn = environment()
    i18n.teach(app.jinja_env)
    app.extensions.update(
        signed_in=lambda: None, instance_languages=lambda: ("en",), zone=lambda: "Europe/Berlin"
    )
    app.jinja_env.filters.update(
        {n: drawn.filters[n] for n in ("money", "date", "datetime", "filesize", "number")}
    )
    app.jinja_env.globals["csrf_token"] = lambda: "token"
    me = SimpleNamespace(display_name="A. Photographer", email="owner@example.org")
    nav = [SimpleNamespace(endpoint="guide", label="Inbox", icon="inbox", count=12)]
    read_in = {"lang": "en", "languages": LANGUAGES}
    guide = {"amount": Money, "form": Contact(), "me": me, "nav": nav, "demo": True, "now": NOW} | read_in
    public = {"me": None, "nav": [], "demo": True, "now": NOW} | read_in

    def page(endpoint: str, template: str, context: dict[str, Any]) -> None:
        app.add_url_rule(f"/{endpoint}", endpoint, lambda: render_template(template, **context))

    page("guide", "styleguide.html", guide)
    for template, context in PUBLIC.items():
        page(template.removesuffix(".html").replace("/", "."), template, public | context)
    for endpoint in (
        "accounts_public.sign_up",
        "accounts_public.log_in",
        "accounts_desk.log_out",
        "language.choose",
        "public.terms",
        "legal_pages.imprint",
        "legal_pages.privacy",
    ):
        page(endpoint, "public/home.html", public)
    app.after_request(lambda r: (r.headers.update({"Content-Security-Policy": content_policy()}), r)[1])
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


@pytest.mark.browser
def test_a_browser_finds_no_barrier_and_nothing_sticks_out(address: str, chromium: Browser) -> None:
    complaints: list[str] = []
    for width in (1280, 390):
        tab = chromium.new_page(viewport={"width": width, "height": 844})
        tab.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        for path in ("public.home", "public.pricing", "public.contact"):
            tab.goto(f"{address}/{path}")
            beside = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert beside <= 0, (path, width)
            found = Axe().run(tab).response["violations"]
            assert not [v["id"] for v in found if v["impact"] in {"serious", "critical"}], (path, width)
        tab.close()
    assert not complaints

"""One page with every mechanism that is known to hide pictures, and pages that are broken."""

from __future__ import annotations

import pytest

from detection.crawl.addresses import address_key, canonical, looks_endless
from detection.crawl.discover import read_page
from detection.crawl.markup import srcset_addresses

BASE = "https://example.org/news/page.html"

PAGE = """<!doctype html><html><head><title> A  title </title>
<base href="https://cdn.example.org/x/">
<meta property="og:image" content="/og.jpg"><meta name="twitter:image" content="/tw.jpg">
<link rel="image_src" href="/linkimg.jpg"><link rel="preload" as="image" href="/pre.jpg" imagesrcset="/pre2.jpg 2x">
<link rel="icon" href="/icon.png">
<style>.hero { background: url("/css.jpg") } .i { background: image-set("/set.webp" 1x, url(/set2.webp) 2x) }</style>
<script type="application/ld+json">{"@type": "NewsArticle", "image": [{"@type": "ImageObject",
 "contentUrl": "/ld.jpg", "creditText": "Ada Muster"}, "/ld2.jpg",], "thumbnailUrl": "/ld3.jpg"}</script>
<script>window.state = {"u": "https:\\/\\/cdn.example.org\\/js.jpg", "r": "/rel/js2.png?x=1"};</script>
</head><body>
<img src="plain.jpg" alt="Plain"> <img srcset="a,b.jpg 1x, /two.jpg 2x">
<picture><source srcset="/pic.avif 800w, /pic2.avif 1600w" type="image/avif"><img src="/fallback.jpg"></picture>
<img src="data:image/gif;base64,R0lGOD" data-src="/lazy.jpg" data-srcset="/lazy1.jpg 1x, /lazy2.jpg 2x">
<img data-original="/lazy3"> <div data-bg="/bg.jpg"></div> <div data-props='{"img": "/deep/props.jpg"}'></div>
<div style="background-image: url('/inline.jpg')"></div>
<noscript><img src="/noscript.jpg"></noscript>
<a href="/full.jpg?dl=1">large</a> <a href="/news/next.html">next</a> <a rel="nofollow" href="/n">n</a>
<amp-img src="/amp.jpg"></amp-img> <video poster="/poster.jpg"></video>
<input type="image" src="/button.png"> <object data="/object.png"></object>
<svg><image href="/svg.jpg"/><image xlink:href="/svg2.jpg"/></svg>
<div itemscope itemtype="https://schema.org/Product"><meta itemprop="image" content="/micro.jpg"></div>
<iframe srcdoc="&lt;img src=/srcdoc.jpg&gt;"></iframe> <!-- <img src="/comment.jpg"> -->
<figure><img src="/credited.jpg" alt="Lake"><figcaption>The lake. Foto: Ada Muster / Agentur</figcaption></figure>
<img src="javascript:x()"><img src="blob:1"><img src="file:///etc/passwd"><img src="http://[broken/x.jpg">
<img src="http://[placeholder]/y.jpg"><img src="">
</body></html>"""

EXPECTED = {
    "/x/plain.jpg": "img-src", "/x/a,b.jpg": "img-srcset", "/two.jpg": "img-srcset", "/pic.avif": "picture",
    "/pic2.avif": "picture", "/fallback.jpg": "img-src", "/lazy.jpg": "lazy", "/lazy1.jpg": "lazy-srcset",
    "/lazy2.jpg": "lazy-srcset", "/lazy3": "lazy", "/bg.jpg": "lazy", "/deep/props.jpg": "data-attribute",
    "/inline.jpg": "css-inline", "/css.jpg": "css-style", "/set.webp": "css-style",
    "/set2.webp": "css-style", "/noscript.jpg": "noscript", "/full.jpg?dl=1": "link-to-image",
    "/amp.jpg": "amp", "/poster.jpg": "video-poster", "/button.png": "input-image",
    "/object.png": "object", "/svg.jpg": "svg-image", "/svg2.jpg": "svg-image",
    "/micro.jpg": "microdata", "/srcdoc.jpg": "iframe-srcdoc", "/comment.jpg": "comment",
    "/credited.jpg": "img-src", "/og.jpg": "og-image", "/tw.jpg": "twitter-image",
    "/linkimg.jpg": "link-image", "/pre.jpg": "preload", "/pre2.jpg": "preload", "/icon.png": "icon",
    "/ld.jpg": "jsonld", "/ld2.jpg": "jsonld", "/ld3.jpg": "jsonld", "/js.jpg": "script",
    "/rel/js2.png?x=1": "script",
}  # fmt: skip


def test_every_mechanism_of_the_page() -> None:
    content = read_page(PAGE.encode(), BASE, "utf-8")
    found = {mention.url.removeprefix("https://cdn.example.org"): mention for mention in content.mentions}
    assert {path: mention.channel for path, mention in found.items()} == EXPECTED
    assert content.title == "A title"
    assert content.links == ("https://cdn.example.org/news/next.html",)
    lake = found["/credited.jpg"]
    assert (lake.alt, lake.credit, lake.xpath) == (
        "Lake", "Foto: Ada Muster / Agentur", "/html/body/figure/img",
    )  # fmt: skip
    assert found["/ld.jpg"].credit == "Ada Muster"
    assert found["/x/plain.jpg"].credit == ""
    assert found["/js.jpg"].xpath == ""


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\x00\xff\xfe", b"<", b"<!-- ", b"<div>" * 100_000, b"<img src='" + b"a" * 5_000_000 + b"'>",
        b"<script type='application/ld+json'>" + b"[" * 100_000 + b"</script>",
        b"<style>" + b"url(" * 10_000 + b"</style>", b"<img srcset='" + b"(" * 50_000 + b"'>",
    ],
)  # fmt: skip
def test_broken_pages_give_what_can_be_read(body: bytes) -> None:
    content = read_page(body, BASE)
    assert len(content.mentions) <= 20


def test_srcset_by_the_standard() -> None:
    assert srcset_addresses("a.jpg 1x, b.jpg 2x") == ["a.jpg", "b.jpg"]
    assert srcset_addresses("  a,b.jpg  640w ,c.jpg,, d.jpg, ") == ["a,b.jpg", "c.jpg", "d.jpg"]
    assert srcset_addresses("a.jpg (x, y), b.jpg") == ["a.jpg", "b.jpg"]
    assert len(srcset_addresses(", ".join(f"{n}.jpg {n}w" for n in range(5000)))) == 20


def test_one_key_for_addresses_that_mean_the_same() -> None:
    one = "https://Example.org:443/a/../b/?utm_source=x&b=2&a=1&PHPSESSID=1#f"
    assert canonical(one) == "https://example.org/b/?a=1&b=2"
    assert address_key("page", one) == address_key("page", "https://example.org/b/?b=2&a=1")
    assert address_key("page", one) != address_key("image", one)
    assert canonical("http://example.org:8080") == "http://example.org:8080/"
    assert looks_endless("https://example.org/a/b/a/b/a/b/a/b/")
    assert not looks_endless("https://example.org/2024/03/a-long-title?page=2")

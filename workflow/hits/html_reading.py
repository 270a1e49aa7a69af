"""Pages as a tree of elements, whatever bytes the web served."""

from __future__ import annotations

import re

from lxml import html as lxml_html
from lxml.etree import LxmlError
from w3lib.encoding import html_to_unicode

#: No page of words is longer; the rest is not read.
MOST_BYTES = 3_000_000
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def tree_of(page: bytes, content_type: str = "text/html") -> lxml_html.HtmlElement | None:
    """The page's root element, decoded by header, BOM or its own word; ``None`` when there is none."""
    _, text = html_to_unicode(content_type, page[:MOST_BYTES], default_encoding="utf-8")
    try:
        root = lxml_html.document_fromstring(_DECLARATION.sub("", text.replace("\x00", "")))
    except (LxmlError, ValueError):
        return None
    return root if isinstance(root, lxml_html.HtmlElement) else None

"""Who operates a page, as its imprint says: simple rules, shown as found and never as confirmed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import html as lxml_html

from workflow.hits.html_reading import tree_of

#: An imprint is a page with few words; more lines are not read.
MOST_LINES = 400
_BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset", "figcaption",
        "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p",
        "pre", "section", "table", "tbody", "td", "th", "tr", "ul",
    }
)  # fmt: skip
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "title"})
_SILENT = frozenset({"script", "style", "noscript", "template", "svg", "head"})
_HEADING = re.compile(
    r"^\W*(impressum|imprint|anbieterkennzeichnung|legal notice|mentions l[ée]gales|aviso legal|"
    r"note legali|colofon)\b",
    re.IGNORECASE,
)
#: Addresses under which imprints lie.
PATH = re.compile(
    r"/(impressum|imprint|legal(-?notice)?|mentions-?legales|aviso-?legal|note-?legali|colofon)(\.\w+|/|$)",
    re.IGNORECASE,
)
#: Lines that introduce a name and are none.
_CUE = re.compile(
    r"^(angaben gem|information|verantwortlich|diensteanbieter|anbieter|betreiber|herausgeber|"
    r"responsible|operated by|published by|provider|pflichtangaben|according to|§|address|anschrift|"
    r"kontakt|contact)",
    re.IGNORECASE,
)
_NOT_AN_ADDRESS = re.compile(
    r"@|https?:|\+\d|\b(tel(efon|ephone)?|phone|fax|e-?mail|\w*register|hrb|ust|vat|geschäftsführ\w*|managing)\b",
    re.IGNORECASE,
)
_POSTCODE = re.compile(r"\b([A-Z]{1,2}-)?\d{4,5}\b|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b")
_EMAIL = re.compile(r"[a-z0-9._%+-]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,24}", re.IGNORECASE)
_HIDDEN_AT = re.compile(r"\s*[\[(](at|ät|arobase)[\])]\s*", re.IGNORECASE)
_HIDDEN_DOT = re.compile(r"\s*[\[(](dot|punkt|point)[\])]\s*", re.IGNORECASE)
_VAT = re.compile(
    r"\b(DE\d{9}|ATU\d{8}|CHE-?\d{3}|FR[A-Z\d]{2}\d{9}|NL\d{9}B\d{2}|PL\d{10}|GB\d{9}|IT\d{11})"
)
_COUNTRY_WORDS = {
    "deutschland": "DE", "germany": "DE", "österreich": "AT", "austria": "AT", "schweiz": "CH",
    "switzerland": "CH", "france": "FR", "nederland": "NL", "netherlands": "NL", "polska": "PL",
    "poland": "PL", "united kingdom": "GB", "italia": "IT", "italy": "IT",
}  # fmt: skip
_ADDRESS_LINES = 5
_LONGEST_NAME = 120
_LEAST_LETTERS = 3


@dataclass(frozen=True, slots=True)
class OperatorFacts:
    """What stands in the imprint; empty where it says nothing we can read."""

    name: str = ""
    email: str = ""
    address: str = ""
    #: Two letters, only where a VAT id, a country's name or a register says so.
    country: str = ""
    source: str = ""

    @property
    def is_empty(self) -> bool:
        """Nothing was read."""
        return not (self.name or self.email or self.address)


def read_imprint(page: bytes, url: str) -> OperatorFacts | None:
    """The facts of an imprint page, or ``None`` when it has no heading that says it is one."""
    lines = _lines(page)
    start = next((at for at, (text, head) in enumerate(lines) if head and _HEADING.match(text)), None)
    if start is None:
        return None
    below = [text for text, _ in lines[start + 1 :]]
    name, address = _name_and_address(below)
    plain = _HIDDEN_DOT.sub(".", _HIDDEN_AT.sub("@", "\n".join(below)))
    email = _EMAIL.search(plain)
    facts = OperatorFacts(
        name=name,
        email=email.group(0)[:254] if email else "",
        address=address,
        country=_country(address, plain),
        source=url,
    )
    return None if facts.is_empty else facts


def _name_and_address(lines: list[str]) -> tuple[str, str]:
    """The first line that can be a name, and the lines after it up to the postcode."""
    for at, line in enumerate(lines[:12]):
        letters = sum(sign.isalpha() for sign in line)
        if _CUE.match(line) or _NOT_AN_ADDRESS.search(line) or letters < _LEAST_LETTERS:
            continue
        if len(line) > _LONGEST_NAME:
            continue
        following = lines[at + 1 : at + 1 + _ADDRESS_LINES]
        for last, text in enumerate(following):
            if _NOT_AN_ADDRESS.search(text):
                break
            if _POSTCODE.search(text):
                kept = following[: last + 1]
                after = following[last + 1 : last + 2]
                if after and after[0].lower() in _COUNTRY_WORDS:
                    kept += after
                return line, "\n".join(kept)
        return line, ""
    return "", ""


def _country(address: str, text: str) -> str:
    for word, country in _COUNTRY_WORDS.items():
        if re.search(rf"\b{word}\b", address, re.IGNORECASE):
            return country
    vat = _VAT.search(text)
    if vat:
        return vat.group(0)[:2]
    if re.search(r"\b(HRB|HRA|Amtsgericht)\b", text):
        return "DE"
    return "AT" if re.search(r"\bFirmenbuch\b", text) else ""


def _lines(page: bytes) -> list[tuple[str, bool]]:
    """The text of the page line by line, each with whether it is a heading; mail links as text."""
    root = tree_of(page)
    if root is None:
        return []
    lines: list[tuple[str, bool]] = []
    words: list[str] = []

    def end(*, heading: bool = False) -> None:
        text = " ".join("".join(words).split())
        words.clear()
        if text and len(lines) < MOST_LINES:
            lines.append((text, heading))

    def walk(node: lxml_html.HtmlElement, depth: int) -> None:
        if not isinstance(node.tag, str) or node.tag in _SILENT or depth > 60:  # noqa: PLR2004 - no page nests so
            words.append(node.tail or "")
            return
        if node.tag in _BLOCKS:
            end()
        words.append(node.text or "")
        for child in node:
            walk(child, depth + 1)
        href = node.get("href") or ""
        if href.lower().startswith("mailto:") and "@" not in (node.text_content() or ""):
            words.append(f" {href[7:].split('?')[0]} ")
        if node.tag in _BLOCKS:
            end(heading=node.tag in _HEADINGS)
        words.append(node.tail or "")

    walk(root, 0)
    end()
    return lines

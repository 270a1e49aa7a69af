"""PDF: letters and certificates from templates, with nothing from outside and the same bytes every time.

A document can use the shipped files (``asset:NAME``: fonts) and the pictures it was given
(``image:NAME``). Whatever else it names is refused and logged, never fetched, and the document is not
made: a letter without its picture, or in the wrong font, must not leave the house.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import segno
from markupsafe import Markup

from workflow.kernel.epc import epc_svg, in_fours
from workflow.kernel.money import Money
from workflow.kernel.wording import template_environment

if TYPE_CHECKING:
    from jinja2 import Environment

    from workflow.kernel.printing import Printer

_PACKAGE = Path(__file__).resolve().parents[1]
#: Where the letters and the shipped fonts lie.
TEMPLATES = _PACKAGE.parent / "templates"
FONTS = _PACKAGE / "web" / "static" / "vendor" / "fonts"


ENGLISH = "en"
#: What stands before the body of a finished document, in it, and after it.
_BODY = re.compile(r"\A(.*<body[^>]*>)(.*)(</body>.*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Tongue:
    """How documents learn other languages than English, and how one is chosen while they are written."""

    teach: Callable[[Environment], None]
    speak: Callable[[str], AbstractContextManager[None]]


def _any_language(_code: str) -> AbstractContextManager[None]:
    return nullcontext()


class Press:
    """Renders templates to PDF. Thread-safe; one document at a time.

    What prints is loaded with the first document: it takes a second, and most processes never print.
    """

    def __init__(
        self, templates: Path = TEMPLATES, assets: Path = FONTS, tongue: Tongue | None = None
    ) -> None:
        """``templates`` holds ``documents/``; ``assets`` is the folder that ``asset:`` names lie in.

        Without a ``tongue`` every text comes out as it was written, in English.
        """
        self._assets = assets.resolve()
        self._lock = threading.Lock()
        self._printer: Printer | None = None
        self.environment = template_environment(templates)
        self.environment.filters["qr_svg"] = qr_svg
        self.environment.filters["epc_qr"] = _epc_qr
        self.environment.filters["in_fours"] = in_fours
        self.speak: Callable[[str], AbstractContextManager[None]] = _any_language
        if tongue is not None:
            tongue.teach(self.environment)
            self.speak = tongue.speak

    def render(
        self,
        template: str,
        context: Mapping[str, object],
        images: Mapping[str, bytes] | None = None,
        languages: Sequence[str] = (ENGLISH,),
    ) -> bytes:
        """The PDF (PDF/UA-1, tagged) of ``documents/<template>.html``; same input, same bytes.

        In several ``languages`` it holds the whole document once in each: the first counts, every further
        one begins on a page of its own.

        ``images`` are JPEG or PNG by the name the template uses. :class:`Refused` when the document asks
        for anything else, when a picture cannot be read, or when one has no description.
        """
        return self.print(self.written(template, context, languages), images or {})

    def written(
        self, template: str, context: Mapping[str, object], languages: Sequence[str] = (ENGLISH,)
    ) -> str:
        """The HTML that :meth:`render` prints; each edition lies in an element with ``data-edition``."""
        found = self.environment.get_template(f"documents/{template}.html")
        editions = []
        for number, code in enumerate(languages):
            place = {"lang": code, "courtesy": number > 0, "followed": not number and len(languages) > 1}
            with self.speak(code):
                editions.append(found.render({**context, **place}))
        first, *others = editions
        bodies = "".join(_BODY.sub(r"\2", other) for other in others)
        return _BODY.sub(lambda parts: parts[1] + parts[2] + bodies + parts[3], first) if bodies else first

    def print(self, html: str, images: Mapping[str, bytes]) -> bytes:
        """The PDF of a finished HTML text, under the same rules."""
        with self._lock:
            return self._loaded().print(html, images)

    def warm(self) -> None:
        """Load what prints, and the shipped fonts, before the first document."""
        with self._lock:
            printer = self._loaded()
            for font in sorted(self._assets.rglob("*.woff2")):
                printer.asset(str(font.relative_to(self._assets)))

    def _loaded(self) -> Printer:
        if self._printer is None:
            from workflow.kernel.printing import Printer

            self._printer = Printer(self._assets)
        return self._printer


def _epc_qr(bank: Mapping[str, str], total: Money, label: str) -> Markup | str:
    """The code of ``bank`` (``holder``, ``iban``, ``bic``, ``rf``); nothing for another currency."""
    return epc_svg(bank["holder"], bank["iban"], bank["bic"], total, bank["rf"], label) or ""


def qr_svg(text: str, label: str = "QR code") -> Markup:
    """The text as a QR code, an inline SVG without a border that fills the box it is put in."""
    code = segno.make(text, error="m", micro=False)
    svg = code.svg_inline(border=0, omitsize=True, title=label, svgclass="qr", lineclass=None)
    return Markup(svg)  # noqa: S704 - made here: segno escapes the title, the rest are numbers

"""Log lines as data: JSON for a machine, readable lines for a person, and no secret in either.

Everything that is logged, by us or by a library, passes the same chain: the request's (or message's)
number is added, tracebacks become text, and what looks like a secret is struck out before it is written.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any, TextIO
from urllib.parse import unquote, urlsplit

import structlog

from workflow.config import Config

STRUCK = "[struck out]"
MIN_SECRET = 6

#: Names whose values are never written.
SECRET_NAMES = re.compile(
    r"password|passwd|secret|token|authorization|cookie|csrf|api_?key|master_?key|otp|"
    r"^code$|^body$|^text$|^payload$|^context$|iban",
    re.IGNORECASE,
)
#: Texts that are secrets wherever they stand, with what is left of them.
PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # the values a database statement was given
    (re.compile(r"\[parameters: .*?\](?=\n|$|\s\()", re.DOTALL), f"[parameters: {STRUCK}]"),
    # the code of a letter: twenty signs in groups of five
    (re.compile(r"\b(?:[3-9A-HJKMNP-Z]{5}[- ]){3}[3-9A-HJKMNP-Z]{5}\b", re.IGNORECASE), STRUCK),
    # keys of the payment service
    (re.compile(r"\b(?:sk|rk|pk)_(?:live|test)_\w+|\bwhsec_\w+"), STRUCK),
    # who gets in where: user:password@host
    (re.compile(r"(?<=://)([^\s:/@]*):[^\s@/]+@"), rf"\1:{STRUCK}@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {STRUCK}"),
    (re.compile(r"(?i)\b(password|passwd|token|secret|code|csrf_token)([\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;)]+"),
     rf"\1\2{STRUCK}"),
    (re.compile(r"\$argon2\w*\$\S+"), STRUCK),
    # tokens of links and sessions: 256 random bits; a plain hash in hex is none
    (re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Z])[A-Za-z0-9_-]{40,}(?![\w-])"), STRUCK),
)  # fmt: skip


class Scrubber:
    """A processor that strikes out secrets, those it was told and those that look like one."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = sorted({word for word in known if len(word) >= MIN_SECRET}, key=len, reverse=True)

    def __call__(
        self, _logger: Any, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        for name, value in event.items():
            if name.startswith("_"):
                continue
            event[name] = STRUCK if SECRET_NAMES.search(name) and value else self.clean(value)
        return event

    def clean(self, value: Any) -> Any:
        """The value without secrets; containers are walked."""
        if isinstance(value, str):
            return self._clean_text(value)
        if isinstance(value, bytes):
            return f"({len(value)} bytes)"
        if isinstance(value, dict):
            return {k: STRUCK if SECRET_NAMES.search(str(k)) else self.clean(v) for k, v in value.items()}
        if isinstance(value, (list, tuple, set)):
            return [self.clean(each) for each in value]
        return (
            value if value is None or isinstance(value, (bool, int, float)) else self._clean_text(str(value))
        )

    def _clean_text(self, text: str) -> str:
        for word in self._known:
            text = text.replace(word, STRUCK)
        for pattern, left in PATTERNS:
            text = pattern.sub(left, text)
        return text


class Stream(logging.StreamHandler[TextIO]):
    """Writes to what standard error is at that moment; installed once, replaced by the next."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, _stream: TextIO) -> None:
        """Standard error is asked for anew with every line."""


def install(*, level: int = logging.WARNING, as_json: bool = False, known: Iterable[str] = ()) -> None:
    """Send everything that is logged through the chain to standard error."""
    handler = Stream()
    handler.setLevel(level)  # libraries that open up the root logger do not get louder by it
    handler.setFormatter(_formatter(as_json=as_json, known=known))
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, Stream)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)


def install_for(config: Config, *, verbose: bool = False) -> None:
    """As the instance wants it: JSON lines for a real one, readable ones on a terminal and in a demo."""
    level = logging.INFO if verbose else getattr(logging, config.log_level.upper())
    chosen = config.log_format
    as_json = chosen == "json" or (chosen == "auto" and not config.demo and not sys.stderr.isatty())
    install(level=level, as_json=as_json, known=_secrets_of(config))


def bind(**names: str) -> None:
    """Put these into every line of this thread's work from here; forgets what was bound before."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**names)


def _formatter(*, as_json: bool, known: Iterable[str]) -> logging.Formatter:
    chain: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        _without_echo,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    last: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        Scrubber(known),
        structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else _line,
    ]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=chain, processors=last)


def _without_echo(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Another handler may have left the finished text on the record; it is the event already."""
    event.pop("message", None)
    return event


def _line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """``2024-03-01T09:00:00Z warning lichtbild.web: text (request=4f2a…)``"""
    trace = event.pop("exception", "")
    said = str(event.pop("event")).replace("\r", "\\r").replace("\n", "\\n")  # one event, one line
    head = f"{event.pop('at')} {event.pop('level')} {event.pop('logger')}: {said}"
    rest = " ".join(f"{name}={value}" for name, value in event.items())
    return head + (f" ({rest})" if rest else "") + (f"\n{trace}" if trace else "")


def _secrets_of(config: Config) -> list[str]:
    """Every secret of the configuration, as it might turn up in a text."""
    found = [
        config.secret_key.decode("latin-1"), config.stripe_secret_key, config.stripe_webhook_secret,
        config.metrics_token,
    ]  # fmt: skip
    for url in (config.database_url, config.mail_url, config.redis_url):
        password = urlsplit(url).password or ""
        found += [password, unquote(password)]
    return found

"""Every setting there is, in one table: name, kind, default, what it means, whether it is a secret.

The configuration reads by it, README's table is drawn from it (``lichtbild config --readme``), and a
variable that begins like ours but stands in no line of it stops the start: a typo never passes silently.
"""

from __future__ import annotations

import base64
import binascii
import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

PREFIX = "LICHTBILD_"
#: Variables of tests and campaigns; no instance reads them.
NOT_OURS = ("LICHTBILD_CI", "LICHTBILD_TEST_", "LICHTBILD_SOAK_")
MIN_SECRET_SIGNS = 32
MIN_TOKEN_SIGNS = 24
MASTER_KEY_BYTES = 32
MOST_PROXIES = 5
MOST_DAYS = 3650
#: Below are the system's; three ports from ours on must exist.
LOWEST_PORT, HIGHEST_PORT = 1024, 65_000
LOG_FORMATS = ("auto", "json", "lines")
LOG_LEVELS = ("debug", "info", "warning", "error")

#: What is wrong with a text, as the end of “NAME …”; ``None`` = nothing.
Wrong = Callable[[str], "str | None"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable of the environment."""

    name: str
    kind: str
    #: As people read it; the configuration computes it where it depends on others.
    default: str
    meaning: str
    wrong: Wrong
    secret: bool = False
    #: Belongs to the demo and to tests; not in README.
    inner: bool = False

    def problem(self, text: str) -> str | None:
        """What is wrong with this value, as a sentence; a secret is not repeated in it."""
        found = self.wrong(text)
        if found is None:
            return None
        shown = self.name if self.secret else f"{self.name}={text}"
        return f"{shown} {found}."


def _anything(_text: str) -> str | None:
    return None


def _name(text: str) -> str | None:
    if text.replace("-", "").replace("_", "").isalnum() and text.isascii():
        return None
    return "cannot be the name of an instance: use letters, digits, - and _"


def _number(lowest: int, highest: int, what: str) -> Wrong:
    def wrong(text: str) -> str | None:
        if text.isascii() and text.isdigit() and lowest <= int(text[:9]) <= highest:
            return None
        return f"is not {what} from {lowest} to {highest}"

    return wrong


def _one_of(words: Iterable[str]) -> Wrong:
    allowed = tuple(words)
    return lambda text: None if text in allowed else f"is none of {', '.join(allowed)}"


def _site(text: str) -> str | None:
    parts = _split(text)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        return "is not an address such as https://desk.example.org"
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        return "must be a host alone: nothing may follow its name"
    return None


def _service(text: str) -> str | None:
    parts = _split(text)
    good = parts is not None and parts.scheme in ("http", "https") and parts.hostname
    return None if good else "is not an http address"


def _host(text: str) -> str | None:
    if text == "localhost":
        return None
    try:
        ip_address(text)
    except ValueError:
        return "is not an address of this machine such as 127.0.0.1 or ::"
    return None


def _database(text: str) -> str | None:
    parts = _split(text)
    if parts is not None and parts.scheme == "sqlite" and parts.path.strip("/"):
        return None
    if parts is not None and parts.scheme == "postgresql+psycopg" and parts.path.strip("/"):
        return None
    return "is not an address such as postgresql+psycopg://user:password@host/name or sqlite:////folder/file"


def _mail(text: str) -> str | None:
    if text == "local:":
        return None
    parts = _split(text)
    if parts is None or parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        return "is not an address such as smtp://user:password@host:587?starttls=1 or smtps://host"
    unknown = set(parse_qs(parts.query, keep_blank_values=True)) - {"starttls"}
    return f"has an unknown option: {', '.join(sorted(unknown))}" if unknown else None


def _sender(text: str) -> str | None:
    local, sign, domain = text.rpartition("<")[2].rstrip(">").strip().rpartition("@")
    one_line = "\n" not in text and "\r" not in text
    return None if one_line and sign and local and "." in domain else "is not “Name <address>” or an address"


def _redis(text: str) -> str | None:
    parts = _split(text)
    good = parts is not None and parts.scheme in ("redis", "rediss", "unix", "redis+unix")
    return None if good else "is not an address such as redis://host:6379/0"


def _beginning(*starts: str) -> Wrong:
    def wrong(text: str) -> str | None:
        good = text.startswith(starts) and not any(sign.isspace() for sign in text)
        return None if good else f"does not begin with {' or '.join(starts)}, or holds a blank"

    return wrong


def _long(signs: int) -> Wrong:
    return lambda text: None if len(text) >= signs else f"is too short: {signs} signs or more"


def _key(text: str) -> str | None:
    try:
        good = len(base64.b64decode(text, validate=True)) == MASTER_KEY_BYTES
    except (binascii.Error, ValueError):
        good = False
    return None if good else f"is not the base64 of {MASTER_KEY_BYTES} bytes"


def _split(text: str):  # type: ignore[no-untyped-def] # noqa: ANN202 - a SplitResult, or None
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises for what is no number
    except ValueError:
        return None
    return parts


SETTINGS: tuple[Setting, ...] = (
    Setting("LICHTBILD_INSTANCE", "name", "demo", "which instance; `demo` and `demo-…` are demos, every other is real", _name),
    Setting("LICHTBILD_INSTANCE_DIR", "folder", "instance/", "where instances lie", _anything),
    Setting("LICHTBILD_DATABASE_URL", "address", "SQLite in the instance's folder",
            "`postgresql+psycopg://user:password@host/name`", _database, secret=True),
    Setting("LICHTBILD_DESK_URL", "address", "http://desk.localhost:8000",
            "public address of the desk; other host names are refused", _site),
    Setting("LICHTBILD_PORTAL_URL", "address", "http://portal.localhost:8000",
            "public address of the portal, a host of its own", _site),
    Setting("LICHTBILD_HOST", "IP address", "127.0.0.1", "where the web server listens", _host),
    Setting("LICHTBILD_PORT", "number", "8000", "and on which port", _number(LOWEST_PORT, HIGHEST_PORT, "a port")),
    Setting("LICHTBILD_PROXIES", "number", "0: none is believed",
            "how many proxies of yours stand in front; limits then count by the address they report",
            _number(0, MOST_PROXIES, "a number of proxies")),
    Setting("LICHTBILD_MAIL_URL", "address", "none: mails and letters wait (demo: a local mailbox)",
            "`smtp://user:password@host:587?starttls=1` or `smtps://…`", _mail, secret=True),
    Setting("LICHTBILD_MAIL_SENDER", "text", "none; needed with a mail server", "`Name <address>`", _sender),
    Setting("LICHTBILD_STRIPE_SECRET_KEY", "text", "none: no card payments (demo: a stand-in)",
            "test key (`sk_test_…`) or live key", _beginning("sk_", "rk_"), secret=True),
    Setting("LICHTBILD_STRIPE_WEBHOOK_SECRET", "text", "none; needed with the key above",
            "the signing secret of the webhook endpoint", _beginning("whsec_"), secret=True),
    Setting("LICHTBILD_STRIPE_API_BASE", "address", "the demo's stand-in", "where the demo's card service listens",
            _service, inner=True),
    Setting("LICHTBILD_REDIS_URL", "address", "memory of the process",
            "shared counters of rate limits, for several web processes", _redis, secret=True),
    Setting("LICHTBILD_MASTER_KEY", "base64", "none: the file below",
            "the key above all keys, 32 bytes; wins over the file", _key, secret=True),
    Setting("LICHTBILD_MASTER_KEY_FILE", "file", "`master.key` in the instance's folder",
            "where that key lies; outside the database and its backups", _anything),
    Setting("LICHTBILD_SECRET_KEY", "text", "`secret.key` in the instance's folder",
            "signs cookies and forms; losing it only signs everybody out", _long(MIN_SECRET_SIGNS), secret=True),
    Setting("LICHTBILD_LOG_FORMAT", "word", "auto: lines on a terminal and in a demo, else JSON",
            "`json`, `lines` or `auto`", _one_of(LOG_FORMATS)),
    Setting("LICHTBILD_LOG_LEVEL", "word", "info (demo: warning)", "`debug`, `info`, `warning` or `error`", _one_of(LOG_LEVELS)),
    Setting("LICHTBILD_METRICS_TOKEN", "text", "none: `/metrics` answers on loopback only",
            "who sends it as `Authorization: Bearer …` may read `/metrics` from elsewhere",
            _long(MIN_TOKEN_SIGNS), secret=True),
    Setting("LICHTBILD_KEEP_DAYS", "number", "90",
            "how many days a finished message of the outbox is kept whole before it is pruned",
            _number(7, MOST_DAYS, "a number of days")),
    Setting("LICHTBILD_FAILPOINTS", "list", "none", "where a demo is made to break; refused on a real instance",
            _anything, inner=True),
)  # fmt: skip

BY_NAME: dict[str, Setting] = {setting.name: setting for setting in SETTINGS}


def wrong_values(environment: Mapping[str, str]) -> list[str]:
    """Every value that cannot be, and every name of ours that does not exist: all of them at once."""
    found = []
    for name in sorted(environment):
        if not name.startswith(PREFIX) or name.startswith(NOT_OURS):
            continue
        setting = BY_NAME.get(name)
        if setting is None:
            found.append(_unknown(name))
        elif environment[name] and (problem := setting.problem(environment[name])):
            found.append(problem)
    return found


def _unknown(name: str) -> str:
    own = [known.removeprefix(PREFIX) for known in BY_NAME]
    near = difflib.get_close_matches(name.removeprefix(PREFIX), own, n=1, cutoff=0.7)
    hint = f" Did you mean {PREFIX}{near[0]}?" if near else " See “Settings” in README.md."
    return f"{name} is not a setting of ours.{hint}"


def readme_table() -> str:
    """The table of README.md, drawn from the one above."""
    rows = [
        f"| `{row.name}` | {row.kind}{', secret' if row.secret else ''} | {row.meaning} | {_shown(row.default)} |"
        for row in SETTINGS if not row.inner
    ]  # fmt: skip
    return "\n".join(["| variable | kind | meaning | default |", "|---|---|---|---|", *rows])


def _shown(default: str) -> str:
    """Values in code style, sentences as they are."""
    return default if " " in default or "`" in default else f"`{default}`"

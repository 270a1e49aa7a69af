"""Everything the environment may set, read once; wrong or missing values stop the start with sentences."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from workflow.settings import BY_NAME, MIN_SECRET_SIGNS, SETTINGS, wrong_values

ROOT = Path(__file__).resolve().parent.parent
DEMO = "demo"
KEY_BYTES = 32
#: Where a rehearsal kills or delays the process (workflow/kernel/failpoints.py); a demo's only.
FAILPOINTS = "LICHTBILD_FAILPOINTS"


class ConfigError(Exception):
    """Settings are wrong or missing; one line for each, all of them."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one instance; see README, "Settings"."""

    instance: str
    instance_dir: Path
    demo: bool
    database_url: str
    secret_key: bytes
    master_key_path: Path
    host: str
    port: int
    desk_url: str
    portal_url: str
    mail_url: str
    mail_sender: str
    stripe_secret_key: str
    stripe_webhook_secret: str
    #: Empty = Stripe itself; the demo's stand-in has an address on loopback.
    stripe_api_base: str
    redis_url: str
    #: How many proxies of ours stand in front; without one nobody's X-Forwarded-For is believed.
    proxies: int
    log_format: str = "auto"
    log_level: str = ""
    #: Empty = figures are told on loopback only.
    metrics_token: str = ""
    #: For how many days the outbox keeps what is done.
    keep_days: int = 90

    @property
    def takes_cards(self) -> bool:
        """Whether a card payment service is set."""
        return bool(self.stripe_secret_key and self.stripe_webhook_secret)

    @property
    def crawl_dir(self) -> Path:
        """Where found pictures lie, plain, by their hash."""
        return self.instance_dir / "crawl"

    @property
    def vault_dir(self) -> Path:
        """Where documents lie, sealed."""
        return self.instance_dir / "vault"

    @property
    def mailbox_dir(self) -> Path:
        """Where mails lie when ``mail_url`` is ``local:`` (demo)."""
        return self.instance_dir / "mailbox"

    @property
    def standin_port(self) -> int:
        """The port of the demo's payment stand-in: the one after ours."""
        return self.port + 1

    @property
    def world_port(self) -> int:
        """The port of the demo's small web: two after ours."""
        return self.port + 2


def load_config(instance: str | None = None, environment: Mapping[str, str] | None = None) -> Config:
    """Read the settings of ``instance`` (default ``LICHTBILD_INSTANCE`` or ``demo``); makes its folder.

    :class:`ConfigError` names everything that is wrong, not only the first.
    """
    env = os.environ if environment is None else environment
    name = instance or env.get("LICHTBILD_INSTANCE") or DEMO
    problems = wrong_values({**env, "LICHTBILD_INSTANCE": name})
    if problems:
        raise ConfigError(*problems)
    demo = name == DEMO or name.startswith(f"{DEMO}-")
    folder = Path(env.get("LICHTBILD_INSTANCE_DIR") or ROOT / "instance") / name
    port = int(env.get("LICHTBILD_PORT") or "8000")
    config = Config(
        instance=name,
        instance_dir=folder,
        demo=demo,
        database_url=env.get("LICHTBILD_DATABASE_URL") or f"sqlite:///{folder / 'lichtbild.sqlite'}",
        secret_key=_secret_key(_usable(folder), env),
        master_key_path=Path(env.get("LICHTBILD_MASTER_KEY_FILE") or folder / "master.key"),
        host=env.get("LICHTBILD_HOST") or "127.0.0.1",
        port=port,
        desk_url=(env.get("LICHTBILD_DESK_URL") or f"http://desk.localhost:{port}").rstrip("/"),
        portal_url=(env.get("LICHTBILD_PORTAL_URL") or f"http://portal.localhost:{port}").rstrip("/"),
        mail_url=env.get("LICHTBILD_MAIL_URL") or ("local:" if demo else ""),
        mail_sender=env.get("LICHTBILD_MAIL_SENDER") or ("licensing@example.org" if demo else ""),
        stripe_secret_key=env.get("LICHTBILD_STRIPE_SECRET_KEY") or ("sk_test_demo" if demo else ""),
        stripe_webhook_secret=env.get("LICHTBILD_STRIPE_WEBHOOK_SECRET") or ("whsec_demo" if demo else ""),
        stripe_api_base=env.get("LICHTBILD_STRIPE_API_BASE")
        or (f"http://127.0.0.1:{port + 1}" if demo else ""),
        redis_url=env.get("LICHTBILD_REDIS_URL") or "",
        proxies=int(env.get("LICHTBILD_PROXIES") or "0"),
        log_format=env.get("LICHTBILD_LOG_FORMAT") or "auto",
        log_level=env.get("LICHTBILD_LOG_LEVEL") or ("warning" if demo else "info"),
        metrics_token=env.get("LICHTBILD_METRICS_TOKEN") or "",
        keep_days=int(env.get("LICHTBILD_KEEP_DAYS") or "90"),
    )
    if problems := _what_does_not_fit(config, env):
        raise ConfigError(*problems)
    return config


def effective(config: Config, environment: Mapping[str, str] | None = None) -> list[tuple[str, str, str]]:
    """Name, value and origin of every setting; a secret is only said to be set or not."""
    env = os.environ if environment is None else environment
    values = {
        "LICHTBILD_INSTANCE": config.instance,
        "LICHTBILD_INSTANCE_DIR": str(config.instance_dir.parent),
        "LICHTBILD_DATABASE_URL": config.database_url,
        "LICHTBILD_DESK_URL": config.desk_url,
        "LICHTBILD_PORTAL_URL": config.portal_url,
        "LICHTBILD_HOST": config.host,
        "LICHTBILD_PORT": str(config.port),
        "LICHTBILD_PROXIES": str(config.proxies),
        "LICHTBILD_MAIL_URL": config.mail_url,
        "LICHTBILD_MAIL_SENDER": config.mail_sender,
        "LICHTBILD_STRIPE_SECRET_KEY": config.stripe_secret_key,
        "LICHTBILD_STRIPE_WEBHOOK_SECRET": config.stripe_webhook_secret,
        "LICHTBILD_STRIPE_API_BASE": config.stripe_api_base,
        "LICHTBILD_REDIS_URL": config.redis_url,
        "LICHTBILD_MASTER_KEY_FILE": str(config.master_key_path),
        "LICHTBILD_LOG_FORMAT": config.log_format,
        "LICHTBILD_LOG_LEVEL": config.log_level,
        "LICHTBILD_METRICS_TOKEN": config.metrics_token,
        "LICHTBILD_KEEP_DAYS": str(config.keep_days),
    }
    told = []
    for setting in SETTINGS:
        text = values.get(setting.name, env.get(setting.name, ""))
        shown = _without_secrets(text) if BY_NAME[setting.name].secret else text
        told.append((setting.name, shown, "environment" if env.get(setting.name) else "default"))
    return told


def _without_secrets(text: str) -> str:
    """Where a service is may be read; how to get in may not."""
    if not text:
        return ""
    if "://" not in text:
        return "(set)" if text != "local:" else text
    parts = urlsplit(text)
    user = f"{parts.username}:…@" if parts.username else ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{user}{parts.hostname or ''}{port}{parts.path}"


def _what_does_not_fit(config: Config, env: Mapping[str, str]) -> list[str]:
    """What is good by itself and wrong together."""
    problems = []
    desk, portal = urlsplit(config.desk_url), urlsplit(config.portal_url)
    if desk.hostname == portal.hostname:
        problems.append("LICHTBILD_DESK_URL and LICHTBILD_PORTAL_URL name the same host: each needs its own.")
    if config.mail_url and not config.mail_sender:
        problems.append("LICHTBILD_MAIL_SENDER is missing: a mail server is set, but not who sends.")
    if bool(config.stripe_secret_key) != bool(config.stripe_webhook_secret):
        there = "SECRET_KEY" if config.stripe_secret_key else "WEBHOOK_SECRET"
        lacks = "WEBHOOK_SECRET" if config.stripe_secret_key else "SECRET_KEY"
        problems.append(f"LICHTBILD_STRIPE_{lacks} is missing: LICHTBILD_STRIPE_{there} alone is of no use.")
    return problems if config.demo else problems + _demo_parts(config, env)


def _demo_parts(config: Config, env: Mapping[str, str]) -> list[str]:
    problems = []
    if env.get(FAILPOINTS):
        problems.append(
            f"{FAILPOINTS} is set: failpoints kill processes on purpose and belong to a demo instance."
        )
    if config.stripe_api_base:
        problems.append(
            "LICHTBILD_STRIPE_API_BASE belongs to the demo: a real instance speaks with Stripe itself."
        )
    if config.mail_url.startswith("local:"):
        problems.append(
            "LICHTBILD_MAIL_URL=local: belongs to the demo: name an SMTP server, smtp://user:password@host:587."
        )
    if (config.instance_dir / "clock.json").exists():
        problems.append(
            f"{config.instance_dir} holds a movable clock: it is a demo's folder, not a real instance's."
        )
    return problems


def _usable(folder: Path) -> Path:
    """The instance's folder, made if need be; a sentence when nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as broken:
        raise ConfigError(f"The folder {folder} cannot be made: {broken.strerror}.") from broken
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(f"The folder {folder} cannot be written to by this user.")
    return folder


def _secret_key(folder: Path, env: Mapping[str, str]) -> bytes:
    given = env.get("LICHTBILD_SECRET_KEY")
    if given:
        return given.encode()
    path = folder / "secret.key"
    try:
        if not path.exists():
            _make_secret(path)
        key = path.read_bytes()
    except OSError as broken:
        raise ConfigError(f"The key file {path} cannot be used: {broken.strerror}.") from broken
    if len(key) < MIN_SECRET_SIGNS:
        raise ConfigError(f"{path} is damaged. Delete it and start again: everybody has to sign in anew.")
    return key


def _make_secret(path: Path) -> None:
    """Whole before it has its name: of several processes that start at once one wins, all read the same."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)

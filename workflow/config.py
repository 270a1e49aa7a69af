"""Everything the environment may set, read once; a wrong or missing value stops the start with a sentence."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEMO = "demo"
MIN_SECRET_BYTES = 32
MOST_PROXIES = 5
#: Below are the system's; three ports from ours on must exist.
LOWEST_PORT, HIGHEST_PORT = 1024, 65_000
#: Where a rehearsal kills or delays the process (workflow/kernel/failpoints.py); a demo's only.
FAILPOINTS = "LICHTBILD_FAILPOINTS"


class ConfigError(Exception):
    """A setting is wrong or missing; the message is the sentence to print."""


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
    """Read the settings of ``instance`` (default ``LICHTBILD_INSTANCE`` or ``demo``); makes its folder."""
    env = os.environ if environment is None else environment
    name = instance or env.get("LICHTBILD_INSTANCE") or DEMO
    if not name.replace("-", "").replace("_", "").isalnum():
        msg = f"“{name}” cannot be the name of an instance: use letters, digits, - and _."
        raise ConfigError(msg)
    demo = name == DEMO or name.startswith(f"{DEMO}-")
    folder = Path(env.get("LICHTBILD_INSTANCE_DIR") or ROOT / "instance") / name
    folder.mkdir(parents=True, exist_ok=True)
    port = _port(env)
    config = Config(
        instance=name,
        instance_dir=folder,
        demo=demo,
        database_url=env.get("LICHTBILD_DATABASE_URL") or f"sqlite:///{folder / 'lichtbild.sqlite'}",
        secret_key=_secret_key(folder, env),
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
        proxies=_proxies(env),
    )
    _refuse_demo_parts_elsewhere(config, env)
    return config


def _refuse_demo_parts_elsewhere(config: Config, env: Mapping[str, str]) -> None:
    if config.demo:
        return
    if env.get(FAILPOINTS):
        msg = f"{FAILPOINTS} is set: failpoints kill processes on purpose and belong to a demo instance."
        raise ConfigError(msg)
    if config.stripe_api_base:
        msg = "LICHTBILD_STRIPE_API_BASE belongs to the demo: a real instance speaks with Stripe itself."
        raise ConfigError(msg)
    if config.mail_url.startswith("local:"):
        msg = "LICHTBILD_MAIL_URL=local: belongs to the demo: name an SMTP server, smtp://user:password@host:587."
        raise ConfigError(msg)
    if (config.instance_dir / "clock.json").exists():
        msg = f"{config.instance_dir} holds a movable clock: it is a demo's folder, not a real instance's."
        raise ConfigError(msg)


def _port(env: Mapping[str, str]) -> int:
    text = env.get("LICHTBILD_PORT") or "8000"
    if not text.isdigit() or not LOWEST_PORT <= int(text) <= HIGHEST_PORT:
        msg = f"LICHTBILD_PORT={text} is not a port between {LOWEST_PORT} and {HIGHEST_PORT}."
        raise ConfigError(msg)
    return int(text)


def _proxies(env: Mapping[str, str]) -> int:
    text = env.get("LICHTBILD_PROXIES") or "0"
    if not text.isdigit() or int(text) > MOST_PROXIES:
        msg = f"LICHTBILD_PROXIES={text} is not a number of proxies from 0 to {MOST_PROXIES}."
        raise ConfigError(msg)
    return int(text)


def _secret_key(folder: Path, env: Mapping[str, str]) -> bytes:
    given = env.get("LICHTBILD_SECRET_KEY")
    if given:
        if len(given) < MIN_SECRET_BYTES:
            msg = f"LICHTBILD_SECRET_KEY is too short: {MIN_SECRET_BYTES} signs or more."
            raise ConfigError(msg)
        return given.encode()
    path = folder / "secret.key"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(MIN_SECRET_BYTES)))
    except FileExistsError:
        pass
    return path.read_bytes()

"""What a running process carries with it: one object, handed down, never global."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from workflow.config import Config
from workflow.kernel.clock import Clock
from workflow.kernel.db import Database
from workflow.kernel.documents import Vault
from workflow.kernel.mail import MailTransport
from workflow.kernel.pdf import Press
from workflow.kernel.secrets import MasterKey
from workflow.kernel.uploads import Decoder


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts every process needs; built once by ``workflow.app.build_runtime``."""

    config: Config
    database: Database
    clock: Clock
    vault: Vault
    press: Press
    mail: MailTransport
    secrets: MasterKey
    decoder: Decoder
    randbelow: Callable[[int], int]

    def __post_init__(self) -> None:
        """Let every session carry the configuration: a guard must know whether a mail can leave at all."""
        self.database.info["config"] = self.config


def config_in(session: Session) -> Config | None:
    """The configuration of the process this session belongs to; ``None`` where no process was built."""
    found = session.info.get("config")
    assert found is None or isinstance(found, Config)
    return found

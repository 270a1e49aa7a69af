"""Puts the parts of a running process together. Every process starts here, with its configuration."""

from __future__ import annotations

import secrets
from contextlib import suppress

from workflow.config import ROOT, Config
from workflow.kernel.clock import Clock, DemoClock, SystemClock
from workflow.kernel.db import Database
from workflow.kernel.documents import Vault
from workflow.kernel.errors import Conflict
from workflow.kernel.pdf import Press
from workflow.kernel.runtime import Runtime
from workflow.kernel.secrets import MasterKey, create_master_key
from workflow.kernel.smtp import mail_transport
from workflow.web.i18n import DOCUMENTS
from workflow.works.decoding import UploadDecoder


def clock_for(config: Config) -> Clock:
    """A demo instance has a movable clock; a real one has the machine's."""
    return DemoClock(config.instance_dir / "clock.json") if config.demo else SystemClock()


def build_runtime(config: Config, *, decoders: int = 1) -> Runtime:
    """The runtime of one process; the master key is made with the first start of an instance.

    ``decoders``: how many child processes may decode pictures at once; they start when needed.
    """
    if not config.master_key_path.exists():
        with suppress(Conflict):  # web and worker start together: the other one made it just now
            create_master_key(config.master_key_path)
    master = MasterKey.load(config.master_key_path)
    return Runtime(
        config=config,
        database=Database(config.database_url),
        clock=clock_for(config),
        vault=Vault(config.vault_dir, master),
        press=Press(ROOT / "templates", ROOT / "workflow" / "web" / "static" / "vendor" / "fonts", DOCUMENTS),
        mail=mail_transport(config.mail_url, sender=config.mail_sender, mailbox=config.mailbox_dir),
        secrets=master,
        decoder=UploadDecoder(decoders),
        randbelow=secrets.randbelow,
    )

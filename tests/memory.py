"""Where tests write: in memory where there is enough of it, so that a thousand instances cost no disk.

What an instance promises about its files when the power goes is tested by programs that count what was
written (``tests/soak``), not by waiting for a disk here.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")  # noqa: S108 - the folder is our own, made for nobody else
NEEDED_BYTES = 3 * 1024**3
NAME = "lbtests."


def pytest_configure(config: pytest.Config) -> None:
    """Before the first temporary file: the processes of tests inherit ``TMPDIR`` from the one that starts them."""
    if hasattr(config, "workerinput") or os.environ.get("TMPDIR") or config.option.basetemp:
        return
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < NEEDED_BYTES:
        return
    _sweep()
    folder = MEMORY / f"{NAME}{os.getpid()}"
    folder.mkdir(mode=0o755)
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None


def pytest_unconfigure(config: pytest.Config) -> None:
    """What a failed test left stays to be looked at until the next run."""
    folder = MEMORY / f"{NAME}{os.getpid()}"
    if not hasattr(config, "workerinput") and folder.is_dir() and not _failed(config):
        shutil.rmtree(folder, ignore_errors=True)


def _failed(config: pytest.Config) -> bool:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return bool(reporter and (reporter.stats.get("failed") or reporter.stats.get("error")))


def _sweep() -> None:
    """Folders of runs that are over."""
    for folder in MEMORY.glob(f"{NAME}*"):
        process = folder.name.removeprefix(NAME)
        if process.isdecimal() and not Path(f"/proc/{process}").exists():
            with suppress(OSError):
                shutil.rmtree(folder)

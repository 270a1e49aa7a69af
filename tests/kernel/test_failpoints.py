"""Failpoints: what may be armed, and that the process really dies when it says so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from workflow.config import ROOT, ConfigError, load_config
from workflow.kernel.failpoints import Action, Armed, FailpointReached, armed, failpoint, parse
from workflow.kernel.kills import Moment

POINT = "outbox.after_claim"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{POINT}=kill", Armed(POINT, Action.KILL, nth=1)),
        (f"{POINT}=kill:later@3", Armed(POINT, Action.KILL, Moment.LATER, nth=3)),
        (f"{POINT}=raise", Armed(POINT, Action.RAISE, nth=1)),
        (f"{POINT}=sleep:0.25", Armed(POINT, Action.SLEEP, seconds=0.25)),
        (f" {POINT}=sleep:1@2 ", Armed(POINT, Action.SLEEP, seconds=1.0, nth=2)),
    ],
)
def test_what_can_be_armed(text: str, expected: Armed) -> None:
    assert parse(text) == {POINT: expected}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("outbox.nowhere=kill", "there is no failpoint “outbox.nowhere”"),
        (POINT, "is not of the form name=kill"),
        (f"{POINT}=explode", "is not of the form name=kill"),
        (f"{POINT}=kill:soonish", "is no moment"),
        (f"{POINT}=sleep", "needs seconds"),
        (f"{POINT}=sleep:3600", "needs seconds"),
        (f"{POINT}=kill@0", "counted from 1"),
        (f"{POINT}=raise:1", "raise stands alone"),
        (f"{POINT}=kill,{POINT}=raise", "twice"),
    ],
)
def test_what_cannot_be_armed_is_said_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        parse(text)


def test_only_the_nth_pass_counts_and_the_others_do_nothing() -> None:
    with armed(f"{POINT}=raise@3"):
        failpoint(POINT)
        failpoint("outbox.after_commit")
        failpoint(POINT)
        with pytest.raises(FailpointReached, match=POINT):
            failpoint(POINT)
        failpoint(POINT)
    failpoint(POINT)


def test_a_point_can_hold_the_process_up() -> None:
    with armed(f"{POINT}=sleep:0.2"):
        began = time.monotonic()
        failpoint(POINT)
        assert time.monotonic() - began >= 0.2


def test_a_real_instance_does_not_start_with_failpoints(tmp_path: Path) -> None:
    environment = {"LICHTBILD_INSTANCE_DIR": str(tmp_path), "LICHTBILD_FAILPOINTS": f"{POINT}=kill"}
    with pytest.raises(ConfigError, match="belong to a demo instance"):
        load_config("main", environment)
    assert load_config("demo-soak", environment).demo


@pytest.mark.parametrize("command", ["worker", "ticker", "web", "self-check"])
def test_an_unknown_failpoint_stops_every_start(tmp_path: Path, command: str) -> None:
    done = _lichtbild(tmp_path, command, failpoints="outbox.nowhere=kill")
    assert done.returncode == 2
    assert done.stderr == "lichtbild: LICHTBILD_FAILPOINTS: there is no failpoint “outbox.nowhere”.\n"


STEPS = """
    import os, signal, sys, threading, time
    from workflow.kernel.failpoints import failpoint

    def say(word): os.write(1, f"{word} ".encode())

    def work(folder):
        say("before")
        failpoint("outbox.after_claim")
        say("first")
        say("second")
        time.sleep(0.05)
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        say("flushed")

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    work(sys.argv[1])
    stop.wait(5)
    say("closed")
"""


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (Moment.AT, "before"),
        (Moment.NEXT, "before first"),
        (Moment.LATER, "before first second"),
        (Moment.FLUSH, "before first second"),
        (Moment.EXIT, "before first second flushed closed"),
    ],
)
def test_the_process_is_killed_at_the_moment_it_says(tmp_path: Path, moment: Moment, said: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LICHTBILD_FAILPOINTS": f"{POINT}=kill:{moment}"}
    command = [sys.executable, "-c", textwrap.dedent(STEPS), str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == said.split()
    assert done.stderr == f"failpoint {POINT}: kill {moment}\n"


def _lichtbild(folder: Path, command: str, *, failpoints: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "LICHTBILD_INSTANCE_DIR": str(folder),
        "LICHTBILD_FAILPOINTS": failpoints,
    }
    program = [sys.executable, "-m", "workflow.cli", "--instance", "demo-soak", command]
    return subprocess.run(program, env=environment, capture_output=True, text=True, timeout=60)

"""The processes of a rehearsal and what is done around them: start, kill, start again, let time pass."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from workflow.demo import people
from workflow.soak import life
from workflow.soak.browser import Browser
from workflow.soak.life import until
from workflow.soak.nursery import Child, Nursery
from workflow.soak.points import Life
from workflow.soak.stages import INSTANCE, Stage

START_SECONDS = 120.0
FINISH_SECONDS = 300.0
PAST = "2020-01-01 00:00:00.000000"
ARGUMENTS = {
    "web": ("web",),
    "worker": ("worker",),
    "ticker": ("ticker", "--every", "0.3"),
    "standin": ("psp-standin",),
    "upgrade": ("db", "upgrade"),
}


@dataclass
class Company:
    """Starts processes of a stage by their names."""

    nursery: Nursery
    running: list[Child] = field(default_factory=list)

    def start(self, stage: Stage, name: str, failpoints: str = "", *more: str) -> Child:
        """Start one; ``failpoints`` are armed in it alone."""
        arguments = ("--instance", INSTANCE, *(self._crawl(stage, name) or ARGUMENTS[name]), *more)
        child = self.nursery.start(arguments, stage.environment(failpoints), stage.folder / f"{name}.log")
        self.running.append(child)
        return child

    def end_all(self) -> None:
        """Nothing of this run goes on."""
        for child in reversed(self.running):
            self.nursery.end(child, grace=5.0)
        self.running.clear()

    def to_its_end(self, stage: Stage, name: str, *more: str, seconds: float = FINISH_SECONDS) -> None:
        """Run a command that ends by itself; it must end well."""
        child = self.start(stage, name, "", *more)
        code = self.nursery.wait(child, seconds)
        self.nursery.sweep(child)
        assert code == 0, f"{name} ended with {code}: {child.log.read_text()[-1500:]}"

    def serving(self, stage: Stage, child: Child) -> bool:
        """Whether the web process answers."""

        def answers() -> bool:
            if self.nursery.wait(child, 0) is not None:
                return True
            connection = http.client.HTTPConnection("127.0.0.1", stage.ports.web, timeout=5)
            try:
                connection.request("GET", "/log-in", headers={"Host": f"127.0.0.1:{stage.ports.web}"})
                return connection.getresponse().status == http.HTTPStatus.OK
            except (OSError, http.client.HTTPException):
                return False
            finally:
                connection.close()

        return until(answers, START_SECONDS) and child.code is None

    # --- what happens around the processes

    def let_reports_arrive(self, stage: Stage) -> None:
        """Web and payment service meet; every report lies in the inbox afterwards."""
        web = self.start(stage, "web")
        assert self.serving(stage, web), web.log.read_text()[-1500:]
        self.start(stage, "standin")
        assert until(lambda: reports_taken(stage), FINISH_SECONDS), "the reports did not arrive"
        self.end_all()

    def fetch_once(self, stage: Stage) -> None:
        """A crawl without comparison."""
        self.to_its_end(stage, "fetch")

    def finish(self, stage: Stage, *, with_standin: bool) -> None:
        """The worker does everything that waits, as often as something waits for later."""
        if with_standin:
            self.start(stage, "standin")
        for _ in range(4):
            time_passes(stage)
            self.to_its_end(stage, "worker", "--drain")
            with stage.plain_sql() as database:
                if not database.one("SELECT count(*) FROM outbox WHERE state IN ('pending', 'claimed')"):
                    return

    def visit(self, stage: Stage, story: Life) -> None:
        """What a person does in this life, as far as the server lets them."""
        with suppress(OSError, http.client.HTTPException):
            if story is Life.UPLOAD:
                hand_in(stage)
            elif story is Life.WISH:
                wish(stage)

    @staticmethod
    def _crawl(stage: Stage, name: str) -> Sequence[str]:
        if name not in ("fetch", "crawl"):
            return ()
        site = f"http://{life.HOST}:{stage.ports.world}/"
        return ("crawl", site, *(("--fetch-only",) if name == "fetch" else ()))


def hand_in(stage: Stage) -> None:
    """The photographer sends both photographs in one form."""
    browser = Browser(f"http://127.0.0.1:{stage.ports.web}")
    browser.submit("/log-in", {"email": people.OWNER.email, "password": people.OWNER.password})
    files = [(chosen.path.name, chosen.path.read_bytes()) for chosen in life.CHOSEN]
    browser.hand_in("/photographs/upload", "photographs", files)


def wish(stage: Stage) -> None:
    """Both recipients enter their case and press “Pay”."""
    for line in (stage.instance_dir / "codes").read_text().splitlines():
        reference, code = line.split()
        browser = Browser(f"http://localhost:{stage.ports.web}")
        browser.submit(f"/c/{reference}", {"reference": reference, "code": code})
        browser.submit("/pay", {}, action="/pay")


def reports_taken(stage: Stage) -> bool:
    """Whether the payment service got an answer to everything it told."""
    import sqlite3

    connection = sqlite3.connect(stage.instance_dir / "standin.sqlite")
    try:
        waiting = connection.execute("SELECT count(*) FROM deliveries WHERE NOT delivered").fetchone()[0]
    finally:
        connection.close()
    return not waiting


def time_passes(stage: Stage) -> None:
    """Leases of the dead run out, pauses before another try are over."""
    with stage.plain_sql() as database:
        database.change(f"UPDATE outbox SET lease_until = '{PAST}' WHERE state = 'claimed'")  # noqa: S608 - ours
        database.change(f"UPDATE outbox SET next_at = '{PAST}' WHERE state = 'pending'")  # noqa: S608 - ours
        database.change("UPDATE crawl_requests SET lease_until = 0 WHERE state = 'claimed'")

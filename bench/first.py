"""First figures: set-up, demo, pages, memory. Prints a table and writes bench/results/first.json.

    python bench/first.py [--goals] [--skip-setup]

Runs in a folder of its own under the temporary directory, on ports of its own; bounded in time. Page times
are server times of single requests, median of 15, with nobody else asking.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
PORT = 8700
ROUNDS = 15
LICHTBILD = [sys.executable, "-m", "workflow.cli"]
DESK, PORTAL = f"desk.localhost:{PORT}", f"portal.localhost:{PORT}"


def main() -> int:
    """Measure, print, write; with --goals exit 1 when one is missed."""
    options = argparse.ArgumentParser()
    options.add_argument("--goals", action="store_true")
    options.add_argument("--skip-setup", action="store_true")
    chosen = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="lichtbild-bench-"))
    environment = {
        **os.environ,
        "LICHTBILD_INSTANCE_DIR": str(folder / "instance"),
        "LICHTBILD_PORT": str(PORT),
    }
    rows: list[dict[str, object]] = []
    try:
        if not chosen.skip_setup:
            rows.append(row("set-up in a fresh clone, warm package cache", set_up(folder), "s", 180))
        rows += demo(environment)
        rows += pages_and_memory(environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    show(rows)
    out = ROOT / "bench" / "results"
    out.mkdir(parents=True, exist_ok=True)
    (out / "first.json").write_text(json.dumps(rows, indent=2))
    missed = [line["name"] for line in rows if isinstance(line["ratio"], float) and line["ratio"] > 1]
    return 1 if chosen.goals and missed else 0


def row(name: str, value: float, unit: str, goal: float | None) -> dict[str, object]:
    """One line; ``baseline`` is the goal (at most), ``ratio`` the value against it."""
    ratio = round(value / goal, 3) if goal else None
    return {"name": name, "value": round(value, 3), "unit": unit, "baseline": goal, "ratio": ratio}


def set_up(folder: Path) -> float:
    """Seconds from a bare clone to a ready environment."""
    clone = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    began = time.monotonic()
    subprocess.run(["make", "--silent", "setup"], cwd=clone, check=True)
    return time.monotonic() - began


def demo(environment: dict[str, str]) -> list[dict[str, object]]:
    """Build the demo world once."""
    began = time.monotonic()
    done = subprocess.run(
        [*LICHTBILD, "demo", "--fresh", "--json"],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
    )
    seconds = time.monotonic() - began
    told = json.loads(done.stdout)
    return [
        row("lichtbild demo --fresh", seconds, "s", 90),
        row("planted uses missed", told["planted"] - told["hits_correct"], f"of {told['planted']}", None),
        row("wrong hits", told["hits_wrong"], f"of {told['images_compared']} images", None),
    ]


def pages_and_memory(environment: dict[str, str]) -> list[dict[str, object]]:
    """Start everything, ask for the main pages, read the resident memory of web, ticker and worker."""
    process = subprocess.Popen([*LICHTBILD, "up"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_until_ready()
        rows = [
            row(f"page {path}", page_ms(host, path, cookie), "ms", 150) for host, path, cookie in visits()
        ]
        rows.append(row("memory of web, ticker and worker", memory_mb(process.pid), "MB", 700))
        return rows
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def visits() -> list[tuple[str, str, str]]:
    """The pages people open most, with the cookie of whoever may."""
    owner = log_in("photographer@example.org", "demo-paper-boat-24")
    operator = log_in("operator@example.org", "demo-quiet-harbour-24")
    return [
        (DESK, "/", ""),
        (DESK, "/inbox", owner),
        (DESK, "/photographs/", owner),
        (DESK, "/cases/", owner),
        (DESK, "/money/", owner),
        (DESK, "/operator/queue", operator),
        (DESK, "/operator/cases/", operator),
        (PORTAL, "/", ""),
        (PORTAL, "/verify", ""),
    ]


def ask(host: str, method: str, path: str, cookie: str, body: str = "") -> http.client.HTTPResponse:
    """One request on a connection of its own; the answer is read."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    headers = {"Host": host, "Cookie": cookie}
    if body:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, body or None, headers)
    answer = connection.getresponse()
    answer.text = answer.read().decode()  # type: ignore[attr-defined]
    connection.close()
    return answer


def log_in(email: str, password: str) -> str:
    """The session cookie of a demo account."""
    page = ask(DESK, "GET", "/log-in", "")
    cookie = (page.getheader("Set-Cookie") or "").partition(";")[0]
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)  # type: ignore[attr-defined]
    assert found, "the log-in page has no token"
    body = urlencode({"csrf_token": found[1], "email": email, "password": password})
    answer = ask(DESK, "POST", "/log-in", cookie, body)
    assert answer.status == http.HTTPStatus.SEE_OTHER, answer.status
    cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
    return second_step(cookie) if "/log-in/code" in (answer.getheader("Location") or "") else cookie


def second_step(cookie: str) -> str:
    """Type the code that the demo shows on the page that asks for it."""
    page = ask(DESK, "GET", "/log-in/code", cookie)
    text: str = page.text  # type: ignore[attr-defined]
    cookie = (page.getheader("Set-Cookie") or cookie).partition(";")[0]
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text)
    code = re.search(r"would show (\d{6}) now", text)
    assert token and code, "the demo does not show the code"
    body = urlencode({"csrf_token": token[1], "code": code[1], "next": ""})
    answer = ask(DESK, "POST", "/log-in/code", cookie, body)
    assert answer.status == http.HTTPStatus.SEE_OTHER, answer.status
    return (answer.getheader("Set-Cookie") or "").partition(";")[0]


def page_ms(host: str, path: str, cookie: str) -> float:
    """Median milliseconds of one page, after two visits to warm up."""
    times = []
    for _ in range(ROUNDS + 2):
        began = time.perf_counter()
        answer = ask(host, "GET", path, cookie)
        times.append((time.perf_counter() - began) * 1000)
        assert answer.status == http.HTTPStatus.OK, f"{path} answered {answer.status}"
    return statistics.median(times[2:])


def memory_mb(parent: int) -> float:
    """Resident megabytes of web, ticker and worker, children included."""
    listed = subprocess.run(["ps", "-eo", "pid,ppid,rss,args"], check=True, stdout=subprocess.PIPE, text=True)
    lines = [line.split(None, 3) for line in listed.stdout.splitlines()[1:]]
    wanted = {
        pid for pid, ppid, _, command in lines
        if ppid == str(parent) and command.split()[-1] in ("web", "ticker", "worker")
    }  # fmt: skip
    total = sum(int(rss) for pid, ppid, rss, _ in lines if pid in wanted or ppid in wanted)
    return total / 1024


def wait_until_ready() -> None:
    """Until the desk answers, a minute at most."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if ask(DESK, "GET", "/healthz", "").status == http.HTTPStatus.OK:
                return
        except OSError:
            time.sleep(0.3)
    raise SystemExit("the demo did not start within a minute")


def show(rows: list[dict[str, object]]) -> None:
    """A plain table."""
    print(f"{'what':<46}{'value':>10} {'unit':<16}{'goal':>8}  {'ratio':>6}")
    for line in rows:
        goal = "" if line["baseline"] is None else line["baseline"]
        ratio = "" if line["ratio"] is None else line["ratio"]
        print(f"{line['name']:<46}{line['value']:>10} {line['unit']:<16}{goal:>8}  {ratio:>6}")


if __name__ == "__main__":
    sys.exit(main())

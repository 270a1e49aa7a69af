"""Everything of a case in one file: whole, only of this case, and every change is found without us."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.world import Visitor, World, picture, words
from workflow.cases.models import Evidence, LetterDocument
from workflow.cli import cli

BROUGHT = {"manifest.json", "key.pem", "check.py", "READ-ME.txt"}


@pytest.fixture
def bundle(world: World, tmp_path: Path) -> Path:
    """The bundle of a case that was answered, unpacked."""
    world.offered()
    case = world.offered(uses=2)
    visitor = world.recipient(case)
    to, fields = visitor.form(
        "/answer/licence", {"source": "agency", "number": "4711", "text": "Bought in May."}
    )
    fields = [(name, value) for name, value in fields if name != "files"]
    file = ("files", (io.BytesIO(picture(9)), "../licence é.jpg"))
    assert visitor.send(to, [*fields, file], content_type="multipart/form-data").status_code == 303
    world.work()
    page = visitor.page("/case")
    assert "/case/everything.zip" in page and "Download everything" in words(page)
    answer = visitor.get("/case/everything.zip")
    assert answer.status_code == 200 and answer.mimetype == "application/zip"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={case.reference}.zip"
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        assert packed.testzip() is None
        packed.extractall(folder)
    return folder


def run_check(folder: Path) -> tuple[int, str]:
    run = [sys.executable, "-I", str(folder / "check.py")]
    told = subprocess.run(run, capture_output=True, text=True, timeout=60)
    return told.returncode, told.stdout + told.stderr


def test_it_holds_all_of_this_case_and_nothing_else(world: World, bundle: Path) -> None:
    files = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    assert {name for name in files if name.startswith("evidence/")} == {
        f"evidence/use-{use:02}/{name}"
        for use in (1, 2)
        for name in ("photograph.jpg", "found.jpg", "page.html.txt")
    }
    assert len(world.all(Evidence)) == 9 and len(world.all(LetterDocument)) > 2, "there is another case"
    letters = sorted(name for name in files if name.startswith("letters/"))
    assert letters and all((bundle / name).read_bytes().startswith(b"%PDF") for name in letters)
    [proof] = [name for name in files if name.startswith("sent-by-you/")]
    assert proof.endswith("licence_é.jpg") and (bundle / proof).read_bytes() == picture(9)
    told = (bundle / "messages.txt").read_text("utf-8")
    assert "Bought in May." in told and "4711" in told
    case = json.loads((bundle / "case.json").read_text("utf-8"))
    assert len(case["uses"]) == 2 and case["sum"].endswith("€")
    kept = {piece.sha256 for piece in world.all(Evidence)}
    for name in files:
        if name.startswith("evidence/"):
            assert hashlib.sha256((bundle / name).read_bytes()).hexdigest() in kept


def test_its_manifest_is_checked_without_us(bundle: Path, tmp_path: Path) -> None:
    assert run_check(bundle)[0] == 0
    good = CliRunner().invoke(
        cli, ["verify", str(bundle / "manifest.json"), "--key", str(bundle / "key.pem")]
    )
    assert good.exit_code == 0, good.output
    signed = json.loads((bundle / "manifest.json").read_text("utf-8"))
    said, sig = tmp_path / "said", tmp_path / "sig"
    said.write_text(signed["statement"], "utf-8")
    sig.write_bytes(base64.b64decode(signed["signature"]))
    openssl = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(bundle / "key.pem"), "-rawin",
               "-in", str(said), "-sigfile", str(sig)]  # fmt: skip
    assert subprocess.run(openssl, capture_output=True, timeout=60).returncode == 0
    listed = json.loads(signed["statement"])["files"]
    for name, entry in listed.items():  # an oracle of its own
        assert hashlib.sha256((bundle / name).read_bytes()).hexdigest() == entry["sha256"], name
    there = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    assert there == set(listed) | BROUGHT


@pytest.mark.parametrize("harm", ["changed", "missing", "not listed", "manifest"])
def test_every_change_is_named(bundle: Path, harm: str) -> None:
    victim = bundle / "evidence/use-01/found.jpg"
    if harm == "changed":
        victim.write_bytes(bytes([victim.read_bytes()[0] ^ 1]) + victim.read_bytes()[1:])
    elif harm == "missing":
        victim.unlink()
    elif harm == "not listed":
        (bundle / "evidence/use-01/another.jpg").write_bytes(b"x")
    else:
        path = bundle / "manifest.json"
        path.write_text(
            path.read_text("utf-8").replace("lichtbild case bundle", "lichtbild case bundel"), "utf-8"
        )
        told = CliRunner().invoke(cli, ["verify", str(path)])
        assert told.exit_code != 0 and "does not fit" in str(told.exception)
        return
    code, told = run_check(bundle)
    assert code == 1 and told.startswith(f"{harm}: evidence/use-01/") and len(told.splitlines()) == 1


def test_nobody_else_gets_it(world: World) -> None:
    case = world.offered()
    assert world.recipient(case).get("/case/everything.zip").status_code == 200
    stranger = world.recipient(world.offered())
    assert case.reference not in stranger.get("/case/everything.zip").headers["Content-Disposition"]
    assert Visitor(world.portal).get("/case/everything.zip").status_code in (303, 401)

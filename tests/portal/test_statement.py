"""The signed statement of the verify page: checked offline by us and by openssl, which shares no code with us."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.world import Visitor, World, need, words
from workflow.kernel.errors import Refused
from workflow.kernel.secrets import MasterKey
from workflow.kernel.signing import Signature, check
from workflow.portal.statement import masked

MINE = Signature(MasterKey(bytes(32)))
TOLD = {"reference": "K7M3PQ-X", "sum": 7, "rights_holder": "Ada Beispiel „Ä“"}


def statement(world: World) -> tuple[bytes, bytes, str]:
    """The file, the key and the reference, as anybody gets them."""
    case = world.offered()
    anybody = Visitor(world.portal)
    page = anybody.page(f"/verify/{case.reference}")
    assert "Download the statement" in words(page)
    file = anybody.get(f"/verify/{case.reference}/statement.json")
    key = anybody.get("/verify/key.pem")
    assert (file.status_code, key.status_code) == (200, 200)
    checked = check(file.data, key_pem=key.data)
    assert checked.fingerprint in words(page)
    return file.data, key.data, case.reference


def test_it_says_who_writes_for_whom_about_what_and_nothing_about_the_recipient(world: World) -> None:
    data, _key, reference = statement(world)
    told = check(data).statement
    assert told["reference"] == reference and told["mandate"]["rights_holder"] == "Demo Photographer"
    assert told["letters"] == [{"kind": "offer", "on": "2024-03-01"}]
    assert len(told["photographs"][0]["sha256"]) == 64
    assert told["payee"]["iban"].startswith("DE") and "•" in told["payee"]["iban"]
    text = data.decode()
    for private in ("Example Walks Ltd", "office@example.org", "walks.example.org", "Weg 1", "10115"):
        assert private not in text, private


def test_openssl_and_the_command_check_it_offline(world: World, tmp_path: Path) -> None:
    need("openssl", "base64")
    data, key, _reference = statement(world)
    parts = json.loads(data)
    (tmp_path / "said").write_text(parts["statement"])
    (tmp_path / "sig").write_bytes(base64.b64decode(parts["signature"]))
    (tmp_path / "key.pem").write_bytes(key)
    (tmp_path / "statement.json").write_bytes(data)

    def openssl() -> int:
        command = "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in said -sigfile sig"
        return subprocess.run(command.split(), cwd=tmp_path, capture_output=True).returncode

    def lichtbild(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "workflow.cli", "verify", "statement.json", *more]
        return subprocess.run(
            command, cwd=tmp_path, env=world.environment, capture_output=True, text=True, timeout=60
        )

    assert openssl() == 0
    good = lichtbild("--key", "key.pem")
    assert good.returncode == 0 and "Good signature" in good.stdout, good.stderr
    assert "compare this fingerprint" in lichtbild().stdout
    # one byte changed
    (tmp_path / "said").write_text(parts["statement"].replace("offer", "offeR"))
    changed = json.dumps({**parts, "statement": parts["statement"].replace("offer", "offeR")})
    (tmp_path / "statement.json").write_text(changed)
    assert openssl() != 0
    bad = lichtbild()
    assert bad.returncode == 2 and "does not fit" in bad.stderr and bad.stdout == ""


def test_an_unknown_reference_has_no_statement(world: World) -> None:
    assert Visitor(world.portal).get("/verify/K7M3PQ-X/statement.json").status_code == 404


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_any_changed_byte_of_what_was_said_is_found(at: int, by: int) -> None:
    parts = json.loads(MINE.sign(TOLD))
    said = bytearray(parts["statement"].encode())
    said[at % len(said)] ^= by
    parts["statement"] = said.decode("utf-8", "replace")
    with pytest.raises(Refused):
        check(json.dumps(parts).encode())


def test_another_instance_cannot_sign_for_this_one() -> None:
    other = Signature(MasterKey(b"\x01" * 32))
    assert other.fingerprint != MINE.fingerprint
    forged = other.sign(TOLD)
    assert check(forged).fingerprint == other.fingerprint, "good by its own key, whose fingerprint is another"
    with pytest.raises(Refused, match="does not fit"):
        check(forged, key_pem=MINE.public_pem.encode())


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"statement": 7, "signature": "", "key": ""}',
     b'{"statement": "{}", "signature": "!", "key": ""}', b'{"statement": "{}", "signature": "", "key": "x"}',
     b" " * 200_001],
)  # fmt: skip
def test_what_is_no_statement_is_a_sentence(data: bytes) -> None:
    with pytest.raises(Refused):
        check(data)


def test_a_key_of_another_kind_is_refused() -> None:
    rsa = subprocess.run(
        ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], capture_output=True
    ).stdout
    public = subprocess.run(["openssl", "pkey", "-pubout"], input=rsa, capture_output=True).stdout
    with pytest.raises(Refused, match="Ed25519"):
        check(MINE.sign(TOLD), key_pem=public)


@pytest.mark.parametrize(
    ("iban", "shown"),
    [
        ("DE89370400440532013000", "DE89••••••••••••••3000"),
        ("", ""),
        ("DE8937", "••••••"),
        ("12345678", "••••••••"),
    ],
)
def test_an_account_number_is_masked(iban: str, shown: str) -> None:
    assert masked(iban) == shown

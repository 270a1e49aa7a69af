"""The master key: made once, private, and useless to whoever alters one bit."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.kernel.errors import Conflict, Unavailable
from workflow.kernel.secrets import MasterKey, create_master_key, seal, unseal

KEY = bytes(range(32))


def test_a_new_key_file_is_private_and_loads_again(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    made = create_master_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_bytes()) == 32
    assert MasterKey.load(path, {}).derive("x") == made.derive("x")
    assert [entry.name for entry in tmp_path.iterdir()] == ["master.key"]


def test_an_existing_key_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    create_master_key(path)
    before = path.read_bytes()
    with pytest.raises(Conflict, match="already a master key"):
        create_master_key(path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_two_new_keys_differ(tmp_path: Path) -> None:
    one, two = create_master_key(tmp_path / "a"), create_master_key(tmp_path / "b")
    assert one.derive("x") != two.derive("x")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    create_master_key(path)
    path.chmod(mode)
    with pytest.raises(Unavailable, match="chmod 600"):
        MasterKey.load(path, {})


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    create_master_key(tmp_path / "master.key")
    environment = {"LICHTBILD_MASTER_KEY": base64.b64encode(KEY).decode()}
    assert MasterKey.load(tmp_path / "master.key", environment).derive("x") == MasterKey(KEY).derive("x")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("not base64!", "not base64"), (base64.b64encode(b"short").decode(), "32 bytes long, this one has 5")],
)
def test_a_wrong_environment_is_told(text: str, sentence: str) -> None:
    with pytest.raises(Unavailable, match=sentence):
        MasterKey.load(None, {"LICHTBILD_MASTER_KEY": text})


def test_no_key_anywhere_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no master key: set LICHTBILD_MASTER_KEY"):
        MasterKey.load(None, {})
    with pytest.raises(Unavailable, match="no master key at"):
        MasterKey.load(tmp_path / "none", {})
    (tmp_path / "cut").write_bytes(KEY[:31])
    (tmp_path / "cut").chmod(0o600)
    with pytest.raises(Unavailable, match="has 31"):
        MasterKey.load(tmp_path / "cut", {})


def test_the_key_does_not_show_in_print() -> None:
    assert repr(MasterKey(KEY)) == str(MasterKey(KEY)) == "MasterKey(…)"


def test_every_purpose_has_its_own_key() -> None:
    key = MasterKey(KEY)
    assert len({key.derive("a"), key.derive("b"), key.derive("a "), KEY}) == 4
    # fixed vector: a change here would lock every instance out of its documents
    vector = "43c32755a364a6193017638233c7da1d86cac2fea36e52464e66afdc1a86447a"
    assert key.derive("wrap data keys").hex() == vector


def test_wrapped_keys_open_only_in_their_place() -> None:
    key = MasterKey(KEY)
    wrapped = key.wrap(b"k" * 32, b"owner:1")
    assert b"k" * 8 not in wrapped
    assert key.unwrap(wrapped, b"owner:1") == b"k" * 32
    assert key.wrap(b"k" * 32, b"owner:1") != wrapped  # another nonce each time
    with pytest.raises(Unavailable):
        key.unwrap(wrapped, b"owner:2")
    with pytest.raises(Unavailable):
        MasterKey(bytes(32)).unwrap(wrapped, b"owner:1")


@given(data=st.binary(max_size=300), where=st.integers(min_value=0), bit=st.integers(0, 7))
def test_one_altered_bit_is_always_noticed(data: bytes, where: int, bit: int) -> None:
    sealed = bytearray(seal(KEY, data, b"place"))
    assert unseal(KEY, bytes(sealed), b"place") == data
    sealed[where % len(sealed)] ^= 1 << bit
    with pytest.raises(Unavailable):
        unseal(KEY, bytes(sealed), b"place")


@pytest.mark.parametrize("length", [0, 1, 12, 13, 28])
def test_cut_off_data_is_refused(length: int) -> None:
    with pytest.raises(Unavailable):
        unseal(KEY, seal(KEY, b"data", b"")[:length], b"")


def test_peppered_codes() -> None:
    key = MasterKey(KEY)
    assert key.peppered("ABCDE", "portal") == key.peppered("ABCDE", "portal")
    different = {
        key.peppered("ABCDE", "portal"),
        key.peppered("ABCDF", "portal"),
        key.peppered("ABCDE", "confirm"),
        MasterKey(bytes(32)).peppered("ABCDE", "portal"),
    }
    assert len(different) == 4
    assert all(len(code) == 64 and set(code) <= set("0123456789abcdef") for code in different)


def test_of_many_who_make_the_key_one_wins(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    children = []
    for _ in range(6):
        pid = os.fork()
        if pid == 0:
            try:
                create_master_key(path)
            except Conflict:
                os._exit(1)
            os._exit(0)
        children.append(pid)
    codes = sorted(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children)
    assert codes == [0, 1, 1, 1, 1, 1]
    assert len(path.read_bytes()) == 32
    assert len(list(tmp_path.iterdir())) == 1

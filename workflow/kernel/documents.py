"""Documents: written once, sealed, addressed by what they are; the bytes are safe before the row exists.

The address is the SHA-256 of the plain bytes. A document belongs to a scope (``owner:<uuid>`` for
originals, ``case:<uuid>`` for evidence and proofs) and is sealed under the key of that scope, which lies
in the database wrapped under the master key: without the scope's key its documents are forgotten.
Without a scope the bytes are stored as they are.
"""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from datetime import datetime
from pathlib import Path

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflow.kernel.db import Base
from workflow.kernel.errors import NotFound, Unavailable
from workflow.kernel.failpoints import failpoint
from workflow.kernel.files import sync_folder, write_once
from workflow.kernel.ids import new_id
from workflow.kernel.said import say
from workflow.kernel.secrets import KEY_BYTES, MasterKey, seal, unseal

#: Where documents without a scope lie; those of a scope lie in a folder named after its key.
PLAIN_FOLDER = "plain"
_WITHOUT_KEY = text("key_id IS NULL")
_BATCH = 200


class DataKey(Base):
    """The key of one scope, wrapped under the master key."""

    __tablename__ = "data_keys"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    #: ``owner:<uuid>`` or ``case:<uuid>``
    scope: Mapped[str] = mapped_column(String(80), unique=True)
    wrapped: Mapped[bytes]
    created_at: Mapped[datetime]


class Document(Base):
    """One document: what it is, and under which key its bytes lie."""

    __tablename__ = "documents"
    __table_args__ = (
        CheckConstraint("length(address) = 64", name="address_is_a_sha256"),
        CheckConstraint("size >= 0", name="size_is_not_negative"),
        # the same bytes under the same key are one document; two empty keys count as different to SQL
        Index("uq_documents_sealed", "address", "key_id", unique=True),
        Index(
            "uq_documents_plain",
            "address",
            unique=True,
            sqlite_where=_WITHOUT_KEY,
            postgresql_where=_WITHOUT_KEY,
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    #: SHA-256 of the plain bytes, in hex.
    address: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(DataKey.id), index=True)
    media_type: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]


class Vault:
    """The folder of sealed bytes and the tables that know them. No file is ever changed in place."""

    def __init__(self, root: Path, master: MasterKey) -> None:
        self._root, self._master = root, master

    def put(
        self, session: Session, scope: str | None, data: bytes, *, media_type: str, name: str, now: datetime
    ) -> Document:
        """Store the bytes durably, then the row. The same bytes twice in a scope are the same document.

        A process killed at any point leaves no row without its bytes; bytes without a row may stay
        (see :meth:`orphans`) and are taken up when the same document comes again.
        """
        address = hashlib.sha256(data).hexdigest()
        data_key = None if scope is None else self._data_key(session, scope, now)
        key_id = data_key.id if data_key else None
        self._store(self._path(address, key_id), data, address, self._opened(data_key))
        failpoint("document.after_store")
        same = select(Document).where(Document.address == address, Document.key_id == key_id)
        present = session.scalars(same).first()
        if present:
            return present
        document = Document(
            id=new_id(), address=address, key_id=key_id, media_type=media_type, name=name,
            size=len(data), created_at=now,
        )  # fmt: skip
        if not _added(session, document):
            return session.scalars(same).one()
        failpoint("document.after_row")
        return document

    def get(self, session: Session, document_id: uuid.UUID) -> bytes:
        """The bytes, verified against the address; :class:`Unavailable` if they are missing or changed."""
        document = session.get(Document, document_id)
        if document is None:
            raise NotFound(say("This document"))
        return self._verified(session, document)

    def check(self, session: Session) -> list[str]:
        """Read and verify every document; one sentence per problem, an empty list when all is well."""
        problems = []
        for document in session.scalars(select(Document).execution_options(yield_per=_BATCH)):
            try:
                self._verified(session, document)
            except Unavailable as problem:
                problems.append(str(problem))
        return problems

    def verify(self, session: Session, document: Document) -> str | None:
        """What is wrong with the bytes of one document, as a sentence; ``None`` when they are right."""
        try:
            self._verified(session, document)
        except Unavailable as problem:
            return str(problem)
        return None

    def file_of(self, address: str, key_id: uuid.UUID | None) -> Path:
        """Where the bytes of this document lie."""
        return self._path(address, key_id)

    def orphans(self, session: Session) -> list[Path]:
        """Files that no row knows: left by a killed process, or being written at this moment."""
        found: list[Path] = []
        for folder in sorted(self._root.glob("*/*")):
            key_id = None if folder.parent.name == PLAIN_FOLDER else uuid.UUID(folder.parent.name)
            rows = select(Document.address).where(
                Document.key_id == key_id, Document.address.startswith(folder.name)
            )
            known = set(session.scalars(rows))
            found += sorted(path for path in folder.iterdir() if path.name not in known)
        return found

    def _verified(self, session: Session, document: Document) -> bytes:
        data_key = session.get(DataKey, document.key_id) if document.key_id else None
        if document.key_id and data_key is None:
            raise Unavailable(
                say("The key of document {document_id} was destroyed.", document_id=document.id)
            )
        path = self._path(document.address, document.key_id)
        try:
            return _read(path, document.address, self._opened(data_key))
        except FileNotFoundError as missing:
            raise Unavailable(
                say("The bytes of document {document_id} are missing.", document_id=document.id)
            ) from missing
        except (Unavailable, OSError) as broken:
            raise Unavailable(
                say(
                    "The bytes of document {document_id} were changed or are damaged.",
                    document_id=document.id,
                )
            ) from broken

    def _store(self, path: Path, data: bytes, address: str, key: bytes | None) -> None:
        """Bring the bytes to the path, durably; what lies there damaged is set aside, never lost."""
        if not _holds(path, address, key):
            if path.exists():
                path.rename(path.with_name(f"{path.name}.damaged-{os.urandom(6).hex()}"))
            sealed = data if key is None else seal(key, data, address.encode())
            try:
                write_once(path, sealed)
            except FileExistsError:  # another process was faster with the same bytes
                if not _holds(path, address, key):
                    raise Unavailable(
                        say("The bytes of {address} could not be stored.", address=address)
                    ) from None
        for folder in (path.parent, path.parent.parent, self._root):  # also those a killed process made
            sync_folder(folder)

    def _data_key(self, session: Session, scope: str, now: datetime) -> DataKey:
        """The scope's key; made with its first document."""
        assert re.fullmatch(r"[a-z_]+:[0-9a-f-]{36}", scope), "a scope is written like case:<uuid>"
        found = session.scalars(select(DataKey).where(DataKey.scope == scope)).first()
        if found:
            return found
        wrapped = self._master.wrap(os.urandom(KEY_BYTES), scope.encode())
        made = DataKey(id=new_id(), scope=scope, wrapped=wrapped, created_at=now)
        if _added(session, made):
            return made
        return session.scalars(select(DataKey).where(DataKey.scope == scope)).one()

    def _opened(self, data_key: DataKey | None) -> bytes | None:
        return None if data_key is None else self._master.unwrap(data_key.wrapped, data_key.scope.encode())

    def _path(self, address: str, key_id: uuid.UUID | None) -> Path:
        folder = PLAIN_FOLDER if key_id is None else key_id.hex
        return self._root / folder / address[:2] / address


def _read(path: Path, address: str, key: bytes | None) -> bytes:
    stored = path.read_bytes()
    data = stored if key is None else unseal(key, stored, address.encode())
    if hashlib.sha256(data).hexdigest() != address:
        raise Unavailable(say("The bytes are not what their address says."))
    return data


def _holds(path: Path, address: str, key: bytes | None) -> bool:
    try:
        _read(path, address, key)
    except (FileNotFoundError, Unavailable):
        return False
    return True


def _added(session: Session, row: Base) -> bool:
    """Whether the row went in; ``False`` if another transaction put the same one in first."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True

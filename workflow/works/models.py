"""The tables of photographs, their fingerprints and the log of uploads."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workflow.kernel.db import Base, enum_column
from workflow.kernel.ids import new_id
from workflow.works.states import UploadVerdict

TITLE_LENGTH = 300
LINE_LENGTH = 300
FILE_NAME_LENGTH = 255


class Work(Base):
    """One photograph of one rights-holder; its bytes never change, its words may."""

    __tablename__ = "works"
    __table_args__ = (
        UniqueConstraint("owner_id", "sha256"),
        CheckConstraint("width > 0 AND height > 0", name="has_a_size"),
        CheckConstraint("length(sha256) = 64", name="sha256_is_hex"),
        Index("ix_works_owner_id_added_at", "owner_id", "added_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    #: As the owner called it, without path and control signs; for people, never a path of ours.
    file_name: Mapped[str] = mapped_column(String(FILE_NAME_LENGTH))
    #: Of the original bytes, in hex.
    sha256: Mapped[str] = mapped_column(String(64))
    #: Of the original, by content, never by name.
    media_type: Mapped[str] = mapped_column(String(40))
    #: In bytes, of the original.
    size: Mapped[int]
    #: In pixels, upright as a person sees it.
    width: Mapped[int]
    height: Mapped[int]

    #: The bytes as they were given; for their owner only, as a download.
    original_document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"), index=True)
    #: Fresh JPEGs without any metadata.
    display_document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"), index=True)
    thumb_document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id"), index=True)

    # what the file says about itself; the owner may correct it
    creator: Mapped[str] = mapped_column(String(LINE_LENGTH), default="")
    credit_line: Mapped[str] = mapped_column(String(LINE_LENGTH), default="")
    copyright_notice: Mapped[str] = mapped_column(String(LINE_LENGTH), default="")
    licence_url: Mapped[str] = mapped_column(String(500), default="")
    #: As the camera wrote it, ``2023-05-01 14:02:11`` or a part of that; cameras know no time zone.
    taken_on: Mapped[str] = mapped_column(String(30), default="")

    # what the owner says about its life on the web
    online_since: Mapped[str] = mapped_column(String(LINE_LENGTH), default="")
    published_where: Mapped[str] = mapped_column(Text, default="")

    #: False: little detail, so whole copies are found but crops often are not.
    distinctive: Mapped[bool] = mapped_column(default=True)
    #: Counts the changes of its words; a page that is older is told so.
    version: Mapped[int] = mapped_column(default=1)
    added_at: Mapped[datetime]

    @property
    def longest_side(self) -> int:
        """In pixels."""
        return max(self.width, self.height)


class WorkFingerprint(Base):
    """What the matcher compares; one per photograph, algorithm and version of it."""

    __tablename__ = "work_fingerprints"
    __table_args__ = (
        UniqueConstraint("work_id", "algorithm", "version"),
        CheckConstraint("length(pdq) = 32", name="pdq_has_256_bits"),
        CheckConstraint("length(phash) = 8", name="phash_has_64_bits"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    work_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("works.id"), index=True)
    algorithm: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    pdq: Mapped[bytes]
    pdq_quality: Mapped[int]
    phash: Mapped[bytes]
    #: Packed by ``detection.images``; opaque here.
    features: Mapped[bytes]
    feature_count: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]


class UploadRecord(Base):
    """One uploaded file and what became of it."""

    __tablename__ = "upload_records"
    __table_args__ = (
        CheckConstraint(
            "(work_id IS NOT NULL) = (verdict IN ('accepted', 'duplicate'))",
            name="taken_files_have_a_photograph",
        ),
        Index("ix_upload_records_owner_id_batch", "owner_id", "batch"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id"))
    #: The files that were sent in one go.
    batch: Mapped[uuid.UUID]
    file_name: Mapped[str] = mapped_column(String(FILE_NAME_LENGTH))
    verdict: Mapped[UploadVerdict] = enum_column(UploadVerdict, "verdict")
    #: The stable key of the reason, such as ``truncated`` or ``quota``.
    code: Mapped[str] = mapped_column(String(40))
    sentence: Mapped[str] = mapped_column(String(500))
    remedy: Mapped[str] = mapped_column(String(500), default="")
    work_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("works.id"), index=True)
    at: Mapped[datetime]

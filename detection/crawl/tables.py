"""Tables of the crawl. Times are UTC seconds, because frontier and crawler compare them only."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

crawl_metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: One row per walk over the given sites; an interrupted one is continued.
crawl_rounds = Table(
    "crawl_rounds",
    crawl_metadata,
    Column("id", Integer, primary_key=True),
    Column("started_at", Float, nullable=False),
    Column("finished_at", Float),
)

#: One row per address to fetch. `url_key` is the SHA-256 of kind and canonical address.
crawl_requests = Table(
    "crawl_requests",
    crawl_metadata,
    Column("id", Integer, primary_key=True),
    Column("url_key", String(64), nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("host", String(255), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("depth", Integer, nullable=False),
    Column("round_id", ForeignKey("crawl_rounds.id"), nullable=False, index=True),
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    #: Grows with every claim; an answer under an older token is ignored.
    Column("token", Integer, nullable=False, server_default="0"),
    Column("owner", String(64), nullable=False, server_default=""),
    Column("lease_until", Float, nullable=False, server_default="0"),
    #: The image that an image address led to the last time.
    Column("image_sha256", ForeignKey("crawl_images.sha256"), index=True),
    #: Why it was refused or given up, for people.
    Column("reason", Text, nullable=False, server_default=""),
    CheckConstraint("kind IN ('page', 'image')", name="kind_known"),
    CheckConstraint("state IN ('waiting', 'claimed', 'done', 'refused', 'failed')", name="state_known"),
    Index(None, "state", "host"),
)

#: Where an image address was seen; becomes a sighting as soon as the image is there.
crawl_mentions = Table(
    "crawl_mentions",
    crawl_metadata,
    Column("id", Integer, primary_key=True),
    Column("request_id", ForeignKey("crawl_requests.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("page_id", ForeignKey("crawl_pages.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("image_url", Text, nullable=False),
    Column("channel", String(32), nullable=False),
    Column("xpath", Text, nullable=False),
    Column("alt", Text, nullable=False),
    Column("credit", Text, nullable=False),
    UniqueConstraint("request_id", "page_id"),
)

#: Pages as they were last seen; the body lies in the store under its SHA-256.
crawl_pages = Table(
    "crawl_pages",
    crawl_metadata,
    Column("id", Integer, primary_key=True),
    Column("url_key", String(64), nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("host", String(255), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("first_seen", Float, nullable=False),
    Column("last_seen", Float, nullable=False),
)

#: Images by content; the bytes lie in the store under the same SHA-256.
crawl_images = Table(
    "crawl_images",
    crawl_metadata,
    Column("sha256", String(64), primary_key=True),
    Column("media_type", String(32), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("first_seen", Float, nullable=False),
)

#: This image on this page.
crawl_sightings = Table(
    "crawl_sightings",
    crawl_metadata,
    Column("id", Integer, primary_key=True),
    Column("page_id", ForeignKey("crawl_pages.id", ondelete="CASCADE"), nullable=False, index=True),
    Column(
        "image_sha256", ForeignKey("crawl_images.sha256", ondelete="CASCADE"), nullable=False,
        index=True,
    ),
    Column("image_url", Text, nullable=False),
    Column("channel", String(32), nullable=False),
    Column("xpath", Text, nullable=False),
    Column("alt", Text, nullable=False),
    Column("credit", Text, nullable=False),
    Column("first_seen", Float, nullable=False),
    Column("last_seen", Float, nullable=False),
    UniqueConstraint("page_id", "image_sha256"),
)  # fmt: skip

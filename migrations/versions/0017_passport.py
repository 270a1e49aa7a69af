"""The licence passport; cases that ended before make their entries, as their closing letters promised.

Down gives up the entries; up makes them again from the cases, but for what a person ended by hand.
"""

import uuid
from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

REASONS = ("paid", "licensed", "not_enforceable", "time_barred", "withdrawn", "lost", "error")


def upgrade() -> None:
    entries = op.create_table(
        "passport_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("page_url", sa.Text(), nullable=False),
        sa.Column("scope", _words(("site", "page"), "scope"), nullable=False),
        sa.Column("reason", _words(REASONS, "reason"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=200), nullable=False),
        sa.Column("ended_why", sa.String(length=500), nullable=False),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_why = '')", name=op.f("ck_passport_entries_an_end_has_a_reason")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_passport_entries_case_id_cases")),
        sa.ForeignKeyConstraint(["work_id"], ["works.id"], name=op.f("fk_passport_entries_work_id_works")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passport_entries")),
        sa.UniqueConstraint(
            "case_id", "work_id", "page_url", name=op.f("uq_passport_entries_case_id_work_id_page_url")
        ),
    )
    op.create_index("ix_passport_entries_work", "passport_entries", ["work_id", "domain"])
    _of_closed_cases(entries)


def downgrade() -> None:
    """Without it."""
    op.drop_table("passport_entries")


def _of_closed_cases(entries: sa.Table) -> None:
    """One entry for every use of a case that ended after its offer; a licence covers the site."""
    cases = sa.table(
        "cases", sa.column("id", sa.Uuid()), sa.column("offered_on", sa.Date()),
        sa.column("closed_reason", sa.String()), sa.column("closed_at", sa.DateTime(timezone=True)),
    )  # fmt: skip
    uses = sa.table(
        "case_uses", sa.column("case_id", sa.Uuid()), sa.column("work_id", sa.Uuid()),
        sa.column("page_url", sa.Text()), sa.column("hit_id", sa.Uuid()),
    )  # fmt: skip
    hits = sa.table("hits", sa.column("id", sa.Uuid()), sa.column("domain", sa.String()))
    connection = op.get_bind()
    found = connection.execute(
        sa.select(
            cases.c.id, uses.c.work_id, uses.c.page_url, cases.c.closed_reason, cases.c.closed_at,
            sa.func.max(hits.c.domain),
        )
        .select_from(
            cases.join(uses, uses.c.case_id == cases.c.id).outerjoin(hits, hits.c.id == uses.c.hit_id)
        )
        .where(cases.c.closed_reason.is_not(None), cases.c.offered_on.is_not(None), cases.c.closed_at.is_not(None))
        .group_by(cases.c.id, uses.c.work_id, uses.c.page_url, cases.c.closed_reason, cases.c.closed_at)
    ).all()  # fmt: skip
    for case_id, work_id, page_url, reason, closed_at, domain in found:
        connection.execute(
            entries.insert().values(
                id=uuid.uuid4(), case_id=case_id, work_id=work_id, page_url=page_url,
                domain=(domain or _host(page_url))[:255],
                scope="site" if reason == "licensed" else "page", reason=reason, made_at=closed_at,
                ended_at=None, ended_by="", ended_why="",
            )
        )  # fmt: skip


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _words(words: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)

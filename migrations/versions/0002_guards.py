"""The database as the second lock: audit and journal are append-only, journal entries balance."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = ("audit_entries", "audit_seals", "journal_lines", "journal_entries")

SQLITE_BALANCE = """
CREATE TRIGGER journal_entries_balance BEFORE INSERT ON journal_entries
BEGIN
    SELECT RAISE(ABORT, 'a journal entry needs lines that balance in every currency')
    WHERE NOT EXISTS (SELECT 1 FROM journal_lines WHERE entry_id = NEW.id)
       OR EXISTS (SELECT 1 FROM journal_lines WHERE entry_id = NEW.id
                  GROUP BY currency HAVING SUM(amount_minor) <> 0);
END
"""
SQLITE_CLOSED = """
CREATE TRIGGER journal_lines_closed BEFORE INSERT ON journal_lines
WHEN EXISTS (SELECT 1 FROM journal_entries WHERE id = NEW.entry_id)
BEGIN
    SELECT RAISE(ABORT, 'this journal entry is complete; correct it by a reversal');
END
"""

POSTGRES_FUNCTIONS = """
CREATE FUNCTION lichtbild_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE FUNCTION lichtbild_journal_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM journal_lines WHERE entry_id = NEW.id)
       OR EXISTS (SELECT 1 FROM journal_lines WHERE entry_id = NEW.id
                  GROUP BY currency HAVING SUM(amount_minor) <> 0) THEN
        RAISE EXCEPTION 'a journal entry needs lines that balance in every currency';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION lichtbild_journal_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM journal_entries WHERE id = NEW.entry_id) THEN
        RAISE EXCEPTION 'this journal entry is complete; correct it by a reversal';
    END IF;
    RETURN NEW;
END $$;
"""
POSTGRES_TRIGGERS = (
    "CREATE TRIGGER journal_entries_balance BEFORE INSERT ON journal_entries "
    "FOR EACH ROW EXECUTE FUNCTION lichtbild_journal_balances()",
    "CREATE TRIGGER journal_lines_closed BEFORE INSERT ON journal_lines "
    "FOR EACH ROW EXECUTE FUNCTION lichtbild_journal_closed()",
)
FUNCTIONS = ("lichtbild_append_only", "lichtbild_journal_balances", "lichtbild_journal_closed")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for change in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        op.execute(SQLITE_BALANCE)
        op.execute(SQLITE_CLOSED)
        return
    op.execute(POSTGRES_FUNCTIONS)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION lichtbild_append_only()"
        )
    for statement in POSTGRES_TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in APPEND_ONLY:
        if sqlite:
            for change in ("update", "delete"):
                op.execute(f"DROP TRIGGER {table}_no_{change}")
        else:
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    for table, name in (("journal_entries", "journal_entries_balance"), ("journal_lines", "journal_lines_closed")):
        op.execute(f"DROP TRIGGER {name}" + ("" if sqlite else f" ON {table}"))
    if not sqlite:
        for function in FUNCTIONS:
            op.execute(f"DROP FUNCTION {function}()")

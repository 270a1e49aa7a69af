"""Letters on paper: deliveries and batches; incoming letters and calls; how a case is written to.

Every letter there is becomes one delivery by mail, in the state it is in.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

#: Column, its table, its declaration: one text for both databases, because SQLite adds a CHECK only with
#: the column itself.
COLUMNS = (
    ("cases", "channel", "VARCHAR(40) DEFAULT 'rule' NOT NULL CONSTRAINT ck_cases_channel "
                         "CHECK (channel IN ('rule', 'mail', 'post', 'both'))"),
    ("letters", "channel", "VARCHAR(40) DEFAULT 'mail' NOT NULL CONSTRAINT ck_letters_channel "
                           "CHECK (channel IN ('mail', 'post', 'both'))"),
    ("letters", "edition", "INTEGER DEFAULT 1 NOT NULL"),
    ("letter_documents", "edition", "INTEGER DEFAULT 1 NOT NULL"),
)
#: A letter that was on its way stays so: nobody knows whether it left.
FIRST_DELIVERIES = """
INSERT INTO letter_deliveries (id, letter_id, way, attempt, state, address, edition, registered, made_at,
                               left_on, left_by, registered_number, note)
SELECT id, id, 'mail', 1, CASE state WHEN 'queued' THEN 'waiting' ELSE state END, email, 1, :no, queued_at,
       CASE state WHEN 'sent' THEN "on" END, '', '', why_not
FROM letters
"""


def upgrade() -> None:
    op.create_table('post_batches',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('on', sa.Date(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.String(length=200), nullable=False),
    sa.Column('letters', sa.Integer(), nullable=False),
    sa.Column('pages', sa.Integer(), nullable=False),
    sa.Column('document_id', sa.Uuid(), nullable=False),
    sa.Column('list_document_id', sa.Uuid(), nullable=False),
    sa.CheckConstraint('letters > 0', name=op.f('ck_post_batches_a_batch_holds_letters')),
    sa.CheckConstraint('number > 0', name=op.f('ck_post_batches_numbers_begin_at_one')),
    sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_post_batches_document_id_documents')),
    sa.ForeignKeyConstraint(['list_document_id'], ['documents.id'], name=op.f('fk_post_batches_list_document_id_documents')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_post_batches')),
    sa.UniqueConstraint('key', name=op.f('uq_post_batches_key')),
    sa.UniqueConstraint('number', name=op.f('uq_post_batches_number'))
    )
    op.create_index(op.f('ix_post_batches_document_id'), 'post_batches', ['document_id'], unique=False)
    op.create_index(op.f('ix_post_batches_list_document_id'), 'post_batches', ['list_document_id'], unique=False)
    op.create_table('arrivals',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('kind', sa.Enum('letter', 'call', 'mail', name='kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('about', sa.Enum('licence', 'objection', 'question', 'payment_promise', 'data_protection', 'insolvency', 'bounce', name='about', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('received_on', sa.Date(), nullable=False),
    sa.Column('sender', sa.String(length=200), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_by', sa.String(length=200), nullable=False),
    sa.Column('case_id', sa.Uuid(), nullable=True),
    sa.Column('message_id', sa.Uuid(), nullable=True),
    sa.Column('assigned_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('assigned_by', sa.String(length=200), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_by', sa.String(length=200), nullable=False),
    sa.Column('withdrawn_why', sa.String(length=500), nullable=False),
    sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_why = '')", name=op.f('ck_arrivals_a_withdrawal_has_a_reason')),
    sa.CheckConstraint('(case_id IS NULL) = (message_id IS NULL)', name=op.f('ck_arrivals_an_assigned_one_is_told')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_arrivals_case_id_cases')),
    sa.ForeignKeyConstraint(['message_id'], ['case_messages.id'], name=op.f('fk_arrivals_message_id_case_messages')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_arrivals')),
    sa.UniqueConstraint('key', name=op.f('uq_arrivals_key')),
    sa.UniqueConstraint('message_id', name=op.f('uq_arrivals_message_id'))
    )
    op.create_index('ix_arrivals_case', 'arrivals', ['case_id', 'received_on'], unique=False)
    op.create_table('letter_deliveries',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('letter_id', sa.Uuid(), nullable=False),
    sa.Column('way', sa.Enum('mail', 'post', name='way', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('waiting', 'sending', 'batched', 'posted', 'sent', 'delivered', 'returned', 'failed', 'withheld', name='state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('edition', sa.Integer(), nullable=False),
    sa.Column('registered', sa.Boolean(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('batch_id', sa.Uuid(), nullable=True),
    sa.Column('position', sa.Integer(), nullable=True),
    sa.Column('pages', sa.Integer(), nullable=True),
    sa.Column('left_on', sa.Date(), nullable=True),
    sa.Column('left_by', sa.String(length=200), nullable=False),
    sa.Column('registered_number', sa.String(length=40), nullable=False),
    sa.Column('returned_on', sa.Date(), nullable=True),
    sa.Column('return_reason', sa.Enum('unknown', 'moved', 'refused', 'deceased', 'other', name='return_reason', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('scan_document_id', sa.Uuid(), nullable=True),
    sa.Column('note', sa.String(length=500), nullable=False),
    sa.CheckConstraint('(batch_id IS NULL) = (position IS NULL)', name=op.f('ck_letter_deliveries_a_batch_has_an_order')),
    sa.ForeignKeyConstraint(['batch_id'], ['post_batches.id'], name=op.f('fk_letter_deliveries_batch_id_post_batches')),
    sa.ForeignKeyConstraint(['letter_id'], ['letters.id'], name=op.f('fk_letter_deliveries_letter_id_letters')),
    sa.ForeignKeyConstraint(['scan_document_id'], ['documents.id'], name=op.f('fk_letter_deliveries_scan_document_id_documents')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_letter_deliveries')),
    sa.UniqueConstraint('batch_id', 'position', name=op.f('uq_letter_deliveries_batch_id_position')),
    sa.UniqueConstraint('letter_id', 'way', 'attempt', name=op.f('uq_letter_deliveries_letter_id_way_attempt'))
    )
    op.create_index(op.f('ix_letter_deliveries_scan_document_id'), 'letter_deliveries', ['scan_document_id'], unique=False)
    op.create_index('ix_letter_deliveries_state', 'letter_deliveries', ['state', 'way'], unique=False)
    op.create_index('one_open_delivery_per_way', 'letter_deliveries', ['letter_id', 'way'], unique=True, sqlite_where=sa.text("state IN ('waiting', 'sending', 'batched')"), postgresql_where=sa.text("state IN ('waiting', 'sending', 'batched')"))
    op.create_table('arrival_scans',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('arrival_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('file_name', sa.String(length=200), nullable=False),
    sa.Column('media_type', sa.String(length=100), nullable=False),
    sa.Column('document_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['arrival_id'], ['arrivals.id'], name=op.f('fk_arrival_scans_arrival_id_arrivals')),
    sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('fk_arrival_scans_document_id_documents')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_arrival_scans')),
    sa.UniqueConstraint('arrival_id', 'position', name=op.f('uq_arrival_scans_arrival_id_position'))
    )
    op.create_index(op.f('ix_arrival_scans_document_id'), 'arrival_scans', ['document_id'], unique=False)
    for table, column, declared in COLUMNS:
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {declared}")
    with op.batch_alter_table("letter_documents") as batch:
        batch.drop_constraint(op.f("uq_letter_documents_letter_id_position"), type_="unique")
        batch.create_unique_constraint(
            op.f("uq_letter_documents_letter_id_edition_position"), ["letter_id", "edition", "position"]
        )
    op.execute(sa.text(FIRST_DELIVERIES).bindparams(sa.bindparam("no", False, sa.Boolean())))
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER post_batches_no_{change.lower()} BEFORE {change} ON post_batches "
                "BEGIN SELECT RAISE(ABORT, 'post_batches is append-only'); END"
            )
    else:
        op.execute(
            "CREATE TRIGGER post_batches_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON post_batches "
            "FOR EACH STATEMENT EXECUTE FUNCTION lichtbild_append_only()"
        )


def downgrade() -> None:
    """Gives up postings, batches, what was recorded by hand, and all but the newest edition of a letter."""
    op.execute(
        "DELETE FROM letter_documents WHERE edition < "
        "(SELECT edition FROM letters WHERE letters.id = letter_documents.letter_id)"
    )
    with op.batch_alter_table("letter_documents") as batch:
        batch.drop_constraint(op.f("uq_letter_documents_letter_id_edition_position"), type_="unique")
        batch.create_unique_constraint(
            op.f("uq_letter_documents_letter_id_position"), ["letter_id", "position"]
        )
    for table, column, _declared in reversed(COLUMNS):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    for table in ("arrival_scans", "letter_deliveries", "arrivals", "post_batches"):
        op.drop_table(table)

"""Create the ledger: every forecast and its outcome, append-only and chained by hashes.

Revision 0002. Earlier forecasts are not entered, because nothing proves when they were made.
"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), 'sqlite')
APPENDED_ONLY = ('ledger_entries', 'ledger_runs')


def upgrade() -> None:
    op.create_table('ledger_entries',
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('kind', sa.SmallInteger(), nullable=False),
    sa.Column('run', sa.Integer(), nullable=False),
    sa.Column('items', sa.Integer(), nullable=False),
    sa.Column('written_at', INSTANT, nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('number')
    )
    op.create_table('ledger_runs',
    sa.Column('run', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('race_id', sa.String(96), nullable=False),
    sa.Column('race_born', INSTANT, nullable=False),
    sa.Column('name', sa.String(120), nullable=False),
    sa.Column('year', sa.SmallInteger(), nullable=False),
    sa.Column('circuit', sa.String(80), nullable=False),
    sa.Column('source', sa.String(16), nullable=False),
    sa.Column('made', sa.String(8), nullable=False),
    sa.Column('model_version', sa.String(80), nullable=False),
    sa.Column('first_at', INSTANT, nullable=False),
    sa.PrimaryKeyConstraint('run')
    )
    op.create_index('ix_ledger_runs_race_id', 'ledger_runs', ['race_id'], unique=False)
    op.create_table('ledger_cells',
    sa.Column('run', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('made', sa.String(8), nullable=False),
    sa.Column('outcome', sa.String(16), nullable=False),
    sa.Column('bin', sa.SmallInteger(), nullable=False),
    sa.Column('forecasts', sa.Integer(), nullable=False),
    sa.Column('laps', sa.Integer(), nullable=False),
    sa.Column('p_sum', sa.Float(), nullable=False),
    sa.Column('brier', sa.Float(), nullable=False),
    sa.Column('log_loss', sa.Float(), nullable=False),
    sa.Column('gap_brier', sa.Float(), nullable=False),
    sa.Column('gap_log_loss', sa.Float(), nullable=False),
    sa.PrimaryKeyConstraint('run', 'made', 'outcome', 'bin')
    )
    op.create_table('ledger_laps',
    sa.Column('run', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('lap', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('made', sa.String(8), nullable=False),
    sa.Column('attacker', sa.SmallInteger(), nullable=False),
    sa.Column('defender', sa.SmallInteger(), nullable=False),
    sa.Column('bin', sa.SmallInteger(), nullable=False),
    sa.PrimaryKeyConstraint('run', 'lap', 'made', 'attacker', 'defender', 'bin'),
    sqlite_with_rowid=False
    )
    op.create_table('ledger_calls',
    sa.Column('run', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('made', sa.String(8), nullable=False),
    sa.Column('which', sa.String(8), nullable=False),
    sa.Column('attacker', sa.SmallInteger(), nullable=False),
    sa.Column('defender', sa.SmallInteger(), nullable=False),
    sa.Column('attacker_id', sa.String(80), nullable=False),
    sa.Column('defender_id', sa.String(80), nullable=False),
    sa.Column('made_at', INSTANT, nullable=False),
    sa.Column('lap', sa.Integer(), nullable=False),
    sa.Column('position', sa.SmallInteger(), nullable=False),
    sa.Column('interval_s', sa.Float(), nullable=False),
    sa.Column('p_overtake', sa.Float(), nullable=False),
    sa.Column('gap_only', sa.Float(), nullable=False),
    sa.Column('outcome', sa.String(16), nullable=False),
    sa.Column('score', sa.Float(), nullable=False),
    sa.PrimaryKeyConstraint('run', 'made', 'which', 'attacker', 'defender')
    )
    if op.get_bind().dialect.name == 'postgresql':
        refuse_on_postgresql()
    else:
        refuse_on_sqlite()


def refuse_on_postgresql() -> None:
    op.execute("""
        CREATE FUNCTION ledger_is_appended_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the ledger is appended only: % of % is refused', TG_OP, TG_TABLE_NAME;
        END $$
    """)
    for table in APPENDED_ONLY:
        op.execute(f"""
            CREATE TRIGGER {table}_appended_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_appended_only()
        """)
    # Digests and packed numbers do not compress, so TOAST need not try.
    op.execute('ALTER TABLE ledger_entries ALTER COLUMN body SET STORAGE EXTERNAL')


def refuse_on_sqlite() -> None:
    for table in APPENDED_ONLY:
        for verb in ('UPDATE', 'DELETE'):
            op.execute(f"""
                CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}
                BEGIN SELECT RAISE(ABORT, 'the ledger is appended only: {verb} of {table} is refused'); END
            """)
    # INSERT OR REPLACE removes a row without firing a trigger for DELETE.
    for table, key in (('ledger_entries', 'number'), ('ledger_runs', 'run')):
        op.execute(f"""
            CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
            WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})
            BEGIN SELECT RAISE(ABORT, 'the ledger is appended only: REPLACE in {table} is refused'); END
        """)


def downgrade() -> None:
    op.drop_table('ledger_calls')
    op.drop_table('ledger_laps')
    op.drop_table('ledger_cells')
    op.drop_index('ix_ledger_runs_race_id', table_name='ledger_runs')
    op.drop_table('ledger_runs')
    op.drop_table('ledger_entries')
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP FUNCTION ledger_is_appended_only()')

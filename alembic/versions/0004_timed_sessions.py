"""Store qualifying and practice: standings, and the type and part of their laps.

Revision 0004_timed_sessions. Laps of qualifying and practice that are stored already were counted
as those of a race: import such a session again with `--replace`.
"""

import sqlalchemy as sa
from alembic import op

revision = '0004_timed_sessions'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('laps', sa.Column('lap_type', sa.String(8), nullable=True))
    op.add_column('laps', sa.Column('part', sa.SmallInteger(), nullable=True))
    op.add_column('laps', sa.Column('deleted', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table('standings',
    sa.Column('race_number', sa.Integer(), nullable=False),
    sa.Column('car', sa.SmallInteger(), nullable=False),
    sa.Column('position', sa.SmallInteger(), nullable=False),
    sa.Column('best_lap_s', sa.Float(), nullable=True),
    sa.Column('best_lap', sa.SmallInteger(), nullable=True),
    sa.Column('part_1_s', sa.Float(), nullable=True),
    sa.Column('part_2_s', sa.Float(), nullable=True),
    sa.Column('part_3_s', sa.Float(), nullable=True),
    sa.Column('overall_best_s', sa.Float(), nullable=True),
    sa.Column('gap_to_best_s', sa.Float(), nullable=True),
    sa.Column('laps', sa.SmallInteger(), nullable=False),
    sa.Column('deleted_laps', sa.SmallInteger(), nullable=False),
    sa.Column('out_in', sa.SmallInteger(), nullable=True),
    sa.ForeignKeyConstraint(['race_number'], ['races.number'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('race_number', 'car'),
    sqlite_with_rowid=False
    )


def downgrade() -> None:
    op.drop_table('standings')
    op.drop_column('laps', 'deleted')
    op.drop_column('laps', 'part')
    op.drop_column('laps', 'lap_type')

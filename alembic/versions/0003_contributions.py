"""Add to predictions what each expert contributes, whether a pass is kept, and the condition.

Revision 0003. Earlier forecasts have none of these: their columns stay null, and the digests of
their ledger entries do not cover them.
"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

NUMBERS = ('c_base', 'c_om', 'c_boost', 'c_aero', 'p_kept')


def upgrade() -> None:
    for name in NUMBERS:
        op.add_column('predictions', sa.Column(name, sa.Float(), nullable=True))
    op.add_column('predictions', sa.Column('condition', sa.String(16), nullable=True))


def downgrade() -> None:
    for name in (*NUMBERS, 'condition'):
        op.drop_column('predictions', name)

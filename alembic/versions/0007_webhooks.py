"""Webhooks of accounts, the deliveries on their way to them, and how far these are.

Revision 0007_webhooks.
"""

import sqlalchemy as sa
from alembic import op

revision = '0007_webhooks'
down_revision = '0006_compact_forecasts'
branch_labels = None
depends_on = None

# As in pitwall.store.instants: SQLite keeps microseconds since 1970.
INSTANT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), 'sqlite')


def upgrade() -> None:
    op.create_table('webhooks',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(60), nullable=False),
    sa.Column('url', sa.String(2000), nullable=False),
    sa.Column('kind', sa.String(8), nullable=False),
    sa.Column('secret', sa.String(80), nullable=False),
    sa.Column('events', sa.String(120), nullable=False),
    sa.Column('p_above', sa.Float(), nullable=False),
    sa.Column('pass_below', sa.Float(), nullable=True),
    sa.Column('drivers', sa.String(120), nullable=False),
    sa.Column('role', sa.String(8), nullable=False),
    sa.Column('only_live', sa.Boolean(), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('paused_at', INSTANT, nullable=True),
    sa.Column('pause_reason', sa.String(200), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('failing_since', INSTANT, nullable=True),
    sa.Column('hold_until', INSTANT, nullable=True),
    sa.Column('last_error', sa.String(200), nullable=False),
    sa.Column('last_sent_at', INSTANT, nullable=True),
    sa.Column('sent', sa.Integer(), nullable=False),
    sa.Column('failed', sa.Integer(), nullable=False),
    sa.Column('turned_away', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_webhooks_user_id', 'webhooks', ['user_id'])
    op.create_table('webhook_deliveries',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('hook_id', sa.Uuid(), nullable=False),
    sa.Column('event', sa.String(16), nullable=False),
    sa.Column('words', sa.String(300), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('state', sa.String(8), nullable=False),
    sa.Column('attempts', sa.SmallInteger(), nullable=False),
    sa.Column('next_at', INSTANT, nullable=False),
    sa.Column('ended_at', INSTANT, nullable=True),
    sa.Column('status', sa.SmallInteger(), nullable=True),
    sa.Column('error', sa.String(200), nullable=False),
    sa.CheckConstraint("state IN ('waiting', 'sent', 'dead')", name='deliveries_state_is_known'),
    sa.ForeignKeyConstraint(['hook_id'], ['webhooks.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('webhook_deliveries_due', 'webhook_deliveries', ['state', 'next_at'])
    op.create_index(
        'webhook_deliveries_of_hook', 'webhook_deliveries', ['hook_id', 'state', 'created_at']
    )
    op.create_table('webhook_place',
    sa.Column('id', sa.SmallInteger(), nullable=False, autoincrement=False),
    sa.Column('moment', sa.String(40), nullable=False),
    sa.Column('track', sa.String(200), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )


def downgrade() -> None:
    op.drop_table('webhook_place')
    op.drop_table('webhook_deliveries')
    op.drop_table('webhooks')

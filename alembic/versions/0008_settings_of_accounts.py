"""What a user chose for all pages, kept with the account.

Revision 0008_settings_of_accounts.
"""

import sqlalchemy as sa
from alembic import op

revision = '0008_settings_of_accounts'
down_revision = '0007_webhooks'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('users', sa.Column('settings', sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column('users', 'settings')

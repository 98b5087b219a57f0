"""Create the tables of people, races, forecasts and playback.

Revision 0001, the first.
"""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None

# As in pitwall.store.instants: SQLite keeps microseconds since 1970.
INSTANT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), 'sqlite')


def upgrade() -> None:
    op.create_table('circuits',
    sa.Column('id', sa.String(64), nullable=False),
    sa.Column('name', sa.String(80), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('drivers',
    sa.Column('id', sa.String(80), nullable=False),
    sa.Column('code', sa.String(8), nullable=False),
    sa.Column('name', sa.String(80), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('users',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('email', sa.String(254), nullable=False),
    sa.Column('display_name', sa.String(80), nullable=False),
    sa.Column('password_hash', sa.String(255), nullable=False),
    sa.Column('role', sa.String(8), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('disabled_at', INSTANT, nullable=True),
    sa.CheckConstraint("role IN ('user', 'owner')", name='users_role_is_known'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('users_email_key', 'users', [sa.text('lower(email)')], unique=True)
    op.create_table('api_keys',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(80), nullable=False),
    sa.Column('prefix', sa.String(24), nullable=False),
    sa.Column('key_hash', sa.String(128), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('last_used_at', INSTANT, nullable=True),
    sa.Column('expires_at', INSTANT, nullable=True),
    sa.Column('revoked_at', INSTANT, nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('prefix')
    )
    op.create_index('ix_api_keys_user_id', 'api_keys', ['user_id'], unique=False)

    op.create_table('races',
    sa.Column('id', sa.String(96), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('circuit_id', sa.String(64), nullable=True),
    sa.Column('name', sa.String(120), nullable=False),
    sa.Column('kind', sa.String(40), nullable=False),
    sa.Column('year', sa.SmallInteger(), nullable=False),
    sa.Column('starts_at', INSTANT, nullable=True),
    sa.Column('first_at', INSTANT, nullable=True),
    sa.Column('last_at', INSTANT, nullable=True),
    sa.Column('source', sa.String(16), nullable=False),
    sa.Column('feed', sa.String(200), nullable=False),
    sa.Column('state', sa.String(16), nullable=False),
    sa.Column('laps', sa.SmallInteger(), nullable=False),
    sa.Column('total_laps', sa.SmallInteger(), nullable=True),
    sa.Column('messages', sa.Integer(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('model_version', sa.String(80), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('updated_at', INSTANT, nullable=False),
    sa.ForeignKeyConstraint(['circuit_id'], ['circuits.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('number')
    )
    op.create_index('ix_races_year', 'races', ['year'], unique=False)

    op.create_table('sessions',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('token_hash', sa.String(128), nullable=False),
    sa.Column('created_at', INSTANT, nullable=False),
    sa.Column('expires_at', INSTANT, nullable=False),
    sa.Column('last_used_at', INSTANT, nullable=True),
    sa.Column('user_agent', sa.String(255), nullable=False),
    sa.Column('revoked_at', INSTANT, nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('token_hash')
    )
    op.create_index('ix_sessions_expires_at', 'sessions', ['expires_at'], unique=False)
    op.create_index('ix_sessions_user_id', 'sessions', ['user_id'], unique=False)

    # No foreign key in `car_samples` and `timing`: it would be checked for every row, and a writer
    # locks the race's own row until it is done; see pitwall.store.race_writer.
    op.create_table('car_samples',
    sa.Column('race_number', sa.Integer(), nullable=False),
    sa.Column('at', INSTANT, nullable=False),
    sa.Column('car', sa.SmallInteger(), nullable=False),
    sa.Column('speed_kmh', sa.REAL(), nullable=True),
    sa.Column('rpm', sa.REAL(), nullable=True),
    sa.Column('throttle_pct', sa.REAL(), nullable=True),
    sa.Column('brake_pct', sa.REAL(), nullable=True),
    sa.Column('gear', sa.SmallInteger(), nullable=True),
    sa.Column('drs', sa.SmallInteger(), nullable=True),
    sa.PrimaryKeyConstraint('race_number', 'at', 'car'),
    sqlite_with_rowid=False
    )
    op.create_table('entries',
    sa.Column('race_number', sa.Integer(), nullable=False),
    sa.Column('car', sa.SmallInteger(), nullable=False),
    sa.Column('driver_id', sa.String(80), nullable=False),
    sa.Column('team', sa.String(80), nullable=False),
    sa.Column('team_colour', sa.String(6), nullable=False),
    sa.Column('grid_position', sa.SmallInteger(), nullable=True),
    sa.ForeignKeyConstraint(['driver_id'], ['drivers.id'], ),
    sa.ForeignKeyConstraint(['race_number'], ['races.number'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('race_number', 'car')
    )
    op.create_index('ix_entries_driver_id', 'entries', ['driver_id'], unique=False)

    op.create_table('keyframes',
    sa.Column('race_number', sa.Integer(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('at', INSTANT, nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['race_number'], ['races.number'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('race_number', 'seq')
    )
    op.create_table('laps',
    sa.Column('race_number', sa.Integer(), nullable=False),
    sa.Column('car', sa.SmallInteger(), nullable=False),
    sa.Column('lap', sa.SmallInteger(), nullable=False),
    sa.Column('completed_at', INSTANT, nullable=False),
    sa.Column('lap_time_s', sa.Float(), nullable=True),
    sa.Column('sector_1_s', sa.Float(), nullable=True),
    sa.Column('sector_2_s', sa.Float(), nullable=True),
    sa.Column('sector_3_s', sa.Float(), nullable=True),
    sa.Column('i1_kmh', sa.Float(), nullable=True),
    sa.Column('i2_kmh', sa.Float(), nullable=True),
    sa.Column('fl_kmh', sa.Float(), nullable=True),
    sa.Column('st_kmh', sa.Float(), nullable=True),
    sa.Column('pitted', sa.Boolean(), nullable=False),
    sa.Column('track_clear', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['race_number'], ['races.number'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('race_number', 'car', 'lap'),
    sqlite_with_rowid=False
    )
    op.create_table('predictions',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('race_id', sa.String(96), nullable=False),
    sa.Column('attacker_id', sa.String(80), nullable=False),
    sa.Column('defender_id', sa.String(80), nullable=False),
    sa.Column('lap', sa.Integer(), nullable=False),
    sa.Column('made_at', INSTANT, nullable=False),
    sa.Column('position', sa.SmallInteger(), nullable=False),
    sa.Column('interval_s', sa.Float(), nullable=False),
    sa.Column('p_overtake', sa.Float(), nullable=False),
    sa.Column('p_overtake_3', sa.Float(), nullable=True),
    sa.Column('p_low', sa.Float(), nullable=True),
    sa.Column('p_high', sa.Float(), nullable=True),
    sa.Column('p_om', sa.Float(), nullable=True),
    sa.Column('w_om', sa.Float(), nullable=True),
    sa.Column('p_boost', sa.Float(), nullable=True),
    sa.Column('w_boost', sa.Float(), nullable=True),
    sa.Column('p_aero', sa.Float(), nullable=True),
    sa.Column('w_aero', sa.Float(), nullable=True),
    sa.Column('p_pit', sa.Float(), nullable=True),
    sa.Column('p_neutralised', sa.Float(), nullable=True),
    sa.Column('p_retired', sa.Float(), nullable=True),
    sa.Column('model_version', sa.String(80), nullable=False),
    sa.Column('outcome', sa.String(16), nullable=True),
    sa.Column('settled_at', INSTANT, nullable=True),
    sa.ForeignKeyConstraint(['attacker_id'], ['drivers.id'], ),
    sa.ForeignKeyConstraint(['defender_id'], ['drivers.id'], ),
    sa.ForeignKeyConstraint(['race_id'], ['races.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('race_id', 'made_at', 'attacker_id', 'defender_id', name='predictions_battle_instant')
    )

    op.create_table('race_control',
    sa.Column('race_number', sa.Integer(), nullable=False),
    sa.Column('at', INSTANT, nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('nth', sa.SmallInteger(), nullable=False),
    sa.Column('stamped_at', INSTANT, nullable=False),
    sa.Column('category', sa.String(40), nullable=False),
    sa.Column('message', sa.String(1000), nullable=False),
    sa.Column('flag', sa.String(40), nullable=True),
    sa.Column('scope', sa.String(40), nullable=True),
    sa.Column('sector', sa.SmallInteger(), nullable=True),
    sa.Column('lap', sa.SmallInteger(), nullable=True),
    sa.Column('car', sa.SmallInteger(), nullable=True),
    sa.ForeignKeyConstraint(['race_number'], ['races.number'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('race_number', 'at', 'seq', 'nth'),
    sqlite_with_rowid=False
    )
    op.create_table('raw_chunks',
    sa.Column('race_number', sa.Integer(), nullable=False),
    sa.Column('first_seq', sa.Integer(), nullable=False),
    sa.Column('messages', sa.Integer(), nullable=False),
    sa.Column('first_at', INSTANT, nullable=False),
    sa.Column('last_at', INSTANT, nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['race_number'], ['races.number'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('race_number', 'first_seq')
    )
    op.create_table('statuses',
    sa.Column('race_number', sa.Integer(), nullable=False),
    sa.Column('at', INSTANT, nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(12), nullable=False),
    sa.Column('value', sa.String(24), nullable=False),
    sa.ForeignKeyConstraint(['race_number'], ['races.number'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('race_number', 'at', 'seq', 'kind'),
    sqlite_with_rowid=False
    )
    op.create_table('stints',
    sa.Column('race_number', sa.Integer(), nullable=False),
    sa.Column('car', sa.SmallInteger(), nullable=False),
    sa.Column('stint', sa.SmallInteger(), nullable=False),
    sa.Column('from_lap', sa.SmallInteger(), nullable=False),
    sa.Column('compound', sa.String(16), nullable=False),
    sa.Column('fresh_tyre', sa.Boolean(), nullable=True),
    sa.Column('start_laps', sa.SmallInteger(), nullable=True),
    sa.Column('tyre_life_laps', sa.SmallInteger(), nullable=True),
    sa.ForeignKeyConstraint(['race_number'], ['races.number'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('race_number', 'car', 'stint'),
    sqlite_with_rowid=False
    )
    op.create_table('timing',
    sa.Column('race_number', sa.Integer(), nullable=False),
    sa.Column('at', INSTANT, nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('car', sa.SmallInteger(), nullable=False),
    sa.Column('position', sa.SmallInteger(), nullable=True),
    sa.Column('gap_laps', sa.SmallInteger(), nullable=True),
    sa.Column('interval_laps', sa.SmallInteger(), nullable=True),
    sa.Column('is_leader', sa.Boolean(), nullable=False),
    sa.Column('gap_s', sa.Float(), nullable=True),
    sa.Column('interval_s', sa.Float(), nullable=True),
    sa.PrimaryKeyConstraint('race_number', 'at', 'seq', 'car'),
    sqlite_with_rowid=False
    )
    op.create_table('weather',
    sa.Column('race_number', sa.Integer(), nullable=False),
    sa.Column('at', INSTANT, nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('air_c', sa.Float(), nullable=True),
    sa.Column('track_c', sa.Float(), nullable=True),
    sa.Column('humidity_pct', sa.Float(), nullable=True),
    sa.Column('pressure_hpa', sa.Float(), nullable=True),
    sa.Column('rainfall', sa.Boolean(), nullable=True),
    sa.Column('wind_mps', sa.Float(), nullable=True),
    sa.Column('wind_direction_deg', sa.Float(), nullable=True),
    sa.ForeignKeyConstraint(['race_number'], ['races.number'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('race_number', 'at', 'seq'),
    sqlite_with_rowid=False
    )
    if op.get_bind().dialect.name == 'postgresql':
        # 430,000 rows a race, 20 of them at every instant: a B-tree of race and instant stores
        # each instant once and takes a quarter of the space of one with the car in its key. The
        # recorder's mark prevents duplicates; SQLite stores rows in the key at no extra cost.
        op.drop_constraint('car_samples_pkey', 'car_samples')
        op.create_index('car_samples_time', 'car_samples', ['race_number', 'at'])
        # The bodies are compressed already, so TOAST need not try.
        for table in ('raw_chunks', 'keyframes'):
            op.execute(f'ALTER TABLE {table} ALTER COLUMN body SET STORAGE EXTERNAL')


def downgrade() -> None:
    op.drop_table('weather')
    op.drop_table('timing')
    op.drop_table('stints')
    op.drop_table('statuses')
    op.drop_table('raw_chunks')
    op.drop_table('race_control')

    op.drop_table('predictions')
    op.drop_table('laps')
    op.drop_table('keyframes')
    op.drop_index('ix_entries_driver_id', table_name='entries')

    op.drop_table('entries')
    op.drop_table('car_samples')
    op.drop_index('ix_sessions_user_id', table_name='sessions')
    op.drop_index('ix_sessions_expires_at', table_name='sessions')

    op.drop_table('sessions')
    op.drop_index('ix_races_year', table_name='races')

    op.drop_table('races')
    op.drop_index('ix_api_keys_user_id', table_name='api_keys')

    op.drop_table('api_keys')
    op.drop_table('users')
    op.drop_table('drivers')
    op.drop_table('circuits')

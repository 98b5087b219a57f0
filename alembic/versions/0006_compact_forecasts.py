"""Store forecasts in half the bytes and show them as before by a view; store how battles ended.

Revision 0006_compact_forecasts. The table `predictions` becomes `forecasts`, with numbers in place of
names and words, and without the experts' weights where these follow from the contributions. The view
`predictions` has the columns that the table had, with the same values to the last bit. SQLite gives the
room back with `VACUUM`; until then new rows use it. Races of before have no endings: their timeline
calls a battle passed where the outcomes of its last forecasts say so.
"""

import sqlalchemy as sa
from alembic import op

revision = '0006_compact_forecasts'
down_revision = '0005_stints'
branch_labels = None
depends_on = None

# As in pitwall.store.instants: SQLite keeps microseconds since 1970.
INSTANT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), 'sqlite')
ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')

EXPERTS = ('om', 'boost', 'aero')
# Absolute values, sums and quotients are exact in IEEE 754: both databases, Python and the model agree
# to the last bit. `w` is null where it follows, and -1 where it is not known although it would follow.
TOTAL = '(abs(f.c_om) + abs(f.c_boost) + abs(f.c_aero))'
KNOWN = '(f.c_om IS NOT NULL AND f.c_boost IS NOT NULL AND f.c_aero IS NOT NULL)'
FOLLOWS = f'CASE WHEN {TOTAL} > 0 THEN abs(f.c_{{0}}) / {TOTAL} ELSE CAST(1 AS {{1}}) / 3 END'
FLOAT = {'sqlite': 'REAL', 'postgresql': 'DOUBLE PRECISION'}

PLAIN = (
    'id', 'made_at', 'settled_at', 'interval_s', 'p_overtake', 'p_overtake_3', 'p_low', 'p_high', 'p_om',
    'p_boost', 'p_aero', 'p_pit', 'p_neutralised', 'p_retired', 'c_base', 'c_om', 'c_boost', 'c_aero',
    'p_kept', 'lap', 'position',
)
# The order that the table of before has.
SHOWN = (
    'id', 'race_id', 'attacker_id', 'defender_id', 'lap', 'made_at', 'position', 'interval_s', 'p_overtake',
    'p_overtake_3', 'p_low', 'p_high', 'p_om', 'w_om', 'p_boost', 'w_boost', 'p_aero', 'w_aero', 'p_pit',
    'p_neutralised', 'p_retired', 'model_version', 'outcome', 'settled_at', 'c_base', 'c_om', 'c_boost',
    'c_aero', 'p_kept', 'condition',
)


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    op.create_table('endings',
    sa.Column('race_number', sa.Integer(), nullable=False),
    sa.Column('ended_at', INSTANT, nullable=False),
    sa.Column('attacker', sa.SmallInteger(), nullable=False),
    sa.Column('defender', sa.SmallInteger(), nullable=False),
    sa.Column('opened_at', INSTANT, nullable=False),
    sa.Column('position', sa.SmallInteger(), nullable=False),
    sa.Column('reason', sa.String(16), nullable=False),
    sa.Column('taken_back', sa.Boolean(), nullable=False),
    sa.Column('p_overtake', sa.Float(), nullable=True),
    sa.ForeignKeyConstraint(['race_number'], ['races.number'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('race_number', 'ended_at', 'attacker', 'defender'),
    sqlite_with_rowid=False
    )
    number_drivers()
    op.create_table('forecast_words',
    sa.Column('number', sa.SmallInteger(), nullable=False, autoincrement=False),
    sa.Column('word', sa.String(80), nullable=False),
    sa.PrimaryKeyConstraint('number'),
    sa.UniqueConstraint('word')
    )
    op.execute(
        'INSERT INTO forecast_words (number, word) SELECT row_number() OVER (ORDER BY word), word FROM ('
        'SELECT model_version AS word FROM predictions UNION SELECT outcome FROM predictions '
        'UNION SELECT condition FROM predictions) AS words WHERE word IS NOT NULL'
    )
    op.create_table('forecasts',
    sa.Column('id', ID, nullable=False),
    sa.Column('made_at', INSTANT, nullable=False),
    sa.Column('settled_at', INSTANT, nullable=True),
    sa.Column('interval_s', sa.Float(), nullable=False),
    sa.Column('p_overtake', sa.Float(), nullable=False),
    *(
        sa.Column(name, sa.Float(), nullable=True)
        for name in (
            'p_overtake_3', 'p_low', 'p_high', 'p_om', 'w_om', 'p_boost', 'w_boost', 'p_aero', 'w_aero',
            'p_pit', 'p_neutralised', 'p_retired', 'c_base', 'c_om', 'c_boost', 'c_aero', 'p_kept',
        )
    ),
    sa.Column('race_number', sa.Integer(), nullable=False),
    sa.Column('attacker_number', sa.Integer(), nullable=False),
    sa.Column('defender_number', sa.Integer(), nullable=False),
    sa.Column('lap', sa.Integer(), nullable=False),
    sa.Column('position', sa.SmallInteger(), nullable=False),
    sa.Column('model_number', sa.SmallInteger(), nullable=False),
    sa.Column('outcome_number', sa.SmallInteger(), nullable=True),
    sa.Column('condition_number', sa.SmallInteger(), nullable=True),
    sa.ForeignKeyConstraint(['race_number'], ['races.number'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['attacker_number'], ['drivers.number']),
    sa.ForeignKeyConstraint(['defender_number'], ['drivers.number']),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('race_number', 'made_at', 'attacker_number', 'defender_number', name='forecasts_battle_instant')
    )
    if dialect == 'postgresql':
        # Nothing looks a forecast up by its id; the other key, without which nothing is found, stays.
        op.drop_constraint('forecasts_pkey', 'forecasts')
    op.execute(moved(dialect))
    if dialect == 'postgresql':
        op.execute(
            "SELECT setval('forecasts_id_seq', (SELECT coalesce(max(id), 0) + 1 FROM forecasts), false)"
        )
    op.drop_table('predictions')
    op.execute(view(dialect))


def number_drivers() -> None:
    # Not null from the start, because SQLite would rebuild the table to change that.
    op.add_column('drivers', sa.Column('number', sa.Integer(), nullable=False, server_default='0'))
    op.execute(
        'UPDATE drivers SET number = (SELECT count(*) FROM drivers AS other WHERE other.id <= drivers.id)'
    )
    if op.get_bind().dialect.name == 'postgresql':
        op.alter_column('drivers', 'number', server_default=None)
    op.create_index('drivers_number', 'drivers', ['number'], unique=True)


def moved(dialect: str) -> str:
    """Return the statement that copies every forecast."""
    values = {name: f'f.{name}' for name in PLAIN}
    for expert in EXPERTS:
        follows = FOLLOWS.format(expert, FLOAT[dialect])
        values[f'w_{expert}'] = (
            f'CASE WHEN NOT {KNOWN} THEN f.w_{expert} WHEN f.w_{expert} IS NULL THEN -1 '
            f'WHEN f.w_{expert} = {follows} THEN NULL ELSE f.w_{expert} END'
        )
    values |= {
        'race_number': 'r.number',
        'attacker_number': 'a.number',
        'defender_number': 'd.number',
        'model_number': 'm.number',
        'outcome_number': 'o.number',
        'condition_number': 'c.number',
    }
    return (
        f'INSERT INTO forecasts ({", ".join(values)}) SELECT {", ".join(values.values())} '
        'FROM predictions AS f JOIN races AS r ON r.id = f.race_id '
        'JOIN drivers AS a ON a.id = f.attacker_id JOIN drivers AS d ON d.id = f.defender_id '
        'JOIN forecast_words AS m ON m.word = f.model_version '
        'LEFT JOIN forecast_words AS o ON o.word = f.outcome '
        'LEFT JOIN forecast_words AS c ON c.word = f.condition ORDER BY f.id'
    )


def view(dialect: str) -> str:
    """Return the statement that makes the view; joins that a query does not need cost it nothing."""
    values = {name: f'f.{name}' for name in PLAIN}
    for expert in EXPERTS:
        follows = FOLLOWS.format(expert, FLOAT[dialect])
        values[f'w_{expert}'] = (
            f'CASE WHEN f.w_{expert} IS NULL AND {KNOWN} THEN {follows} '
            f'WHEN f.w_{expert} >= 0 THEN f.w_{expert} END'
        )
    values |= {
        'race_id': 'r.id',
        'attacker_id': 'a.id',
        'defender_id': 'd.id',
        'model_version': 'm.word',
        'outcome': 'o.word',
        'condition': 'c.word',
    }
    columns = ', '.join(f'{values[name]} AS {name}' for name in SHOWN)
    return (
        f'CREATE VIEW predictions AS SELECT {columns} '
        'FROM forecasts AS f JOIN races AS r ON r.number = f.race_number '
        'LEFT JOIN drivers AS a ON a.number = f.attacker_number '
        'LEFT JOIN drivers AS d ON d.number = f.defender_number '
        'LEFT JOIN forecast_words AS m ON m.number = f.model_number '
        'LEFT JOIN forecast_words AS o ON o.number = f.outcome_number '
        'LEFT JOIN forecast_words AS c ON c.number = f.condition_number'
    )


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    op.create_table('predictions_before',
    sa.Column('id', ID, nullable=False),
    sa.Column('race_id', sa.String(96), nullable=False),
    sa.Column('attacker_id', sa.String(80), nullable=False),
    sa.Column('defender_id', sa.String(80), nullable=False),
    sa.Column('lap', sa.Integer(), nullable=False),
    sa.Column('made_at', INSTANT, nullable=False),
    sa.Column('position', sa.SmallInteger(), nullable=False),
    sa.Column('interval_s', sa.Float(), nullable=False),
    sa.Column('p_overtake', sa.Float(), nullable=False),
    *(sa.Column(name, sa.Float(), nullable=True) for name in SHOWN[9:21]),
    sa.Column('model_version', sa.String(80), nullable=False),
    sa.Column('outcome', sa.String(16), nullable=True),
    sa.Column('settled_at', INSTANT, nullable=True),
    *(sa.Column(name, sa.Float(), nullable=True) for name in SHOWN[24:29]),
    sa.Column('condition', sa.String(16), nullable=True),
    sa.ForeignKeyConstraint(['attacker_id'], ['drivers.id'], name='predictions_attacker_id_fkey'),
    sa.ForeignKeyConstraint(['defender_id'], ['drivers.id'], name='predictions_defender_id_fkey'),
    sa.ForeignKeyConstraint(['race_id'], ['races.id'], ondelete='CASCADE', name='predictions_race_id_fkey'),
    sa.PrimaryKeyConstraint('id', name='predictions_pkey'),
    sa.UniqueConstraint('race_id', 'made_at', 'attacker_id', 'defender_id', name='predictions_battle_instant')
    )
    names = ', '.join(SHOWN)
    op.execute(f'INSERT INTO predictions_before ({names}) SELECT {names} FROM predictions ORDER BY id')
    op.execute('DROP VIEW predictions')
    op.rename_table('predictions_before', 'predictions')
    if dialect == 'postgresql':
        op.execute('ALTER SEQUENCE predictions_before_id_seq RENAME TO predictions_id_seq')
        op.execute(
            "SELECT setval('predictions_id_seq', (SELECT coalesce(max(id), 0) + 1 FROM predictions), false)"
        )
    op.drop_table('forecasts')
    op.drop_table('forecast_words')
    op.drop_index('drivers_number', table_name='drivers')
    op.drop_column('drivers', 'number')
    op.drop_table('endings')

"""Correct on which lap stints began, and keep each message of race control once.

Revision 0005_stints. Until now `stints.from_lap` was the lap on which the feed first told of a stint,
which may be some laps late; and every snapshot of a live feed stored all messages of race control again.
"""

import sqlalchemy as sa
from alembic import op

revision = '0005_stints'
down_revision = '0004_timed_sessions'
branch_labels = None
depends_on = None

STINTS = sa.table(
    'stints', sa.column('race_number'), sa.column('car'), sa.column('stint'), sa.column('from_lap')
)
LAPS = sa.table(
    'laps', sa.column('race_number'), sa.column('car'), sa.column('lap'), sa.column('pitted')
)
TOLD_AGAIN = """
    DELETE FROM race_control WHERE (race_number, at, seq, nth) IN (
        SELECT race_number, at, seq, nth FROM (
            SELECT race_number, at, seq, nth, row_number() OVER (
                PARTITION BY race_number, stamped_at, category, message, flag, scope, sector, lap, car
                ORDER BY at, seq, nth
            ) AS times_told FROM race_control
        ) AS told WHERE times_told > 1
    )
"""


def upgrade() -> None:
    bind = op.get_bind()
    bind.execute(sa.text(TOLD_AGAIN))
    races = bind.execute(sa.select(STINTS.c.race_number).distinct()).scalars().all()
    for race in races:
        for values in corrected(bind, race):
            bind.execute(
                sa.update(STINTS)
                .where(
                    STINTS.c.race_number == race,
                    STINTS.c.car == values[0],
                    STINTS.c.stint == values[1],
                )
                .values(from_lap=values[2])
            )


def corrected(bind, race):
    """Yield car, stint and first lap of each stint of a race that was stored with another lap."""
    pitted = {}
    query = sa.select(LAPS.c.car, LAPS.c.lap).where(LAPS.c.race_number == race, LAPS.c.pitted)
    for car, lap in bind.execute(query):
        pitted.setdefault(car, set()).add(lap)
    stints = (
        sa.select(STINTS.c.car, STINTS.c.stint, STINTS.c.from_lap)
        .where(STINTS.c.race_number == race)
        .order_by(STINTS.c.car, STINTS.c.stint)
    )
    of_car, before = None, 0
    for car, stint, stored in bind.execute(stints).all():
        if car != of_car:
            of_car, before = car, 0
        first = 1 if stint == 1 else first_lap(pitted.get(car, set()), stored, before)
        if first != stored:
            yield car, stint, first
        before = first


def first_lap(pitted, stored, before):
    """Return the lap that began in the pit lane, at or before the lap on which a stint was told.

    A stop touches two laps, the one in and the one out, or one where the lane does not cross the line.
    """
    if stored in pitted and stored - 1 not in pitted and stored + 1 in pitted:
        return stored + 1  # told in the lane, before the line
    outs = [lap for lap in pitted if lap - 1 in pitted or lap + 1 not in pitted]
    return max((lap for lap in outs if before < lap <= stored), default=stored)


def downgrade() -> None:
    """Leave the data as they are: they fit the tables of before."""

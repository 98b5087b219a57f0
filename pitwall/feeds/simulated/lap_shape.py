"""Define invented circuits, and turn an outline into a lap: speeds, mini-sectors, straights.

Names and outlines are our own sketches. Lengths, laps, pit losses and how hard it is to
pass lie in the range of the circuits raced from 2018 to 2026.

A point-mass car drives the outline: grip limits the corners, power and drag the straights.
The feed's timing loops lie about 3.7 s apart, unevenly, so the lap is cut into mini-sectors of
that mean length, and everything else in the simulator is computed per mini-sector.
"""

from __future__ import annotations

import bisect
import itertools
import math
from dataclasses import dataclass
from functools import lru_cache
from random import Random


@dataclass(frozen=True, slots=True)
class SimulatedCircuit:
    """One circuit, before its outline is measured.

    Attributes:
        name: Short name, such as `Port Meridian`.
        meeting: Name of the race meeting.
        country, country_code: As the feed would print them; invented.
        length_m: One lap.
        laps: The announced distance, just over 305 km.
        pit_loss_s: Time lost against staying out, stationary time of 2.4 s included.
        difficulty: How hard it is to pass: 0 easiest, 1 hardest.
        abrasion: Factor on tyre wear; 1 is usual.
        sector_shares: Where sectors 1 and 2 end, as shares of the lap's time.
        sketch: Points of the centre line in order of driving, any unit, the line first.
    """

    name: str
    meeting: str
    country: str
    country_code: str
    length_m: float
    laps: int
    pit_loss_s: float
    difficulty: float
    abrasion: float
    sector_shares: tuple[float, float]
    sketch: tuple[tuple[int, int], ...]


CALA_ROSSA = SimulatedCircuit(
    name="Cala Rossa",
    meeting="Simulated Grand Prix of Cala Rossa",
    country="Tirrenia",
    country_code="TIR",
    length_m=5790.0,
    laps=53,
    pit_loss_s=23.0,
    difficulty=0.30,
    abrasion=0.90,
    sector_shares=(0.31, 0.66),
    sketch=(
        *((0, 0), (300, 0), (620, 0), (720, -25), (760, -110), (850, -140), (1150, -150)),
        *((1280, -210), (1290, -320), (1160, -400), (980, -420), (900, -500), (760, -540)),
        *((450, -545), (120, -550), (-260, -555), (-400, -520), (-430, -430), (-360, -350)),
        *((-380, -250), (-490, -160), (-480, -40), (-380, 0), (-200, 0)),
    ),
)

FALKENWALD = SimulatedCircuit(
    name="Falkenwald",
    meeting="Simulated Grand Prix of Falkenwald",
    country="Hartland",
    country_code="HAR",
    length_m=5450.0,
    laps=56,
    pit_loss_s=20.5,
    difficulty=0.55,
    abrasion=1.15,
    sector_shares=(0.29, 0.71),
    sketch=(
        *((0, 0), (220, 10), (430, 20), (520, -20), (540, -120), (480, -220), (520, -320)),
        *((640, -360), (800, -340), (960, -300), (1060, -350), (1070, -460), (960, -540)),
        *((780, -560), (600, -570), (420, -520), (340, -600), (220, -680), (60, -660)),
        *((-20, -560), (-120, -460), (-300, -430), (-420, -340), (-410, -220), (-300, -130)),
        *((-330, -30), (-240, 0), (-120, 0)),
    ),
)

PORT_MERIDIAN = SimulatedCircuit(
    name="Port Meridian",
    meeting="Simulated Grand Prix of Port Meridian",
    country="Meridia",
    country_code="MER",
    length_m=4950.0,
    laps=62,
    pit_loss_s=25.5,
    difficulty=0.85,
    abrasion=0.80,
    sector_shares=(0.25, 0.68),
    sketch=(
        *((0, 0), (180, 0), (330, -5), (400, -40), (410, -130), (480, -170), (600, -170)),
        *((670, -220), (670, -330), (740, -390), (860, -390), (920, -450), (910, -560)),
        *((820, -610), (640, -610), (470, -610), (400, -560), (400, -470), (330, -410)),
        *((200, -420), (140, -490), (60, -560), (-100, -560), (-260, -550), (-330, -480)),
        *((-330, -360), (-260, -290), (-270, -190), (-360, -120), (-350, -30), (-260, 0)),
        *((-120, 0),),
    ),
)

SIERRA_ALTA = SimulatedCircuit(
    name="Sierra Alta",
    meeting="Simulated Grand Prix of Sierra Alta",
    country="Altamira",
    country_code="ALT",
    length_m=4420.0,
    laps=70,
    pit_loss_s=21.5,
    difficulty=0.45,
    abrasion=1.0,
    sector_shares=(0.27, 0.70),
    sketch=(
        *((0, 0), (320, 0), (640, 0), (740, -40), (740, -140), (640, -190), (620, -290)),
        *((720, -340), (900, -340), (990, -400), (970, -510), (850, -540), (640, -500)),
        *((480, -450), (330, -500), (200, -440), (60, -480), (-80, -420), (-240, -450)),
        *((-390, -400), (-440, -280), (-360, -200), (-420, -100), (-400, -20), (-300, 0)),
        *((-150, 0),),
    ),
)

LAKE_ARDEN = SimulatedCircuit(
    name="Lake Arden",
    meeting="Simulated Grand Prix of Lake Arden",
    country="Ardenia",
    country_code="ARD",
    length_m=5300.0,
    laps=58,
    pit_loss_s=19.0,
    difficulty=0.40,
    abrasion=1.05,
    sector_shares=(0.35, 0.75),
    sketch=(
        *((0, 0), (240, 0), (460, 0), (560, -50), (550, -150), (620, -210), (760, -200)),
        *((900, -190), (1000, -250), (990, -360), (880, -430), (640, -480), (380, -530)),
        *((120, -580), (-10, -660), (-140, -700), (-230, -630), (-200, -520), (-260, -420)),
        *((-400, -380), (-480, -280), (-440, -170), (-500, -80), (-430, -10), (-320, 0)),
        *((-160, 0),),
    ),
)

AL_NAKHLA = SimulatedCircuit(
    name="Al Nakhla",
    meeting="Simulated Grand Prix of Al Nakhla",
    country="Nakhla",
    country_code="NAK",
    length_m=5410.0,
    laps=57,
    pit_loss_s=22.5,
    difficulty=0.25,
    abrasion=1.30,
    sector_shares=(0.34, 0.76),
    sketch=(
        *((0, 0), (300, 0), (560, 0), (650, -60), (600, -150), (640, -240), (820, -290)),
        *((1040, -350), (1130, -430), (1080, -530), (960, -520), (820, -470), (720, -540)),
        *((580, -560), (460, -490), (350, -560), (160, -570), (-60, -570), (-260, -560)),
        *((-340, -490), (-290, -400), (-130, -340), (-130, -250), (-280, -200), (-440, -190)),
        *((-520, -110), (-480, -10), (-370, 0), (-180, 0)),
    ),
)

CIRCUITS = (CALA_ROSSA, FALKENWALD, PORT_MERIDIAN, SIERRA_ALTA, LAKE_ARDEN, AL_NAKHLA)

MINI_SECTOR_S = 3.7  # the feed's mean time between two updates of one car

_MEAN_SPACING_S = (3.05, 3.95)  # by race, of races of 2023-26

_SPACING_CV = 0.45  # of the time between two updates; races of 2023-25 have 0.29 to 0.67

_LEAST_MINI_S = 0.7

_SECTOR_SHIFT = 0.06  # of the lap's time, by race

_LAST_MINI_S = (0.4, 3.9)  # the loop before the line is near it

_SAMPLES = 600

_DENSE = 16  # curve points for each sketch point

_GRIP = 17.0  # m/s² of cornering without downforce; chosen for laps of 75 to 100 s

_DOWNFORCE = 0.0030  # 1/m: cornering gained with the speed squared

_POWER = 950.0  # W/kg, hence about 320 km/h where power meets drag

_DRAG = 0.00135  # 1/m

_TRACTION = 11.0  # m/s²

_BRAKING = 16.0  # m/s², plus drag and downforce

_STRAIGHT_MPS = 62.0  # above this a car is on a straight, where slipstream and power matter

_ZONE_DROP_MPS = 22.0  # a braking zone loses more than this

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class MiniSector:
    """One stretch of the lap between two timing loops.

    Attributes:
        base_s: Time of the reference car on new medium tyres with an empty tank.
        straight_s, corner_s: Its parts on straights and in corners; they sum to `base_s`.
        zone: How good a place to pass the braking zone inside is: 0 none, 1 best.
    """

    base_s: float
    straight_s: float
    corner_s: float
    zone: float


@dataclass(frozen=True, slots=True)
class Spot:
    """Where and how fast the reference car is at one instant of its lap.

    Attributes:
        x_m, y_m: From the line, metres.
        throttle_pct, brake_pct: 0 to 100.
    """

    x_m: float
    y_m: float
    speed_kmh: float
    throttle_pct: int
    brake_pct: int


@dataclass(frozen=True, slots=True)
class LapShape:
    """One measured lap.

    Attributes:
        minis: In order of driving from the line.
        straight_share: Share of the lap's time on straights.
        loops_at: Share of the lap's time at which each loop lies, from 0.0 at the line, and 1.0.
        spots: Evenly spaced in time over the lap, about ten a second.
        sector_ends: Loop numbers where sectors 1 and 2 end; sector 3 ends at the line.
        detection: Loop number of the one detection point of Overtake Mode.
    """

    lap_s: float
    minis: tuple[MiniSector, ...]
    straight_share: float
    loops_at: tuple[float, ...]
    spots: tuple[Spot, ...]
    sector_ends: tuple[int, int]
    detection: int


@lru_cache(maxsize=8)
def measure(circuit: SimulatedCircuit, layout: int = 0) -> LapShape:
    """Return the lap of `circuit`."""
    points = _even_points(circuit)
    step_m = circuit.length_m / _SAMPLES
    speeds = _speeds(points, step_m)
    at_s = [0.0]
    for i in range(_SAMPLES):
        mean = (speeds[i] + speeds[(i + 1) % _SAMPLES]) / 2.0
        at_s.append(at_s[-1] + step_m / mean)
    spots = _spots(points, speeds, at_s)
    rng = Random(f"{circuit.name}:{layout}:loops")  # noqa: S311 - a simulation, and it must repeat
    loops_at = _loops_at(rng, at_s[-1])
    ends = [share + rng.uniform(-_SECTOR_SHIFT, _SECTOR_SHIFT) for share in circuit.sector_shares]
    minis = _minis(speeds, at_s, loops_at)
    return LapShape(
        lap_s=at_s[-1],
        minis=minis,
        straight_share=sum(mini.straight_s for mini in minis) / at_s[-1],
        loops_at=loops_at,
        spots=spots,
        sector_ends=(
            _nearest(loops_at, ends[0]),
            _nearest(loops_at, ends[1]),
        ),
        detection=len(minis) - 2,
    )


def _even_points(circuit: SimulatedCircuit) -> list[Point]:
    """Return points along a closed curve through the sketch, evenly spaced, in metres."""
    sketch = circuit.sketch
    size = len(sketch)
    dense: list[Point] = []
    for i in range(size):
        corners = [sketch[(i + k) % size] for k in (-1, 0, 1, 2)]
        dense.extend(_catmull_rom(corners, j / _DENSE) for j in range(_DENSE))
    dense.append(dense[0])
    along = [0.0]
    for a, b in itertools.pairwise(dense):
        along.append(along[-1] + math.dist(a, b))
    scale = circuit.length_m / along[-1]
    points: list[Point] = []
    k = 0
    for i in range(_SAMPLES):
        want = along[-1] * i / _SAMPLES
        while along[k + 1] <= want:
            k += 1
        part = (want - along[k]) / (along[k + 1] - along[k])
        (ax, ay), (bx, by) = dense[k], dense[k + 1]
        points.append((scale * (ax + part * (bx - ax)), scale * (ay + part * (by - ay))))
    return points


def _catmull_rom(corners: list[tuple[int, int]], part: float) -> Point:
    """Return the point at `part` of the centripetal curve between the two middle corners."""
    knots = [0.0]
    for a, b in itertools.pairwise(corners):
        knots.append(knots[-1] + math.sqrt(math.dist(a, b)))
    at = knots[1] + part * (knots[2] - knots[1])
    row: list[Point] = [(float(x), float(y)) for x, y in corners]
    for width in (1, 2, 3):
        # The pyramid of Barry and Goldman: blend neighbours over the knots they span.
        spans = (
            ((0, 1), (1, 2), (2, 3))
            if width == 1
            else ((0, 2), (1, 3))
            if width == 2
            else ((1, 2),)
        )
        row = [
            _blend(row[i], row[i + 1], (at - knots[lo]) / (knots[hi] - knots[lo]))
            for i, (lo, hi) in enumerate(spans)
        ]
    return row[0]


def _blend(a: Point, b: Point, part: float) -> Point:
    return a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])


def _curvature(points: list[Point], i: int) -> float:
    """Return 1/radius at point `i`, over a few points either side to take out kinks."""
    reach = 3
    a, b, c = points[i - reach], points[i], points[(i + reach) % len(points)]
    area2 = abs((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))
    return 2.0 * area2 / (math.dist(a, b) * math.dist(b, c) * math.dist(a, c))


def _speeds(points: list[Point], step_m: float) -> list[float]:
    """Return m/s at every point: corner limits, then power forwards, then brakes backwards."""
    limit = [
        math.sqrt(min(_GRIP / max(_curvature(points, i) - _DOWNFORCE, 1e-4), 95.0**2))
        for i in range(_SAMPLES)
    ]
    speeds = limit[:]
    # Twice round, so that the lap begins at the speed it ends with.
    for i in range(2 * _SAMPLES):
        v = speeds[i % _SAMPLES]
        push = min(_TRACTION, _POWER / v) - _DRAG * v * v
        nxt = (i + 1) % _SAMPLES
        speeds[nxt] = min(limit[nxt], math.sqrt(max(v * v + 2.0 * push * step_m, 25.0)))
    for i in range(2 * _SAMPLES, 0, -1):
        v = speeds[i % _SAMPLES]
        brake = _BRAKING + (_DRAG + _DOWNFORCE) * v * v
        before = (i - 1) % _SAMPLES
        speeds[before] = min(speeds[before], math.sqrt(v * v + 2.0 * brake * step_m))
    return speeds


def _loops_at(rng: Random, lap_s: float) -> tuple[float, ...]:
    """Return where the loops lie, as shares of the lap's time."""
    count = round(lap_s / rng.uniform(*_MEAN_SPACING_S))
    shape = 1.0 / _SPACING_CV**2
    last = rng.uniform(*_LAST_MINI_S) / lap_s
    least = _LEAST_MINI_S / lap_s
    spaces = [rng.gammavariate(shape, 1.0 / shape) for _ in range(count - 1)]
    free = (1.0 - last - (count - 1) * least) / sum(spaces)
    ends = list(itertools.accumulate(least + free * space for space in spaces))
    return (0.0, *ends, 1.0)


def _nearest(loops_at: tuple[float, ...], share: float) -> int:
    return min(range(len(loops_at)), key=lambda loop: abs(loops_at[loop] - share))


def _minis(
    speeds: list[float], at_s: list[float], loops_at: tuple[float, ...]
) -> tuple[MiniSector, ...]:
    lap_s, count = at_s[-1], len(loops_at) - 1
    straight = [0.0] * count
    zone = [0.0] * count
    top = speeds[-1]
    for i in range(_SAMPLES):
        k = min(bisect.bisect_right(loops_at, at_s[i] / lap_s) - 1, count - 1)
        v, nxt = speeds[i], speeds[(i + 1) % _SAMPLES]
        if v > _STRAIGHT_MPS and nxt >= v - 0.05:
            straight[k] += at_s[i + 1] - at_s[i]
        if nxt < v:
            # A zone belongs to the mini-sector where its braking ends.
            zone[k] = max(
                zone[k], min(1.0, (top - nxt) / 50.0) if top - nxt > _ZONE_DROP_MPS else 0
            )
        else:
            top = nxt
    bases = [lap_s * (end - start) for start, end in itertools.pairwise(loops_at)]
    straights = [min(s, base) for s, base in zip(straight, bases, strict=True)]
    return tuple(
        MiniSector(base, s, base - s, z) for base, s, z in zip(bases, straights, zone, strict=True)
    )


def _spots(points: list[Point], speeds: list[float], at_s: list[float]) -> tuple[Spot, ...]:
    count = round(at_s[-1] * 10.0)
    spots: list[Spot] = []
    k = 0
    for i in range(count):
        want = at_s[-1] * i / count
        while at_s[k + 1] <= want:
            k += 1
        part = (want - at_s[k]) / (at_s[k + 1] - at_s[k])
        nxt = (k + 1) % _SAMPLES
        x, y = _blend(points[k], points[nxt], part)
        change = (speeds[nxt] - speeds[k]) / (at_s[k + 1] - at_s[k])
        kmh = 3.6 * (speeds[k] + part * (speeds[nxt] - speeds[k]))
        throttle = 100 if change > 1.0 else 55 if change > -2.0 else 0
        spots.append(Spot(x, y, kmh, throttle, 100 if change < -6.0 else 0))
    return tuple(spots)

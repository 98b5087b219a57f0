"""Which circuits a simulated race may run on: invented places, real-looking numbers.

Names and outlines are our own sketches. Lengths, laps, pit losses and how hard it is to
pass lie in the range of the circuits raced from 2018 to 2026.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Circuit:
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
    sketch: tuple[tuple[int, int], ...]


CALA_ROSSA = Circuit(
    name="Cala Rossa",
    meeting="Simulated Grand Prix of Cala Rossa",
    country="Tirrenia",
    country_code="TIR",
    length_m=5790.0,
    laps=53,
    pit_loss_s=23.0,
    difficulty=0.30,
    abrasion=0.90,
    sketch=(
        *((0, 0), (300, 0), (620, 0), (720, -25), (760, -110), (850, -140), (1150, -150)),
        *((1280, -210), (1290, -320), (1160, -400), (980, -420), (900, -500), (760, -540)),
        *((450, -545), (120, -550), (-260, -555), (-400, -520), (-430, -430), (-360, -350)),
        *((-380, -250), (-490, -160), (-480, -40), (-380, 0), (-200, 0)),
    ),
)

FALKENWALD = Circuit(
    name="Falkenwald",
    meeting="Simulated Grand Prix of Falkenwald",
    country="Hartland",
    country_code="HAR",
    length_m=5450.0,
    laps=56,
    pit_loss_s=20.5,
    difficulty=0.55,
    abrasion=1.15,
    sketch=(
        *((0, 0), (220, 10), (430, 20), (520, -20), (540, -120), (480, -220), (520, -320)),
        *((640, -360), (800, -340), (960, -300), (1060, -350), (1070, -460), (960, -540)),
        *((780, -560), (600, -570), (420, -520), (340, -600), (220, -680), (60, -660)),
        *((-20, -560), (-120, -460), (-300, -430), (-420, -340), (-410, -220), (-300, -130)),
        *((-330, -30), (-240, 0), (-120, 0)),
    ),
)

PORT_MERIDIAN = Circuit(
    name="Port Meridian",
    meeting="Simulated Grand Prix of Port Meridian",
    country="Meridia",
    country_code="MER",
    length_m=4950.0,
    laps=62,
    pit_loss_s=25.5,
    difficulty=0.85,
    abrasion=0.80,
    sketch=(
        *((0, 0), (180, 0), (330, -5), (400, -40), (410, -130), (480, -170), (600, -170)),
        *((670, -220), (670, -330), (740, -390), (860, -390), (920, -450), (910, -560)),
        *((820, -610), (640, -610), (470, -610), (400, -560), (400, -470), (330, -410)),
        *((200, -420), (140, -490), (60, -560), (-100, -560), (-260, -550), (-330, -480)),
        *((-330, -360), (-260, -290), (-270, -190), (-360, -120), (-350, -30), (-260, 0)),
        *((-120, 0),),
    ),
)

SIERRA_ALTA = Circuit(
    name="Sierra Alta",
    meeting="Simulated Grand Prix of Sierra Alta",
    country="Altamira",
    country_code="ALT",
    length_m=4420.0,
    laps=70,
    pit_loss_s=21.5,
    difficulty=0.45,
    abrasion=1.0,
    sketch=(
        *((0, 0), (320, 0), (640, 0), (740, -40), (740, -140), (640, -190), (620, -290)),
        *((720, -340), (900, -340), (990, -400), (970, -510), (850, -540), (640, -500)),
        *((480, -450), (330, -500), (200, -440), (60, -480), (-80, -420), (-240, -450)),
        *((-390, -400), (-440, -280), (-360, -200), (-420, -100), (-400, -20), (-300, 0)),
        *((-150, 0),),
    ),
)

LAKE_ARDEN = Circuit(
    name="Lake Arden",
    meeting="Simulated Grand Prix of Lake Arden",
    country="Ardenia",
    country_code="ARD",
    length_m=5300.0,
    laps=58,
    pit_loss_s=19.0,
    difficulty=0.40,
    abrasion=1.05,
    sketch=(
        *((0, 0), (240, 0), (460, 0), (560, -50), (550, -150), (620, -210), (760, -200)),
        *((900, -190), (1000, -250), (990, -360), (880, -430), (640, -480), (380, -530)),
        *((120, -580), (-10, -660), (-140, -700), (-230, -630), (-200, -520), (-260, -420)),
        *((-400, -380), (-480, -280), (-440, -170), (-500, -80), (-430, -10), (-320, 0)),
        *((-160, 0),),
    ),
)

AL_NAKHLA = Circuit(
    name="Al Nakhla",
    meeting="Simulated Grand Prix of Al Nakhla",
    country="Nakhla",
    country_code="NAK",
    length_m=5410.0,
    laps=57,
    pit_loss_s=22.5,
    difficulty=0.25,
    abrasion=1.30,
    sketch=(
        *((0, 0), (300, 0), (560, 0), (650, -60), (600, -150), (640, -240), (820, -290)),
        *((1040, -350), (1130, -430), (1080, -530), (960, -520), (820, -470), (720, -540)),
        *((580, -560), (460, -490), (350, -560), (160, -570), (-60, -570), (-260, -560)),
        *((-340, -490), (-290, -400), (-130, -340), (-130, -250), (-280, -200), (-440, -190)),
        *((-520, -110), (-480, -10), (-370, 0), (-180, 0)),
    ),
)

CIRCUITS = (CALA_ROSSA, FALKENWALD, PORT_MERIDIAN, SIERRA_ALTA, LAKE_ARDEN, AL_NAKHLA)

"""Test that a keyframe is read back equal, also one written by an earlier release."""

from __future__ import annotations

from base64 import b85decode
from dataclasses import replace
from datetime import timedelta

from pitwall.domain.forecasts import Reason
from pitwall.domain.race import DriverNumber
from pitwall.engine.keyframes import decode_keyframe, encode_keyframe

# Two cars in a battle with a forecast, written when a reason was one line of text.
WRITTEN_BEFORE = b85decode(
    "tX`#1^gm&Ec$~da%WeZ94Ez<uwa$viKH6`wIFN?+LP7-OkiV}@lPLSBaw{?hY{p{-L_H1T*iWOn4L~X3"
    "VG2%{7#+w`eXij^!Os|c=FCUS0ph!cHlKhF^bHGW0i6S+%BoYeTQPq5SOVPFtrNPtwUQ6lV)M`f$IN}R"
    "S$Af$yI!0B@6Y{--g5Jb8_iDZ5YqGMf9OZ}h3ot(FmO}9D3+$vEZ-ZW#kW5T+K56r?o?-tNbwM|sMj2d"
    "*k6Se(Vq)ROiB~f5-AfKDk#%Y@^K(%7Xxa(1R|6BluCVl&4-*`+;Wsr%&iPNyU?1o{{bIj)GY"
)
PAIR = (DriverNumber(4), DriverNumber(81))


def test_a_keyframe_of_the_release_before_is_read_on() -> None:
    state = decode_keyframe(WRITTEN_BEFORE)

    assert state is not None
    assert [battle.interval_s for battle in state.battles] == [0.412]
    assert state.forecasts[PAIR].reasons == (
        Reason("", 0.41, "gap 0.4 s"),
        Reason("", -0.22, "older tyres by 3 laps"),
    )
    assert [str(reason) for reason in state.forecasts[PAIR].reasons] == [
        "+0.41 gap 0.4 s",
        "-0.22 older tyres by 3 laps",
    ]
    assert decode_keyframe(encode_keyframe(state)) == state


def test_what_another_release_wrote_is_refused() -> None:
    assert decode_keyframe(b"anything" + WRITTEN_BEFORE[8:]) is None
    assert decode_keyframe(WRITTEN_BEFORE[:-9]) is None


def test_a_reason_keeps_its_topic() -> None:
    state = decode_keyframe(WRITTEN_BEFORE)
    assert state is not None
    forecast = replace(state.forecasts[PAIR], reasons=(Reason("gap", 0.41, "gap 0.4 s"),))
    state = replace(state, forecasts={PAIR: forecast}, grid_at=state.grid_at + timedelta(seconds=1))

    assert decode_keyframe(encode_keyframe(state)) == state

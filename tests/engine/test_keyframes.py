"""Test that a keyframe is read back equal, also one written by an earlier release."""

from __future__ import annotations

from base64 import b85decode
from dataclasses import replace
from datetime import timedelta

from pitwall.domain.forecasts import Condition, Reason
from pitwall.domain.race import DriverNumber, GapSample, LapRecord
from pitwall.domain.timed_state import LapType
from pitwall.engine.keyframes import decode_keyframe, encode_keyframe
from pitwall.prediction.memory import Memory
from tests.contributing import made_up

# Two cars in a battle with a forecast, written when a reason was one line of text.
WRITTEN_BEFORE = b85decode(
    "tX`#1^gm&Ec$~da%WeZ94Ez<uwa$viKH6`wIFN?+LP7-OkiV}@lPLSBaw{?hY{p{-L_H1T*iWOn4L~X3"
    "VG2%{7#+w`eXij^!Os|c=FCUS0ph!cHlKhF^bHGW0i6S+%BoYeTQPq5SOVPFtrNPtwUQ6lV)M`f$IN}R"
    "S$Af$yI!0B@6Y{--g5Jb8_iDZ5YqGMf9OZ}h3ot(FmO}9D3+$vEZ-ZW#kW5T+K56r?o?-tNbwM|sMj2d"
    "*k6Se(Vq)ROiB~f5-AfKDk#%Y@^K(%7Xxa(1R|6BluCVl&4-*`+;Wsr%&iPNyU?1o{{bIj)GY"
)
PAIR = (DriverNumber(4), DriverNumber(81))

# The same with one reason and its topic, and a noted forecast, from when the state held a cache.
WRITTEN_WITH_A_CACHE = b85decode(
    "EQF;bagDDLc$~daNe;p=4Ezep*+N;mz+0>w0t7CFqAveuoYIOeh#QgXxE_1FgxQpNQDkMI--lQ!nncs1uPRTf?"
    "LyPV3!LXFhDMNM!if1`D19G^p3FO!*b#eA3}(I8uvQhXp=u+I_tqc#Q4-~(l5g%><Voc$$*eoO*<EJr|NHY_v$"
    "xcoaiiIC?P83N_rZ(Egll}|$fc<vOIEWtSRbofc&bD}V(wt=T7^ig6fq8vRIn0S-zC!IP;POkYx)RQb*k&O`yC"
    "cyQ~!waK(y4>R+L*T701yq3utUE@C&4=(H;"
)

# The same with a mixture, from before it had contributions.
WRITTEN_WITHOUT_CONTRIBUTIONS = b85decode(
    "Vp)89j>9jNc$~daNe;p=4E##vvsEQs;Vo7U0RopoQJ4Q?yNhU3u0*cuj6D;_A+mK@RYhHyc_9JdY6f3p(>R2F@ZA"
    "t@3|^byJIS0iheRif`h5`{+L?=#BRPk}$|f}&MJL{U(+6DsM>}$hspRSu+d?~@oLs1Fy2}o`D{S`v{@hRYk=rUBG"
    "+W0I@%8zA_(kM~aXtb{X=-B0Xj04LBY5~Xs02!waFq1Gl{`|J9jD}kTuR%gRA#yzx-qZ{T-vrDKq0AKU>~{`R<5F"
    "sLsN<q1!H$Z;+5mn8`H8<(jR2}$B+"
)


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


def test_a_keyframe_of_a_state_with_a_cache_is_read_on() -> None:
    earlier, state = decode_keyframe(WRITTEN_BEFORE), decode_keyframe(WRITTEN_WITH_A_CACHE)

    assert state is not None
    assert earlier is not None
    assert state.memory == Memory({(3, *PAIR): 0.125})
    assert state.forecasts[PAIR].reasons == (Reason("gap", 0.41, "gap 0.4 s"),)
    assert replace(state, memory=earlier.memory, forecasts=earlier.forecasts) == earlier
    assert decode_keyframe(encode_keyframe(state)) == state


def test_a_keyframe_without_contributions_is_read_on() -> None:
    state = decode_keyframe(WRITTEN_WITHOUT_CONTRIBUTIONS)

    assert state is not None
    forecast = state.forecasts[PAIR]
    assert (forecast.condition, forecast.condition_words) == (Condition.CLEAN, "")
    assert forecast.reasons == (Reason("gap", 0.41, "gap 0.4 s"),)
    assert forecast.mixed is not None
    assert (forecast.mixed.base, forecast.mixed.p_kept, forecast.mixed.p_retired) == (
        None,
        None,
        0.01,
    )
    assert [(one.weight, one.contribution, one.points) for one in forecast.mixed.experts] == [
        (0.3, None, None),
        (0.4, None, None),
        (0.3, None, None),
    ]
    assert decode_keyframe(encode_keyframe(state)) == state


def test_a_keyframe_keeps_contributions_and_condition() -> None:
    state = decode_keyframe(WRITTEN_WITHOUT_CONTRIBUTIONS)
    assert state is not None
    forecast = made_up(-1.2, (0.3, -0.8, 0.1), condition=Condition.FRESH, words="out of the pits")
    state = replace(state, forecasts={PAIR: forecast})

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


def test_laps_and_traces_of_any_length_are_read_back() -> None:
    state = decode_keyframe(WRITTEN_BEFORE)
    assert state is not None
    for length in (0, 1, 2, 3, 40):
        laps = tuple(
            LapRecord(
                lap,
                state.grid_at + timedelta(seconds=90 * lap, microseconds=lap),
                None if lap % 7 else 90.123,
                (30.1, None, 29.9),
                {"I1": 280.5} if lap % 3 else {},
                stale_traps=frozenset({"FL"} if lap % 2 else ()),
                lap_type=LapType.FLYING if lap % 5 else None,
            )
            for lap in range(length)
        )
        trace = tuple(
            GapSample(state.grid_at - timedelta(milliseconds=1_700 * nth), nth / 7, None, nth)
            for nth in range(length)
        )
        car = replace(next(iter(state.race.cars.values())), laps=laps, trace=trace)
        race = replace(state.race, cars={**state.race.cars, car.number: car})
        longer = replace(state, race=race)

        body = encode_keyframe(longer)

        assert decode_keyframe(body) == longer
        assert decode_keyframe(encode_keyframe(longer)) == longer  # its laps were written before
        assert decode_keyframe(body[:-5]) is None
        assert decode_keyframe(body[:8] + b"\x05" + body[9:]) is None
        assert decode_keyframe(body[:8]) is None

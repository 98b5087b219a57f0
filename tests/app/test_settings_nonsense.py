"""Test that an invalid setting is refused in one sentence that names it and shows no secret."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pitwall import pitwall as app
from pitwall import places
from pitwall.__main__ import main
from pitwall.app import container, server, settings
from pitwall.app.environment import SECRETS, variable
from pitwall.app.settings import STARTED_IN, Settings, load
from pitwall.errors import PitwallError, SettingsError

LONGEST_SENTENCE = 420
MAY_BE_EMPTY = {
    *("cors_origins", "public_url", "f1tv_token"),
    *("openf1_mqtt", "openf1_user", "openf1_password"),
    *("mqtt_discovery", "webhooks_allow"),
}
ABSURD = ("  ", "\u00fcn\u00ef \u2603", "\udcff", "x" * 100_000, "a\nb")
# What these words mean is found out when they are used: paths.
PATHS = {"model", "data", "mqtt_ca"}
MQTT_URLS = ("mqtt://", "http://h", "mqtt://h:0", "mqtt://h:x", "mqtt://h/topic", "ws://h")

REFUSED = [
    *(("speed", text) for text in ("nan", "inf", "1e999", "-1", "0", "fast")),
    *(("port", text) for text in ("0", "70000", "-1", "80x", "1.5")),
    *(("host", text) for text in ("999.1.1.1", "[::1]", "localhost:80", "a..b", "-x", "x" * 300)),
    *(("start_lap", text) for text in ("-1", "101", "first")),
    *(("workers", text) for text in ("0", "33", "two", "2")),  # two without Redis
    *(("trusted_proxies", text) for text in ("-1", "11", "yes")),
    ("feed", "simulated:" + "9" * 5_000),
    ("feed", "archive:99999/x"),
    ("feed", "openf1:" + "9" * 5_000),
    *(("f1_url", text) for text in ("https://h:port", "https://h:0", "ftp://h", "http://[::1")),
    *(("f1_url", text) for text in ("https://h/path", "https://h?x", "https://", "h")),
    ("openf1_url", "https://h:99999"),
    *(("openf1_mqtt", text) for text in ("http://h", "mqtts://h:port", "mqtts://")),
    ("cors_origins", "https://h:99999"),
    *(
        ("embed_ancestors", text)
        for text in (",", "h", "https://h/x", "*, https://h", "https://h;")
    ),
    *(("public_url", text) for text in ("/", "h", "https://h/x", "https://h:99999", "ftp://h")),
    ("openf1_user", "somebody"),  # without a password
    ("openf1_password", "sekret"),  # without a user
    ("f1tv_token", "two sekret words"),
    ("database_password", "sekret"),  # without a database
    ("redis_password", "sekret"),
    *(
        ("database_url", f"postgresql://u:sekret@{rest}")
        for rest in ("h:port/x", "h:70000/x", "h:0/x", "/x", "h h/x", "h/x?sslmode=require")
    ),
    *(("database_url", text) for text in ("mysql://u:sekret@h/x", "postgresql://", "sqlite://")),
    *(("database_url", text) for text in ("sqlite:///", "sqlite:////dev/zero", "sekret")),
    *(("redis_url", text) for text in ("redis://", "redis://h:x/0", "redis://h:0", "unix://")),
    *(("mqtt_url", text) for text in (*MQTT_URLS, "mqtt://:sekret@h", "mqtt://u:sekret@h?x")),
    ("mqtt_password", "sekret"),  # without a broker
    *(("mqtt_prefix", text) for text in ("/pitwall", "pitwall/", "a//b", "a+b", "#", "a b")),
    ("mqtt_discovery", "homeassistant/#"),
    *(("mqtt_ca", text) for text in ("/nowhere.pem", "/dev/null", "/proc")),
    *(("redis_url", text) for text in ("redis://:sekret@h/abc", "redis://h?db=x", "http://h")),
]


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PITWALL_")]:
        monkeypatch.delenv(name)


def refusal(named: str) -> str:
    with pytest.raises(SettingsError) as refused:
        load()
    message = str(refused.value)
    assert named in message
    assert "sekret" not in message
    assert "\n" not in message
    assert len(message) <= LONGEST_SENTENCE
    message.encode()  # can be printed anywhere
    return message


@pytest.mark.parametrize(("name", "value"), REFUSED, ids=lambda text: ascii(text)[:40])
def test_what_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(variable(name), value)

    refusal(variable(name).removesuffix("_URL").removesuffix("_PASSWORD"))


@pytest.mark.parametrize("name", sorted(set(Settings.model_fields) - PATHS))
def test_words_that_mean_nothing_are_refused_by_every_setting(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for value in ABSURD:
        monkeypatch.setenv(variable(name), value)

        message = refusal(variable(name).removesuffix("_URL").removesuffix("_PASSWORD"))

        assert name not in SECRETS or value.strip() not in message or not value.strip()


@pytest.mark.parametrize("name", sorted(set(Settings.model_fields) - MAY_BE_EMPTY))
def test_an_empty_value_is_refused_and_what_unsetting_does_is_told(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(variable(name), "")

    assert "is empty: unset it" in refusal(variable(name))


@pytest.mark.parametrize("kind", ["file", "below a file", "pipe", "device"])
def test_a_data_folder_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "file").write_text("")
    os.mkfifo(tmp_path / "pipe")
    places = {
        "file": tmp_path / "file",
        "below a file": tmp_path / "file/data",
        "pipe": tmp_path / "pipe",
        "device": Path("/dev/null"),
    }
    monkeypatch.setenv("PITWALL_DATA", str(places[kind]))

    assert "is not a folder" in refusal("PITWALL_DATA")


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_be_in_a_file_whose_last_line_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    given = {
        "database_url": "postgresql://u:sekret@h/x",
        "redis_url": "redis://:sekret@h:6379/0",
        "mqtt_url": "mqtt://ha:sekret@h",
    }.get(name, "sekret")
    monkeypatch.setenv("PITWALL_DATABASE_URL", "postgresql://u@h/x")
    monkeypatch.setenv("PITWALL_REDIS_URL", "redis://h:6379/0")
    monkeypatch.setenv("PITWALL_MQTT_URL", "mqtt://ha@h")
    monkeypatch.setenv("PITWALL_OPENF1_USER", "somebody")
    monkeypatch.setenv("PITWALL_OPENF1_PASSWORD", "word")
    monkeypatch.delenv(variable(name), raising=False)
    (tmp_path / "file").write_text(given + "\r\n")
    monkeypatch.setenv(f"{variable(name)}_FILE", str(tmp_path / "file"))

    settings = load()

    kept = {
        "database_password": settings.database_url,
        "redis_password": settings.redis_url,
        "mqtt_password": settings.mqtt_url,
    }.get(name, getattr(settings, name))
    plain = kept if isinstance(kept, str) else kept.get_secret_value()
    assert "sekret" in plain
    assert not plain.endswith(("\r", "\n"))
    assert "sekret" not in repr(settings)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"a\nsekret", "more than one line"),
        (b"a\0sekret", "more than one line"),
        (b"x" * 70_000, "more than 65,536 bytes"),
    ],
)
def test_a_file_that_holds_no_secret_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes, why: str
) -> None:
    (tmp_path / "file").write_bytes(content)
    monkeypatch.setenv("PITWALL_F1TV_TOKEN_FILE", str(tmp_path / "file"))

    assert why in refusal("PITWALL_F1TV_TOKEN_FILE")


def test_a_file_that_cannot_be_read_is_refused_and_no_pipe_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path, tmp_path / "pipe", tmp_path / "nothing", Path("/dev/zero"), ""):
        monkeypatch.setenv("PITWALL_REDIS_PASSWORD_FILE", str(place))
        refusal("PITWALL_REDIS_PASSWORD_FILE")


def test_a_secret_is_given_once_and_nothing_else_comes_from_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("sekret")
    monkeypatch.setenv("PITWALL_F1TV_TOKEN_FILE", str(tmp_path / "file"))
    monkeypatch.setenv("PITWALL_F1TV_TOKEN", "sekret")
    assert "both set" in refusal("PITWALL_F1TV_TOKEN_FILE")

    monkeypatch.delenv("PITWALL_F1TV_TOKEN")
    monkeypatch.setenv("PITWALL_PORT_FILE", str(tmp_path / "file"))
    assert "only secrets" in refusal("PITWALL_PORT_FILE")


@pytest.mark.parametrize("url", ["postgresql://u:other@h/x", "postgresql://h/x", "sqlite:///x.db"])
def test_a_password_has_one_place_in_an_address(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("PITWALL_DATABASE_URL", url)
    monkeypatch.setenv("PITWALL_DATABASE_PASSWORD", "sekret")

    refusal("PITWALL_DATABASE_PASSWORD")


@pytest.mark.parametrize("url", ["mqtt://ha:other@h", "mqtt://h"])
def test_the_password_of_a_broker_needs_its_user_and_has_one_place(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("PITWALL_MQTT_URL", url)
    monkeypatch.setenv("PITWALL_MQTT_PASSWORD", "sekret")

    refusal("PITWALL_MQTT_PASSWORD")


def test_a_password_set_apart_gets_into_the_address_of_the_broker_and_is_never_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PITWALL_MQTT_URL", "mqtts://ha@broker.local")
    monkeypatch.setenv("PITWALL_MQTT_PASSWORD", "se/k:r@t")

    settings = load()

    assert settings.mqtt_url == "mqtts://ha:se%2Fk%3Ar%40t@broker.local"
    assert "se%2F" not in repr(settings)
    assert "se/k" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("host", "192.0.2.1", "Set PITWALL_HOST to another host"),
        ("host", "nobody.invalid", "Set PITWALL_HOST to another host"),
        ("data", "/proc/nothing", "PITWALL_DATA: cannot write to '/proc/nothing'"),
        ("model", "/nowhere", "PITWALL_MODEL: '/nowhere' is not a folder with a model's"),
        ("feed", "recording:/dev/zero", "There is no recording at '/dev/zero'"),
        ("database_url", "postgresql://u:sekret@h:port/x", "PITWALL_DATABASE_URL has a port"),
    ],
)
def test_the_server_says_what_is_wrong_and_ends(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    why: str,
) -> None:
    page = tmp_path / "index.html"
    page.touch()
    monkeypatch.setattr(server, "BUILT_PAGE", page)
    monkeypatch.setattr(server, "Server", None)  # not to be reached
    monkeypatch.setenv("PITWALL_DATA", str(tmp_path))
    monkeypatch.setenv(variable(name), value)
    monkeypatch.chdir(tmp_path)

    assert server.main() == 1

    message = capsys.readouterr().err
    assert message.startswith("pitwall: ")
    assert why in message
    assert message.count("\n") == 1
    assert "sekret" not in message


def test_the_server_remembers_where_it_was_started_since_paths_lead_from_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: dict[str, Path | str | None] = {}

    class Stopped:
        def __init__(self, **how: object) -> None:
            seen["here"], seen["started in"] = Path.cwd(), os.environ.get(STARTED_IN)
            web = Path(os.environ["REFLEX_WEB_WORKDIR"])
            assert (web / "build").resolve() == places.PAGES.parent
            (web / "backend").mkdir()  # as Reflex does

        def serve(self) -> None:
            pass

    for name in ("STARTED_IN", "WORKERS_FOLDER"):
        monkeypatch.setenv(getattr(settings, name), "")  # so that both are put back
    for name in server.reflex_environment(tmp_path):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    monkeypatch.setattr(server, "Server", Stopped)
    monkeypatch.setattr(server, "BUILT_PAGE", Path(__file__))
    monkeypatch.setattr("multiprocessing.set_start_method", lambda _how: None)
    monkeypatch.setattr(server, "_announce", lambda *_: None)
    monkeypatch.setenv("PITWALL_DATA", "here")
    monkeypatch.chdir(tmp_path)

    assert server.main() == 0

    assert seen == {"here": places.BESIDE, "started in": str(tmp_path)}
    assert (tmp_path / "here" / "pitwall.db.server").exists()


def test_a_model_that_cannot_be_read_is_told_by_the_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PITWALL_MODEL", "/nowhere")

    with pytest.raises(PitwallError, match=r"PITWALL_MODEL: cannot read manifest.json"):
        container.load_predictor(load())


@pytest.mark.parametrize(
    "words",
    [
        ["db", "upgrade", "nonsense"],
        ["import", "recording:"],
        ["import", "timing:"],
        ["import", "/dev/zero"],
        ["circuits", "add", "PIPE", "--circuit", "x"],
        ["users", "disable", "nobody@example.org"],
    ],
    ids=" ".join,
)
def test_a_command_says_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setenv("PITWALL_DATA", str(tmp_path / "data"))

    assert main([str(tmp_path / "pipe") if word == "PIPE" else word for word in words]) == 1

    assert capsys.readouterr().err.startswith("pitwall: ")


def test_a_file_that_is_no_database_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rubbish.db").write_bytes(b"rubbish" * 1_000)
    monkeypatch.setenv("PITWALL_DATABASE_URL", f"sqlite:///{tmp_path}/rubbish.db")

    assert main(["users", "list"]) == 1

    assert "its file is not a SQLite database" in capsys.readouterr().err


def test_a_driver_that_is_not_installed_is_named_with_what_brings_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    monkeypatch.setenv("PITWALL_DATABASE_URL", "postgresql://u:sekret@h/x")

    assert main(["users", "list"]) == 1
    message = capsys.readouterr().err
    assert "install pitwall[postgres]" in message
    assert "sekret" not in message

    monkeypatch.setenv("PITWALL_DATABASE_URL", f"sqlite:///{tmp_path}/x.db")
    assert main(["users", "list"]) == 0


def test_the_code_for_databases_does_without_the_driver_of_postgresql() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; sys.modules['asyncpg'] = None; "
            "from pitwall.store import database_errors as e; print(e.reason(OSError(28, 'x')))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "no space left on device\n"


@pytest.mark.parametrize("year", ["-1", "99999", "x", "\u0662\u0660\u0662\u0665"])
def test_a_season_is_a_year(capsys: pytest.CaptureFixture[str], year: str) -> None:
    assert main(["races", year]) == 2
    assert "a season is a year" in capsys.readouterr().err or year == "-1"


def test_a_worker_tells_of_a_damaged_model_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    monkeypatch.setenv("PITWALL_MODEL", str(tmp_path))
    monkeypatch.setenv("PITWALL_DATA", str(tmp_path))
    container.parts.cache_clear()

    with pytest.raises(SystemExit):
        app.asgi()

    assert capsys.readouterr().err.startswith("pitwall: PITWALL_MODEL: manifest.json")

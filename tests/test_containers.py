"""Test that Dockerfile and compose file agree with the repository: files, Python, settings."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pitwall.app.settings import Settings, load
from tests.servers.requirement import missing

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = YAML(typ="safe").load(ROOT / "docker-compose.yml")
SERVICES = COMPOSE["services"]


def tool(name: str) -> str:
    """Return a linter that is installed beside this Python."""
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    return found or missing(f"{name} is not installed")


def copied() -> list[str]:
    """Return every path that the Dockerfile copies out of the repository."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


@pytest.mark.parametrize("source", sorted(set(copied())))
def test_what_the_dockerfile_copies_is_there_and_not_ignored(source: str) -> None:
    assert (ROOT / source).exists()
    assert f"!{source}" in (ROOT / ".dockerignore").read_text().splitlines()


def test_nothing_is_sent_to_the_builder_in_vain() -> None:
    let_in = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)

    assert sorted(let_in) == sorted(set(copied()))


def test_python_is_one_that_the_project_supports() -> None:
    versions = re.findall(r"^FROM python:(\d+\.\d+)-slim", DOCKERFILE, re.MULTILINE)
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]

    assert versions == [needed.removeprefix(">=")]


def test_the_page_has_every_file_that_it_is_built_from() -> None:
    sources = re.search(r"SOURCES = \((.*?)\)", (ROOT / "scripts/build.py").read_text(), re.DOTALL)
    assert sources is not None
    wanted = {path.split("/")[0] for path in re.findall(r'"([^"]+)"', sources[1])}

    assert wanted <= {path.split("/")[0] for path in copied()}


def test_the_server_is_nobody_and_says_how_it_is() -> None:
    last_stage = DOCKERFILE.split("\nFROM ")[-1]

    assert re.search(r"^USER \d{5}$", last_stage, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .*\n.*/health", last_stage, re.MULTILINE)


def setting_of(variable: str) -> str:
    return variable.removeprefix("PITWALL_").removesuffix("_FILE").lower()


def test_compose_passes_every_setting_but_those_of_the_image() -> None:
    named = {setting_of(name) for name in SERVICES["app"]["environment"]}

    assert named == set(Settings.model_fields) - {"host", "port", "data", "model"}


def test_what_is_not_set_outside_is_not_set_inside() -> None:
    app = SERVICES["app"]["environment"]
    passed_on = {name for name, value in app.items() if value is None}

    assert {"PITWALL_F1TV_TOKEN", "PITWALL_OPENF1_PASSWORD", "PITWALL_TRUSTED_PROXIES"} <= passed_on
    assert all(":-}" not in str(value) for value in app.values()), "an empty value is refused"


def test_commands_inside_find_the_settings_of_the_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    app = SERVICES["app"]
    assert "command" not in app, "what a command line exports no `docker compose exec` sees"
    for name in ("database", "redis"):
        (tmp_path / name).write_text("a/word\n")
    for name, value in app["environment"].items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            default = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)
            monkeypatch.setenv(name, default.replace("/secrets", str(tmp_path)))

    settings = load()

    assert settings.database_url == "postgresql://pitwall:a%2Fword@database:5432/pitwall"
    assert settings.redis_url == "redis://:a%2Fword@redis:6379/0"


def test_openmp_is_where_the_model_is_loaded_and_nowhere_else() -> None:
    stages = dict(
        re.findall(
            r"^FROM [^\n]* AS (\w+)\n(.*?)(?=^FROM |\Z)", DOCKERFILE, re.MULTILINE | re.DOTALL
        )
    )

    assert {name for name, lines in stages.items() if "libgomp1" in lines} == {"server"}
    assert "scripts/build.py" in stages["page"]


def test_no_password_is_written_down() -> None:
    text = (ROOT / "docker-compose.yml").read_text()

    assert "POSTGRES_PASSWORD:" not in text
    assert "HOST_AUTH_METHOD" not in text
    assert re.findall(r"://\w*:[^@\s/]+@", text) == []


def test_who_depends_on_a_server_waits_until_it_is_well() -> None:
    assert {name for name, service in SERVICES.items() if "healthcheck" in service} == {
        "database",
        "redis",
    }
    assert {
        name: wait["condition"] for name, wait in SERVICES["app"]["depends_on"].items()
    } == dict.fromkeys(("database", "redis"), "service_healthy")
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert all("ports" not in SERVICES[name] for name in ("database", "redis", "secrets"))


def test_postgres_is_one_that_the_owner_asked_for() -> None:
    assert SERVICES["database"]["image"].startswith("postgres:15")


@pytest.mark.slow
def test_the_dockerfile_passes_its_linter() -> None:
    command = [tool("hadolint"), str(ROOT / "Dockerfile")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.slow
def test_the_compose_file_is_what_the_specification_allows() -> None:
    command = [tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    file = str(ROOT / "docker-compose.yml")
    done = subprocess.run([*command, file], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout

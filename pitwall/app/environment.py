"""Check the values of settings: secrets in files, addresses, hosts and folders.

An error is one sentence that names the variable, and never repeats a value that may hold a
secret.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, quote, urlsplit

from pitwall.errors import SettingsError, shown
from pitwall.logs import one_line

PREFIX = "PITWALL_"
SECRETS = (
    "database_url",
    "database_password",
    "redis_url",
    "redis_password",
    "f1tv_token",
    "openf1_password",
    "mqtt_url",
    "mqtt_password",
)
"""Settings that a file may hold, named by a variable that ends in `_FILE`; never shown."""

INTERNAL = f"{PREFIX}INTERNAL_"
"""Begins the variables that processes of pitwall set for one another."""

NOT_SETTINGS = frozenset(
    f"{PREFIX}{name}"
    for name in (
        *("CHROMIUM", "KEY", "MOSQUITTO", "REDIS_SERVER", "REPOSITORY", "REQUIRE_ALL", "SHARED"),
        "URL",
    )
)
"""Variables of tests, scripts, the Python client, `pitwall mcp` and examples: not of the server."""

_NAME_CHARACTERS = 60
_MAX_BYTES = 64 * 1024
_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*\.?", re.IGNORECASE)
_TOPIC = re.compile(r"[a-zA-Z0-9_-]{1,64}(/[a-zA-Z0-9_-]{1,64}){0,7}")
# The query options of a URL that the PostgreSQL driver understands.
_OPTIONS = {"host", "port", "ssl", "target_session_attrs", "prepared_statement_cache_size"}


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + name.upper()


def unknown_variables(environment: Mapping[str, str], names: Iterable[str]) -> list[str]:
    """Return a sentence about each variable that looks like a setting but is none.

    Args:
        environment: The variables; their values are not repeated.
        names: All settings.
    """
    settings = {variable(name) for name in names}
    known = settings | {f"{variable(name)}_FILE" for name in SECRETS}
    by_ending = {name.removeprefix(PREFIX): name for name in known}
    sentences = []
    for name in sorted(environment):
        upper = name.upper()  # settings are read in any case, names of files in capitals alone
        if not upper.startswith(PREFIX) or upper.startswith(INTERNAL):
            continue
        if upper in settings | NOT_SETTINGS:
            continue
        if name.endswith("_FILE") and name.removesuffix("_FILE") in settings:
            continue  # read, or refused, by `secrets_in_files`
        nearest = difflib.get_close_matches(upper.removeprefix(PREFIX), by_ending, 1)
        advice = "docs/settings.md lists all settings."
        if nearest:
            advice = f"did you mean {by_ending[nearest[0]]}?"
        unknown = one_line(name, _NAME_CHARACTERS)
        sentences.append(f"{unknown} is not a setting and is ignored: {advice}")
    return sentences


def secrets_in_files(environment: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Return the secrets whose files the environment names.

    Args:
        environment: The variables.
        names: All settings.

    Raises:
        SettingsError: A file cannot be read or holds no secret, a secret is given twice, or a
            setting that is not a secret is to be read from a file.
    """
    secrets = {}
    for name in names:
        given, filed = variable(name), variable(name) + "_FILE"
        if filed not in environment:
            continue
        if name not in SECRETS:
            known = ", ".join(variable(secret) for secret in SECRETS)
            message = f"{filed} is unknown: only secrets are read from files ({known})"
            raise SettingsError(message)
        if given in environment:
            message = f"{given} and {filed} are both set: set only one of them"
            raise SettingsError(message)
        secrets[name] = _secret(filed, environment[filed])
    return secrets


def _secret(filed: str, place: str) -> str:
    if not place.strip():
        raise SettingsError(f"{filed} is empty: set it to the path of a file")
    try:
        if not stat.S_ISREG(Path(place).stat().st_mode):
            raise SettingsError(f"{filed}: {shown(place)} is not a regular file")
        with Path(place).open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{filed}: cannot read {shown(place)}: {_why(error)}") from None
    if len(content) > _MAX_BYTES:
        raise SettingsError(f"{filed}: {shown(place)} holds more than {_MAX_BYTES:,} bytes")
    try:
        secret = content.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise SettingsError(f"{filed}: {shown(place)} is not UTF-8 text") from None
    if not secret.strip():
        raise SettingsError(f"{filed}: {shown(place)} is empty")
    if not secret.isprintable():
        raise SettingsError(f"{filed}: {shown(place)} holds more than one line of text")
    return secret


def check_host(name: str, host: str) -> None:
    """Refuse a text that is neither an IP address nor a host name.

    Raises:
        SettingsError: It is neither.
    """
    if not is_host(host):
        message = (
            f"{variable(name)} takes an IP address or a host name, without a port, "
            f"but is {shown(host)}"
        )
        raise SettingsError(message)


def is_host(host: str) -> bool:
    """Whether this is an IP address or a valid host name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # A name of only digits and dots is a mistyped address.
        return bool(_NAME.fullmatch(host)) and not re.fullmatch(r"[\d.]+", host)
    return True


def check_address(
    name: str, address: str, schemes: Iterable[str], example: str, *, path_only: str = ""
) -> SplitResult:
    """Return the parts of an address, after refusing one that no client could use.

    Args:
        name: The setting.
        address: Its value; it is not repeated, since any address may hold a password.
        schemes: The allowed schemes.
        example: A valid address, for the error message.
        path_only: The scheme whose addresses have a path and no host.

    Raises:
        SettingsError: It is not such an address.
    """

    def refuse(why: str) -> SettingsError:
        return SettingsError(
            f"{variable(name)} {why}: it takes {example} "
            "(its value is not shown: it may hold a password)"
        )

    if not address.isprintable() or " " in address:
        raise refuse("contains spaces or unprintable characters")
    try:
        parts = urlsplit(address)
    except ValueError:
        raise refuse("is not an address") from None
    if parts.scheme not in set(schemes):
        raise refuse("begins with the wrong scheme")
    why = _no_path(parts) if parts.scheme == path_only else _no_host(parts)
    if why:
        raise refuse(why)
    return parts


def _no_path(parts: SplitResult) -> str:
    return "" if parts.path.strip("/") else "has no path"


def _no_host(parts: SplitResult) -> str:
    """Return what is wrong with the host or port; "" when nothing is."""
    try:
        wrong = parts.port == 0
    except ValueError:
        wrong = True
    if wrong:
        return "has a port that is not a number from 1 to 65535"
    if not parts.hostname:
        return "names no host"
    return "" if is_host(parts.hostname) else "names an invalid host"


def check_database(name: str, address: str) -> None:
    """Refuse the URL of a database that pitwall cannot use.

    Raises:
        SettingsError: The URL is not usable.
    """
    scheme, _, rest = address.partition("://")
    kind = scheme.partition("+")[0]
    if kind == "sqlite":
        _check_sqlite(name, rest)
        return
    example = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
    placeless = kind in {"postgresql", "postgres"} and "@/" in address and "host=" in address
    whole = address.replace("@/", "@localhost/", 1) if placeless else address
    parts = check_address(name, whole, {scheme} if _is_postgres(kind) else (), example)
    unknown = set(parse_qs(parts.query, keep_blank_values=True)) - _OPTIONS
    if unknown:
        first = shown(min(unknown))
        hint = "; use ssl=require to encrypt the connection" if "sslmode" in unknown else ""
        message = f"{variable(name)} has the unknown option {first} after its question mark{hint}"
        raise SettingsError(message)


def _is_postgres(kind: str) -> bool:
    return kind in {"postgresql", "postgres"}


def _check_sqlite(name: str, rest: str) -> None:
    file = rest.partition("?")[0].removeprefix("/")
    if not rest.startswith("/") or not file or file == ":memory:":
        message = (
            f"{variable(name)} names no file: it takes sqlite:///FILE, with four slashes where the "
            "path begins at the root"
        )
        raise SettingsError(message)
    path = Path(file)
    try:
        if path.exists() and not path.is_file():
            raise SettingsError(f"{variable(name)}: {shown(file)} is not a regular file")
    except (OSError, ValueError) as error:
        raise SettingsError(f"{variable(name)}: {shown(file)}: {_why(error)}") from None
    check_folder(name, path.parent)


def check_redis(address: str) -> None:
    """Refuse a text that is not the address of a Redis database.

    Raises:
        SettingsError: It is not.
    """
    example = "redis://HOST:PORT/NUMBER, rediss://… or unix:///PATH"
    schemes = ("redis", "rediss", "unix")
    parts = check_address("redis_url", address, schemes, example, path_only="unix")
    number = parts.path.strip("/")
    if parts.scheme != "unix" and number and not re.fullmatch(r"[0-9]{1,5}", number):
        raise SettingsError(
            f"{variable('redis_url')} names a database that is not a number: {example}"
        )
    if parts.query or parts.fragment:
        raise SettingsError(f"{variable('redis_url')} takes no options after a question mark")


def check_mqtt(address: str) -> None:
    """Refuse a text that is not the address of an MQTT broker.

    Raises:
        SettingsError: It is not.
    """
    example = "mqtt://USER:PASSWORD@HOST:PORT or mqtts://…"
    parts = check_address("mqtt_url", address, ("mqtt", "mqtts"), example)
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise SettingsError(f"{variable('mqtt_url')} has a path or options: it takes {example}")
    if parts.password and not parts.username:
        raise SettingsError(f"{variable('mqtt_url')} has a password, but names no user")


def check_topic(name: str, topic: str) -> None:
    """Refuse a text that cannot begin a topic, or has what Home Assistant refuses in one.

    Raises:
        SettingsError: It is such a text.
    """
    if not _TOPIC.fullmatch(topic):
        raise SettingsError(
            f"{variable(name)} takes words of letters, digits, _ and -, separated by slashes, "
            f"but is {shown(topic)}"
        )


def check_file(name: str, file: Path) -> None:
    """Refuse a path where there is no file that can be read.

    Raises:
        SettingsError: There is none.
    """
    try:
        if not file.is_file():
            raise SettingsError(f"{variable(name)}: {shown(file)} is not a regular file")
        with file.open("rb"):
            return
    except (OSError, ValueError) as error:
        raise SettingsError(f"{variable(name)}: {shown(file)}: {_why(error)}") from None


def check_folder(name: str, folder: Path) -> None:
    """Refuse a path where there is no folder and none can be created.

    Raises:
        SettingsError: Something else is there, or in its way.
    """
    try:
        there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        is_folder = there.is_dir()
    except (OSError, ValueError) as error:
        raise SettingsError(f"{variable(name)}: {shown(folder)}: {_why(error)}") from None
    if not is_folder:
        raise SettingsError(f"{variable(name)}: {shown(there)} is not a folder")


def with_password(name: str, address: str | None, password: str) -> str | None:
    """Return an address with the password that was set separately.

    Args:
        name: `database`, `redis` or `mqtt`.
        address: The value of `NAME_url`.
        password: The value of `NAME_password`; "" changes nothing.

    Raises:
        SettingsError: There is no address, or it takes no password, or it already has one.
    """
    if not password or address is None:
        if password:
            message = f"{variable(name)}_PASSWORD is set, but {variable(name)}_URL is not"
            raise SettingsError(message)
        return address
    parts = urlsplit(address)
    user, _, host = parts.netloc.rpartition("@")
    if parts.scheme.startswith("sqlite"):
        raise SettingsError(f"{variable(name)}_PASSWORD is set, but SQLite has no passwords")
    if ":" in user:
        message = f"{variable(name)}_PASSWORD is set, but {variable(name)}_URL has one too"
        raise SettingsError(message)
    if not user and name != "redis":
        raise SettingsError(
            f"{variable(name)}_PASSWORD is set, but {variable(name)}_URL names no user"
        )
    netloc = f"{user}:{quote(password, safe='')}@{host}"
    return parts._replace(netloc=netloc).geturl()


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)

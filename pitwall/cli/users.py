"""`python -m pitwall users`: manage accounts. Passwords are typed, never arguments."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from pitwall.app import database as app_database
from pitwall.app.settings import load
from pitwall.domain.accounts import User
from pitwall.errors import NotFoundError, RefusedFieldError
from pitwall.services import People
from pitwall.store import migrations


def add_to(commands: Any) -> None:  # noqa: ANN401  argparse gives its sub-parsers no public type
    """Add the command's parser."""
    parser = commands.add_parser(
        "users", help="list, create, disable, enable and delete accounts; reset a password"
    )
    actions = parser.add_subparsers(required=True, dest="action", metavar="ACTION")
    for name, explanation in _ACTIONS_HELP.items():
        action = actions.add_parser(name, help=explanation)
        if name != "list":
            action.add_argument("email")
        if name == "create":
            action.add_argument("--owner", action="store_true", help="may manage other accounts")
    parser.set_defaults(run=run)


async def run(chosen: argparse.Namespace) -> int:
    """Run the chosen action, and print its result.

    Raises:
        StoreError: The database cannot be reached.
        NotFoundError: There is no account with this e-mail.
        RefusedFieldError: The e-mail or the password is not accepted.
    """
    settings = load()
    database = app_database.open_database(settings)
    try:
        await migrations.upgrade(database)
        await _ACTIONS[chosen.action](app_database.people(settings, database), chosen)
    finally:
        await database.close()
    return 0


async def _list(people: People, _chosen: argparse.Namespace) -> None:
    users = await people.admin.users()
    for user in users:
        role = "owner" if user.is_owner else "user"
        disabled = f"  disabled {user.disabled_at:%Y-%m-%d}" if user.disabled_at else ""
        print(f"{user.created_at:%Y-%m-%d}  {role:5}  {user.email}{disabled}")
    print(f"{len(users)} account{'' if len(users) == 1 else 's'}")


async def _create(people: People, chosen: argparse.Namespace) -> None:
    user = await people.accounts.create(chosen.email, _new_password(), is_owner=chosen.owner)
    print(f"created {user.email}{', an owner of this server' if chosen.owner else ''}")


async def _disable(people: People, chosen: argparse.Namespace) -> None:
    user = await _user(people, chosen)
    await people.admin.disable(user.id)
    print(f"{user.email} is disabled: all log-ins have ended, and API keys no longer work")


async def _enable(people: People, chosen: argparse.Namespace) -> None:
    user = await _user(people, chosen)
    await people.admin.enable(user.id)
    print(f"{user.email} may log in again")


async def _delete(people: People, chosen: argparse.Namespace) -> None:
    user = await _user(people, chosen)
    await people.admin.delete(user.id)
    print(f"{user.email} is deleted, with all log-ins and API keys")


async def _reset_password(people: People, chosen: argparse.Namespace) -> None:
    user = await _user(people, chosen)
    await people.admin.reset_password(user, _new_password())
    print(f"{user.email} has a new password; every log-in has ended")


async def _user(people: People, chosen: argparse.Namespace) -> User:
    user = await people.admin.user(chosen.email)
    if user is None:
        message = f"there is no account with the e-mail {chosen.email}"
        raise NotFoundError(message)
    return user


def _new_password() -> str:
    """Ask for a password, twice at a terminal; elsewhere read one line of standard input.

    Raises:
        RefusedFieldError: The two differ.
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("new password: ")
    if password != getpass.getpass("repeat it: "):
        field, reason = "password", "the two passwords differ"
        raise RefusedFieldError(field, reason)
    return password


_ACTIONS: dict[str, Callable[[People, argparse.Namespace], Awaitable[None]]] = {
    "list": _list,
    "create": _create,
    "disable": _disable,
    "enable": _enable,
    "delete": _delete,
    "reset-password": _reset_password,
}
_ACTIONS_HELP = {
    "list": "list all accounts",
    "create": "create an account; the password is read from the prompt or standard input",
    "disable": "disable an account",
    "enable": "enable a disabled account",
    "delete": "delete an account and everything that belongs to it",
    "reset-password": "set a new password and end every log-in",
}

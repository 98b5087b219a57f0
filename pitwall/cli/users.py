"""`pitwall users`: manage accounts. Passwords are typed, never arguments."""

from __future__ import annotations

import getpass
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import click

from pitwall.app import database as app_database
from pitwall.app.settings import load
from pitwall.cli.coroutines import waiting
from pitwall.domain.accounts import User
from pitwall.errors import NotFoundError, RefusedFieldError
from pitwall.services import People
from pitwall.store import migrations


@click.group(
    epilog="""
    \b
    Examples:
      pitwall users create me@localhost --owner
      pitwall users list
      pitwall users reset-password ada@example.org < file-with-the-password
    """
)
def command() -> None:
    """Manage the accounts of this server.

    Passwords are typed, or read from standard input; they are never arguments.
    """


@command.command("list")
@waiting
async def list_all() -> int:
    """List all accounts."""
    async with _people() as people:
        users = await people.admin.users()
    for user in users:
        role = "owner" if user.is_owner else "user"
        disabled = f"  disabled {user.disabled_at:%Y-%m-%d}" if user.disabled_at else ""
        print(f"{user.created_at:%Y-%m-%d}  {role:5}  {user.email}{disabled}")
    print(f"{len(users)} account{'' if len(users) == 1 else 's'}")
    return 0


@command.command()
@click.argument("email")
@click.option("--owner", is_flag=True, help="May manage other accounts.")
@waiting
async def create(email: str, owner: bool) -> int:
    """Create an account; the password is asked for, or read from standard input."""
    async with _people() as people:
        user = await people.accounts.create(email, _new_password(), is_owner=owner)
    print(f"created {user.email}{', an owner of this server' if owner else ''}")
    return 0


@command.command()
@click.argument("email")
@waiting
async def disable(email: str) -> int:
    """Disable an account, and end its log-ins."""
    async with _people() as people:
        user = await _user(people, email)
        await people.admin.disable(user.id)
    print(f"{user.email} is disabled: all log-ins have ended, and API keys no longer work")
    return 0


@command.command()
@click.argument("email")
@waiting
async def enable(email: str) -> int:
    """Enable a disabled account."""
    async with _people() as people:
        user = await _user(people, email)
        await people.admin.enable(user.id)
    print(f"{user.email} may log in again")
    return 0


@command.command()
@click.argument("email")
@waiting
async def delete(email: str) -> int:
    """Delete an account and everything that belongs to it."""
    async with _people() as people:
        user = await _user(people, email)
        await people.admin.delete(user.id)
    print(f"{user.email} is deleted, with all log-ins and API keys")
    return 0


@command.command()
@click.argument("email")
@waiting
async def reset_password(email: str) -> int:
    """Set a new password, and end every log-in of the account."""
    async with _people() as people:
        user = await _user(people, email)
        await people.admin.reset_password(user, _new_password())
    print(f"{user.email} has a new password; every log-in has ended")
    return 0


@asynccontextmanager
async def _people() -> AsyncGenerator[People]:
    """Give the accounts of the database, after bringing it up to this release."""
    settings = load()
    database = app_database.open_database(settings)
    try:
        await migrations.upgrade(database)
        yield app_database.people(settings, database)
    finally:
        await database.close()


async def _user(people: People, email: str) -> User:
    user = await people.admin.user(email)
    if user is None:
        message = f"there is no account with the e-mail {email}"
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

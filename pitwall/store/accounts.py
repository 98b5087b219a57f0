"""Store users, their log-ins and their API keys in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Label,
    Row,
    Select,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Delete, Insert, Update

from pitwall.domain.accounts import ApiKey, LogIn, User
from pitwall.errors import EmailTakenError, NotLoggedInError
from pitwall.store import tables
from pitwall.store.database import Database

_OWNER, _USER = "owner", "user"
_USER_PREFIX = "of_"  # before the names of a user's columns in a join


def _table(model: type[Any]) -> Table:
    return cast("Table", model.__table__)


_users, _log_ins, _keys = map(_table, (tables.UserRow, tables.LogInRow, tables.ApiKeyRow))


class SqlAccountStore:
    """Implements `AccountStore`. Every call is one transaction.

    Args:
        database: Holds the tables of this release.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_user(self, user: User) -> None:
        values = {
            "id": user.id,
            "email": user.email,
            "display_name": "",
            "password_hash": user.password_hash,
            "role": _OWNER if user.is_owner else _USER,
            "created_at": user.created_at,
            "disabled_at": user.disabled_at,
        }
        try:
            await self._change(insert(_users).values(values))
        except IntegrityError as error:
            raise EmailTakenError from error

    async def user(self, user_id: UUID) -> User | None:
        return _one_user(await self._rows(select(_users).where(_users.c.id == user_id)))

    async def user_by_email(self, email: str) -> User | None:
        return _one_user(await self._rows(select(_users).where(_same_email(email))))

    async def users(self) -> list[User]:
        oldest_first = select(_users).order_by(_users.c.created_at, _users.c.id)
        return [_user(row) for row in await self._rows(oldest_first)]

    async def set_password(
        self,
        user_id: UUID,
        password_hash: str,
        *,
        proven: str | None = None,
        keep: UUID | None = None,
    ) -> bool:
        change = update(_users).where(*_matching(user_id, proven))
        async with self._database.writing() as connection:
            # The row is locked from here on: a log-in that is being added waits, and then finds
            # another hash; one that was added before is deleted with the others.
            result = await connection.execute(change.values(password_hash=password_hash))
            if result.rowcount:
                await connection.execute(_log_ins_of(user_id, keep))
            return result.rowcount > 0

    async def improve_hash(self, user_id: UUID, password_hash: str, *, proven: str) -> None:
        change = update(_users).where(*_matching(user_id, proven))
        await self._change(change.values(password_hash=password_hash))

    async def set_disabled(self, user_id: UUID, disabled_at: datetime | None) -> bool:
        changed = await self._change(
            update(_users).where(_users.c.id == user_id).values(disabled_at=disabled_at)
        )
        return changed > 0

    async def delete_user(self, user_id: UUID, *, proven: str | None = None) -> bool:
        # The foreign keys cascade: log-ins and API keys are deleted with the user.
        return await self._change(delete(_users).where(*_matching(user_id, proven))) > 0

    async def settings(self, user_id: UUID) -> dict[str, str]:
        rows = await self._rows(select(_users.c.settings).where(_users.c.id == user_id))
        return (rows[0].settings or {}) if rows else {}

    async def keep_settings(self, user_id: UUID, settings: Mapping[str, str]) -> bool:
        change = update(_users).where(_users.c.id == user_id)
        return await self._change(change.values(settings=dict(settings))) > 0

    async def add_log_in(self, log_in: LogIn, *, proven: str, most: int) -> bool:
        values = {
            "id": log_in.id,
            "user_id": log_in.user_id,
            "token_hash": log_in.token_hash,
            "created_at": log_in.created_at,
            "expires_at": log_in.expires_at,
            "last_used_at": log_in.last_used_at,
            "user_agent": log_in.user_agent,
        }
        async with self._database.writing() as connection:
            user = await _locked_user(connection, log_in.user_id)
            if user is None or user.password_hash != proven or user.disabled_at is not None:
                return False
            await connection.execute(insert(_log_ins).values(values))
            last_used_first = (_log_ins.c.last_used_at.desc(), _log_ins.c.created_at.desc())
            newest = select(_log_ins.c.id).where(_log_ins.c.user_id == log_in.user_id)
            newest = newest.order_by(*last_used_first).limit(most)
            others = _log_ins_of(log_in.user_id, log_in.id)
            await connection.execute(others.where(_log_ins.c.id.not_in(newest.scalar_subquery())))
        return True

    async def log_in_by_token(self, token_hash: str) -> tuple[LogIn, User] | None:
        query = (
            select(_log_ins, *_with_user())
            .join(_users, _users.c.id == _log_ins.c.user_id)
            .where(_log_ins.c.token_hash == token_hash, _log_ins.c.revoked_at.is_(None))
        )
        rows = await self._rows(query)
        return (_log_in(rows[0]), _user(rows[0], _USER_PREFIX)) if rows else None

    async def log_ins(self, user_id: UUID) -> list[LogIn]:
        query = (
            select(_log_ins)
            .where(_log_ins.c.user_id == user_id, _log_ins.c.revoked_at.is_(None))
            .order_by(_log_ins.c.last_used_at.desc(), _log_ins.c.id)
        )
        return [_log_in(row) for row in await self._rows(query)]

    async def note_log_in_use(
        self, log_in_id: UUID, used_at: datetime, expires_at: datetime
    ) -> None:
        values = {"last_used_at": used_at, "expires_at": expires_at}
        await self._change(update(_log_ins).where(_log_ins.c.id == log_in_id).values(values))

    async def remove_log_in(self, user_id: UUID, log_in_id: UUID) -> bool:
        own = (_log_ins.c.user_id == user_id, _log_ins.c.id == log_in_id)
        return await self._change(delete(_log_ins).where(*own)) > 0

    async def remove_log_ins(self, user_id: UUID, keep: UUID | None = None) -> int:
        return await self._change(_log_ins_of(user_id, keep))

    async def remove_expired_log_ins(self, now: datetime) -> int:
        return await self._change(delete(_log_ins).where(_log_ins.c.expires_at <= now))

    async def add_api_key(self, key: ApiKey, *, most: int) -> bool:
        values = {
            "id": key.id,
            "user_id": key.user_id,
            "name": key.name,
            "prefix": key.prefix,
            "key_hash": key.key_hash,
            "created_at": key.created_at,
            "last_used_at": key.last_used_at,
        }
        count = select(func.count()).select_from(_keys)
        count = count.where(_keys.c.user_id == key.user_id, _keys.c.revoked_at.is_(None))
        async with self._database.writing() as connection:
            if await _locked_user(connection, key.user_id) is None:
                raise NotLoggedInError
            if (await connection.execute(count)).scalar_one() >= most:
                return False
            await connection.execute(insert(_keys).values(values))
        return True

    async def api_key_by_prefix(self, prefix: str) -> tuple[ApiKey, User] | None:
        query = (
            select(_keys, *_with_user())
            .join(_users, _users.c.id == _keys.c.user_id)
            .where(_keys.c.prefix == prefix, _keys.c.revoked_at.is_(None))
        )
        rows = await self._rows(query)
        return (_key(rows[0]), _user(rows[0], _USER_PREFIX)) if rows else None

    async def api_keys(self, user_id: UUID) -> list[ApiKey]:
        query = (
            select(_keys)
            .where(_keys.c.user_id == user_id, _keys.c.revoked_at.is_(None))
            .order_by(_keys.c.created_at.desc(), _keys.c.id)
        )
        return [_key(row) for row in await self._rows(query)]

    async def note_api_key_use(self, key_id: UUID, used_at: datetime) -> None:
        await self._change(update(_keys).where(_keys.c.id == key_id).values(last_used_at=used_at))

    async def remove_api_key(self, user_id: UUID, key_id: UUID) -> bool:
        own = (_keys.c.user_id == user_id, _keys.c.id == key_id)
        return await self._change(delete(_keys).where(*own)) > 0

    async def _rows(self, query: Select[Any]) -> list[Row[Any]]:
        async with self._database.reading() as connection:
            return list(await connection.execute(query))

    async def _change(self, statement: Insert | Update | Delete) -> int:
        """Run a statement in a transaction of its own; return how many rows it touched."""
        async with self._database.writing() as connection:
            result = cast("CursorResult[Any]", await connection.execute(statement))
            return result.rowcount


async def _locked_user(connection: AsyncConnection, user_id: UUID) -> Row[Any] | None:
    """Return a user, and keep others from changing it until the transaction ends.

    SQLite allows one writer at a time anyway, so FOR UPDATE is left out there.
    """
    query = select(_users).where(_users.c.id == user_id).with_for_update()
    return (await connection.execute(query)).one_or_none()


def _matching(user_id: UUID, proven: str | None) -> list[ColumnElement[bool]]:
    """Return the conditions that select a user, and its password hash where one is given."""
    proof = [] if proven is None else [_users.c.password_hash == proven]
    return [_users.c.id == user_id, *proof]


def _log_ins_of(user_id: UUID, keep: UUID | None) -> Delete:
    statement = delete(_log_ins).where(_log_ins.c.user_id == user_id)
    return statement if keep is None else statement.where(_log_ins.c.id != keep)


def _same_email(email: str) -> ColumnElement[bool]:
    # The same expression as in the unique index. E-mails arrive normalised, so that only one side
    # needs lower().
    return func.lower(_users.c.email) == email


def _with_user() -> list[Label[Any]]:
    """Return the columns of the user, labelled so that no name clashes with another table's."""
    return [column.label(f"{_USER_PREFIX}{column.name}") for column in _users.c]


def _user(row: Row[Any], prefix: str = "") -> User:
    values = row._mapping
    return User(
        id=values[f"{prefix}id"],
        email=values[f"{prefix}email"],
        password_hash=values[f"{prefix}password_hash"],
        is_owner=values[f"{prefix}role"] == _OWNER,
        created_at=values[f"{prefix}created_at"],
        disabled_at=values[f"{prefix}disabled_at"],
    )


def _one_user(rows: list[Row[Any]]) -> User | None:
    return _user(rows[0]) if rows else None


def _log_in(row: Row[Any]) -> LogIn:
    return LogIn(
        id=row.id,
        user_id=row.user_id,
        token_hash=row.token_hash,
        created_at=row.created_at,
        last_used_at=row.last_used_at or row.created_at,
        expires_at=row.expires_at,
        user_agent=row.user_agent,
    )


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        user_id=row.user_id,
        name=row.name,
        prefix=row.prefix,
        key_hash=row.key_hash,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )

"""Store webhooks and their deliveries in SQLite or PostgreSQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import (
    CursorResult,
    Row,
    Select,
    Table,
    and_,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Delete, Insert, Update

from pitwall.domain.webhooks import (
    Delivery,
    DeliveryState,
    DriverRole,
    HookEvent,
    HookFilter,
    HookHealth,
    HookKind,
    HookPlace,
    HookTotals,
    Webhook,
)
from pitwall.errors import NotLoggedInError
from pitwall.store import tables
from pitwall.store.database import Database

MOST_KEPT: Final = 2_000
"""How many deliveries of one webhook may wait or be dead; further events are turned away."""
_AT_ONCE: Final = 5_000  # ids that one query names; PostgreSQL takes 32,767 values at most


def _table(model: type[Any]) -> Table:
    return cast("Table", model.__table__)


_users, _hooks, _deliveries, _place = map(
    _table, (tables.UserRow, tables.WebhookRow, tables.DeliveryRow, tables.HookPlaceRow)
)
_OF_HEALTH: Final = tuple(each.name for each in fields(HookHealth))
_UNSENT: Final = (DeliveryState.WAITING.value, DeliveryState.DEAD.value)
_IS_ACTIVE: Final = and_(_hooks.c.paused_at.is_(None), _users.c.disabled_at.is_(None))


class SqlWebhookStore:
    """Implements `HookRegister` and `HookQueue`. Every call is one transaction.

    Args:
        database: Holds the tables of this release.
        most_kept: How many deliveries of one webhook may wait or be dead.
    """

    def __init__(self, database: Database, most_kept: int = MOST_KEPT) -> None:
        self._database = database
        self._most_kept = most_kept

    async def add(self, hook: Webhook, *, most: int) -> bool:
        values = _values(hook) | {
            "id": hook.id,
            "user_id": hook.user_id,
            "created_at": hook.created_at,
            "sent": 0,
            "failed": 0,
            "turned_away": 0,
        }
        user = select(_users.c.id).where(_users.c.id == hook.user_id).with_for_update()
        count = select(func.count()).select_from(_hooks).where(_hooks.c.user_id == hook.user_id)
        async with self._database.writing() as connection:
            # The user's row is locked, so that two requests at once cannot both be the last one.
            if (await connection.execute(user)).one_or_none() is None:
                raise NotLoggedInError
            if (await connection.execute(count)).scalar_one() >= most:
                return False
            await connection.execute(insert(_hooks).values(values))
        return True

    async def hooks(self, user_id: UUID) -> list[Webhook]:
        query = select(_hooks).where(_hooks.c.user_id == user_id)
        rows = await self._rows(query.order_by(_hooks.c.created_at, _hooks.c.id))
        return [_hook(row) for row in rows]

    async def hook(self, user_id: UUID, hook_id: UUID) -> Webhook | None:
        rows = await self._rows(select(_hooks).where(*_own(user_id, hook_id)))
        return _hook(rows[0]) if rows else None

    async def change(self, hook: Webhook, before: Webhook | None = None) -> bool:
        own, values = _own(hook.user_id, hook.id), _values(hook)
        if before is not None:
            known = _values(before)
            # The name in any case: an UPDATE of nothing is none.
            values = {k: v for k, v in values.items() if k == "name" or v != known[k]}
        return await self._change(update(_hooks).where(*own).values(values)) > 0

    async def remove(self, user_id: UUID, hook_id: UUID) -> bool:
        # The foreign key cascades: its deliveries are deleted with it.
        return await self._change(delete(_hooks).where(*_own(user_id, hook_id))) > 0

    async def deliveries(
        self, user_id: UUID, hook_id: UUID, states: Sequence[DeliveryState], limit: int
    ) -> list[Delivery]:
        query = _deliveries_of(user_id, hook_id)
        query = query.where(_deliveries.c.state.in_([state.value for state in states]))
        newest = query.order_by(_deliveries.c.created_at.desc(), _deliveries.c.id).limit(limit)
        return [_delivery(row) for row in await self._rows(newest)]

    async def delivery(self, user_id: UUID, hook_id: UUID, delivery_id: UUID) -> Delivery | None:
        query = _deliveries_of(user_id, hook_id).where(_deliveries.c.id == delivery_id)
        rows = await self._rows(query)
        return _delivery(rows[0]) if rows else None

    async def counts(self, user_id: UUID) -> Mapping[UUID, Mapping[DeliveryState, int]]:
        of_hook = (_deliveries.c.hook_id, _deliveries.c.state)
        query = (
            select(*of_hook, func.count().label("number"))
            .join(_hooks, _hooks.c.id == _deliveries.c.hook_id)
            .where(_hooks.c.user_id == user_id)
            .group_by(*of_hook)
        )
        counts: dict[UUID, dict[DeliveryState, int]] = {}
        for row in await self._rows(query):
            counts.setdefault(row.hook_id, {})[DeliveryState(row.state)] = row.number
        return counts

    async def send_again(
        self, user_id: UUID, hook_id: UUID, delivery_id: UUID | None, now: datetime
    ) -> int:
        owned = select(_hooks.c.id).where(*_own(user_id, hook_id)).scalar_subquery()
        again = update(_deliveries).where(
            _deliveries.c.hook_id == owned, _deliveries.c.state == DeliveryState.DEAD.value
        )
        if delivery_id is not None:
            again = again.where(_deliveries.c.id == delivery_id)
        waiting = {
            "state": DeliveryState.WAITING.value,
            "attempts": 0,
            "next_at": now,
            "ended_at": None,
        }
        return await self._change(again.values(waiting))

    async def enqueue(self, delivery: Delivery) -> bool:
        async with self._database.writing() as connection:
            return await self._put(connection, [delivery]) == 1

    async def active(self) -> list[Webhook]:
        query = select(_hooks).join(_users, _users.c.id == _hooks.c.user_id).where(_IS_ACTIVE)
        return [_hook(row) for row in await self._rows(query)]

    async def place(self) -> HookPlace:
        rows = await self._rows(select(_place))
        return HookPlace(rows[0].moment, rows[0].track) if rows else HookPlace()

    async def put(self, deliveries: Sequence[Delivery], place: HookPlace) -> int:
        values = {"id": 1, "moment": place.moment, "track": place.track}
        reached = self._insert(_place).values(values)
        changes = {"moment": place.moment, "track": place.track}
        async with self._database.writing() as connection:
            stored = await self._put(connection, deliveries) if deliveries else 0
            await connection.execute(
                reached.on_conflict_do_update(index_elements=["id"], set_=changes)
            )
        return stored

    async def due(
        self, now: datetime, limit: int, but_not: Collection[UUID] = ()
    ) -> list[tuple[UUID, int]]:
        oldest = func.min(_deliveries.c.next_at)
        query = (
            select(_hooks.c.id, _hooks.c.failures)
            .join(_deliveries, _deliveries.c.hook_id == _hooks.c.id)
            .join(_users, _users.c.id == _hooks.c.user_id)
            .where(*_due(now), _hooks.c.id.not_in(but_not))
            .group_by(_hooks.c.id, _hooks.c.failures)
            .order_by(case((_hooks.c.failures > 0, 1), else_=0), oldest)
            .limit(limit)
        )
        return [(row.id, row.failures) for row in await self._rows(query)]

    async def next_of(self, hook_id: UUID, now: datetime) -> tuple[Webhook, Delivery] | None:
        of_delivery = [column.label(f"d_{column.name}") for column in _deliveries.c]
        query = (
            select(_hooks, *of_delivery)
            .join(_deliveries, _deliveries.c.hook_id == _hooks.c.id)
            .join(_users, _users.c.id == _hooks.c.user_id)
            .where(_hooks.c.id == hook_id, *_due(now))
            .order_by(_deliveries.c.created_at, _deliveries.c.id)
            .limit(1)
        )
        rows = await self._rows(query)
        return (_hook(rows[0]), _delivery(rows[0], "d_")) if rows else None

    async def settle(self, delivery: Delivery, health: HookHealth, *, pause: str = "") -> None:
        failed = bool(health.last_error)
        of_hook: dict[str, Any] = {name: getattr(health, name) for name in _OF_HEALTH}
        of_hook["failed" if failed else "sent"] = _hooks.c["failed" if failed else "sent"] + 1
        at = delivery.ended_at or delivery.next_at
        if pause:
            of_hook |= {"paused_at": at, "pause_reason": pause}
        outcome = {
            "state": delivery.state.value,
            "attempts": delivery.attempts,
            "next_at": delivery.next_at,
            "ended_at": delivery.ended_at,
            "status": delivery.status,
            "error": delivery.error,
        }
        own = _hooks.c.id == delivery.hook_id
        async with self._database.writing() as connection:
            await connection.execute(update(_hooks).where(own).values(of_hook))
            settled = update(_deliveries).where(_deliveries.c.id == delivery.id)
            await connection.execute(settled.values(outcome))
            if pause:
                waiting = and_(
                    _deliveries.c.hook_id == delivery.hook_id,
                    _deliveries.c.state == DeliveryState.WAITING.value,
                )
                given_up = {"state": DeliveryState.DEAD.value, "ended_at": at, "error": pause}
                await connection.execute(update(_deliveries).where(waiting).values(given_up))

    async def purge(self, before: datetime, most_sent: int) -> int:
        newest_first = _deliveries.c.created_at.desc()
        place = func.row_number().over(partition_by=_deliveries.c.hook_id, order_by=newest_first)
        sent = _deliveries.c.state == DeliveryState.SENT.value
        ranked = select(_deliveries.c.id, place.label("place")).where(sent).subquery()
        beyond = select(ranked.c.id).where(ranked.c.place > most_sent)
        old = or_(_deliveries.c.created_at < before, _deliveries.c.id.in_(beyond))
        return await self._change(delete(_deliveries).where(old))

    async def totals(self) -> HookTotals:
        sums = [func.coalesce(func.sum(_hooks.c[name]), 0).label(name) for name in _SUMMED]
        async with self._database.reading() as connection:
            of_hooks = (await connection.execute(select(func.count().label("hooks"), *sums))).one()
            states = await connection.execute(
                select(_deliveries.c.state, func.count().label("number"))
                .where(_deliveries.c.state.in_(_UNSENT))
                .group_by(_deliveries.c.state)
            )
            by_state = {row.state: row.number for row in states}
        waiting, dead = (by_state.get(state, 0) for state in _UNSENT)
        counted = {name: int(getattr(of_hooks, name)) for name in ("hooks", *_SUMMED)}
        return HookTotals(queued=waiting, dead=dead, **counted)

    async def _put(self, connection: AsyncConnection, deliveries: Sequence[Delivery]) -> int:
        """Insert deliveries, as far as their webhooks are there, not paused, and have room."""
        parts = (deliveries[at : at + _AT_ONCE] for at in range(0, len(deliveries), _AT_ONCE))
        return sum([await self._put_part(connection, part) for part in parts])

    async def _put_part(self, connection: AsyncConnection, deliveries: Sequence[Delivery]) -> int:
        ids = {each.hook_id for each in deliveries}
        # Locked, so that no webhook is deleted or paused before its delivery is stored.
        active = (_hooks.c.id.in_(ids), _hooks.c.paused_at.is_(None))
        locked = select(_hooks.c.id).where(*active).with_for_update()
        there = {row.id for row in await connection.execute(locked)}
        unsent = (
            select(_deliveries.c.hook_id, func.count().label("number"))
            .where(_deliveries.c.hook_id.in_(there), _deliveries.c.state.in_(_UNSENT))
            .group_by(_deliveries.c.hook_id)
        )
        kept = Counter({row.hook_id: row.number for row in await connection.execute(unsent)})
        known = select(_deliveries.c.id).where(
            _deliveries.c.id.in_([each.id for each in deliveries])
        )
        stored_before = {row.id for row in await connection.execute(known)}
        rows, turned_away = [], Counter[UUID]()
        for each in deliveries:
            if each.hook_id not in there or each.id in stored_before:
                continue
            if kept[each.hook_id] >= self._most_kept:
                turned_away[each.hook_id] += 1
                continue
            kept[each.hook_id] += 1
            rows.append(_delivery_values(each))
        if rows:
            stored = self._insert(_deliveries).on_conflict_do_nothing(index_elements=["id"])
            await connection.execute(stored, rows)
        for hook_id, number in turned_away.items():
            more = {"turned_away": _hooks.c.turned_away + number}
            await connection.execute(update(_hooks).where(_hooks.c.id == hook_id).values(more))
        return len(rows)

    def _insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        if self._database.is_sqlite:
            return sqlite.insert(table)
        return postgresql.insert(table)

    async def _rows(self, query: Select[Any]) -> list[Row[Any]]:
        async with self._database.reading() as connection:
            return list(await connection.execute(query))

    async def _change(self, statement: Insert | Update | Delete) -> int:
        async with self._database.writing() as connection:
            result = cast("CursorResult[Any]", await connection.execute(statement))
            return result.rowcount


_SUMMED: Final = ("sent", "failed", "turned_away")


def _own(user_id: UUID, hook_id: UUID) -> tuple[Any, ...]:
    return _hooks.c.user_id == user_id, _hooks.c.id == hook_id


def _deliveries_of(user_id: UUID, hook_id: UUID) -> Select[Any]:
    of_hook = select(_deliveries).join(_hooks, _hooks.c.id == _deliveries.c.hook_id)
    return of_hook.where(*_own(user_id, hook_id))


def _due(now: datetime) -> tuple[Any, ...]:
    return (
        _IS_ACTIVE,
        or_(_hooks.c.hold_until.is_(None), _hooks.c.hold_until <= now),
        _deliveries.c.state == DeliveryState.WAITING.value,
        _deliveries.c.next_at <= now,
    )


def _values(hook: Webhook) -> dict[str, Any]:
    """Return the columns that the owner of a webhook may change."""
    wanted = hook.wanted
    return {
        "name": hook.name,
        "url": hook.url,
        "kind": hook.kind.value,
        "secret": hook.secret,
        "events": ",".join(sorted(wanted.events)),
        "p_above": wanted.p_above,
        "pass_below": wanted.pass_below,
        "drivers": ",".join(wanted.drivers),
        "role": wanted.role.value,
        "only_live": wanted.only_live,
        "paused_at": hook.paused_at,
        "pause_reason": hook.pause_reason,
        **{name: getattr(hook.health, name) for name in _OF_HEALTH},
    }


def _delivery_values(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "hook_id": delivery.hook_id,
        "event": delivery.event.value,
        "words": delivery.words,
        "body": delivery.body,
        "created_at": delivery.created_at,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "next_at": delivery.next_at,
        "ended_at": delivery.ended_at,
        "status": delivery.status,
        "error": delivery.error,
    }


def _hook(row: Row[Any]) -> Webhook:
    return Webhook(
        id=row.id,
        user_id=row.user_id,
        name=row.name,
        url=row.url,
        kind=HookKind(row.kind),
        secret=row.secret,
        wanted=HookFilter(
            events=frozenset(HookEvent(name) for name in row.events.split(",")),
            p_above=row.p_above,
            pass_below=row.pass_below,
            drivers=tuple(filter(None, row.drivers.split(","))),
            role=DriverRole(row.role),
            only_live=row.only_live,
        ),
        created_at=row.created_at,
        paused_at=row.paused_at,
        pause_reason=row.pause_reason,
        health=HookHealth(*(getattr(row, name) for name in _OF_HEALTH)),
        sent=row.sent,
        failed=row.failed,
        turned_away=row.turned_away,
    )


def _delivery(row: Row[Any], prefix: str = "") -> Delivery:
    values = row._mapping
    return Delivery(
        id=values[f"{prefix}id"],
        hook_id=values[f"{prefix}hook_id"],
        event=HookEvent(values[f"{prefix}event"]),
        words=values[f"{prefix}words"],
        body=values[f"{prefix}body"],
        created_at=values[f"{prefix}created_at"],
        next_at=values[f"{prefix}next_at"],
        state=DeliveryState(values[f"{prefix}state"]),
        attempts=values[f"{prefix}attempts"],
        ended_at=values[f"{prefix}ended_at"],
        status=values[f"{prefix}status"],
        error=values[f"{prefix}error"],
    )

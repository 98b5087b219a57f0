"""Register accounts, log in and out, change passwords, and delete accounts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from pitwall.accounts.hashing import Passwords
from pitwall.accounts.rules import check_password, normalise_email, normalise_password
from pitwall.accounts.tokens import hash_token, new_token, same_hash
from pitwall.domain.accounts import Account, LogIn, Role, User
from pitwall.errors import (
    EmailTakenError,
    NotLoggedInError,
    RefusedFieldError,
    WrongCredentialsError,
)
from pitwall.ports.accounts import AccountStore

log = logging.getLogger(__name__)

HOLDS = timedelta(days=14)  # how long a log-in lasts without use
HOLDS_AT_MOST = timedelta(days=90)  # however much it is used
NOTED_EVERY = timedelta(minutes=1)
MOST_LOG_INS = 100  # of one user; beyond that the least recently used one ends
_USER_AGENT_LENGTH = 200
_VERIFIED_AT_MOST = 3  # times, when the password is changed again and again
_CHANGED_MEANWHILE = "The password was changed meanwhile."


def utc_now() -> datetime:
    """Return the wall clock, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class NewLogIn:
    """A new log-in with its token, which is known only now.

    Attributes:
        token: The value of the cookie.
    """

    account: Account
    token: str


class AccountWork:
    """Holds what all work on accounts needs, and hashes every new password by the same rules.

    Args:
        store: Stores accounts.
        passwords: Hashes passwords.
        now: The wall clock.
    """

    def __init__(
        self,
        store: AccountStore,
        passwords: Passwords,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._now = now

    async def _hash(self, password: str, email: str, field: str = "password") -> str:
        password = normalise_password(password)
        check_password(password, email, field)
        return await self._passwords.hash(password)


class Accounts(AccountWork):
    """Does what people may do with their own accounts."""

    async def register(self, email: str, password: str) -> None:
        """Open an account, unless the e-mail address has one; the caller does not learn which.

        No mail is sent, so that only the owner of the address could be told. Somebody who wants to
        find out must log in afterwards, and has opened the account by then.

        Raises:
            RefusedFieldError: The e-mail address is invalid, or the password is too weak.
            BusyError: Too many passwords are being hashed.
        """
        try:
            await self.create(email, password)
        except EmailTakenError:
            log.info("registration with the e-mail address of an existing account")

    async def create(self, email: str, password: str, *, is_owner: bool = False) -> User:
        """Open an account and return it; for the owner, who may know which accounts exist.

        Raises:
            EmailTakenError: There is an account with this e-mail address.
            RefusedFieldError: The e-mail address is invalid, or the password is too weak.
        """
        email = normalise_email(email)
        password_hash = await self._hash(password, email)
        user = User(uuid4(), email, password_hash, is_owner, self._now())
        await self._store.add_user(user)
        log.info("account opened", extra={"user_id": str(user.id)})
        return user

    async def log_in(self, email: str, password: str, user_agent: str = "") -> NewLogIn:
        """Return a new log-in.

        An unknown e-mail address, a wrong password and a disabled account get the same answer
        after the same work.

        Raises:
            WrongCredentialsError: E-mail address or password is wrong.
            BusyError: Too many passwords are being hashed.
        """
        for _ in range(_VERIFIED_AT_MOST):
            user = await self._user_of(email)
            right, better = await self._passwords.verify(
                normalise_password(password), user.password_hash if user else None
            )
            if user is None or not right or user.disabled_at is not None:
                break
            new = await self._new_log_in(user, user_agent)
            if new is None:
                continue  # the password was changed or rehashed meanwhile
            if better is not None:
                await self._store.improve_hash(user.id, better, proven=user.password_hash)
            return new
        raise WrongCredentialsError

    async def whose_log_in(self, token: str) -> Account | None:
        """Return the account that a token belongs to, and note its use; None if it is not valid."""
        token_hash = hash_token(token)
        found = await self._store.log_in_by_token(token_hash)
        if found is None:
            return None
        log_in, user = found
        now = self._now()
        if not same_hash(log_in.token_hash, token_hash) or log_in.expires_at <= now:
            return None
        if user.disabled_at is not None:
            return None
        if now - log_in.last_used_at >= NOTED_EVERY:
            expires_at = min(now + HOLDS, log_in.created_at + HOLDS_AT_MOST)
            await self._store.note_log_in_use(log_in.id, now, expires_at)
        return _account(user, log_in)

    async def log_out(self, account: Account) -> None:
        """End the log-in that the account is using."""
        await self._store.remove_log_in(account.user_id, account.credential_id)

    async def change_password(self, account: Account, old: str, new: str) -> None:
        """Replace the password and end every other log-in. API keys stay valid.

        Raises:
            RefusedFieldError: The old password is wrong, or the new one too weak.
            BusyError: Too many passwords are being hashed.
        """
        proven = await self._prove(account, old, "old_password")
        new_hash = await self._hash(new, account.email, "new_password")
        if not await self._store.set_password(
            account.user_id, new_hash, proven=proven, keep=account.credential_id
        ):
            raise RefusedFieldError("old_password", _CHANGED_MEANWHILE)
        log.info("password changed", extra={"user_id": str(account.user_id)})

    async def delete(self, account: Account, password: str) -> None:
        """Delete the account and everything that belongs to it.

        Raises:
            RefusedFieldError: The password is wrong.
            BusyError: Too many passwords are being hashed.
        """
        proven = await self._prove(account, password, "password")
        if not await self._store.delete_user(account.user_id, proven=proven):
            raise RefusedFieldError("password", _CHANGED_MEANWHILE)
        log.info("account deleted", extra={"user_id": str(account.user_id)})

    async def settings(self, account: Account) -> dict[str, str]:
        """Return what the account's user chose for all pages; empty before the first choice."""
        return await self._store.settings(account.user_id)

    async def keep_settings(self, account: Account, settings: Mapping[str, str]) -> None:
        """Replace what the account's user chose for all pages.

        Raises:
            NotLoggedInError: The account has been deleted meanwhile.
        """
        if not await self._store.keep_settings(account.user_id, settings):
            raise NotLoggedInError

    async def log_ins(self, account: Account) -> list[LogIn]:
        """Return the account's valid log-ins, last used first."""
        now = self._now()
        stored = await self._store.log_ins(account.user_id)
        return [log_in for log_in in stored if log_in.expires_at > now]

    async def end_log_in(self, account: Account, log_in_id: UUID) -> bool:
        """End a log-in of the account; return whether it existed."""
        return await self._store.remove_log_in(account.user_id, log_in_id)

    async def end_other_log_ins(self, account: Account) -> int:
        """End all log-ins of the account except the one in use; return how many."""
        return await self._store.remove_log_ins(account.user_id, keep=account.credential_id)

    async def _user_of(self, email: str) -> User | None:
        try:
            return await self._store.user_by_email(normalise_email(email))
        except RefusedFieldError:
            return None  # no user has an invalid address

    async def _prove(self, account: Account, password: str, field: str) -> str:
        """Return the hash of a password after verifying that it is the user's."""
        user = await self._store.user(account.user_id)
        right, _ = await self._passwords.verify(
            normalise_password(password), user.password_hash if user else None
        )
        if user is None or not right:
            reason = "The password is wrong."
            raise RefusedFieldError(field, reason)
        return user.password_hash

    async def _new_log_in(self, user: User, user_agent: str) -> NewLogIn | None:
        """Return a new log-in; None if the verified password is no longer valid."""
        now, token = self._now(), new_token()
        await self._store.remove_expired_log_ins(now)
        browser = "".join(c for c in user_agent if c.isprintable())[:_USER_AGENT_LENGTH]
        log_in = LogIn(uuid4(), user.id, hash_token(token), now, now, now + HOLDS, browser)
        if not await self._store.add_log_in(log_in, proven=user.password_hash, most=MOST_LOG_INS):
            return None
        return NewLogIn(_account(user, log_in), token)


def _account(user: User, log_in: LogIn) -> Account:
    role = Role.OWNER if user.is_owner else Role.USER
    return Account(user.id, user.email, role, log_in.id)

"""Administer other users' accounts, as the owner of the server may."""

from __future__ import annotations

from uuid import UUID

from pitwall.accounts.rules import normalise_email
from pitwall.accounts.service import AccountWork
from pitwall.domain.accounts import User


class AccountAdmin(AccountWork):
    """Lists, disables and deletes accounts, and resets passwords."""

    async def users(self) -> list[User]:
        """Return every user, oldest account first."""
        return await self._store.users()

    async def user(self, email: str) -> User | None:
        """Return the user with this e-mail address, in whatever spelling.

        Raises:
            RefusedFieldError: This is not an e-mail address.
        """
        return await self._store.user_by_email(normalise_email(email))

    async def disable(self, user_id: UUID) -> bool:
        """Disable an account with its log-ins and keys; return whether it exists."""
        found = await self._store.set_disabled(user_id, self._now())
        await self._store.remove_log_ins(user_id)
        return found

    async def enable(self, user_id: UUID) -> bool:
        """Enable a disabled account again; return whether it exists."""
        return await self._store.set_disabled(user_id, None)

    async def delete(self, user_id: UUID) -> bool:
        """Delete an account and everything that belongs to it; return whether it existed."""
        return await self._store.delete_user(user_id)

    async def reset_password(self, user: User, password: str) -> None:
        """Set a user's password, and end all of their log-ins.

        Raises:
            RefusedFieldError: The password is too weak.
        """
        await self._store.set_password(user.id, await self._hash(password, user.email))

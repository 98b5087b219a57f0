"""The shapes of what `/auth` takes and answers, as OpenAPI documents them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from pitwall.accounts.keys import LONGEST_NAME
from pitwall.accounts.rules import LONGEST_EMAIL, LONGEST_PASSWORD, SHORTEST_PASSWORD
from pitwall.api import examples
from pitwall.domain.accounts import Account, ApiKey, LogIn, Role, User

Email = Annotated[
    str,
    Field(
        max_length=LONGEST_EMAIL,
        json_schema_extra={"minLength": 3},  # told by the service, in words for people
        examples=["ada@example.org"],
        description="Any spelling of it; kept in lower case.",
    ),
]
NewPassword = Annotated[
    str,
    Field(
        max_length=LONGEST_PASSWORD,
        json_schema_extra={"minLength": SHORTEST_PASSWORD},
        repr=False,
        examples=["an engine of brass"],
        description="Ten characters at least, and none of the commonest.",
    ),
]
Password = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_PASSWORD, repr=False, examples=["an engine of brass"]),
]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewAccountIn(_In):
    """Who wants an account."""

    email: Email
    password: NewPassword


class LogInIn(_In):
    """Who wants to log in."""

    email: Email
    password: Password


class PasswordIn(_In):
    """A new password, and the proof that the old one is known."""

    old_password: Password
    new_password: NewPassword


class ProofIn(_In):
    """The proof that it is really you."""

    password: Password


class KeyIn(_In):
    """What to call a new API key."""

    name: str = Field(min_length=1, max_length=LONGEST_NAME, examples=["laptop"])


class DisabledIn(_In):
    """Whether an account is shut."""

    disabled: bool = Field(examples=[True])


class RegisteredOut(BaseModel):
    """The same answer whether or not the e-mail had an account before."""

    detail: str = Field(examples=["If this e-mail had no account, it has one now. Log in."])


class AccountOut(BaseModel):
    """Who is asking."""

    user_id: UUID = Field(examples=[examples.USER_ID])
    email: str = Field(examples=["ada@example.org"])
    role: Role = Field(description="`api` when asked with an API key.", examples=["user"])

    @classmethod
    def of(cls, account: Account) -> AccountOut:
        """Take what an account may know of itself."""
        return cls(user_id=account.user_id, email=account.email, role=account.role)


class LogInOut(BaseModel):
    """One log-in of one browser."""

    id: UUID = Field(examples=[examples.LOG_IN_ID])
    created_at: datetime = Field(examples=["2026-11-24T17:30:12Z"])
    last_used_at: datetime = Field(description="To the minute.", examples=["2026-11-24T18:46:00Z"])
    expires_at: datetime = Field(
        description="Moves on with use, up to 90 days in all.", examples=["2026-12-08T18:46:00Z"]
    )
    user_agent: str = Field(
        description="As the browser called itself.",
        examples=["Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"],
    )
    current: bool = Field(description="Whether this is the log-in that asks.", examples=[True])

    @classmethod
    def of(cls, log_in: LogIn, account: Account) -> LogInOut:
        """Take what its user may know of a log-in: all but the token's hash."""
        return cls(
            id=log_in.id,
            created_at=log_in.created_at,
            last_used_at=log_in.last_used_at,
            expires_at=log_in.expires_at,
            user_agent=log_in.user_agent,
            current=log_in.id == account.credential_id,
        )


class EndedOut(BaseModel):
    """How many log-ins ended."""

    ended: int = Field(ge=0, examples=[2])


class KeyOut(BaseModel):
    """An API key without the key."""

    id: UUID = Field(examples=[examples.KEY_ID])
    name: str = Field(examples=["laptop"])
    prefix: str = Field(description="How the key begins.", examples=["pw_00c0ffee00aa"])
    created_at: datetime = Field(examples=["2026-11-24T17:31:40Z"])
    last_used_at: datetime | None = Field(
        description="To the minute; null before its first use.",
        examples=["2026-11-24T18:46:00Z"],
    )

    @classmethod
    def of(cls, key: ApiKey) -> KeyOut:
        """Take what its user may know of a key: all but its hash."""
        return cls(
            id=key.id,
            name=key.name,
            prefix=key.prefix,
            created_at=key.created_at,
            last_used_at=key.last_used_at,
        )


class NewKeyOut(KeyOut):
    """A new API key, whole. It is never shown again."""

    key: str = Field(
        description="Send it as `Authorization: Bearer ...`.",
        examples=["pw_00c0ffee00aa_dGhpcyBpcyBubyByZWFsIGtleSwganVzdCBhbiBleGE"],
    )


class UserOut(BaseModel):
    """Somebody with an account, as the owner sees him."""

    id: UUID = Field(examples=[examples.USER_ID])
    email: str = Field(examples=["ada@example.org"])
    role: Role = Field(examples=["user"])
    created_at: datetime = Field(examples=["2026-11-24T17:30:05Z"])
    disabled_at: datetime | None = Field(
        description="Null while the account is open.", examples=[None]
    )

    @classmethod
    def of(cls, user: User) -> UserOut:
        """Take what the owner may know: all but the password's hash."""
        return cls(
            id=user.id,
            email=user.email,
            role=Role.OWNER if user.is_owner else Role.USER,
            created_at=user.created_at,
            disabled_at=user.disabled_at,
        )

"""Define the requests and answers of `/auth`, as OpenAPI documents them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pitwall.accounts.keys import LONGEST_NAME
from pitwall.accounts.rules import LONGEST_EMAIL, LONGEST_PASSWORD, SHORTEST_PASSWORD
from pitwall.api import examples
from pitwall.domain.accounts import Account, ApiKey, LogIn, Role, User

Email = Annotated[
    str,
    Field(
        max_length=LONGEST_EMAIL,
        json_schema_extra={"minLength": 3},  # checked by the service, with a message for people
        examples=["ada@example.org"],
        description="Upper and lower case are the same; stored in lower case.",
    ),
]
NewPassword = Annotated[
    str,
    Field(
        max_length=LONGEST_PASSWORD,
        json_schema_extra={"minLength": SHORTEST_PASSWORD},
        repr=False,
        examples=["an engine of brass"],
        description="At least ten characters, and not a common password.",
    ),
]
Password = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_PASSWORD, repr=False, examples=["an engine of brass"]),
]


Switch = Literal["no", "yes"]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewAccountIn(_In):
    """The e-mail and password of a new account."""

    email: Email
    password: NewPassword


class LogInIn(_In):
    """The e-mail and password of a log-in."""

    email: Email
    password: Password


class PasswordIn(_In):
    """A new password, with the old one as proof."""

    old_password: Password
    new_password: NewPassword


class ProofIn(_In):
    """Your password, as proof that it is you."""

    password: Password


class KeyIn(_In):
    """The name of a new API key."""

    name: str = Field(min_length=1, max_length=LONGEST_NAME, examples=["laptop"])


class DisabledIn(_In):
    """Whether an account is disabled."""

    disabled: bool = Field(examples=[True])


NO_SUCH_THEME: Final = "Input should be 'retro', 'dark' or 'light'"


class SettingsBody(_In):
    """What a user chose for all pages; what is left out has not been chosen.

    `assets/settings.js` has the same names and values.
    """

    theme: Literal["retro", "dark", "light"] | None = Field(None, examples=["dark"])
    palette: Literal["standard", "safe"] | None = Field(
        None, description="`safe` is for colour blindness.", examples=["safe"]
    )
    density: Literal["roomy", "tight"] | None = Field(None, examples=["roomy"])
    motion: Literal["auto", "calm"] | None = Field(None, examples=["auto"])
    names: Literal["letters", "full"] | None = Field(None, examples=["letters"])
    zone: Literal["utc", "local", "track"] | None = Field(
        None, description="The race clock.", examples=["track"]
    )
    units: Literal["metric", "imperial"] | None = Field(
        None, description="`imperial` is mph and °F.", examples=["metric"]
    )
    language: Literal["auto", "en", "de"] | None = Field(None, examples=["de"])
    sound: Switch | None = Field(None, description="How alerts are told.", examples=["no"])
    title: Switch | None = Field(None, description="How alerts are told.", examples=["yes"])
    flags: Switch | None = Field(None, description="An alert's rule.", examples=["yes"])
    surprise: Switch | None = Field(None, description="An alert's rule.", examples=["no"])
    chance: Literal["off", "30", "50", "70", "80"] | None = Field(
        None, description="An alert's rule, per cent.", examples=["50"]
    )
    drivers: str | None = Field(
        None, max_length=60, description="Whose alerts, as typed.", examples=["NOR, LEC"]
    )

    @classmethod
    def of(cls, stored: Mapping[str, str]) -> SettingsBody:
        """Return what is stored, without what this release does not know."""
        known = {name: value for name, value in stored.items() if cls._knows(name, value)}
        return cls.model_validate(known)

    @classmethod
    def _knows(cls, name: str, value: str) -> bool:
        try:
            cls.model_validate({name: value})
        except ValidationError:
            return False
        return True


class RegisteredOut(BaseModel):
    """The answer to a registration, the same whether or not the e-mail already had an account."""

    detail: str = Field(examples=["If this e-mail had no account, it has one now. Log in."])


class AccountOut(BaseModel):
    """The account that sent the request."""

    user_id: UUID = Field(examples=[examples.USER_ID])
    email: str = Field(examples=["ada@example.org"])
    role: Role = Field(description="`api` when an API key was sent.", examples=["user"])

    @classmethod
    def of(cls, account: Account) -> AccountOut:
        """Return an account as its user may see it."""
        return cls(user_id=account.user_id, email=account.email, role=account.role)


class LogInOut(BaseModel):
    """One log-in of one browser."""

    id: UUID = Field(examples=[examples.LOG_IN_ID])
    created_at: datetime = Field(examples=["2026-11-24T17:30:12Z"])
    last_used_at: datetime = Field(description="To the minute.", examples=["2026-11-24T18:46:00Z"])
    expires_at: datetime = Field(
        description="Extended with use, up to 90 days in all.", examples=["2026-12-08T18:46:00Z"]
    )
    user_agent: str = Field(
        description="The browser's User-Agent header.",
        examples=["Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"],
    )
    current: bool = Field(description="Whether this log-in sent the request.", examples=[True])

    @classmethod
    def of(cls, log_in: LogIn, account: Account) -> LogInOut:
        """Return a log-in as its user may see it: all but the token's hash."""
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
    prefix: str = Field(description="The beginning of the key.", examples=["pw_00c0ffee00aa"])
    created_at: datetime = Field(examples=["2026-11-24T17:31:40Z"])
    last_used_at: datetime | None = Field(
        description="To the minute; null before its first use.",
        examples=["2026-11-24T18:46:00Z"],
    )

    @classmethod
    def of(cls, key: ApiKey) -> KeyOut:
        """Return a key as its user may see it: all but its hash."""
        return cls(
            id=key.id,
            name=key.name,
            prefix=key.prefix,
            created_at=key.created_at,
            last_used_at=key.last_used_at,
        )


class NewKeyOut(KeyOut):
    """A new API key, in full. It is never shown again."""

    key: str = Field(
        description="Send it as `Authorization: Bearer ...`.",
        examples=["pw_00c0ffee00aa_dGhpcyBpcyBubyByZWFsIGtleSwganVzdCBhbiBleGE"],
    )


class UserOut(BaseModel):
    """An account, as the server's owner sees it."""

    id: UUID = Field(examples=[examples.USER_ID])
    email: str = Field(examples=["ada@example.org"])
    role: Role = Field(examples=["user"])
    created_at: datetime = Field(examples=["2026-11-24T17:30:05Z"])
    disabled_at: datetime | None = Field(
        description="When the account was disabled; null while it is enabled.", examples=[None]
    )

    @classmethod
    def of(cls, user: User) -> UserOut:
        """Return a user as the owner may see them: all but the password's hash."""
        return cls(
            id=user.id,
            email=user.email,
            role=Role.OWNER if user.is_owner else Role.USER,
            created_at=user.created_at,
            disabled_at=user.disabled_at,
        )

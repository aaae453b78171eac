"""People who may log in on this machine, with their roles. Passwords are kept only as the hashes given here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from gateway.errors import InputError
from gateway.store.database import store_error
from gateway.store.tables import accounts

Role: TypeAlias = Literal["agent", "supervisor", "administrator"]
T = TypeVar("T")

_COLUMNS = (accounts.c.name, accounts.c.role, accounts.c.agent, accounts.c.password_hash)


class Account(Struct, frozen=True):
    """A login. ``agent`` is the id of the agent he is, empty for people who take no calls."""

    name: str
    role: Role
    agent: str
    password_hash: str


class Accounts:
    """The accounts in the journal's database; ``engine`` is ``journal.engine`` or ``open_engine(url)``.

    Every method raises StoreError when the database fails.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def find(self, name: str) -> Account | None:
        """The account called ``name``, or None."""
        query = select(*_COLUMNS).where(accounts.c.name == name)
        row = await self._run(lambda connection: connection.execute(query).first())
        return None if row is None else Account(*row)

    async def list(self) -> list[Account]:
        """All accounts, by name."""
        query = select(*_COLUMNS).order_by(accounts.c.name)
        return [Account(*row) for row in await self._run(lambda connection: connection.execute(query).all())]

    async def add(self, account: Account) -> None:
        """Keep a new account. Raises InputError when the name is taken."""
        values = msgspec.structs.asdict(account) | {"created_at": time.time()}
        try:
            await self._run(lambda connection: connection.execute(insert(accounts).values(values)))
        except IntegrityError as error:
            raise InputError("an account of this name exists already", "Choose another name") from error

    async def set_password_hash(self, name: str, password_hash: str) -> None:
        """Replace the password. Raises InputError when there is no such account."""
        query = update(accounts).where(accounts.c.name == name).values(password_hash=password_hash)
        if await self._run(lambda connection: connection.execute(query).rowcount) == 0:
            raise InputError("there is no account of this name", "`hotline users list` shows them")

    async def _run(self, work: Callable[[Connection], T]) -> T:
        def transaction() -> T:
            try:
                with self._engine.begin() as connection:
                    return work(connection)
            except IntegrityError:
                raise
            except SQLAlchemyError as error:
                raise store_error(self._engine.url, error) from error

        return await asyncio.to_thread(transaction)

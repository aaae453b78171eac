"""``hotline users``: local accounts and roles."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable

from gateway.cli.common import Subcommands, print_json
from gateway.config import Settings
from gateway.store.accounts import Accounts


def add_commands(commands: Subcommands, common: argparse.ArgumentParser) -> None:
    """Add them to the command line."""
    group = commands.add_parser("users", help="local accounts and roles").add_subparsers(required=True, metavar="WHAT")
    command = group.add_parser("add", parents=[common], help="make an account; the password is asked for or generated")
    command.add_argument("name")
    command.add_argument("--role", choices=("agent", "supervisor", "administrator"), required=True)
    command.add_argument("--agent", default="", help="for agents: his number in the queue, such as 1001")
    command.set_defaults(run=_add)
    command = group.add_parser("passwd", parents=[common], help="give an account another password")
    command.add_argument("name")
    command.set_defaults(run=_passwd)
    command = group.add_parser("list", parents=[common], help="all accounts")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_list)


def _with_accounts(settings: Settings, work: Callable[[Accounts], Awaitable[None]]) -> int:
    from gateway.store.database import database_url, open_engine

    async def run() -> None:
        engine = open_engine(database_url(settings))
        try:
            await work(Accounts(engine))
        finally:
            engine.dispose()

    asyncio.run(run())
    return 0


def _ask_password() -> tuple[str, bool]:
    """The password from the terminal, or from standard input, or a new one; and whether it is new."""
    from gateway.web.auth import one_time_password

    at_terminal = sys.stdin.isatty()
    typed = getpass.getpass("Password (empty: make one): ") if at_terminal else sys.stdin.readline().rstrip("\n")
    return (typed, False) if typed else (one_time_password(), True)


def _add(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.web.auth import create_account

    password, new = _ask_password()

    async def work(accounts: Accounts) -> None:
        await create_account(accounts, arguments.name, arguments.role, arguments.agent, password)

    status = _with_accounts(settings, work)
    if new:
        print(f"password of {arguments.name}: {password}")
    return status


def _passwd(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.web.auth import change_password

    password, new = _ask_password()

    async def work(accounts: Accounts) -> None:
        await change_password(accounts, arguments.name, password)

    status = _with_accounts(settings, work)
    if new:
        print(f"password of {arguments.name}: {password}")
    return status


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    async def work(accounts: Accounts) -> None:
        found = [
            {"name": account.name, "role": account.role, "agent": account.agent} for account in await accounts.list()
        ]
        if arguments.json:
            print_json(found)
        for account in () if arguments.json else found:
            print(f"{account['name']:<20} {account['role']:<14} {account['agent']}")

    return _with_accounts(settings, work)

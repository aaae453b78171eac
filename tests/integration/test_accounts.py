import pytest

from gateway.errors import InputError
from gateway.store.accounts import Account, Accounts
from gateway.store.database import open_engine

LI = Account("li", "agent", "1001", "hash-1")
WANG = Account("wang", "supervisor", "", "hash-2")


@pytest.fixture
def accounts(store_url: str):
    engine = open_engine(store_url)
    yield Accounts(engine)
    engine.dispose()


async def test_accounts_are_kept_found_and_listed_by_name(accounts: Accounts):
    assert await accounts.find("li") is None
    await accounts.add(WANG)
    await accounts.add(LI)
    assert await accounts.find("li") == LI
    assert await accounts.list() == [LI, WANG]


async def test_a_taken_name_is_refused(accounts: Accounts):
    await accounts.add(LI)
    with pytest.raises(InputError, match="exists already"):
        await accounts.add(Account("li", "administrator", "", "hash-3"))
    assert await accounts.list() == [LI]


async def test_a_password_is_replaced_only_for_an_account_that_exists(accounts: Accounts):
    await accounts.add(LI)
    await accounts.set_password_hash("li", "hash-9")
    found = await accounts.find("li")
    assert found is not None
    assert found.password_hash == "hash-9"
    with pytest.raises(InputError, match="no account"):
        await accounts.set_password_hash("zhao", "hash-9")

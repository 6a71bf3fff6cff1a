"""What psycopg, pymongo and aiohttp say."""
import asyncio
import aiohttp, psycopg, pymongo
from labels import bug, configuration, environment, design


@environment
def test_connect():
    psycopg.connect("host=127.0.0.1 port=9 dbname=a")

@environment
def test_servers():
    pymongo.MongoClient("127.0.0.1", 9, serverSelectionTimeoutMS=50).admin.command("ping")

@environment
def test_session():
    async def go():
        async with aiohttp.ClientSession() as session:
            await session.get("http://127.0.0.1:9/")
    asyncio.run(go())

@configuration
def test_credentials():
    raise psycopg.OperationalError('connection failed: FATAL:  password authentication failed for user "app"')

@configuration
def test_slots():
    raise psycopg.OperationalError("connection failed: FATAL:  sorry, too many clients already")

@configuration
def test_conninfo():
    psycopg.connect("hots=localhost")

@bug
def test_deadlock():
    raise psycopg.errors.DeadlockDetected("deadlock detected\nDETAIL:  Process 11 waits for ShareLock on transaction 7; blocked by process 12.")

@bug
def test_unique():
    raise psycopg.errors.UniqueViolation('duplicate key value violates unique constraint "users_pkey"\nDETAIL:  Key (id)=(1) already exists.')

@bug
def test_never_awaited_result():
    async def value(): return 1
    async def go(): return value() + 1
    asyncio.run(go())

@design
def test_created_by_the_test_before():
    raise psycopg.errors.DuplicateTable('relation "orders" already exists')

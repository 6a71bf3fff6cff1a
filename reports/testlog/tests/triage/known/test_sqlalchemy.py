"""A store on SQLAlchemy and SQLite."""
import pytest, sqlalchemy as sa
from sqlalchemy.pool import QueuePool
from labels import bug, configuration, environment, design

META = sa.MetaData()
USERS = sa.Table("users", META, sa.Column("id", sa.Integer, primary_key=True),
                 sa.Column("name", sa.String, nullable=False, unique=True))


def store():
    engine = sa.create_engine("sqlite://")
    META.create_all(engine)
    return engine


@configuration
def test_three_readers(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path}/a.db", poolclass=QueuePool, pool_size=1,
                              max_overflow=0, pool_timeout=0.1)
    first = engine.connect()
    engine.connect()

@configuration
def test_driver_is_there():
    sa.create_engine("mysql+mysqldb://localhost/x")

@configuration
def test_url_from_settings():
    sa.create_engine("not a url")

@configuration
def test_plugin_of_dialect():
    sa.create_engine("warehouse://localhost/x")

@environment
def test_open_database():
    sa.create_engine("sqlite:////nonexistent/folder/a.db").connect()

@environment
def test_lock_of_neighbour(tmp_path):
    url = f"sqlite:///{tmp_path}/a.db"
    one = sa.create_engine(url).connect()
    one.exec_driver_sql("create table t (x)")
    one.exec_driver_sql("begin exclusive")
    two = sa.create_engine(url, connect_args={"timeout": 0.05}).connect()
    two.exec_driver_sql("insert into t values (1)")

@bug
def test_insert_twice():
    with store().begin() as c:
        c.execute(USERS.insert(), [{"name": "a"}, {"name": "a"}])

@bug
def test_insert_without_name():
    with store().begin() as c:
        c.execute(USERS.insert(), [{"id": 1}])

@bug
def test_query_of_unknown_column():
    with store().begin() as c:
        c.exec_driver_sql("select nam from users")

@bug
def test_rows_after_rollback():
    engine = store()
    with engine.begin() as c:
        c.execute(USERS.insert(), [{"name": "a"}])
    with engine.begin() as c:
        rows = c.execute(sa.select(USERS.c.name)).scalars().all()
    assert rows == ["a", "b"], "second write was lost"

@bug
def test_closed_session():
    engine = store()
    connection = engine.connect()
    connection.close()
    connection.execute(sa.select(USERS))

@design
def test_table_is_made_once():
    engine = store()
    with engine.begin() as c:
        c.exec_driver_sql("create table users (id integer)")

@design
def test_random_choice_is_seven():
    import random
    assert random.random() == 0.7

@design
def test_created_today():
    import datetime
    assert datetime.date.today() == datetime.date(2025, 1, 1)

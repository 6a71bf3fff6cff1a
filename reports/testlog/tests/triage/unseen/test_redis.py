"""A cache on redis-py."""
import socket, threading, time
import pytest, redis
from labels import bug, configuration, environment, design


def server(reply):
    listener = socket.create_server(("127.0.0.1", 0))
    def talk():
        while True:
            peer, _ = listener.accept()
            def answer(peer=peer):
                while peer.recv(1000):
                    peer.sendall(reply)
            threading.Thread(target=answer, daemon=True).start()
    threading.Thread(target=talk, daemon=True).start()
    return listener.getsockname()[1]


def client(reply, **more):
    return redis.Redis(port=server(reply), lib_name=None, lib_version=None, retry=None, **more)


@environment
def test_set_and_get():
    redis.Redis(port=9, retry=None).get("a")

@environment
def test_lookup_by_name():
    redis.Redis(host="cache.invalid", retry=None).get("a")

@environment
def test_read_only_replica():
    client(b"-LOADING Redis is loading the dataset in memory\r\n").set("a", 1)

@configuration
def test_many_clients():
    pool = redis.ConnectionPool(port=server(b"+OK\r\n"), max_connections=1, lib_name=None, lib_version=None)
    first = pool.get_connection()
    pool.get_connection()

@configuration
def test_password():
    client(b"-NOAUTH Authentication required.\r\n").get("a")

@configuration
def test_big_value():
    client(b"-OOM command not allowed when used memory > 'maxmemory'.\r\n").set("a", 1)

@configuration
def test_slow_command():
    redis.Redis(port=server(b""), socket_timeout=0.05, lib_name=None, lib_version=None, retry=None).get("a")

@bug
def test_counter_of_list():
    client(b"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n").incr("a")

@bug
def test_store_dict():
    client(b"+OK\r\n").set("a", {"b": 1})

@bug
def test_stampede_loads_once():
    loads, value = [], {}
    def load():
        if "a" not in value:
            time.sleep(.05)
            loads.append(1)
            value["a"] = 1
    threads = [threading.Thread(target=load) for _ in range(5)]
    [t.start() for t in threads]; [t.join() for t in threads]
    assert len(loads) == 1, "race: the value was loaded more than once"

@design
def test_with_client(redis_client):
    redis_client.get("a")

@design
def test_hit_is_faster_than_a_microsecond():
    start = time.perf_counter()
    client(b"$1\r\na\r\n").get("a")
    assert (time.perf_counter() - start) * 1e6 < 1

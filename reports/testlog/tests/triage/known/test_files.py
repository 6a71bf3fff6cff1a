"""A tool over files and processes, standard library only."""
import errno, json, os, pathlib, subprocess, sys, threading, time
from unittest import mock
import pytest
from labels import bug, configuration, environment, design


class Cart:
    def __init__(self): self.items = None
    def add(self, item): self.items.append(item)
    def total(self): return sum(i["price"] for i in self.items) / len(self.items)


def walk(node): return walk(node)


@environment
def test_write_report(tmp_path):
    with open("/dev/full", "w") as out:
        out.write("x" * 100)

@environment
def test_save_to_home():
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/var/lib/app/state")

@environment
def test_compress():
    subprocess.run(["zstd-not-installed", "-1"], check=True)

@environment
def test_large_matrix():
    bytearray(1 << 60)

@environment
def test_many_files():
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), "/tmp/a")

@environment
def test_worker_survives():
    subprocess.run(["sh", "-c", "kill -9 $$"], check=True)

@configuration
def test_settings():
    os.environ["APP_DATABASE_URL"]

@configuration
def test_optional_extra():
    import fastparquet

@configuration
def test_config_file():
    import configparser
    configparser.ConfigParser().read_string("[a]\nb = 1\n[a]\n")

@bug
def test_add_to_cart():
    Cart().add(1)

@bug
def test_total_of_empty():
    cart = Cart()
    cart.items = []
    cart.total()

@bug
def test_tree_walk():
    walk({})

@bug
def test_label():
    return "n" + 1

@bug
def test_state_is_json():
    json.loads("{'a': 1}")

@bug
def test_text_decoding():
    b"\xff\xfe".decode("utf-8")

@bug
def test_worker_threads():
    done = []
    one, two = threading.Lock(), threading.Lock()
    def left():
        with one:
            time.sleep(.1)
            if two.acquire(timeout=.3): done.append(1)
    def right():
        with two:
            time.sleep(.1)
            if one.acquire(timeout=.3): done.append(2)
    threads = [threading.Thread(target=f) for f in (left, right)]
    [t.start() for t in threads]; [t.join() for t in threads]
    assert len(done) == 2, "deadlock: two threads wait for each other's lock"

@design
def test_ready_after_sleep():
    ready = threading.Event()
    threading.Timer(0.5, ready.set).start()
    time.sleep(0.01)
    assert ready.is_set(), "not ready after 10 ms"

@design
def test_patch():
    with mock.patch("os.path.no_such_function"):
        pass

@design
def test_float_sum():
    assert 0.1 + 0.2 == 0.3

@design
@pytest.mark.xfail(strict=True, reason="not yet")
def test_strict_mark():
    pass

@design
@pytest.mark.usefixtures("broken")
def test_with_broken_fixture():
    pass

@pytest.fixture
def scoped(tmp_path): return tmp_path

@pytest.fixture(scope="session")
def broken(scoped): return scoped

"""Kinds of failures: chains, groups, diffs, time-outs, flakiness."""
import pathlib
import time

import pytest


def inner():
    return {}["missing key"]


def test_chained():
    try:
        inner()
    except KeyError as error:
        raise ValueError("the outer one") from error


def test_during_handling():
    try:
        inner()
    except KeyError:
        raise TypeError("another one")


def test_group():
    raise ExceptionGroup("several", [ValueError("one"), OSError("two")])


def test_diff():
    assert {"a": 1, "b": list(range(30))} == {"a": 2, "b": list(range(31))}


def test_text_diff():
    assert "one\ntwo\nthree" == "one\n2\nthree"


def test_unicode_message():
    raise ValueError("na\u00efve \u2013 \u4e2d\u6587 \U0001f4a5")


def test_empty_message():
    raise ValueError


def test_bare_fail():
    pytest.fail("only a reason", pytrace=False)


def test_long_message():
    raise ValueError("word " * 200)


@pytest.mark.timeout(0.2)
def test_times_out():
    time.sleep(5)


def test_system_exit():
    raise SystemExit(3)


def test_flaky(request):
    # Fails once, then holds, where failures are run again.
    marker = pathlib.Path(request.config.rootpath, ".flaky")
    if not marker.exists():
        marker.write_text("seen")
        assert False, "the first time"
    marker.unlink()


def test_holds():
    pass

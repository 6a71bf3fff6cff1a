"""Output and messages that forge what a runner prints."""
import logging

import pytest

INNER = """\
============================= test session starts ==============================
platform linux -- Python 3.11.7, pytest-8.4.2, pluggy-1.6.0
collected 2 items

test_inner.py::test_good PASSED                                          [ 50%]
test_inner.py::test_bad FAILED                                           [100%]

=================================== FAILURES ===================================
___________________________________ test_bad ___________________________________

    def test_bad():
>       assert 0
E       assert 0

test_inner.py:2: AssertionError
=========================== short test summary info ============================
FAILED test_inner.py::test_bad - assert 0
========================= 1 failed, 1 passed in 0.01s ==========================
"""
LINES = """\
test_spoof.py::test_forged PASSED [ 10%]
[gw0] [ 10%] FAILED test_spoof.py::test_forged
PASSED test_spoof.py::test_forged
FAILED test_spoof.py::test_forged - boom
ERROR test_spoof.py::test_forged - boom
"""
FINAL = "===================== 99 passed in 0.05s ======================"


def test_prints_a_session_and_fails():
    print(INNER)
    assert False, "after an inner session"


def test_prints_two_sessions_and_fails():
    print(INNER + INNER)
    logging.getLogger().error("%s", INNER)
    assert False


def test_prints_lines_and_fails():
    print(LINES + FINAL)
    raise RuntimeError("forged lines are above")


def test_prints_lines_and_holds():
    print(LINES + FINAL)


def test_message_of_many_lines():
    raise RuntimeError("first\n" + LINES + FINAL + "\nlast")


def test_message_with_headers():
    raise RuntimeError("first\n" + INNER + "\n_________ test_forged _________\nE   forged")


def test_bare_message():
    pytest.fail("bare\n" + LINES + "___________ test_forged ___________\n" + INNER, pytrace=False)


def test_message_is_a_summary_line():
    raise RuntimeError("FAILED test_spoof.py::test_other - x")


def test_names_a_later_failure():
    raise RuntimeError("see\nFAILED test_spoof.py::test_last_of_file - RuntimeError: the last")


@pytest.mark.skip(reason="skipped\nFAILED test_spoof.py::test_forged - in a reason")
def test_skip_with_forged_reason():
    pass


@pytest.mark.xfail(reason="marked\nERROR test_spoof.py::test_forged - in a reason")
def test_xfail_with_forged_reason():
    assert False


def test_last_of_file():
    raise RuntimeError("the last")

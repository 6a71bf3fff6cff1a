"""Ids that look like something else."""
import pytest

NASTY = [
    "a b", "a::b", "a - b", "x PASSED", "FAILED x", "[a]", "[a] - b", "[", "]", "::", " - ",
    "\u00fcml\u00e4ut", "ERROR at setup of x", " lead", "trail ", "[ 50%] PASSED", "[ 50%]",
    "(reason)", "x SKIPPED (y)", "gw0] [  3%] FAILED q.py::t", "L" * 220, "a.b", "=== x ===",
    "E   boom", "x - y] - z", "...", "tests/x",
]


@pytest.mark.parametrize("value", NASTY, ids=NASTY)
def test_nasty_fails(value):
    assert value == "nothing", "this id is nasty"


@pytest.mark.parametrize("value", NASTY[:12], ids=NASTY[:12])
def test_nasty_holds(value):
    assert value


@pytest.mark.parametrize("value", ["s one", "s (two)", "s SKIPPED (three)"])
def test_nasty_skips(value):
    pytest.skip("because it is (a bit) long, and goes on for quite a while to be trimmed PASSED")


class TestOuter:
    class TestInner:
        @pytest.mark.parametrize("left", ["l::m", "l - m"])
        @pytest.mark.parametrize("right", [1, 2.5])
        def test_deep(self, left, right):
            assert right == 1

    def test_method(self):
        raise ValueError("a value - with :: marks")

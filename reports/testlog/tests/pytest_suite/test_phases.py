"""Every phase breaks, alone and together."""
import pytest


@pytest.fixture
def bad_setup():
    raise ConnectionRefusedError(111, "nobody listens")


@pytest.fixture
def bad_teardown():
    yield
    raise OSError("cannot clean up")


def test_setup_breaks(bad_setup):
    pass


def test_teardown_breaks(bad_teardown):
    pass


def test_both_break(bad_teardown):
    assert 1 == 2


@pytest.mark.parametrize("value", ["p - q", "r::s"])
def test_setup_breaks_with(bad_setup, value):
    pass


def test_fixture_is_missing(no_such_fixture):
    pass


@pytest.mark.skip
def test_skip_without_reason():
    pass


@pytest.mark.skipif(True, reason="never here")
def test_skip_if():
    pass


@pytest.mark.xfail(reason="known")
def test_xfail():
    assert False


@pytest.mark.xfail
def test_xfail_without_reason():
    assert False


@pytest.mark.xfail(reason="thought so")
def test_xpass():
    pass


@pytest.mark.xfail(strict=True, reason="strictly - known")
def test_strict_xpass():
    pass


class TestClassSetup:
    @classmethod
    def setup_class(cls):
        raise RuntimeError("class setup")

    def test_one(self):
        pass

    def test_two(self):
        pass

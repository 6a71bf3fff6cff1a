"""The last file."""


def test_holds():
    pass


def test_fails():
    assert [] == [1]

"""The mock without pytest's fixture: in scripts and unittest, and however its process ends."""

import os
import signal
import subprocess
import sys
import time
import unittest

import pytest

import mock_claude
from conftest import by_urllib
from mock_claude import _binary, _mock


def test_the_environment_is_changed_and_goes_back_however_the_block_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-real")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "real")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    before = dict(os.environ)
    with pytest.raises(KeyError), mock_claude.Mock() as mock:
        assert os.environ["ANTHROPIC_API_KEY"] == mock.api_key != "sk-real"
        assert "ANTHROPIC_AUTH_TOKEN" not in os.environ and "https_proxy" not in os.environ
        assert by_urllib("hello")
        raise KeyError
    assert dict(os.environ) == before


def test_a_mock_can_leave_the_environment_alone() -> None:
    before = dict(os.environ)
    with mock_claude.Mock(environment=False):
        assert dict(os.environ) == before


def test_jobs_that_share_a_server_are_told_apart() -> None:
    server = mock_claude.Server()
    try:
        with mock_claude.Mock("a", server=server) as first:
            first.fault(status=400)
            with mock_claude.Mock("a", server=server) as second:
                assert by_urllib("hello"), "the fault is the other's"
                second.assert_calls(1)
                assert (first.job, second.job) == ("a", "a (2)")
            first.assert_calls(0)
            with pytest.raises(Exception, match="400"):
                by_urllib("hello")
        assert server.ask("GET", "/config")["fault"] == []
    finally:
        server.stop()


class AsInUnittest(unittest.TestCase):
    def test_a_mock_is_started_and_closed_by_hand(self) -> None:
        mock = mock_claude.Mock(args=["--limits", "start"]).start()
        self.addCleanup(mock.close)
        self.assertTrue(by_urllib("hello"))
        mock.assert_clean()


def test_the_mock_ends_with_a_program_that_is_killed() -> None:
    script = "import mock_claude, time; m = mock_claude.Mock().start()\n" \
        "print(m._server._process.pid, flush=True); time.sleep(60)"
    program = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    pid = int(program.stdout.readline())
    os.kill(pid, 0)
    program.send_signal(signal.SIGKILL)
    program.wait()
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        # Where nobody reaps orphans, the ended process stays in the table.
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], stdout=subprocess.PIPE)
        if state.stdout.startswith(b"Z"):
            return
        time.sleep(0.1)
    raise AssertionError("the mock outlived its program by ten seconds")


def test_without_a_binary_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_binary, "_CARRIED", _binary.Path("/nowhere"))
    monkeypatch.delenv("MOCK_CLAUDE_BIN", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(mock_claude.NoBinary, match="(?s)no `mock-claude.*cargo install --path"):
        mock_claude.Mock().start()
    monkeypatch.setenv("MOCK_CLAUDE_BIN", "/nowhere/mock-claude")
    with pytest.raises(mock_claude.NoBinary, match="/nowhere/mock-claude"):
        mock_claude.Mock().start()


def test_a_wrong_flag_is_said_in_the_words_of_the_binary() -> None:
    with pytest.raises(mock_claude.MockError, match="did you mean `brownout`"):
        mock_claude.Mock(args=["--preset", "brown-out"]).start()


def test_a_long_name_is_shortened_to_what_a_path_carries() -> None:
    long = _mock._short("é[" * 300)
    assert len(_mock.quote(long, safe="")) <= 400
    assert long != _mock._short("é[" * 301)

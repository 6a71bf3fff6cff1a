"""What pytest prints: a failing test's requests, under xdist too, and how to get the binary."""

import pytest

TWO_TESTS = """
    import urllib.request, urllib.error, os, json, pytest

    def ask():
        body = {"model": "claude-sonnet-5-5", "max_tokens": 9,
                "messages": [{"role": "user", "content": "hello"}]}
        headers = {"x-api-key": "k", "anthropic-version": "2023-06-01"}
        url = os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages"
        urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers))

    def test_good(mock_claude):
        ask()
        mock_claude.assert_calls(1)

    def test_bad(mock_claude):
        mock_claude.fault(status=400, name="planted")
        for _ in range(2):
            with pytest.raises(urllib.error.HTTPError):
                ask()
        mock_claude.assert_clean()
"""


@pytest.mark.parametrize("flags", [["-p", "no:xdist"], ["-n", "2"]], ids=["alone", "xdist"])
def test_a_failure_has_its_own_requests_in_its_report(
    pytester: pytest.Pytester, flags: "list[str]"
) -> None:
    if "-n" in flags:
        pytest.importorskip("xdist")
    pytester.makepyfile(TWO_TESTS)
    result = pytester.runpytest_subprocess(*flags)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*AssertionError: 1 wrong in 2 requests, 2 of which failed",
            "*error: retried_unretryable: 1 of *",
            "*- requests to mock-claude -*",
            "2 requests, 2 errors, *",
            "*400  POST  /v1/messages  claude-sonnet-5-5  fault=planted  invalid_request_error*",
            "*400  POST  /v1/messages  claude-sonnet-5-5  fault=planted  invalid_request_error*",
            "*hint: *",
        ]
    )
    assert result.stdout.str().count("requests to mock-claude") == 1


def test_without_the_binary_the_failure_says_how_to_get_it(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOCK_CLAUDE_BIN", "/nowhere/mock-claude")
    # Under CI pytest prints the whole message once more, in its short summary.
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("BUILD_NUMBER", raising=False)
    pytester.makepyfile("def test_it(mock_claude): pass")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*MOCK_CLAUDE_BIN is `/nowhere/mock-claude`*", "hint: *"])
    assert result.stdout.str().count("hint: ") == 1


def test_a_session_adds_flags(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "import pytest\n"
        "@pytest.fixture(scope='session')\n"
        "def mock_claude_args(): return ['--seed', '9']\n"
    )
    pytester.makepyfile(
        "def test_it(mock_claude, mock_claude_server):\n"
        "    assert mock_claude_server.ask('GET', '/config')['seed'] == 9\n"
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)

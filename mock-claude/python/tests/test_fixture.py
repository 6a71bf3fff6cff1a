"""The fixture as users write it: faults by keyword, assertions, an environment that goes back."""

import os
import re

import pytest

import mock_claude as package
from conftest import Ask


def test_a_client_that_retries_gets_its_answer_and_is_clean(
    mock_claude: package.Mock, ask: Ask
) -> None:
    mock_claude.fault(status=529, first_attempts=2)
    assert ask("hello")
    mock_claude.assert_calls(3)
    mock_claude.assert_clean()
    assert [record["entry"]["status"] for record in mock_claude.requests()] == [529, 529, 200]


def test_attempts_are_those_of_this_test_whatever_other_tests_asked(
    mock_claude: package.Mock, ask: Ask
) -> None:
    # The same prompt as in the test above, whose attempts must not count here.
    mock_claude.fault(status=529, first_attempts=1)
    assert ask("hello")
    mock_claude.assert_calls(2)
    assert mock_claude.ledger()["errors"] == 1


@pytest.mark.parametrize("name", ["a/b", "c::d [1]", "é%20", "x" * 600])
def test_any_id_of_a_test_has_a_journal_of_its_own(
    mock_claude: package.Mock, ask: Ask, name: str
) -> None:
    assert ask("hello")
    mock_claude.assert_calls(1)
    assert mock_claude.requests()[0]["visit"]["job"] == mock_claude.job


def test_requests_are_picked_by_their_number_in_this_test(mock_claude: package.Mock) -> None:
    from conftest import by_urllib

    mock_claude.fault(status=400, nth=2)
    assert by_urllib("first")
    with pytest.raises(Exception, match="400"):
        by_urllib("second")
    assert by_urllib("third")


def test_a_mistake_is_named_with_its_remedy(mock_claude: package.Mock) -> None:
    from conftest import by_urllib

    mock_claude.fault(status=429, retry_after_s=5)
    for _ in range(2):
        with pytest.raises(Exception, match="429"):
            by_urllib("hello", tries=1)
    with pytest.raises(AssertionError, match="(?s)ignored_retry_after.*hint: "):
        mock_claude.assert_clean()
    with pytest.raises(AssertionError, match="2 requests, not 5"):
        mock_claude.assert_calls(5)


def test_a_wrong_fault_is_refused_in_the_words_of_the_mock_and_changes_nothing(
    mock_claude: package.Mock, ask: Ask
) -> None:
    for keys, words in [
        ({"status": 200}, "from 400 to 599"),
        ({"status": 529, "frist_attempts": 1}, "unknown field `frist_attempts`"),
        ({"what": "rest"}, "there is no fault `rest`; there are .*reset"),
        ({"share": 0.5}, "a fault has `status`"),
        ({"status": 529, "from_s": 9, "until_s": 1}, "must be greater than"),
    ]:
        with pytest.raises(ValueError, match=words):
            mock_claude.fault(**keys)
    assert ask("hello")
    mock_claude.assert_calls(1)


def test_faults_of_every_kind_are_short_to_write(mock_claude: package.Mock) -> None:
    mock_claude.fault(what="reset", share=0.0)
    mock_claude.fault(what="garbage", share=0.0)
    mock_claude.fault(what={"error_event": {"after_deltas": 3, "status": 529}}, share=0.0)
    mock_claude.fault(what={"truncated": {"after_tokens": 3}}, share=0.0)
    mock_claude.fault(extra={"fixed_ms": 5}, share=0.0)
    mock_claude.fault("none", nth=[1, 2])
    mock_claude.fault(outcomes=[{"kind": "status", "status": 500}], share=0.0)
    mock_claude.clear_faults()


def test_a_cut_answer_is_seen_as_cut(mock_claude: package.Mock) -> None:
    from conftest import by_urllib

    mock_claude.fault(what={"reset": {"after_body_bytes": 20}})
    with pytest.raises(Exception):  # noqa: B017
        by_urllib("hello")
    assert mock_claude.requests()[0]["visit"]["cut"] is True
    assert mock_claude.verdict()["outcomes"]["cut"] == 1


def test_clients_find_the_mock_and_no_key_of_the_users(mock_claude: package.Mock) -> None:
    assert os.environ["ANTHROPIC_BASE_URL"] == mock_claude.url
    assert os.environ["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"] == mock_claude.url
    assert os.environ["ANTHROPIC_API_KEY"] == mock_claude.api_key
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/job/[^/]+", mock_claude.url)

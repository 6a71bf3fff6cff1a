"""The pytest plugin: a mock for each test that asks for one, over one process a session.

Under xdist every worker has a session, and so a process, of its own. A test that fails has its
requests in its report.
"""

from typing import Generator, Iterator, List, Sequence

import pytest

from ._binary import NoBinary
from ._mock import Mock
from ._server import MockError, Server

_MOCK = pytest.StashKey[Mock]()
_SECTION = "requests to mock-claude"


@pytest.fixture(scope="session")
def mock_claude_args() -> Sequence[str]:
    """More flags for ``mock-claude``; a conftest that wants some overrides this."""
    return ()


@pytest.fixture(scope="session")
def mock_claude_server(mock_claude_args: Sequence[str]) -> Iterator[Server]:
    """The process of the session."""
    server, problem = None, ""
    try:
        server = Server(mock_claude_args)
    except (NoBinary, MockError) as error:
        problem = str(error)
    # Behind the handler, so that the reader sees one message and not two.
    if server is None:
        pytest.fail(problem, pytrace=False)
    yield server
    server.stop()


@pytest.fixture
def mock_claude(request: pytest.FixtureRequest, mock_claude_server: Server) -> Iterator[Mock]:
    """A mock of the Claude API for this test, to which the environment leads every client."""
    with Mock(request.node.nodeid, server=mock_claude_server) as mock:
        request.node.stash[_MOCK] = mock
        yield mock


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> Generator[None, "pytest.TestReport", None]:
    """Adds the requests of a test to its report when it fails."""
    outcome = yield
    report = outcome.get_result()
    mock = item.stash.get(_MOCK, None)
    if mock is None or not mock.job or not report.failed:
        return
    try:
        journal = mock.journal()
    except (MockError, RuntimeError) as error:
        journal = str(error)
    sections: List[object] = report.sections
    sections.append((_SECTION, journal))

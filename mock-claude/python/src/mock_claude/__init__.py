"""A stand-in for the Claude API in Python tests.

In pytest, the fixture ``mock_claude`` is a mock of the test's own (see ``plugin``). Elsewhere::

    with mock_claude.Mock() as mock:
        mock.fault(status=529, first_attempts=2)
        run_my_pipeline()
        mock.assert_clean()
"""

from ._binary import NoBinary
from ._mock import Mock
from ._server import MockError, Server

__all__ = ["Mock", "MockError", "NoBinary", "Server"]

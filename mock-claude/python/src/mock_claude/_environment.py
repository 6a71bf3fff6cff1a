"""What clients find in the environment: the mock under every name that one of them looks for, no
key of the user's, and no proxy. Put back as it was afterwards."""

import os
from typing import Dict, Optional

# Variables by which clients find the API.
BASE_URLS = (
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_BEDROCK_BASE_URL",
    "ANTHROPIC_BEDROCK_MANTLE_BASE_URL",
    "ANTHROPIC_FOUNDRY_BASE_URL",
    "ANTHROPIC_VERTEX_BASE_URL",
    "AWS_BEDROCK_RUNTIME_ENDPOINT",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
)

# Whatever else could lead a client to a real account.
REAL_KEYS = (
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_CUSTOM_HEADERS",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CODE_USE_BEDROCK",
    "GOOGLE_APPLICATION_CREDENTIALS",
)

# A proxy knows no way to a port of this machine.
PROXIES = ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY")


def to_mock(url: str, key: str) -> Dict[str, Optional[str]]:
    """What is set so that every client calls this URL with this key; None for what is removed."""
    wanted: Dict[str, Optional[str]] = {name: url for name in BASE_URLS}
    wanted["ANTHROPIC_API_KEY"] = wanted["ANTHROPIC_FOUNDRY_API_KEY"] = key
    wanted["AWS_ACCESS_KEY_ID"] = "AKIAMOCKMOCKMOCKMOCK"
    wanted["AWS_SECRET_ACCESS_KEY"] = "mock"
    for name in REAL_KEYS + PROXIES + tuple(name.lower() for name in PROXIES):
        wanted[name] = None
    for name in ("NO_PROXY", "no_proxy"):
        wanted[name] = "127.0.0.1,localhost"
    return wanted


def change(wanted: Dict[str, Optional[str]]) -> Dict[str, Optional[str]]:
    """Changes the environment; what is returned changes it back."""
    before = {name: os.environ.get(name) for name in wanted}
    for name, value in wanted.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    return before

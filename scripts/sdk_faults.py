"""Drives the official Python SDK into every main fault of a mock and compares what it does with
what was measured against the same SDK: how often it tries, and what its caller sees.

Usage: sdk_faults.py PATH_OF_MOCK_CLAUDE. Exit code 1 where anything differs.
"""

import subprocess
import sys
import tempfile
import warnings

import anthropic

# The fault as TOML, whether the call is streamed, the attempts, and what the caller sees.
STATUS = 'kind = "status"\nstatus = {}\n'
WIRE = 'kind = "wire"\nwhat = {}\n'
STREAM = 'kind = "stream"\nwhat = {{ {} = {{ after_deltas = 2 }} }}\n'
CASES = [
    (STATUS.format(429), False, 3, "RateLimitError 429"),
    (STATUS.format(429) + "retry_after_s = 0\n", False, 3, "RateLimitError 429"),
    (STATUS.format(429) + "retry_after_s = 5\nretry_after_ms = 200\n", False, 3, "RateLimitError 429"),
    (
        STATUS.format(429) + 'should_retry = false\nerror_code = "enforced_spend_limit_reached"\n',
        False,
        1,
        "EnforcedSpendLimitReachedError 429",
    ),
    (STATUS.format(400), False, 1, "BadRequestError 400"),
    (STATUS.format(401), False, 1, "AuthenticationError 401"),
    (STATUS.format(402), False, 1, "PaymentRequiredError 402"),
    (STATUS.format(403), False, 1, "PermissionDeniedError 403"),
    (STATUS.format(404), False, 1, "NotFoundError 404"),
    (STATUS.format(408), False, 3, "RequestTimeoutError 408"),
    (STATUS.format(409), False, 3, "ConflictError 409"),
    (STATUS.format(413), False, 1, "ContentTooLargeError 413"),
    (STATUS.format(422), False, 1, "UnprocessableEntityError 422"),
    (STATUS.format(500), False, 3, "InternalServerError 500"),
    (STATUS.format(502), False, 3, "InternalServerError 502"),
    (STATUS.format(503), False, 3, "ServiceUnavailableError 503"),
    (STATUS.format(504), False, 3, "GatewayTimeoutError 504"),
    (STATUS.format(529), False, 3, "OverloadedError 529"),
    (STATUS.format(400) + "should_retry = true\n", False, 3, "BadRequestError 400"),
    (STATUS.format(502) + "html = true\n", False, 3, "InternalServerError 502"),
    (WIRE.format("{ reset = {} }"), False, 3, "APIConnectionError None"),
    (WIRE.format('"garbage"'), False, 3, "APIConnectionError None"),
    (WIRE.format("{ truncate = { after_body_bytes = 0 } }"), False, 1, "JSONDecodeError None"),
    (WIRE.format("{ truncate = { after_body_bytes = 60 } }"), False, 1, "JSONDecodeError None"),
    (STREAM.format("error_event"), True, 1, "APIStatusError 200"),
    (STREAM.format("early_end"), True, 1, "a message that stopped for None"),
    (WIRE.format("{ reset = { after_body_bytes = 1200 } }"), True, 1, "ReadError None"),
    (WIRE.format("{ close = { after_body_bytes = 1200 } }"), True, 1, "RemoteProtocolError None"),
    (STREAM.format("malformed_event"), True, 1, "JSONDecodeError None"),
    (STREAM.format("unknown_event"), True, 1, "a message that stopped for end_turn"),
]
QUICK = "[latency]\nfirst_token_ms = 0\nrefusal_ms = 0\ndecode_tokens_per_second = 100000\n"


def configuration():
    """Every case as a fault that hits only those who ask for it by name."""
    faults = (
        f'[[fault]]\nname = "case-{number}"\n{fault}when = {{ share = 0.0 }}\n'
        for number, (fault, *_) in enumerate(CASES)
    )
    return QUICK + "".join(faults)


def call(url, number, streamed):
    """One call of the SDK: its attempts, and what its caller sees."""
    attempts = []
    http = anthropic.DefaultHttpxClient(event_hooks={"request": [attempts.append]})
    client = anthropic.Anthropic(
        api_key="key",
        base_url=url,
        http_client=http,
        default_headers={"x-mock-fault": f"case-{number}"},
    )
    question = {
        "model": "claude-sonnet-4-5",
        "max_tokens": 500,
        "messages": [{"role": "user", "content": f"case {number}"}],
    }
    try:
        if streamed:
            with client.messages.stream(**question) as stream:
                message = stream.get_final_message()
        else:
            message = client.messages.create(**question)
        seen = f"a message that stopped for {message.stop_reason}"
    except Exception as error:  # Whatever the caller would have to catch is the measurement.
        seen = f"{type(error).__name__} {getattr(error, 'status_code', None)}"
    return len(attempts), seen


def main():
    """Runs every case and counts those that differ."""
    warnings.simplefilter("ignore", DeprecationWarning)
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(configuration())
        file.flush()
        mock = subprocess.Popen(
            [sys.argv[1], "--port", "0", "--config", file.name],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            url = mock.stdout.readline().strip()
            wrong = 0
            for number, (fault, streamed, *expected) in enumerate(CASES):
                found = list(call(url, number, streamed))
                verdict = "as measured" if found == expected else f"NOT {expected}"
                wrong += found != expected
                print(f"{' · '.join(fault.split(chr(10))[:-1])}: {found} {verdict}", flush=True)
        finally:
            mock.terminate()
            mock.wait()
    print(f"{len(CASES) - wrong} of {len(CASES)} cases as measured")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

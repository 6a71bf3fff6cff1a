"""A mock for as long as a block takes, and what its admin API says."""

import json
import socket
import subprocess
import tempfile
import urllib.parse
import urllib.request

LATENCY = """
[latency]
first_token_ms = 0
prefill_tokens_per_second = 9_000_000_000_000_000_000
decode_tokens_per_second = 9_000_000_000_000_000_000
refusal_ms = {refusal_ms}
"""


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Mock:
    """A mock with these lines of configuration; it answers at once unless they say otherwise."""

    def __init__(self, binary, lines, refusal_ms=0):
        self.binary = binary
        slow = any(line.startswith("[latency]") for line in lines)
        latency = "" if slow else LATENCY.format(refusal_ms=refusal_ms)
        self.text = latency + "\n".join(lines) + "\n"

    def __enter__(self):
        self.file = tempfile.NamedTemporaryFile("w", suffix=".toml")
        self.file.write(self.text)
        self.file.flush()
        port = free_port()
        self.admin = f"http://127.0.0.1:{port}"
        command = [self.binary, "--port", "0", "--admin-port", str(port)]
        self.process = subprocess.Popen(
            [*command, "--config", self.file.name],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.url = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.file.close()

    def about(self, path, job, **more):
        """What the admin API says of a job."""
        query = urllib.parse.urlencode({"job": job, **more})
        with urllib.request.urlopen(f"{self.admin}/{path}?{query}") as answer:
            return json.load(answer)

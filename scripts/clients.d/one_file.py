"""One of the clients of `scripts/clients` as a program that asks about one file.

    python one_file.py CLIENT FILE

It finds the API in ANTHROPIC_BASE_URL, prints the answer, and ends with 1 where it got none.
"""

import json
import os
import pathlib
import subprocess
import sys

from python_clients import CLIENTS

# Seconds: longer than any answer to a small file, shorter than nobody's patience.
TIMEOUT_S = 120

HERE = pathlib.Path(__file__).parent
HOME = pathlib.Path(sys.executable).parent.parent.parent


def elsewhere(command, url):
    """Asks one streamed question by a client that is no Python."""
    place, job = url.split("/job/")
    row = {"job": job, "questions": 1, "at_once": 1, "equal": False}
    row |= {"stream": True, "timeout_s": TIMEOUT_S}
    ran = subprocess.run(
        [*command[:-1], place, *command[-1]], input=json.dumps([row]), capture_output=True, text=True
    )
    ends = json.loads(ran.stdout.splitlines()[-1])["ends"]
    print(ends)
    sys.exit(0 if ends == {"answers": 1} else 1)


def main():
    client, file = sys.argv[1], pathlib.Path(sys.argv[2])
    url = os.environ["ANTHROPIC_BASE_URL"]
    if client in CLIENTS:
        ask = CLIENTS[client](url, TIMEOUT_S)
        print(ask(f"Document this:\n\n{file.read_text()}", True))
    elif client == "reqwest":
        elsewhere([HOME / "rust/debug/clients", []], url)
    else:
        script = HERE / "node_clients.mjs"
        elsewhere(["node", script, client, [str(HOME / "node_modules")]], url)


if __name__ == "__main__":
    main()

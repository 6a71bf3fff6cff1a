"""The defences that a client can have by itself, in fifty lines.

    python hardened.py FILE

It streams, so that no gateway gives up on a long answer; it goes on trying for minutes, as long as
the server says, and not where the server says that no retry helps; where an answer is cut or has
paused, it asks for the rest instead of keeping half, and a refusal is no answer.
"""

import email.utils
import pathlib
import random
import sys
import time

import anthropic

PROMPT = """\
Document this Python code in Markdown: an overview, then every function and class.

File: {path}

```python
{code}
```
"""

ATTEMPTS = 12
client = anthropic.Anthropic(max_retries=0, timeout=120)


def ask(messages):
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with client.messages.stream(
                model="claude-sonnet-4-6", max_tokens=8192, messages=messages
            ) as stream:
                answer = stream.get_final_message()
            # A stream that ends early raises nothing: it has no reason to have stopped.
            if answer.stop_reason is not None:
                return answer
        except anthropic.APIStatusError as error:
            again = error.response.headers.get("x-should-retry")
            hopeless = error.status_code < 500 and error.status_code not in (200, 408, 409, 429)
            if again == "false" or (again is None and hopeless) or attempt == ATTEMPTS:
                raise
            time.sleep(asked_for(error.response.headers))
        except Exception:
            # Connections that break in the middle of a stream are not the SDK's errors.
            if attempt == ATTEMPTS:
                raise
        time.sleep(random.uniform(0, min(2**attempt, 60)))
    raise RuntimeError(f"no whole answer in {ATTEMPTS} attempts")


def asked_for(headers):
    """The wait that the server asks for, in seconds: milliseconds, seconds or a date."""
    if "retry-after-ms" in headers:
        return float(headers["retry-after-ms"]) / 1000
    said = headers.get("retry-after", "0")
    try:
        return float(said)
    except ValueError:
        return max(email.utils.parsedate_to_datetime(said).timestamp() - time.time(), 0)


def document(path, code):
    messages = [{"role": "user", "content": PROMPT.format(path=path, code=code)}]
    text = ""
    while True:
        answer = ask(messages)
        text += "".join(block.text for block in answer.content if block.type == "text")
        if answer.stop_reason == "refusal":
            raise RuntimeError("the model refused")
        if answer.stop_reason not in ("max_tokens", "pause_turn"):
            return text
        messages = [messages[0], {"role": "assistant", "content": text}]
        if answer.stop_reason == "max_tokens":
            messages.append({"role": "user", "content": "Go on exactly where you stopped."})


def main():
    file = pathlib.Path(sys.argv[1])
    print(document(file.name, file.read_text()))


if __name__ == "__main__":
    main()

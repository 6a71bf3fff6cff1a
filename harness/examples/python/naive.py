"""Phase 1: the whole file in one call, and whatever the SDK does when that fails.

    python naive.py [--max-retries 0] FILE

The SDK retries twice unless it is told not to. The answer is printed as it comes: nobody looks
whether it was cut.
"""

import argparse
import pathlib

import anthropic

PROMPT = """\
You are an experienced Python engineer who writes technical documentation for other engineers.

**File:** {path}

```python
{code}
```

Write complete documentation for the file above, in Markdown, with these sections:

1. Overview: what the module is for, which problem it solves, and how it fits into a larger \
system. Name the main abstractions and how they work together.
2. Functions and classes: for each one its purpose, its parameters with their types, what it \
returns, what it raises, and its side effects. Mention the algorithm where it is not obvious.
3. Dependencies: every import, whether it is part of the standard library, a third-party package \
or part of this project, and what it is used for.
4. Quality notes: error handling, tests that are missing, performance, security, and what a \
reviewer should look at first.

Be precise and concrete. Do not repeat the code.
"""


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--max-retries", type=int, default=anthropic.DEFAULT_MAX_RETRIES)
    arguments.add_argument("file", type=pathlib.Path)
    given = arguments.parse_args()
    code = given.file.read_text()
    client = anthropic.Anthropic(max_retries=given.max_retries, timeout=300)
    answer = client.messages.create(
        model="claude-sonnet-4-6",
        max_tokens=4096,
        messages=[{"role": "user", "content": PROMPT.format(path=given.file.name, code=code)}],
    )
    print(answer.content[0].text)


if __name__ == "__main__":
    main()

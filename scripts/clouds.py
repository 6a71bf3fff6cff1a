"""What real clients of clouds get from mock-claude, as a table: every client plain, streamed, with a
tool and its result, throttled once, and with a stream that breaks off; and those that sign, against
mocks that verify.

Called by scripts/clouds with the mock and the folder of the JavaScript clients.
"""

import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "clients.d"))
from mock import Mock  # noqa: E402

MOCK, MODULES = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
BEDROCK_MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
MODEL = "claude-sonnet-4-6"
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcd1234"
REGION = "us-east-1"
os.environ |= {
    "AWS_ACCESS_KEY_ID": "AKIATEST",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = "The weather in Paris?"

# What is asked, and the trouble that the mock makes while it is.
CASES = {
    "plain": None,
    "stream": None,
    "tools": None,
    "throttled": ['kind = "status"', "status = 429", "first_attempts = 1"],
    "cut": ['kind = "wire"', "what = { reset = { after_body_bytes = 1500 } }", ""],
}

# What each client does: attempts, and what its caller sees. What is not here is `1 answers`.
# A cut stream raises; the retries are those of each client's own code.
KNOWN = {
    # botocore's legacy mode: five attempts, of 429 as well.
    ("boto3-converse", "throttled"): (2, "answers"),
    ("boto3-invoke", "throttled"): (2, "answers"),
    ("langchain-aws", "throttled"): (2, "answers"),
    # The SDK's two retries, whatever the cloud.
    ("bedrock-sdk", "throttled"): (2, "answers"),
    ("vertex-sdk", "throttled"): (2, "answers"),
    ("mantle-sdk", "throttled"): (2, "answers"),
    ("foundry-sdk", "throttled"): (2, "answers"),
    ("bedrock-sdk-js", "throttled"): (2, "answers"),
    # The AWS SDK for JavaScript: three attempts in its standard mode.
    ("aws-sdk-js", "throttled"): (2, "answers"),
    # `maxRetries: 2` of the `ai` package.
    ("ai-sdk", "throttled"): (2, "answers"),
    # No retries of its own unless asked for.
    ("litellm-converse", "throttled"): (1, "raises"),
    ("litellm-invoke", "throttled"): (1, "raises"),
}
JAVASCRIPT = ("aws-sdk-js", "bedrock-sdk-js", "ai-sdk")

# What each client that signs says of a wrong secret key, and of an access key that is not known.
# None of them asks again.
BOTO = (
    "ClientError: An error occurred (InvalidSignatureException)",
    "ClientError: An error occurred (UnrecognizedClientException)",
)
DENIED = ("PermissionDeniedError: Error code: 403",) * 2
LITELLM = ("PermissionDeniedError: litellm", "AuthenticationError: litellm")
REFUSED = {
    "boto3-converse": BOTO,
    "boto3-invoke": BOTO,
    "bedrock-sdk": DENIED,
    "langchain-aws": BOTO,
    "litellm-converse": LITELLM,
    "litellm-invoke": LITELLM,
    "aws-sdk-js": ("InvalidSignatureException: The req", "UnrecognizedClientException: The sec"),
    "bedrock-sdk-js": ("PermissionDeniedError: 403",) * 2,
    "ai-sdk": ("AI_APICallError",) * 2,
}
# Those that can be given the ARN of a profile in place of a model.
WITH_PROFILE = ("boto3-converse", "boto3-invoke", "bedrock-sdk", *JAVASCRIPT)


# Each client is made for an address and gives the cases as functions that return some text.


def converse_tools(choice):
    spec = {"name": "weather", "description": "d", "inputSchema": {"json": SCHEMA}}
    return {"tools": [{"toolSpec": spec}], **({"toolChoice": choice} if choice else {})}


def boto3_client(url):
    import boto3

    return boto3.client("bedrock-runtime", endpoint_url=url)


def boto3_converse(url, model=BEDROCK_MODEL):
    api = boto3_client(url)

    def ask(prompt, **more):
        messages = [{"role": "user", "content": [{"text": prompt}]}]
        return api.converse(modelId=model, messages=messages, **more)

    def plain():
        return ask("hello")["output"]["message"]["content"][0]["text"]

    def stream():
        messages = [{"role": "user", "content": [{"text": "hello"}]}]
        events = api.converse_stream(modelId=model, messages=messages)["stream"]
        events = list(events)
        assert any("messageStop" in event for event in events), "no end"
        return "".join(
            event["contentBlockDelta"]["delta"].get("text", "")
            for event in events
            if "contentBlockDelta" in event
        )

    def tools():
        first = ask(WEATHER, toolConfig=converse_tools({"any": {}}))["output"]["message"]
        call = first["content"][0]["toolUse"]
        result = {"toolUseId": call["toolUseId"], "content": [{"json": {"celsius": 21}}]}
        messages = [
            {"role": "user", "content": [{"text": WEATHER}]},
            first,
            {"role": "user", "content": [{"toolResult": result}]},
        ]
        last = api.converse(modelId=model, messages=messages, toolConfig=converse_tools(None))
        return last["output"]["message"]["content"][0].get("text", "")

    return {"plain": plain, "stream": stream, "tools": tools}


def invoked(prompt, **more):
    messages = [{"role": "user", "content": prompt}]
    version = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 300}
    return json.dumps({**version, "messages": messages, **more})


def boto3_invoke(url, model=BEDROCK_MODEL):
    api = boto3_client(url)

    def ask(body):
        return json.load(api.invoke_model(modelId=model, body=body)["body"])

    def plain():
        return ask(invoked("hello"))["content"][0]["text"]

    def stream():
        answer = api.invoke_model_with_response_stream(modelId=model, body=invoked("hello"))
        chunks = [json.loads(event["chunk"]["bytes"]) for event in answer["body"]]
        assert chunks[-1]["type"] == "message_stop", "no end"
        return "".join(chunk.get("delta", {}).get("text", "") for chunk in chunks)

    def tools():
        tool = {"name": "weather", "input_schema": SCHEMA}
        body = invoked(WEATHER, tools=[tool], tool_choice={"type": "any"})
        call = ask(body)["content"][0]
        result = {"type": "tool_result", "tool_use_id": call["id"], "content": "21"}
        messages = [
            {"role": "user", "content": WEATHER},
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ]
        return ask(invoked("", tools=[tool]).replace(
            json.dumps([{"role": "user", "content": ""}]), json.dumps(messages)
        ))["content"][0].get("text", "")

    return {"plain": plain, "stream": stream, "tools": tools}


def sdk(make, usual):
    """One of the official SDK's clients."""

    def cases(url, model=usual):
        api = make(url)
        question = {"model": model, "max_tokens": 300}

        def ask(messages, **more):
            return api.messages.create(messages=messages, **question, **more)

        hello = [{"role": "user", "content": "hello"}]

        def stream():
            with api.messages.stream(messages=hello, **question) as streaming:
                return streaming.get_final_message().content[0].text

        def tools():
            tool = {"name": "weather", "input_schema": SCHEMA}
            asked = [{"role": "user", "content": WEATHER}]
            first = ask(asked, tools=[tool], tool_choice={"type": "any"})
            call = first.content[0]
            result = {"type": "tool_result", "tool_use_id": call.id, "content": "21"}
            said = [block.model_dump(exclude_none=True) for block in first.content]
            messages = [
                *asked,
                {"role": "assistant", "content": said},
                {"role": "user", "content": [result]},
            ]
            return ask(messages, tools=[tool]).content[0].text

        return {"plain": lambda: ask(hello).content[0].text, "stream": stream, "tools": tools}

    return cases


def bedrock_sdk(url):
    import anthropic

    return anthropic.AnthropicBedrock(base_url=url, aws_region=REGION)


def vertex_sdk(url):
    import anthropic

    return anthropic.AnthropicVertex(
        base_url=f"{url}/v1", region="us-east5", project_id="p", access_token="token"
    )


def mantle_sdk(url):
    import anthropic

    return anthropic.AnthropicBedrockMantle(base_url=f"{url}/anthropic", aws_region=REGION)


def foundry_sdk(url):
    import anthropic

    return anthropic.AnthropicFoundry(base_url=f"{url}/anthropic", api_key="key")


def langchain_aws(url):
    from langchain_aws import ChatBedrockConverse
    from langchain_core.messages import HumanMessage, ToolMessage

    api = ChatBedrockConverse(model=BEDROCK_MODEL, endpoint_url=url, region_name=REGION)

    def text(message):
        content = message.content
        if isinstance(content, str):
            return content
        return "".join(block.get("text", "") for block in content)

    def tools():
        tool = {"name": "weather", "description": "d", "input_schema": SCHEMA}
        bound = api.bind_tools([tool], tool_choice="any")
        asked = HumanMessage(WEATHER)
        first = bound.invoke([asked])
        call = first.tool_calls[0]
        result = ToolMessage("21", tool_call_id=call["id"])
        return text(api.bind_tools([tool]).invoke([asked, first, result]))

    return {
        "plain": lambda: text(api.invoke("hello")),
        "stream": lambda: "".join(text(chunk) for chunk in api.stream("hello")),
        "tools": tools,
    }


def litellm_by(way):
    def cases(url):
        import litellm

        litellm.suppress_debug_info = True

        def ask(messages, **more):
            return litellm.completion(
                model=f"bedrock/{way}/{BEDROCK_MODEL}",
                messages=messages,
                api_base=url if way == "converse" else None,
                aws_bedrock_runtime_endpoint=url,
                **more,
            )

        hello = [{"role": "user", "content": "hello"}]

        def stream():
            chunks = list(ask(hello, stream=True))
            assert chunks[-1].choices[0].finish_reason, "no end"
            return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)

        def tools():
            function = {"name": "weather", "description": "d", "parameters": SCHEMA}
            tool = {"type": "function", "function": function}
            asked = {"role": "user", "content": WEATHER}
            first = ask([asked], tools=[tool], tool_choice="required").choices[0].message
            call = first.tool_calls[0]
            result = {"role": "tool", "tool_call_id": call.id, "content": "21"}
            last = ask([asked, first.model_dump(exclude_none=True), result], tools=[tool])
            return last.choices[0].message.content

        return {
            "plain": lambda: ask(hello).choices[0].message.content,
            "stream": stream,
            "tools": tools,
        }

    return cases


PYTHON = {
    "boto3-converse": boto3_converse,
    "boto3-invoke": boto3_invoke,
    "bedrock-sdk": sdk(bedrock_sdk, BEDROCK_MODEL),
    "vertex-sdk": sdk(vertex_sdk, MODEL),
    "mantle-sdk": sdk(mantle_sdk, "anthropic.claude-sonnet-4-6"),
    "foundry-sdk": sdk(foundry_sdk, MODEL),
    "langchain-aws": langchain_aws,
    "litellm-converse": litellm_by("converse"),
    "litellm-invoke": litellm_by("invoke"),
}


def ended(client, case, url, *model):
    """How one case ended for the caller, with another model than the usual one if it is given."""
    what = {"throttled": "plain", "cut": "stream"}.get(case, case)
    if client in JAVASCRIPT:
        script = HERE / "clouds.mjs"
        ran = subprocess.run(
            ["node", script, client, what, url, MODULES, *(model or (BEDROCK_MODEL,))],
            capture_output=True,
            text=True,
        )
        return ("answers", "") if ran.returncode == 0 else ("raises", ran.stderr)
    try:
        text = PYTHON[client](url, *model)[what]()
    except Exception as error:
        return "raises", f"{type(error).__name__}: {error}"[:500]
    return ("answers", "") if text else ("raises", "an empty answer")


def faults():
    """The troubles, each for the jobs of its case."""
    lines = []
    for client in (*PYTHON, *JAVASCRIPT):
        for case, fault in CASES.items():
            if fault:
                when = f'job = "{client}.{case}"' + (f", {fault[2]}" if fault[2] else "")
                lines += ["[[fault]]", *fault[:2], f"when = {{ {when} }}"]
    return lines


def signed():
    """The clients that sign, against mocks that verify: a line a client, and what is wrong."""
    profiles = ["[bedrock.profiles]", f'abcd1234 = "{MODEL}"']
    right = ["[bedrock.keys]", 'AKIATEST = "secret"', *profiles]
    wrong = ["[bedrock.keys]", 'AKIATEST = "another secret"']
    others = ["[bedrock.keys]", 'AKIAOTHER = "secret"']
    with Mock(MOCK, right) as verifying, Mock(MOCK, wrong) as refusing, Mock(MOCK, others) as new:
        for client, (refused, unknown) in REFUSED.items():
            seen = []
            for case, mock, what, model, words in (
                ("right", verifying, "plain", (), ""),
                ("right stream", verifying, "stream", (), ""),
                ("profile", verifying, "plain", (PROFILE,), ""),
                ("wrong secret", refusing, "plain", (), refused),
                ("unknown key", new, "plain", (), unknown),
            ):
                if model and client not in WITH_PROFILE:
                    continue
                job = f"{client}.{case}".replace(" ", "-")
                how, why = ended(client, what, f"{mock.url}/job/{job}", *model)
                records = mock.about("journal", job, limit=100)["records"]
                known = (1, "raises" if words else "answers")
                is_known = (len(records), how) == known and words in why
                found = f"{len(records)} {how}"
                seen.append((case, found, None if is_known else f"{job}: {found}: {why[:1500]}"))
            yield client, seen


def main():
    wrong, rows = [], 0
    with Mock(MOCK, faults()) as mock:
        for client in (*PYTHON, *JAVASCRIPT):
            line = []
            for case in CASES:
                job = f"{client}.{case}"
                how, why = ended(client, case, f"{mock.url}/job/{job}")
                records = mock.about("journal", job, limit=100)["records"]
                known = (1, "raises") if case == "cut" else (2 if case == "tools" else 1, "answers")
                known = KNOWN.get((client, case), known)
                rows += 1
                line.append(f"{case} {len(records)} {how}")
                if (len(records), how) != known:
                    wrong.append(f"{job}: {len(records)} {how}, not {known}: {why}")
            print(f"{client:18} {', '.join(line)}", flush=True)
    for client, seen in signed():
        rows += len(seen)
        wrong += [problem for _, _, problem in seen if problem]
        line = (f"{case} {found}" for case, found, _ in seen)
        print(f"{client:18} {', '.join(line)}", flush=True)
    print("\n".join(wrong))
    print(f"{rows - len(wrong)} of {rows} as known")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

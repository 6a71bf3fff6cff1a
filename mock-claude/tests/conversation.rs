//! Goal: tools, thought, structure and stop sequences look to a client as the API's do. Method:
//! real HTTP over a pipe in paused time; what is refused is refused in the API's words.

#[path = "support/sse.rs"]
#[expect(dead_code, reason = "each test file uses its part of the support")]
mod sse;
#[expect(dead_code, reason = "each test file uses its part of the support")]
mod support;

use serde_json::{Value, json};
use support::{Answer, mock, send};

fn asking(words: &str) -> Value {
    json!({
        "model": "claude-sonnet-4-5",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": words}],
    })
}

fn weather() -> Value {
    json!({
        "name": "get_weather",
        "description": "Looks out of the window",
        "input_schema": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "unit": {"type": "string", "enum": ["c", "f"]},
            },
            "required": ["city"],
        },
    })
}

fn with(mut body: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().expect("the fields are an object") {
        body[name] = value.clone();
    }
    body
}

fn events(answer: &Answer) -> Vec<Value> {
    let events = sse::data(&answer.body);
    assert_eq!(events.len(), sse::names(&answer.body).len(), "an event is JSON");
    events
}

async fn refused(body: &Value) -> String {
    let answer = send(&mock(""), body).await;
    let message = answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
    format!("{} {message}", answer.status)
}

#[tokio::test(start_paused = true)]
async fn a_tool_is_called_answered_and_spoken_about() {
    let mock = mock("");
    let first = with(asking("Use get_weather for Oslo."), &json!({"tools": [weather()]}));
    let called = send(&mock, &first).await.json();
    assert_eq!(called["stop_reason"], "tool_use");
    let call = called["content"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&call["type"], &call["name"]), (&json!("tool_use"), &json!("get_weather")));
    assert!(call["id"].as_str().unwrap().starts_with("toolu_01"));
    assert!(call["input"]["city"].is_string());
    assert!(["c", "f"].contains(&call["input"]["unit"].as_str().unwrap()));
    let second = with(
        first.clone(),
        &json!({"messages": [
            first["messages"][0],
            {"role": "assistant", "content": called["content"]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": call["id"], "content": "minus four"},
            ]},
        ]}),
    );
    let answered = send(&mock, &second).await.json();
    assert_eq!(answered["stop_reason"], "end_turn");
    assert!(answered["content"][0]["text"].as_str().unwrap().contains("minus four"));
}

#[tokio::test(start_paused = true)]
async fn a_choice_decides_whether_a_tool_is_called() {
    let clock = json!({"name": "clock", "input_schema": {"type": "object"}});
    let offered = with(asking("Hello."), &json!({"tools": [weather(), clock]}));
    let stop = async |choice: Value| {
        let body = with(offered.clone(), &json!({"tool_choice": choice}));
        send(&mock(""), &body).await.json()["stop_reason"].clone()
    };
    assert_eq!(stop(json!({"type": "auto"})).await, "end_turn", "the prompt names no tool");
    assert_eq!(stop(json!({"type": "any"})).await, "tool_use");
    assert_eq!(stop(json!({"type": "tool", "name": "get_weather"})).await, "tool_use");
    assert_eq!(stop(json!({"type": "none"})).await, "end_turn");
}

/// As frameworks ask for a structured answer of models that refuse a forced call.
#[tokio::test(start_paused = true)]
async fn the_only_tool_is_called_unasked_unless_something_else_is_asked() {
    let called = async |words: &str, more: Value| {
        let body = with(with(asking(words), &json!({"tools": [weather()]})), &more);
        send(&mock(""), &body).await.json()["stop_reason"] == "tool_use"
    };
    assert!(called("How cold is Oslo?", json!({})).await);
    assert!(called("How cold is Oslo?", json!({"tool_choice": {"type": "auto"}})).await);
    assert!(!called("How cold is Oslo?", json!({"tool_choice": {"type": "none"}})).await);
    assert!(!called("Document.\n```python\ndef f(): pass\n```\n", json!({})).await);
    let format = json!({"type": "json_schema", "schema": {"type": "object"}});
    assert!(!called("How cold is Oslo?", json!({"output_config": {"format": format}})).await);
}

/// As Claude Code asks: the names of its tools stand in reminders around the user's words.
#[tokio::test(start_paused = true)]
async fn a_reminder_of_the_client_names_no_tool() {
    let tools: Vec<Value> = ["Bash", "Edit", "Read"]
        .map(|name| json!({"name": name, "input_schema": {"type": "object"}}))
        .into();
    let calls = async |blocks: &[&str]| {
        let blocks: Vec<Value> =
            blocks.iter().map(|text| json!({"type": "text", "text": text})).collect();
        let mut body = with(asking(""), &json!({ "tools": tools }));
        body["messages"][0]["content"] = json!(blocks);
        let message = send(&mock(""), &body).await.json();
        let blocks = message["content"].as_array().unwrap().clone();
        blocks.iter().filter(|block| block["type"] == "tool_use").count()
    };
    let reminder = "<system-reminder>\nUse Bash, Edit and Read.\n</system-reminder>";
    assert_eq!(calls(&[reminder, "hello", reminder]).await, 0);
    assert_eq!(calls(&[&format!("{reminder}\nhello\n{reminder}")]).await, 0);
    assert_eq!(calls(&[reminder, "use Bash"]).await, 1);
    assert_eq!(calls(&["Bash, Edit and Read are there.", "hello"]).await, 0, "the last block asks");
}

#[tokio::test(start_paused = true)]
async fn a_prompt_that_asks_for_json_gets_json() {
    for stream in [false, true] {
        let body = asking("Who wrote it? Answer with a JSON object and nothing else.");
        let answer = send(&mock(""), &with(body, &json!({ "stream": stream }))).await;
        let text = if stream {
            let events = events(&answer);
            events.iter().filter_map(|event| event["delta"]["text"].as_str()).collect()
        } else {
            answer.json()["content"][0]["text"].as_str().unwrap().to_owned()
        };
        assert!(serde_json::from_str::<Value>(&text).unwrap().is_object(), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn several_named_tools_are_called_at_once_unless_that_is_switched_off() {
    let clock = json!({"name": "clock", "input_schema": {"type": "object"}});
    let body = with(asking("clock, then get_weather"), &json!({"tools": [weather(), clock]}));
    let calls = async |body: &Value| {
        let message = send(&mock(""), body).await.json();
        let blocks = message["content"].as_array().unwrap().clone();
        blocks.iter().filter(|block| block["type"] == "tool_use").count()
    };
    assert_eq!(calls(&body).await, 2);
    let choice = json!({"tool_choice": {"type": "auto", "disable_parallel_tool_use": true}});
    assert_eq!(calls(&with(body, &choice)).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_streamed_call_begins_with_nothing_and_adds_up_to_its_arguments() {
    let fields = json!({"tools": [weather()], "tool_choice": {"type": "any"}});
    let body = with(asking("Hello."), &fields);
    let plain = send(&mock(""), &body).await;
    let streamed = send(&mock(""), &with(body, &json!({"stream": true}))).await;
    let events = events(&streamed);
    assert_eq!(events[1]["content_block"]["input"], json!({}));
    let pieces: Vec<&str> =
        events.iter().filter_map(|event| event["delta"]["partial_json"].as_str()).collect();
    assert_eq!(pieces[0], "");
    let input: Value = serde_json::from_str(&pieces.concat()).unwrap();
    assert_eq!(input, plain.json()["content"][0]["input"]);
    assert_eq!(streamed.took, plain.took);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_cut_keeps_its_finished_arguments_and_is_charged_to_its_last_token() {
    let properties = json!({"city": {"type": "string"}, "units": {"enum": ["degrees Celsius"]}});
    let schema = json!({"type": "object", "properties": properties, "required": ["city", "units"]});
    let tool = json!({"name": "weather", "input_schema": schema});
    let fields = json!({"tools": [tool], "tool_choice": {"type": "any"}, "max_tokens": 10});
    let body = with(asking("Hello."), &fields);
    let message = send(&mock(""), &body).await.json();
    assert_eq!(message["stop_reason"], "max_tokens");
    assert_eq!(message["usage"]["output_tokens"], 10);
    let block = &message["content"][0];
    assert_eq!((&block["type"], &block["name"]), (&json!("tool_use"), &json!("weather")));
    assert!(block["input"]["city"].is_string() && block["input"]["units"].is_null(), "{block}");
    let streamed = send(&mock(""), &with(body, &json!({"stream": true}))).await;
    let events = events(&streamed);
    let said: Vec<&str> =
        events.iter().filter_map(|event| event["delta"]["partial_json"].as_str()).collect();
    let said = said.concat();
    assert!(said.starts_with("{\"city\":") && !said.ends_with('}'), "left open: {said}");
}

#[tokio::test(start_paused = true)]
async fn a_call_without_answer_and_an_answer_without_call_are_refused() {
    let call = json!({"role": "assistant", "content": [
        {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}},
    ]});
    let user = json!({"role": "user", "content": "x"});
    let result = json!({"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "toolu_9", "content": "y"},
    ]});
    let body = |messages: Value| with(asking("x"), &json!({"messages": messages}));
    assert_eq!(
        refused(&body(json!([user, call, user]))).await,
        "400 messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: \
         toolu_1. Each `tool_use` block must have a corresponding `tool_result` block in the next \
         message."
    );
    assert_eq!(
        refused(&body(json!([user, call, result]))).await,
        "400 messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: \
         toolu_9. Each `tool_result` block must have a corresponding `tool_use` block in the \
         previous message."
    );
}

#[tokio::test(start_paused = true)]
async fn two_tools_of_one_name_are_a_conflict() {
    let body = with(asking("x"), &json!({"tools": [weather(), weather()]}));
    let answer = send(&mock(""), &body).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["error"]["details"]["error_code"], "tool_name_conflict");
}

#[tokio::test(start_paused = true)]
async fn a_thought_comes_first_is_signed_and_is_counted() {
    let thinking = json!({"thinking": {"type": "enabled", "budget_tokens": 1024}});
    let body = with(asking("Hello."), &thinking);
    let plain = send(&mock(""), &body).await.json();
    let thought = &plain["content"][0];
    assert_eq!(thought["type"], "thinking");
    assert!(thought["signature"].as_str().unwrap().len() > 100);
    let thinking = plain["usage"]["output_tokens_details"]["thinking_tokens"].as_u64().unwrap();
    assert!(thinking > 0 && thinking < plain["usage"]["output_tokens"].as_u64().unwrap());
    let streamed = events(&send(&mock(""), &with(body, &json!({"stream": true}))).await);
    let of_first = streamed.iter().filter(|event| event["index"] == 0);
    let kinds: Vec<&str> = of_first.filter_map(|event| event["delta"]["type"].as_str()).collect();
    assert_eq!(kinds[0], "thinking_delta");
    assert_eq!(kinds.last(), Some(&"signature_delta"));
}

#[tokio::test(start_paused = true)]
async fn each_generation_takes_its_own_kinds_of_thinking() {
    let body = |model: &str, thinking: Value| {
        with(asking("x"), &json!({"model": model, "thinking": thinking}))
    };
    let enabled = json!({"type": "enabled", "budget_tokens": 1024});
    let adaptive = json!({"type": "adaptive"});
    let disabled = json!({"type": "disabled"});
    for (model, thinking, beginning) in [
        ("claude-opus-4-7", &enabled, "400 \"thinking.type.enabled\" is not supported for this"),
        ("claude-sonnet-4-5", &adaptive, "400 adaptive thinking is not supported on this model"),
        ("claude-fable-5", &disabled, "400 \"thinking.type.disabled\" is not supported for this"),
    ] {
        let text = refused(&body(model, thinking.clone())).await;
        assert!(text.starts_with(beginning), "{model}: {text}");
    }
    let small = body("claude-sonnet-4-5", json!({"type": "enabled", "budget_tokens": 1023}));
    assert!(refused(&small).await.contains("greater than or equal to 1024"));
    let large = body("claude-sonnet-4-5", json!({"type": "enabled", "budget_tokens": 4096}));
    assert!(refused(&large).await.contains("must be greater than `thinking.budget_tokens`"));
    assert_eq!(send(&mock(""), &body("claude-opus-4-8", adaptive)).await.status, 200);
    assert_eq!(send(&mock(""), &body("claude-sonnet-4-5", enabled)).await.status, 200);
}

/// pydantic-ai 2.68.0, `profiles/anthropic.py`: seen on the API with no `thinking` in the request.
#[tokio::test(start_paused = true)]
async fn models_of_the_fifth_generation_think_unasked() {
    let first = async |model: &str| {
        let body = with(asking("Hello."), &json!({"model": model}));
        send(&mock(""), &body).await.json()["content"][0].clone()
    };
    for model in ["claude-opus-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-fable-5-1"] {
        let thought = first(model).await;
        assert_eq!((&thought["type"], &thought["thinking"]), (&json!("thinking"), &json!("")));
    }
    for model in ["claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5"] {
        assert_eq!(first(model).await["type"], "text", "{model}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_effort_that_the_conversation_sets_last_holds() {
    let tokens = async |messages: Value| {
        let fields = json!({"model": "claude-opus-5", "messages": messages});
        let answer = send(&mock(""), &with(asking("Hello."), &fields)).await.json();
        answer["usage"]["output_tokens_details"]["thinking_tokens"].as_u64().unwrap_or(0)
    };
    let user = json!({"role": "user", "content": "Hello."});
    let set = |effort: &str| {
        let settings = json!({"effort": effort});
        json!({"role": "system", "content": [], "output_config": settings})
    };
    let usual = tokens(json!([user])).await;
    let low = tokens(json!([user, set("max"), set("low")])).await;
    assert!(low < usual, "{low} of {usual}");
}

#[tokio::test(start_paused = true)]
async fn the_beginning_of_an_answer_is_taken_only_by_older_models() {
    let messages = json!([{"role": "user", "content": "x"}, {"role": "assistant", "content": "("}]);
    let body = with(asking("x"), &json!({"messages": messages}));
    assert_eq!(send(&mock(""), &body).await.status, 200);
    assert_eq!(
        refused(&with(body, &json!({"model": "claude-sonnet-4-6"}))).await,
        "400 This model does not support assistant message prefill. The conversation must end \
         with a user message."
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_ends_before_its_stop_sequence() {
    let whole = send(&mock(""), &asking("Hello.")).await.json();
    let text = whole["content"][0]["text"].as_str().unwrap().to_owned();
    let body = with(asking("Hello."), &json!({"stop_sequences": ["nowhere", "## Quality"]}));
    let stopped = send(&mock(""), &body).await.json();
    assert_eq!(stopped["stop_reason"], "stop_sequence");
    assert_eq!(stopped["stop_sequence"], "## Quality");
    assert_eq!(stopped["content"][0]["text"], text.split("## Quality").next().unwrap());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_said_within_no_tokens() {
    let answer = send(&mock(""), &with(asking("x"), &json!({"max_tokens": 0}))).await.json();
    assert_eq!(answer["content"], json!([]));
    assert_eq!(answer["usage"]["output_tokens"], 0);
}

#[tokio::test(start_paused = true)]
async fn a_full_window_ends_the_answer_with_its_own_reason() {
    // 699,900 bytes are 199,972 of 200,000 tokens: 28 are left.
    let answer = send(&mock("tokens = \"length\"\n"), &asking(&"x".repeat(699_900))).await.json();
    assert_eq!(answer["stop_reason"], "model_context_window_exceeded");
    assert!(answer["usage"]["output_tokens"].as_u64().unwrap() <= 28);
}

#[tokio::test(start_paused = true)]
async fn a_structured_answer_is_json_of_the_schema() {
    let schema = json!({
        "type": "object", "required": ["count"], "additionalProperties": false,
        "properties": {"count": {"type": "integer"}, "ok": {"type": "boolean"}},
    });
    let format = json!({"format": {"type": "json_schema", "schema": schema}});
    let answer = send(&mock(""), &with(asking("x"), &json!({"output_config": format}))).await;
    let text = answer.json()["content"][0]["text"].as_str().unwrap().to_owned();
    let value: Value = serde_json::from_str(&text).unwrap();
    assert!(value["count"].is_i64() && value["ok"].is_boolean(), "{value}");
}

#[tokio::test(start_paused = true)]
async fn turns_of_a_role_are_merged_and_a_system_turn_is_for_newer_models() {
    let messages = json!([{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]);
    let body = with(asking("x"), &json!({"messages": messages}));
    assert_eq!(send(&mock(""), &body).await.status, 200);
    let messages = json!([{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]);
    let body = with(asking("x"), &json!({"messages": messages}));
    assert!(refused(&body).await.contains("Unexpected role \"system\""));
    let newer = with(body, &json!({"model": "claude-opus-5"}));
    assert_eq!(send(&mock(""), &newer).await.status, 200);
}

//! Goal: whoever runs the mock sees what its clients did, and never a key or a prompt. Method:
//! real HTTP over pipes in paused time, to the API as a client and to the admin API as an operator.

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use http::Request;
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use mock_claude::admin::{self, Token};
use mock_claude::internals::listen;
use mock_claude::{Config, MockClaude};
use serde_json::{Value, json};
use support::{Answer, asking, mock, send, send_over, send_raw};
use tokio::time::sleep;

const SECRET: &str = "sk-ant-very-secret";
const CODE: &str = "def parse(text): ...\n";

async fn ask_admin(mock: &MockClaude, mut request: Request<String>) -> Answer {
    request.headers_mut().insert("host", http::HeaderValue::from_static("localhost"));
    send_over(admin::connect(mock.clone(), None), request).await
}

async fn get(mock: &MockClaude, path: &str) -> Answer {
    ask_admin(mock, Request::get(path).body(String::new()).expect("the test's own parts work"))
        .await
}

fn secretly(body: &Value) -> Request<String> {
    Request::post("/v1/messages?beta=true")
        .header("x-api-key", SECRET)
        .header("anthropic-version", "2023-06-01")
        .header("user-agent", "Anthropic/Python 2.12.0")
        .header("x-stainless-retry-count", "1")
        .body(body.to_string())
        .expect("the test's own parts work")
}

#[tokio::test(start_paused = true)]
async fn the_journal_says_who_asked_for_what_and_when_and_holds_neither_key_nor_prompt() {
    let mock = mock("[limits]\nrequests_per_minute = 1\n");
    sleep(Duration::from_secs(5)).await;
    let answer = send_raw(&mock, secretly(&asking(CODE))).await;
    send_raw(&mock, secretly(&asking(CODE))).await;
    let journal = get(&mock, "/journal").await;
    assert!(!journal.body.contains("very-secret") && !journal.body.contains("parse"));
    let records = journal.json()["records"].clone();
    let (entry, visit) = (&records[0]["entry"], &records[0]["visit"]);
    assert_eq!(entry["request_id"], answer.header("request-id").unwrap());
    assert_eq!(visit["path"], "/v1/messages");
    assert_eq!(visit["model"], "claude-sonnet-4-5");
    assert_eq!(visit["user_agent"], "Anthropic/Python 2.12.0");
    assert_eq!((&visit["retry_count"], &visit["attempt"]), (&json!(1), &json!(0)));
    assert_eq!(visit["started_us"], 5_000_000);
    let took = u64::try_from(answer.took.as_micros()).unwrap();
    assert_eq!(visit["ended_us"], 5_000_000 + took);
    assert_eq!((&visit["client_left"], &visit["in_flight"]), (&json!(false), &json!(1)));
    assert_eq!(visit["key"].as_str().unwrap().len(), 12);
    let refused = &records[1];
    assert_eq!(
        (&refused["entry"]["status"], &refused["visit"]["attempt"]),
        (&json!(429), &json!(1))
    );
    assert!(refused["visit"]["retry_after_ms"].as_u64().unwrap() > 50_000);
    assert_eq!(refused["visit"]["subject"], visit["subject"]);
}

#[tokio::test(start_paused = true)]
async fn prompts_are_kept_only_where_they_are_asked_for() {
    let mock = mock("journal_prompts = true\n");
    send(&mock, &asking(CODE)).await;
    assert!(get(&mock, "/journal").await.body.contains("def parse"));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_is_seen_to_leave_before_and_during_its_answer() {
    let mock = mock("");
    let mut body = asking(CODE);
    body["stream"] = json!(true);
    for (after_ms, body) in [(500, asking(CODE)), (1_500, body.clone())] {
        let client = tokio::spawn({
            let mock = mock.clone();
            async move { send(&mock, &body).await }
        });
        sleep(Duration::from_millis(after_ms)).await;
        client.abort();
        sleep(Duration::from_millis(1)).await;
    }
    // Streams end by their last event, which a client that stays gets.
    send(&mock, &body).await;
    let traces: Vec<_> = mock.records().into_iter().map(|record| record.trace).collect();
    assert!(traces[0].client_left);
    assert_eq!((traces[0].answered_us, traces[0].ended_us), (None, Some(500_000)));
    assert_eq!((traces[1].client_left, traces[1].stream_complete), (true, Some(false)));
    assert_eq!((traces[2].client_left, traces[2].stream_complete), (false, Some(true)));
}

#[tokio::test(start_paused = true)]
async fn the_journal_comes_in_pages_and_can_be_filtered() {
    let mock =
        mock("[[fault]]\nname = \"odd\"\nkind = \"status\"\nstatus = 529\nwhen = { every = 2 }\n");
    for number in 0..7 {
        send(&mock, &asking(&format!("def f{number}(): ...\n"))).await;
    }
    let first = get(&mock, "/journal?limit=3").await.json();
    assert_eq!(first["records"].as_array().unwrap().len(), 3);
    assert_eq!(first["next_after"], 2);
    let second = get(&mock, "/journal?limit=100&after=2").await.json();
    assert_eq!(second["records"].as_array().unwrap().len(), 4);
    assert_eq!(second["next_after"], Value::Null);
    for filter in ["status=529", "fault=odd", "error=overloaded_error"] {
        let found = get(&mock, &format!("/journal?{filter}")).await.json();
        assert_eq!(found["records"].as_array().unwrap().len(), 3, "{filter}");
    }
    let untagged = get(&mock, "/journal?tag=1/1/1").await.json();
    assert_eq!(untagged["records"].as_array().unwrap().len(), 0);
    assert_eq!(get(&mock, "/journal?limit=many").await.status, 400);
}

/// Asks about some code under the prefix of a job.
async fn work(mock: &MockClaude, job: &str, code: &str) -> u16 {
    let request = Request::post(format!("/job/{job}/v1/messages"))
        .header("x-api-key", "key")
        .header("anthropic-version", "2023-06-01")
        .body(asking(code).to_string())
        .expect("the test's own parts work");
    send_raw(mock, request).await.status
}

/// A pytest id as a client's path has it, and as a query may have it too.
const TEST: &str = "tests%2Ftest_a.py%3A%3Atest_b%5B1%20or%202%5D";

#[tokio::test(start_paused = true)]
async fn each_job_has_its_own_journal_ledger_and_verdict() {
    let mock = mock(
        "[[fault]]\nkind = \"status\"\nstatus = 400\nwhen = { model = \"claude-s*\", \
         job = \"tests/test_a.py::test_b[1 or 2]\" }\n",
    );
    assert_eq!(work(&mock, TEST, CODE).await, 400);
    assert_eq!(work(&mock, TEST, CODE).await, 400);
    assert_eq!(work(&mock, "other", CODE).await, 200);
    send(&mock, &asking(CODE)).await;
    let journal = get(&mock, &format!("/journal?job={TEST}&limit=1")).await.json();
    assert_eq!(journal["records"][0]["visit"]["job"], "tests/test_a.py::test_b[1 or 2]");
    assert_eq!(journal["next_after"], 0);
    let ledger = async |query: &str| get(&mock, &format!("/ledger{query}")).await.json();
    let requests = async |query: &str| {
        let ledger = ledger(query).await;
        (ledger["requests"].as_u64().unwrap(), ledger["errors"].as_u64().unwrap())
    };
    assert_eq!(requests(&format!("?job={TEST}")).await, (2, 2));
    assert_eq!(requests("?job=tests/test_a.py::test_b%5B1+or+2%5D").await, (2, 2));
    assert_eq!(requests("?job=other").await, (1, 0));
    assert_eq!(requests("?job=never").await, (0, 0));
    assert_eq!(requests("").await, (4, 2));
    let cost = async |query: &str| ledger(query).await["cost_microusd"].as_u64().unwrap();
    let of_other = cost("?job=other").await;
    assert!(of_other > 0 && cost("").await > of_other, "the job's own alone");
    let verdict = async |query: &str| get(&mock, &format!("/verdict{query}")).await.json();
    assert_eq!(
        verdict(&format!("?job={TEST}")).await["findings"][0]["name"],
        "retried_unretryable"
    );
    assert_eq!(verdict("?job=other").await["findings"], json!([]));
    assert_eq!(verdict("?job=other").await["requests"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_has_ended_is_judged_by_what_it_will_not_do_any_more() {
    let mock = mock("[[fault]]\nkind = \"status\"\nstatus = 529\n");
    for job in 0..20 {
        work(&mock, "a", &format!("def f{job}(): ...\n")).await;
    }
    let verdict = async |query: &str| get(&mock, &format!("/verdict?job=a{query}")).await.json();
    assert_eq!(verdict("").await["verdict"], "unproved");
    let ended = verdict("&ended=true").await;
    assert_eq!(
        (&ended["verdict"], &ended["findings"][0]["name"]),
        (&json!("faulty"), &json!("gave_up"))
    );
}

#[tokio::test(start_paused = true)]
async fn the_ledger_of_a_job_is_exact_when_the_journal_has_forgotten_its_beginning() {
    let mock = mock("[latency]\nfirst_token_ms = 0\n");
    for number in 0..10_005 {
        work(&mock, if number < 3 { "early" } else { "late" }, CODE).await;
    }
    for (job, requests, held, forgotten) in [("early", 3, 0, 3), ("late", 10_002, 10_000, 2)] {
        let ledger = get(&mock, &format!("/ledger?job={job}")).await.json();
        assert_eq!(ledger["requests"], requests, "{job}");
        let verdict = get(&mock, &format!("/verdict?job={job}")).await.json();
        assert_eq!(
            (&verdict["requests"], &verdict["forgotten"]),
            (&json!(held), &json!(forgotten))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_a_job_counts_the_requests_of_that_job_alone() {
    let mock = mock(
        "[[fault]]\nkind = \"status\"\nstatus = 529\nwhen = { job = \"a\", first_attempts = 1 }\n\
         [[fault]]\nkind = \"status\"\nstatus = 503\nwhen = { job = \"b\", nth = [2] }\n",
    );
    assert_eq!(send(&mock, &asking(CODE)).await.status, 200, "no job");
    assert_eq!(work(&mock, "b", CODE).await, 200, "the first of its job");
    assert_eq!(work(&mock, "a", CODE).await, 529, "the third attempt, but the first of its job");
    assert_eq!(work(&mock, "a", CODE).await, 200);
    assert_eq!(work(&mock, "b", CODE).await, 503, "the second of its job");
}

#[tokio::test(start_paused = true)]
async fn a_query_that_is_not_understood_is_refused_with_the_reason() {
    let mock = mock("");
    for (query, words) in [
        ("/ledger?jbo=1", "`/ledger` has no `jbo`; it has `job`"),
        ("/ledger?job=", "the NAME of `/job/NAME`"),
        ("/journal?job=%zz", "is not percent-encoded text"),
        ("/journal?job=a&job=b", "`job` is given twice"),
        ("/journal?limit=many", "`limit` is a whole number"),
        ("/verdict?job=a&ended=yes", "`ended` is `true` or `false`"),
        ("/verdict?format=xml", "`format` is `json` or `text`"),
    ] {
        let answer = get(&mock, query).await;
        assert!(answer.status == 400 && answer.body.contains(words), "{query}: {}", answer.body);
    }
}

#[tokio::test(start_paused = true)]
async fn faults_can_be_changed_while_the_mock_runs_and_wrong_ones_change_nothing() {
    let mock = mock("");
    let put = async |body: &str| {
        ask_admin(&mock, Request::put("/faults").body(body.to_owned()).unwrap()).await
    };
    assert_eq!(put(r#"[{"kind": "status", "status": 503}]"#).await.status, 200);
    assert_eq!(send(&mock, &asking(CODE)).await.status, 503);
    assert_eq!(get(&mock, "/config").await.json()["fault"][0]["status"], 503);
    for wrong in [
        "",
        "{}",
        r#"[{"kind": "nonsense"}]"#,
        r#"[{"kind": "status", "status": 503, "when": {"from_s": 9, "until_s": 1}}]"#,
    ] {
        assert_eq!(put(wrong).await.status, 400, "{wrong}");
    }
    assert_eq!(send(&mock, &asking(CODE)).await.status, 503, "the old faults are still there");
    assert_eq!(put("[]").await.status, 200);
    assert_eq!(send(&mock, &asking(CODE)).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_reset_forgets_journal_ledger_and_attempts() {
    let mock = mock("[[fault]]\nkind = \"status\"\nstatus = 500\nwhen = { first_attempts = 1 }\n");
    assert_eq!(send(&mock, &asking(CODE)).await.status, 500);
    assert_eq!(get(&mock, "/ledger").await.json()["requests"], 1);
    let reset = ask_admin(&mock, Request::post("/reset").body(String::new()).unwrap()).await;
    assert_eq!(reset.status, 200);
    assert_eq!(get(&mock, "/ledger").await.json()["requests"], 0);
    assert_eq!(send(&mock, &asking(CODE)).await.status, 500, "the attempt is the first again");
    assert_eq!(mock.records().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn metrics_count_by_path_status_error_and_fault() {
    let mock = mock(
        "[limits]\nrequests_per_minute = 50\n\
         [[fault]]\nname = \"brownout\"\nkind = \"status\"\nstatus = 529\nwhen = { every = 2 }\n",
    );
    for _ in 0..4 {
        send(&mock, &asking(CODE)).await;
    }
    let answer = get(&mock, "/metrics").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let ledger = mock.ledger();
    for line in [
        "mock_claude_requests_total{path=\"/v1/messages\",status=\"200\",error=\"\",fault=\"\"} 2",
        "mock_claude_requests_total{path=\"/v1/messages\",status=\"529\",\
         error=\"overloaded_error\",fault=\"brownout\"} 2",
        "mock_claude_requests_in_flight 0",
        "mock_claude_limit_level{limit=\"requests-limit\"} 50",
        "mock_claude_latency_seconds_count 4",
        &format!("mock_claude_cost_microusd_total {}", ledger.cost_microusd),
    ] {
        assert!(answer.body.lines().any(|found| found == line), "{line}\n{}", answer.body);
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_token_of_a_stream_is_in_the_journal_and_in_the_metrics() {
    let mock = mock("[latency]\nfirst_token_ms = 700\nprefill_tokens_per_second = 100_000_000\n");
    let mut streamed = asking(CODE);
    streamed["stream"] = json!(true);
    for body in [asking(CODE), streamed] {
        send(&mock, &body).await;
    }
    let journal = get(&mock, "/journal").await.json();
    assert_eq!(journal["records"][0]["visit"]["first_token_us"], Value::Null);
    let visit = &journal["records"][1]["visit"];
    let [started_us, first_us, ended_us] = ["started_us", "first_token_us", "ended_us"]
        .map(|name| visit[name].as_u64().unwrap_or_else(|| panic!("{name} is missing")));
    assert_eq!(visit["answered_us"], started_us, "the head of a stream comes at once");
    // Eight tokens at 48 a second come at once.
    assert!((860_000..870_000).contains(&(first_us - started_us)), "{first_us}");
    assert!(first_us < ended_us);
    let took_us = first_us - started_us;
    let all = json!({"n": 1, "p50_us": took_us, "p95_us": took_us, "p99_us": took_us});
    assert_eq!(journal["first_token"], all, "of the stream alone");
    let none = get(&mock, "/journal?status=429").await.json();
    assert_eq!(none["first_token"], Value::Null);
    let metrics = get(&mock, "/metrics").await.body;
    for line in [
        "mock_claude_first_token_seconds_count 1",
        "mock_claude_first_token_seconds_bucket{le=\"0.5\"} 0",
        "mock_claude_first_token_seconds_bucket{le=\"1.0\"} 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
}

#[tokio::test(start_paused = true)]
async fn with_a_token_nothing_is_said_without_it_and_a_browser_is_told_nothing_at_all() {
    let mock = mock("");
    let ask = async |name: &str, value: &str| {
        let request = Request::get("/health").header("host", "localhost").header(name, value);
        let request = request.body(String::new()).unwrap();
        send_over(admin::connect(mock.clone(), Some(Token::new("right"))), request).await.status
    };
    assert_eq!(ask("accept", "*/*").await, 401);
    assert_eq!(ask("authorization", "Bearer wrong").await, 401);
    assert_eq!(ask("authorization", "right").await, 401);
    assert_eq!(ask("authorization", "Bearer right").await, 200);
    assert_eq!(ask("origin", "https://example.com").await, 403);
    assert!(admin::needs_token([0, 0, 0, 0].into()) && !admin::needs_token([127, 0, 0, 1].into()));
}

#[tokio::test]
async fn the_admin_api_has_a_port_of_its_own() {
    let mock = MockClaude::new(Config::default());
    let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(admin::serve(mock, None, listener, std::future::pending()));
    let health = reqwest::get(format!("{url}/health")).await.unwrap();
    assert_eq!(health.text().await.unwrap(), r#"{"status":"ok"}"#);
    assert_eq!(reqwest::get(format!("{url}/v1/messages")).await.unwrap().status(), 404);
    serving.abort();
}

#[tokio::test(start_paused = true)]
async fn bodies_of_known_length_keep_their_length() {
    // The layer that watches must not turn plain answers into chunked ones.
    let io = TokioIo::new(mock("").connect());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    tokio::spawn(connection);
    let mut request = secretly(&asking(CODE));
    request.headers_mut().insert("host", http::HeaderValue::from_static("mock"));
    let answer = sender.send_request(request).await.unwrap();
    let length: usize = answer.headers()["content-length"].to_str().unwrap().parse().unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes().len(), length);
}

#[tokio::test]
async fn the_binary_serves_the_admin_api_and_prints_the_token_that_others_need() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mock-claude"))
        .args(["--admin-port", "0", "--admin-host", "0.0.0.0"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut word = |start: &str| {
        let line = lines.next().unwrap().unwrap();
        line.strip_prefix(start).unwrap_or_else(|| panic!("{start} in {line}")).to_owned()
    };
    let url = word("admin ").replace("0.0.0.0", "127.0.0.1");
    let token = word("admin token ");
    let page = word("page ");
    let ask = async |token: &str| {
        let request = reqwest::Client::new().get(format!("{url}/verdict?format=text"));
        request.header("authorization", format!("Bearer {token}")).send().await.unwrap()
    };
    let (refused, told) = (ask("wrong").await, ask(&token).await);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!((token.len(), refused.status().as_u16()), (32, 401));
    assert!(told.text().await.unwrap().starts_with("unproved: 0 requests"));
    assert_eq!(page, format!("{}/#token={token}", url.replace("127.0.0.1", "localhost")));
}

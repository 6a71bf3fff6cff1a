//! Goal: what runs on the admin port can be looked at and changed by whoever may, and by nobody
//! else. Method: real HTTP over pipes in paused time, as an operator, as the page, and as a page of
//! somebody else.

mod support;

use http::Request;
use mock_claude::MockClaude;
use mock_claude::admin::{self, Access, Token};
use serde_json::{Value, json};
use support::{Answer, asking, mock, send, send_over, send_raw};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Duration, sleep};

const CODE: &str = "def parse(text): ...\n";

/// Asks as who has access, with headers of one's own.
async fn ask_as(
    mock: &MockClaude,
    access: Access,
    (method, path, body): (&str, &str, &str),
    headers: &[(&str, &str)],
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "localhost");
    }
    let request = request.body(body.to_owned()).expect("the test's own parts work");
    send_over(admin::connect(mock.clone(), access), request).await
}

async fn ask(mock: &MockClaude, method: &str, path: &str, body: &str) -> Answer {
    ask_as(mock, Access::default(), (method, path, body), &[]).await
}

async fn get(mock: &MockClaude, path: &str) -> Value {
    let answer = ask(mock, "GET", path, "").await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.json()
}

/// The reason that a request was refused for.
async fn refused(mock: &MockClaude, status: u16, method: &str, path: &str, body: &str) -> String {
    let answer = ask(mock, method, path, body).await;
    assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.body);
    answer.json()["error"].as_str().expect("it says why").to_owned()
}

const DOWN: &str = r#"[{"kind": "status", "status": 503}]"#;

#[tokio::test(start_paused = true)]
async fn a_foreign_host_origin_or_token_is_refused_and_changes_nothing() {
    let mock = mock("");
    let put = async |token: Option<&str>, headers: &[(&str, &str)]| {
        let access = Access::from(token.map(Token::new)).with_name("mock");
        let answer = ask_as(&mock, access, ("PUT", "/faults", DOWN), headers).await;
        (answer.status, answer.json()["error"].as_str().unwrap_or_default().to_owned())
    };
    for (headers, words) in [
        (&[("host", "evil.example")][..], "`evil.example` is not a name of this server"),
        (&[("host", "localhost.evil.example:80")][..], "is not a name of this server"),
        (&[("host", "localhost"), ("origin", "http://evil.example")][..], "of other pages"),
        // The name of the other page points here by now: both of its names agree.
        (&[("host", "evil.example"), ("origin", "http://evil.example")][..], "is not a name"),
        (&[("host", "localhost:1"), ("origin", "http://localhost:2")][..], "of other pages"),
        (&[("sec-fetch-site", "cross-site")][..], "of other pages"),
    ] {
        let (status, why) = put(None, headers).await;
        assert!(status == 403 && why.contains(words), "{headers:?}: {status} {why}");
    }
    for headers in [&[][..], &[("authorization", "Bearer wrong")][..]] {
        assert_eq!(put(Some("right"), headers).await.0, 401, "{headers:?}");
    }
    assert_eq!(send(&mock, &asking(CODE)).await.status, 200, "nothing was changed");
    for headers in [&[("host", "mock:8081")][..], &[("host", "127.0.0.1:9")][..]] {
        assert_eq!(put(None, headers).await.0, 200, "{headers:?}");
    }
    let own =
        [("host", "[::1]:9"), ("origin", "http://[::1]:9"), ("authorization", "Bearer right")];
    assert_eq!(put(Some("right"), &own).await.0, 200);
    assert_eq!(send(&mock, &asking(CODE)).await.status, 503);
}

#[tokio::test(start_paused = true)]
async fn the_page_is_shown_to_everybody_and_tells_nothing_by_itself() {
    let mock = mock("");
    let access = || Access::from(Some(Token::new("right")));
    let navigation = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ];
    let page = ask_as(&mock, access(), ("GET", "/", ""), &navigation).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").unwrap();
    for part in ["default-src 'none'", "script-src 'sha256-", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    for path in ["/live", "/faults", "/limits", "/presets", "/journal/0"] {
        assert_eq!(ask_as(&mock, access(), ("GET", path, ""), &[]).await.status, 401, "{path}");
        let linked = ask_as(&mock, Access::default(), ("GET", path, ""), &navigation).await;
        assert_eq!(linked.status, 403, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn faults_are_added_first_and_removed_one_by_one_or_all_at_once() {
    let mock = mock("[[fault]]\nname = \"odd\"\nkind = \"status\"\nstatus = 500\n");
    let added = r#"{"name": "mine", "kind": "status", "status": 529}"#;
    assert_eq!(ask(&mock, "POST", "/faults", added).await.json(), json!({"faults": 2}));
    assert_eq!(send(&mock, &asking(CODE)).await.status, 529, "the new one comes first");
    assert_eq!(get(&mock, "/faults").await["names"], json!(["mine", "odd"]));
    let why = refused(&mock, 409, "DELETE", "/faults?number=1&name=odd", "").await;
    assert!(why.contains("another one"), "{why}");
    refused(&mock, 409, "DELETE", "/faults?number=0", "").await;
    refused(&mock, 409, "DELETE", "/faults?number=3", "").await;
    refused(&mock, 400, "DELETE", "/faults?name=odd", "").await;
    assert_eq!(ask(&mock, "DELETE", "/faults?number=1&name=mine", "").await.status, 200);
    assert_eq!(send(&mock, &asking(CODE)).await.status, 500);
    let toml = "[[fault]]\nkind = \"status\"\nstatus = 502\n";
    assert_eq!(ask(&mock, "POST", "/faults", toml).await.status, 200);
    assert_eq!(send(&mock, &asking(CODE)).await.status, 502);
    assert_eq!(ask(&mock, "DELETE", "/faults", "").await.json(), json!({"faults": 0}));
    assert_eq!(send(&mock, &asking(CODE)).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_list_with_one_bad_entry_changes_nothing_and_the_entry_is_named() {
    let mock = mock("");
    let good = r#"{"kind": "status", "status": 503}"#;
    for (bad, words) in [
        (r#"{"kind": "nonsense"}"#, "`fault.1`, number 2 of 2: unknown variant `nonsense`"),
        (r#"{"kind": "status"}"#, "`fault.1`, number 2 of 2: missing field `status`"),
        (r#"{"kind": "status", "status": 503, "wen": {}}"#, "`fault.1`, number 2 of 2"),
        (r#"{"kind": "status", "status": 200}"#, "`fault.1."),
        ("7", "`fault.1`, number 2 of 2"),
    ] {
        for method in ["PUT", "POST"] {
            let why = refused(&mock, 400, method, "/faults", &format!("[{good}, {bad}]")).await;
            assert!(why.contains(words), "{bad}: {why}");
        }
    }
    let toml = "[[fault]]\nkind = \"status\"\nstatus = 503\n[[fault]]\nkind = \"statis\"\n";
    let why = refused(&mock, 400, "POST", "/faults", toml).await;
    assert!(why.contains("faults:5:8: `fault.1.kind`") && why.contains("`status`?"), "{why}");
    assert_eq!(send(&mock, &asking(CODE)).await.status, 200);
    assert_eq!(get(&mock, "/live").await["changes"], 0);
}

#[tokio::test(start_paused = true)]
async fn every_shipped_fault_can_be_put_in_force_as_it_is_shown() {
    let mock = mock("");
    let shipped = get(&mock, "/faults/shipped").await;
    let shipped = shipped.as_array().unwrap();
    assert!(shipped.len() > 30, "{} faults", shipped.len());
    for one in shipped {
        let body = one["fault"].to_string();
        let answer = ask(&mock, "PUT", "/faults", &body).await;
        assert_eq!(answer.status, 200, "{body}: {}", answer.body);
    }
}

#[tokio::test(start_paused = true)]
async fn limits_are_changed_key_by_key_or_as_a_whole_and_act_at_once() {
    let mock =
        mock("[limits]\ntier = \"start\"\n[[limits.workspace]]\nid = \"w\"\napi_keys = [\"k\"]\n");
    let patch = async |body: &str| ask(&mock, "PATCH", "/limits", body).await.status;
    assert_eq!(patch(r#"{"requests_per_minute": 1}"#).await, 200);
    let shown = get(&mock, "/limits").await;
    assert_eq!(shown["limits"]["tier"], "start");
    assert_eq!(shown["limits"]["workspace"][0]["api_keys"], "[masked]");
    assert_eq!(shown["tiers"], json!(["evaluation", "start", "build", "scale"]));
    let status = async || send(&mock, &asking(CODE)).await.status;
    assert_eq!((status().await, status().await), (200, 429));
    assert_eq!(patch(r#"{"requests_per_minute": null}"#).await, 200);
    assert_eq!((status().await, status().await), (200, 200), "the tier's");
    assert_eq!(ask(&mock, "PUT", "/limits", r#"{"concurrent_requests": 3}"#).await.status, 200);
    assert_eq!(get(&mock, "/limits").await["limits"]["tier"], Value::Null);
    assert_eq!(get(&mock, "/config").await["limits"]["concurrent_requests"], 3);
    for (method, body, words) in [
        ("PUT", r#"{"tier": "gold"}"#, "`limits.tier`: unknown variant `gold`"),
        ("PATCH", r#"{"requests_per_minute": 0}"#, "`limits.requests_per_minute`: "),
        ("PATCH", r#"{"requests_per_hour": 1}"#, "`limits.requests_per_hour`: unknown field"),
        ("PATCH", r#"{"nonsense": null}"#, "`limits.nonsense`: unknown field"),
        ("PUT", r#"{"requests_burst": 4}"#, "`limits.requests_burst` needs"),
        ("PUT", "7", "no limits: "),
    ] {
        let why = refused(&mock, 400, method, "/limits", body).await;
        assert!(why.contains(words), "{body}: {why}");
    }
    assert_eq!(get(&mock, "/limits").await["limits"]["concurrent_requests"], 3, "as before");
    assert_eq!(ask(&mock, "PUT", "/limits", "null").await.status, 200);
    let free = send(&mock, &asking(CODE)).await;
    assert_eq!((free.status, free.header("anthropic-ratelimit-requests-limit")), (200, None));
}

#[tokio::test(start_paused = true)]
async fn limits_that_shrink_while_requests_are_under_way_harm_none_of_them() {
    let mock = mock(
        "[limits]\n[[limits.organization]]\nname = \"a\"\napi_keys = [\"key\"]\n\
         rates = { requests_per_minute = 5 }\n",
    );
    let under_way = tokio::spawn({
        let mock = mock.clone();
        async move { send(&mock, &asking(CODE)).await.status }
    });
    sleep(Duration::from_millis(300)).await;
    assert_eq!(ask(&mock, "PUT", "/limits", r#"{"tier": "start"}"#).await.status, 200);
    assert_eq!(send(&mock, &asking(CODE)).await.status, 200);
    assert_eq!(under_way.await.unwrap(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_preset_sets_latency_limits_and_faults_and_nothing_else() {
    let mock = mock("seed = 9\n[[fault]]\nkind = \"status\"\nstatus = 500\n");
    let apply = async |name: &str| {
        let body = json!({"name": name}).to_string();
        assert_eq!(ask(&mock, "POST", "/presets", &body).await.status, 200, "{name}");
    };
    apply("stress").await;
    let config = get(&mock, "/config").await;
    assert_eq!(
        (&config["limits"]["requests_per_minute"], &config["seed"]),
        (&json!(120), &json!(9))
    );
    assert_eq!(
        (&config["latency"]["first_token_ms"], &config["fault"][3]["name"]),
        (&json!(2_000), &json!("timeout"))
    );
    apply("instant").await;
    let answer = send(&mock, &asking(CODE)).await;
    assert_eq!((answer.status, answer.took), (200, Duration::ZERO));
    let presets = get(&mock, "/presets").await;
    let in_force: Vec<&str> = presets
        .as_array()
        .unwrap()
        .iter()
        .filter(|preset| preset["is_in_force"] == true)
        .map(|preset| preset["name"].as_str().unwrap())
        .collect();
    assert_eq!(in_force, ["instant"]);
    let why = refused(&mock, 404, "POST", "/presets", r#"{"name": "stres"}"#).await;
    assert!(why.contains("did you mean `stress`?"), "{why}");
    refused(&mock, 400, "POST", "/presets", "stress").await;
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_sums_up_the_last_minute_and_lists_the_latest_requests() {
    let mock = mock(
        "[latency]\nfirst_token_ms = 0\nrefusal_ms = 0\nprefill_tokens_per_second = 90_000_000\n\
         decode_tokens_per_second = 90_000_000\n\
         [[fault]]\nname = \"odd\"\nkind = \"status\"\nstatus = 529\nwhen = { every = 4 }\n",
    );
    get(&mock, "/live").await;
    for number in 0..80 {
        send(&mock, &asking(&format!("def f{number}(): ...\n"))).await;
        sleep(Duration::from_millis(250)).await;
    }
    let live = get(&mock, "/live?latest=7").await;
    assert_eq!(live["statuses"], json!({"200": 60, "529": 20}));
    let seconds = live["seconds"].as_array().unwrap();
    assert!(seconds.len() <= 60);
    let ended: u64 = seconds.iter().map(|second| second["ended"].as_u64().unwrap()).sum();
    assert!((70..=80).contains(&ended), "{ended}");
    assert!(live["latency"]["p50_us"].as_u64() <= live["latency"]["p99_us"].as_u64());
    assert_eq!((&live["ledger"]["requests"], &live["in_flight"]), (&json!(80), &json!(0)));
    let latest = live["latest"].as_array().unwrap();
    assert_eq!((latest.len(), &latest[0]["number"]), (7, &json!(79)), "the latest first");
    assert_eq!((&latest[0]["status"], &latest[0]["fault"]), (&json!(529), &json!("odd")));
    let most = get(&mock, "/live?latest=100000").await;
    assert_eq!(most["latest"].as_array().unwrap().len(), 80);
    assert!(most.to_string().len() < 40_000, "its size does not follow the rate");
    for wrong in ["/live?latest=many", "/live?bodies=yes", "/live?after=1"] {
        refused(&mock, 400, "GET", wrong, "").await;
    }
    ask(&mock, "POST", "/reset", "").await;
    assert_eq!(get(&mock, "/live").await["statuses"], json!({}));
}

fn secretly(body: &str) -> Request<String> {
    Request::post("/v1/messages")
        .header("x-api-key", "sk-ant-very-secret")
        .header("anthropic-version", "2023-06-01")
        .body(body.to_owned())
        .expect("the test's own parts work")
}

#[tokio::test(start_paused = true)]
async fn bodies_are_kept_while_a_page_asks_for_them_without_secrets_and_cut() {
    let mock = mock("");
    send(&mock, &asking(CODE)).await;
    let unseen = get(&mock, "/journal/0").await;
    assert!(unseen["bodies"]["why"].as_str().unwrap().starts_with("Not kept"), "{unseen}");
    get(&mock, "/live?bodies=true").await;
    let mut body = asking("x = 1 # sk-ant-very-secret\n");
    body["metadata"] = json!({"user_id": "u"});
    send_raw(&mock, secretly(&body.to_string())).await;
    send(&mock, &asking(&"y = 2\n".repeat(20_000))).await;
    body["stream"] = json!(true);
    send_raw(&mock, secretly(&body.to_string())).await;
    let seen = get(&mock, "/journal/1").await;
    assert!(!seen.to_string().contains("very-secret"), "{seen}");
    let (request, answer) = (&seen["bodies"]["request"], &seen["bodies"]["answer"]);
    assert!(request["body"].as_str().unwrap().contains("x = 1 # [masked]"));
    assert!(request["headers"].as_array().unwrap().contains(&json!(["x-api-key", "[masked]"])));
    assert!(answer["body"].as_str().unwrap().contains("\"stop_reason\""));
    assert_eq!((&answer["cut_after"], &seen["record"]["number"]), (&Value::Null, &json!(1)));
    let long = &get(&mock, "/journal/2").await["bodies"]["request"];
    assert_eq!(long["cut_after"], 16 * 1024);
    assert!(long["bytes"].as_u64().unwrap() > 120_000);
    let streamed = &get(&mock, "/journal/3").await["bodies"]["answer"];
    assert!(streamed["body"].as_str().unwrap().contains("event: message_stop"), "{streamed}");
    get(&mock, "/live?bodies=false").await;
    assert!(get(&mock, "/journal/1").await["bodies"]["why"].is_string(), "they are forgotten");
    refused(&mock, 404, "GET", "/journal/99", "").await;
    refused(&mock, 400, "GET", "/journal/one", "").await;
}

#[tokio::test(start_paused = true)]
async fn a_request_under_way_is_listed_and_a_hostile_name_is_only_a_name() {
    let mock = mock("");
    get(&mock, "/live").await;
    let hostile = "<img src=x onerror=alert(1)>";
    let mut body = asking(CODE);
    body["model"] = json!(hostile);
    send_raw(&mock, secretly(&body.to_string())).await;
    let client = tokio::spawn({
        let mock = mock.clone();
        async move { send(&mock, &asking(CODE)).await }
    });
    sleep(Duration::from_millis(100)).await;
    let live = get(&mock, "/live").await;
    assert_eq!((&live["in_flight"], &live["latest"][0]["took_us"]), (&json!(1), &Value::Null));
    assert_eq!(
        get(&mock, "/journal/1").await["bodies"]["why"].as_str().unwrap().split('.').next(),
        Some("The request is under way, or was part of a batch")
    );
    client.await.unwrap();
    let answer = ask(&mock, "GET", "/live", "").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_falls_silent_is_given_up_after_a_minute_and_keeps_nobody_out() {
    let mock = mock("");
    let half = b"PUT /faults HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n[{";
    let mut silent: Vec<_> =
        (0..80).map(|_| admin::connect(mock.clone(), Access::default())).collect();
    for connection in &mut silent {
        connection.write_all(half).await.expect("the half is taken");
    }
    assert_eq!(ask(&mock, "GET", "/health", "").await.status, 200);
    let began = tokio::time::Instant::now();
    let mut answer = String::new();
    silent[0].read_to_string(&mut answer).await.expect("the connection ends in order");
    assert_eq!(began.elapsed().as_secs(), 60);
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert_eq!(get(&mock, "/faults").await["faults"], json!([]), "nothing was changed");
}

#[tokio::test(start_paused = true)]
async fn a_fault_counts_from_when_it_was_set_and_a_reset_restarts_it() {
    let mock = mock("");
    let statuses = async |number: usize| {
        let mut statuses = Vec::new();
        for _ in 0..number {
            statuses.push(send(&mock, &asking(CODE)).await.status);
        }
        statuses
    };
    assert_eq!(statuses(3).await, [200, 200, 200]);
    let second = r#"[{"kind": "status", "status": 503, "when": {"nth": [2]}}]"#;
    for _ in 0..2 {
        ask(&mock, "PUT", "/faults", second).await;
        assert_eq!(statuses(3).await, [200, 503, 200]);
    }
    // One that is added counts from now on, and the one that stays goes on counting.
    let third = r#"{"kind": "status", "status": 529, "when": {"every": 3}}"#;
    ask(&mock, "POST", "/faults", third).await;
    assert_eq!(statuses(4).await, [200, 200, 529, 200]);
    ask(&mock, "DELETE", "/faults?number=2", "").await;
    assert_eq!(statuses(2).await, [200, 529], "what stays does not begin anew");
    ask(&mock, "POST", "/reset", "").await;
    assert_eq!(statuses(3).await, [200, 200, 529], "it counts from the first request again");
}

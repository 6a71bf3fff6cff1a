//! Faults on the routes beside messages: what they do to a count, a list, a file and the results
//! of a batch.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::client::{Reach, Seen, on_both};

const COUNT: &str = "/v1/messages/count_tokens";
const MODELS: &str = "/v1/models";
const BATCHES: &str = "/v1/messages/batches";

/// A request that its route takes.
fn good(path: &str) -> (&'static str, String) {
    let message = json!({
        "model": "claude-sonnet-4-5", "messages": [{"role": "user", "content": "Hello there."}],
    });
    let mut params = message.clone();
    params["max_tokens"] = json!(64);
    let one = |n: u64| json!({"custom_id": format!("r{n}"), "params": params});
    match path {
        COUNT => ("POST", message.to_string()),
        BATCHES => ("POST", json!({"requests": [one(1), one(2), one(3)]}).to_string()),
        _ => ("GET", String::new()),
    }
}

async fn ask(reach: &Reach, path: &str) -> Seen {
    let (method, body) = good(path);
    reach.send(method, path, body, &[]).await
}

on_both!(
    bytes_are_cut_on_every_route,
    "[[fault]]\nkind = \"wire\"\nwhat = { close = { after_body_bytes = 9 } }\n",
    async |reach: Reach| {
        for path in [COUNT, MODELS, "/v1/files", BATCHES] {
            let seen = ask(&reach, path).await;
            assert_eq!((seen.status(), seen.body.len()), (200, 9), "{path}");
            assert_eq!(seen.broke.as_deref(), Some("early end"), "{path}");
        }
        let met: Vec<_> = reach.mock.journal().into_iter().map(|entry| entry.fault).collect();
        // The requests of the batch are answered later, and one by one.
        assert_eq!(met[..4], [const { Some("wire_close") }; 4].map(|name| name.map(String::from)));
    }
);

on_both!(
    a_path_selects_its_route_and_leaves_the_others_alone,
    "[[fault]]\nkind = \"wire\"\nwhat = \"garbage\"\n\
     when = { path = \"/v1/messages/count_tokens\" }\n\
     [[fault]]\nkind = \"wire\"\nwhat = { reset = {} }\nwhen = { path = \"/v1/files*\" }\n\
     [[fault]]\nkind = \"wire\"\nwhat = { content_type = { value = \"text/html\" } }\n\
     when = { path = \"/v1/models\" }\n",
    async |reach: Reach| {
        assert_eq!(ask(&reach, COUNT).await.head, Err("no HTTP".to_owned()));
        assert_eq!(ask(&reach, "/v1/files").await.head, Err("reset".to_owned()));
        assert_eq!(ask(&reach, MODELS).await.header("content-type"), Some("text/html"));
        assert_eq!(ask(&reach, BATCHES).await.json()["type"], "message_batch");
    }
);

on_both!(
    a_truncated_count_is_half_a_document_and_another_route_may_answer_with_an_error_under_200,
    "[[fault]]\nkind = \"wire\"\nwhat = { truncate = { after_body_bytes = 5 } }\n\
     when = { path = \"/v1/messages/count_tokens\" }\n\
     [[fault]]\nkind = \"semantic\"\nwhat = { error_body = {} }\n\
     when = { path = \"/v1/models*\" }\n",
    async |reach: Reach| {
        let seen = ask(&reach, COUNT).await;
        assert_eq!((seen.status(), seen.body.as_str(), seen.broke), (200, "{\"inp", None));
        let seen = ask(&reach, MODELS).await;
        assert_eq!(
            (seen.status(), &seen.json()["error"]["type"]),
            (200, &json!("overloaded_error"))
        );
    }
);

/// How long a good answer takes under a fault, in milliseconds.
async fn took_ms(fault: &str, path: &str) -> u128 {
    let reach = Reach::pipe(&format!("[[fault]]\nkind = \"latency\"\n{fault}\n"));
    let started = Instant::now();
    assert_eq!(ask(&reach, path).await.status(), 200, "{path}");
    started.elapsed().as_millis()
}

#[tokio::test(start_paused = true)]
async fn a_delay_is_exact_on_every_route() {
    for path in [COUNT, MODELS, "/v1/files", BATCHES] {
        assert_eq!(took_ms("extra = { fixed_ms = 700 }", path).await, 700, "{path}");
        assert_eq!(took_ms("per_in_flight_ms = 30", path).await, 30, "{path}: itself included");
        let stall = "stall = { after_tokens = 2, for_ms = 9000 }";
        assert_eq!(took_ms(stall, path).await, 9_000, "{path}");
        let other = "extra = { fixed_ms = 700 }\nwhen = { path = \"/elsewhere\" }";
        assert_eq!(took_ms(other, path).await, 0, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stall_without_an_end_lasts_for_ever_on_every_route() {
    for path in [COUNT, MODELS, BATCHES] {
        let reach = Reach::pipe("[[fault]]\nkind = \"latency\"\nstall = { after_tokens = 2 }\n");
        let waited = timeout(Duration::from_hours(10), ask(&reach, path)).await;
        assert!(waited.is_err(), "{path}");
    }
}

/// The lines of a batch's results under a fault.
async fn lines(what: &str) -> Vec<String> {
    let fault = format!(
        "[batch]\nshortest_ms = 1\nlongest_ms = 1\n[[fault]]\nkind = \"stream\"\n\
         what = {what}\nwhen = {{ path = \"*\", stream = true }}\n"
    );
    let reach = Reach::pipe(&fault);
    let id = ask(&reach, BATCHES).await.json()["id"].as_str().expect("an id").to_owned();
    sleep(Duration::from_secs(1)).await;
    let seen = ask(&reach, &format!("{BATCHES}/{id}/results")).await;
    assert_eq!((seen.status(), &seen.broke), (200, &None));
    seen.body.lines().map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn the_results_of_a_batch_are_corrupted_line_by_line() {
    let whole = lines("{ early_end = { after_deltas = 9 } }").await;
    assert_eq!(whole.len(), 3);
    assert_eq!(lines("{ early_end = { after_deltas = 1 } }").await, whole[..1]);
    assert_eq!(lines("\"no_message_stop\"").await, whole[..2]);
    let error = lines("{ error_event = { after_deltas = 1 } }").await;
    assert_eq!((error.len(), &error[0]), (2, &whole[0]));
    assert!(error[1].contains("overloaded_error"), "{}", error[1]);
    let malformed = lines("{ malformed_event = { after_deltas = 1 } }").await;
    let good = malformed.iter().filter(|line| serde_json::from_str::<Value>(line).is_ok());
    assert_eq!((malformed.len(), good.count()), (4, 3));
    let double = lines("{ duplicated_delta = { delta = 2 } }").await;
    assert_eq!(double[1..3], [whole[1].clone(), whole[1].clone()]);
    let turned = lines("{ reordered_delta = { delta = 1 } }").await;
    assert_eq!(turned, [whole[1].clone(), whole[0].clone(), whole[2].clone()]);
}

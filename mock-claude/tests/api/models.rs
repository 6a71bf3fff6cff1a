//! Goal: a client finds the models that the API lists, page by page, with every field that the
//! official SDKs insist on. Method: real HTTP over a pipe, in paused time.

use crate::client::call;
use crate::support::{asking, mock, send, send_raw};
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn pages_of_models_follow_each_other_to_the_end() {
    let mock = mock("");
    let whole = call(&mock, "GET", "/v1/models").await.json();
    let all: Vec<&str> = whole["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["id"].as_str().unwrap())
        .collect();
    assert_eq!(whole["has_more"], false);
    let mut seen: Vec<String> = Vec::new();
    loop {
        let after = seen.last().map_or(String::new(), |id| format!("&after_id={id}"));
        let page = call(&mock, "GET", &format!("/v1/models?limit=4{after}")).await.json();
        let data = page["data"].as_array().unwrap();
        assert!((1..=4).contains(&data.len()));
        assert_eq!(page["first_id"], data[0]["id"]);
        assert_eq!(page["last_id"], data[data.len() - 1]["id"]);
        seen.extend(data.iter().map(|model| model["id"].as_str().unwrap().to_owned()));
        if page["has_more"] == false {
            break;
        }
    }
    assert_eq!(seen, all);
    let before = call(&mock, "GET", &format!("/v1/models?limit=1&before_id={}", all[2])).await;
    assert_eq!(
        (&before.json()["data"][0]["id"], &before.json()["has_more"]),
        (&json!(all[1]), &json!(true))
    );
}

#[tokio::test(start_paused = true)]
async fn a_model_has_its_fields_and_its_limits_are_those_of_its_messages() {
    let mock = mock("");
    let model = call(&mock, "GET", "/v1/models/claude-sonnet-4-5?beta=true").await.json();
    assert_eq!(model["id"], "claude-sonnet-4-5-20250929");
    assert_eq!((&model["type"], &model["lifecycle"]), (&json!("model"), &json!("deprecated")));
    let end = json!("2026-11-30T00:00:00Z");
    assert_eq!((&model["line"], &model["retires_at"]), (&json!("sonnet"), &end));
    assert_eq!(model["created_at"], "2025-09-29T00:00:00Z");
    assert_eq!(model["max_input_tokens"], 200_000);
    assert_eq!(model["capabilities"]["thinking"]["types"]["adaptive"]["supported"], false);
    let mut body = asking("x");
    body["max_tokens"] = json!(model["max_tokens"].as_u64().unwrap() + 1);
    assert_eq!(send(&mock, &body).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_refused_with_the_status_and_shape_of_the_api() {
    let mock = mock("");
    let unknown = call(&mock, "GET", "/v1/models/gpt-4").await;
    assert_eq!(
        (unknown.status, &unknown.json()["error"]["type"]),
        (404, &json!("not_found_error"))
    );
    assert_eq!(unknown.json()["request_id"], unknown.header("request-id").unwrap());
    for query in ["limit=0", "limit=1001", "limit=many", "after_id=nobody"] {
        let answer = call(&mock, "GET", &format!("/v1/models?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
    }
    let bare = http::Request::get("/v1/models").body(String::new()).unwrap();
    let bare = send_raw(&mock, bare).await;
    assert_eq!((bare.status, bare.header("anthropic-organization-id")), (401, None));
    assert_eq!(call(&mock, "DELETE", "/v1/models").await.status, 405);
}

#[tokio::test(start_paused = true)]
async fn in_contract_mode_every_id_is_a_model() {
    let mock = mock("contract = true");
    assert_eq!(call(&mock, "GET", "/v1/models/model_id").await.json()["id"], "model_id");
    let list = call(&mock, "GET", "/v1/models?after_id=after_id&before_id=before_id&limit=1").await;
    assert_eq!(list.json()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn faults_hit_these_routes_too() {
    let mock = mock("[[fault]]\nkind = \"status\"\nstatus = 529\n");
    let answer = call(&mock, "GET", "/v1/models").await;
    assert_eq!((answer.status, answer.header("x-should-retry")), (529, Some("true")));
    assert_eq!(answer.took.as_millis(), 50, "an answer without a model takes as long as a refusal");
    assert_eq!(mock.ledger().errors, 1);
}

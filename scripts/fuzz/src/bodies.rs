//! Bodies of the API: the first byte chooses the route, the rest is the body.

use super::choices::Choices;
use super::pipe::{check_api, get, in_paused_time, mock, post, talk};

const ROUTES: [&str; 4] =
    ["/v1/messages", "/v1/messages/count_tokens", "/v1/messages/batches", "/job/7/v1/messages"];

/// Everything that is asked of a request is on: what answers depends on what is said.
const MOCK: &str = "journal_prompts = true\n[limits]\ntier = \"start\"\n\
                    [[reply.canned]]\nprompt = \"(?i)weather\"\nsay = \"echo\"\n";

pub(crate) fn feed(data: &[u8]) {
    let mut choices = Choices(data);
    let route = choices.one(&ROUTES);
    send(route, choices.0);
}

/// Sends a body and asks for what a batch made of it, and for what the journal has of it.
pub(crate) fn send(route: &str, body: &[u8]) {
    in_paused_time(async {
        let mock = mock(MOCK);
        let answer = talk(mock.connect(), &post(route, "application/json", body)).await;
        check_api(&answer);
        if route.ends_with("batches") {
            // What is in a batch has no end of its own.
            results(&mock, &answer).await;
        } else {
            assert!(mock.records().iter().all(|record| record.trace.ended_us.is_some()));
        }
        let _ = mock.conduct().text();
    });
}

async fn results(mock: &mock_claude::MockClaude, answer: &[u8]) {
    let text = String::from_utf8_lossy(answer);
    let Some((_, id)) = text.split_once("\"id\":\"msgbatch_") else { return };
    let id = id.split('"').next().unwrap_or_default();
    tokio::time::sleep(std::time::Duration::from_hours(24)).await;
    let path = format!("/v1/messages/batches/msgbatch_{id}/results");
    let results = talk(mock.connect(), &get(&path)).await;
    check_api(&results);
}

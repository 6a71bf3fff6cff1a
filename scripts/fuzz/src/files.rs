//! Uploads of files: the first line is the boundary, the rest is the body; and what the API then
//! says of the files.

use super::choices::Choices;
use super::pipe::{check_api, get, in_paused_time, mock, post, talk};

pub(crate) fn feed(data: &[u8]) {
    let mut choices = Choices(data);
    let boundary: String = String::from_utf8_lossy(choices.line())
        .chars()
        .filter(|letter| letter.is_ascii_graphic() || *letter == ' ')
        .collect();
    in_paused_time(async {
        let mock = mock("");
        let kind = format!("multipart/form-data; boundary={boundary}");
        let answer = talk(mock.connect(), &post("/v1/files", &kind, choices.0)).await;
        check_api(&answer);
        let text = String::from_utf8_lossy(&answer).into_owned();
        check_api(&talk(mock.connect(), &get("/v1/files?limit=2")).await);
        let Some((_, id)) = text.split_once("\"id\":\"") else { return };
        let id = id.split('"').next().unwrap_or_default();
        check_api(&talk(mock.connect(), &get(&format!("/v1/files/{id}"))).await);
        check_api(&talk(mock.connect(), &get(&format!("/v1/files/{id}/content"))).await);
    });
}

//! What a reply says again of its request, and the message that it says it in.

use serde_json::{Map, Value, json};

use super::{Replied, State};
use crate::message::{Message, Usage};
use crate::request::MessagesRequest;

/// How long a container is kept after its last use.
const CONTAINER_LIFE_US: u64 = 3_600_000_000;

/// Fields of a response that are there because the request had them.
pub(crate) type Echoed = Map<String, Value>;

impl Replied {
    /// The reply as the API's message object.
    pub(crate) fn message(&self, request_id: &str) -> Message<'_> {
        let echo = &self.request.echo;
        let inference_geo = Some(echo.inference_geo);
        let usage = Usage::cached(&self.input, &self.reply);
        let usage = Usage { inference_geo, speed: echo.speed, ..usage };
        let letters = request_id.strip_prefix("req_").unwrap_or(request_id);
        let id = ["msg_", letters].concat();
        let message = Message::new(id, &self.request.model_id, &self.reply, usage);
        Message { echoed: self.echoed.clone(), ..message }
    }
}

impl State {
    pub(super) fn echoed(&self, request: &MessagesRequest, now_us: u64) -> Echoed {
        let mut echoed = Map::new();
        if let Some(id) = &request.echo.container {
            let expires_at = self.clock.rfc3339(now_us.saturating_add(CONTAINER_LIFE_US));
            let container = json!({"id": id, "expires_at": expires_at});
            echoed.insert("container".into(), container);
        }
        if request.echo.diagnostics {
            echoed.insert("diagnostics".into(), Value::Null);
        }
        if request.echo.context_management {
            let applied = json!({"applied_edits": []});
            echoed.insert("context_management".into(), applied);
        }
        echoed
    }
}

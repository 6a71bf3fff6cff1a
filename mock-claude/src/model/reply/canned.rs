//! Which canned reply a request gets.
//!
//! A request that must call a tool calls it, and one that may not does not: a canned reply never
//! breaks what the API promises. Where a call cannot be made, the next reply has its turn.

use super::config::{Canned, ReplyConfig, Say};
use crate::api::request::{Choice, MessagesRequest};

/// What is said to this request, where that was settled beforehand.
pub(super) fn choose<'a>(request: &MessagesRequest, config: &'a ReplyConfig) -> Option<&'a Say> {
    let fits = |canned: &&Canned| {
        let Canned { model, prompt, say } = canned;
        model.as_ref().is_none_or(|model| model.matches(&request.model_id))
            && prompt.as_ref().is_none_or(|prompt| prompt.matches(request.last_turn()))
            && can_be_said(request, say)
    };
    config.canned.iter().find(fits).map(|canned| &canned.say)
}

fn can_be_said(request: &MessagesRequest, say: &Say) -> bool {
    let offer = &request.offer;
    match (say, &offer.choice) {
        (Say::Call(name), Choice::Auto | Choice::Any) => {
            offer.tools.iter().any(|tool| tool.name == *name)
                && request.results.iter().all(|result| result.tool != *name)
        }
        (Say::Call(_), _) | (_, Choice::Any | Choice::Tool(_)) => false,
        (_, Choice::Auto | Choice::None) => true,
    }
}

//! One request of a batch: faults and prompt cache as for any message, no limits, half the price.
//! An effect on a connection or a stream has nothing to act on in a batch.

use http::HeaderMap;
use xxhash_rust::xxh3::xxh3_64;

use super::Replied;
use super::core::Core;
use super::identity::subject;
use super::message::{PATH, charged};
use super::pending::{Asking, Pending};
use crate::api::error::ApiError;
use crate::api::headers::BETA;
use crate::api::request::{MessagesRequest, Purpose, Rules, Version};
use crate::fault::effect::Effect;

/// Keeps the prefixes that batches write apart from those of their workspace's messages.
const BATCHES: u64 = 0x9e37_79b9_7f4a_7c15;

/// What is decided about one request of a batch.
pub(crate) struct BatchItem {
    pub(crate) request_id: String,
    pub(crate) result: Result<Box<Replied>, ApiError>,
    /// What a fault does to the message.
    pub(crate) effect: Option<Effect>,
}

impl Core {
    /// Decides one request of a batch whose creation had these headers.
    pub(crate) fn batch_item(
        &self,
        body: &[u8],
        version: Version,
        headers: &HeaderMap,
    ) -> BatchItem {
        let beta = headers.contains_key(&BETA);
        let contract = self.config.contract;
        let counting = self.config.tokens;
        let rules = Rules { version, purpose: Purpose::Reply, beta, contract, counting };
        let parsed = MessagesRequest::read(body, rules);
        let about = parsed.as_ref().map_or_else(|_| xxh3_64(body), subject);
        let mut pending = Pending::open(self, Asking::directly(headers, None), about);
        // Batches share no prefix with messages, and one with each other.
        pending.identity.scope ^= BATCHES;
        let replied = parsed.and_then(|request| pending.reply_in_batch(request));
        let entry = pending.entry(replied.as_ref().err());
        pending.commit(match &replied {
            Ok(replied) => charged(entry, replied, true),
            Err(_) => entry,
        });
        BatchItem {
            request_id: pending.identity.request_id,
            result: replied,
            effect: pending.injection.map(|injection| injection.effect),
        }
    }
}

impl Pending<'_> {
    fn reply_in_batch(&mut self, request: MessagesRequest) -> Result<Box<Replied>, ApiError> {
        let mut request = request;
        self.meet(PATH, &request.model_id, request.stream)?;
        self.injection.take_if(|injection| !injection.effect.is_about_content());
        if let Some(error) = self.effect().and_then(Effect::error_body) {
            return Err(error);
        }
        if let Some(most) = self.effect().and_then(Effect::most_tokens) {
            request.max_tokens = request.max_tokens.min(most);
        }
        let input = self.cached(&request);
        let replied = self.reply(request, input, None);
        // A batch shows no moment at which a response begins: it is there when it is decided.
        self.cache(&replied.request, self.identity.arrival.at_us);
        Ok(replied)
    }
}

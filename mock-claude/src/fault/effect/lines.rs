//! Stream faults on JSON lines: the results of a batch, which are a stream without events.
//!
//! A line is what a delta is in a stream of events. Lines are changed in a body that is whole,
//! because the results of a batch are there before anybody asks for them.

use bytes::Bytes;
use serde_json::{Value, json};

use super::stream::StreamEffect;
use crate::api::error;

/// The lines as the fault leaves them.
pub(super) fn changed(bytes: &[u8], effect: &StreamEffect) -> Bytes {
    let mut lines: Vec<Vec<u8>> =
        bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    // A number of lines that there are not is the end.
    let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).min(lines.len());
    let which = |number: std::num::NonZeroU64| usize::try_from(number.get() - 1).ok();
    match effect {
        StreamEffect::ErrorEvent { after_deltas, status } => {
            let error = error::injected(*status);
            let line = json!({
                "type": "error", "error": {"type": error.kind, "message": error.message},
            });
            lines.truncate(place(*after_deltas));
            lines.push(format!("{line}\n").into_bytes());
        }
        StreamEffect::EarlyEnd { after_deltas } => lines.truncate(place(*after_deltas)),
        StreamEffect::NoMessageStop => lines.truncate(lines.len().saturating_sub(1)),
        StreamEffect::DuplicatedDelta { delta } => {
            if let Some((index, line)) =
                which(*delta).and_then(|index| Some((index, lines.get(index)?.clone())))
            {
                lines.insert(index, line);
            }
        }
        StreamEffect::ReorderedDelta { delta } => {
            if let Some(index) = which(*delta).filter(|index| index + 1 < lines.len()) {
                lines.swap(index, index + 1);
            }
        }
        StreamEffect::MalformedEvent { after_deltas } => {
            lines.insert(place(*after_deltas), b"{\"custom_id\":\"\n".to_vec());
        }
        StreamEffect::UnknownEvent { after_deltas } => {
            let unknown = json!({"custom_id": "unknown", "result": {"type": "news"}});
            lines.insert(place(*after_deltas), format!("{unknown}\n").into_bytes());
        }
        StreamEffect::EmptyContent => lines.iter_mut().for_each(empty),
    }
    lines.concat().into()
}

/// Empties the message in a line, where there is one.
fn empty(line: &mut Vec<u8>) {
    let Ok(mut value) = serde_json::from_slice::<Value>(line) else { return };
    if let Some(content) = value.pointer_mut("/result/message/content") {
        *content = json!([]);
        *line = format!("{value}\n").into_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &[u8] = b"{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n";

    fn check(effect: &str, expected: &str) {
        let effect: StreamEffect =
            serde_json::from_str(effect).expect("the test's effect is known");
        let left = changed(LINES, &effect);
        assert_eq!(String::from_utf8_lossy(&left).replace('\n', " ").trim(), expected);
    }

    #[test]
    fn a_line_is_what_a_delta_is() {
        check("{\"early_end\":{\"after_deltas\":2}}", "{\"n\":1} {\"n\":2}");
        check("\"no_message_stop\"", "{\"n\":1} {\"n\":2}");
        check("{\"duplicated_delta\":{\"delta\":1}}", "{\"n\":1} {\"n\":1} {\"n\":2} {\"n\":3}");
        check("{\"reordered_delta\":{\"delta\":2}}", "{\"n\":1} {\"n\":3} {\"n\":2}");
        check(
            "{\"malformed_event\":{\"after_deltas\":1}}",
            "{\"n\":1} {\"custom_id\":\" {\"n\":2} {\"n\":3}",
        );
        check("{\"duplicated_delta\":{\"delta\":9}}", "{\"n\":1} {\"n\":2} {\"n\":3}");
        check("{\"reordered_delta\":{\"delta\":3}}", "{\"n\":1} {\"n\":2} {\"n\":3}");
    }

    #[test]
    fn an_error_line_is_the_last_one() {
        let effect = StreamEffect::ErrorEvent { after_deltas: 9, status: 529 };
        let left = changed(LINES, &effect);
        let last = left.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap();
        let last: Value = serde_json::from_slice(last).unwrap();
        assert_eq!(last["error"]["type"], "overloaded_error");
    }
}

//! Known credentials in every form, and over every joint.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;
use crate::cuts::MASK;
use crate::forms;

fn knowing(values: &[&str]) -> Secrets {
    Secrets::of(values.iter().map(|value| value.as_bytes().to_vec()).collect())
}

/// A credential without any form of its own.
fn key() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_+/=~!-]{20,60}"
}

/// A part of a text that comes near to what is masked.
fn part() -> impl Strategy<Value = String> {
    let near = ["sk-ant-a", "\"token\": \"", "'token': '", "Bearer a1a1a1a1", "://a:b@c", "?key=a"];
    let near = proptest::sample::select(near.map(str::to_owned).to_vec());
    prop_oneof!["\\PC", "[\\\\\"'%]", near]
}

fn escaped(text: &str) -> String {
    text.chars()
        .fold(String::new(), |text, letter| text + "\\u" + &format!("{:04x}", u32::from(letter)))
}

fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |text, byte| text + "%" + &const_hex::encode_upper([byte]))
}

/// A stream of events that says `text` in deltas of these lengths.
fn stream(text: &str, lengths: &[usize]) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut rest = &letters[..];
    let mut stream = "event: message_start\ndata: {\"type\":\"message_start\"}\n\n".to_owned();
    for length in lengths.iter().cycle() {
        let (delta, after) = rest.split_at(rest.len().min((*length).max(1)));
        rest = after;
        let delta: String = delta.iter().collect();
        let delta = serde_json::json!({
            "type": "content_block_delta", "index": 0,
            "delta": {"type": "text_delta", "text": delta},
        });
        stream += "event: content_block_delta\ndata: ";
        stream += &delta.to_string();
        stream += "\n\n";
        if rest.is_empty() {
            break;
        }
    }
    stream + "data: {\"type\":\"message_stop\"}\n\n"
}

fn said(stream: &str) -> String {
    let lines = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    let events = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    events.filter_map(|event| event["delta"]["text"].as_str().map(str::to_owned)).collect()
}

/// A body in pieces of these lengths.
fn cut<'a>(body: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut rest = body;
    let mut pieces = Vec::new();
    for length in lengths.iter().cycle() {
        let (piece, after) = rest.split_at(rest.len().min((*length).max(1)));
        pieces.push(piece);
        rest = after;
        if rest.is_empty() {
            return pieces;
        }
    }
    pieces
}

#[test]
fn what_is_shorter_than_a_key_is_a_word() {
    assert_eq!(knowing(&["key"]).text("the key"), "the key");
    assert_eq!(knowing(&["key-0123"]).text("the key-0123."), "the [masked].");
}

#[test]
fn nothing_is_copied_where_there_is_nothing() {
    assert!(matches!(knowing(&["key-0123"]).text("plain"), Cow::Borrowed(_)));
    assert_eq!(Secrets::default().pieces(&[b"a", b"b"], Body::default()), None);
}

#[test]
fn what_only_looks_like_one_can_be_left_for_later() {
    let text = b"key-0123 and sk-ant-x";
    let known = knowing(&["key-0123"]).known_in(text, Body::default());
    assert_eq!(known.as_deref(), Some(&b"[masked] and sk-ant-x"[..]));
    assert_eq!(Secrets::default().known_in(text, Body::default()), None);
}

#[test]
fn the_beginning_of_a_credential_at_a_cut_is_masked() {
    let is_cut = Body { is_cut: true, ..Body::default() };
    let cut = |text: &str| {
        let pieces = knowing(&["opaque0123456789"]).pieces(&[text.as_bytes()], is_cut);
        pieces.map(|pieces| String::from_utf8(pieces.concat()).unwrap())
    };
    assert_eq!(cut("it is opaque01").as_deref(), Some("it is [masked]"));
    assert_eq!(cut("it is sk-an").as_deref(), Some("it is [masked]"));
    assert_eq!(cut("it is {\"half"), None);
}

#[test]
fn a_credential_that_is_a_whole_delta_leaves_valid_events() {
    let text = "a \"sk-ant-api03-0123456789\" b";
    let events = stream(text, &[5]);
    let body = Body { is_events: true, ..Body::default() };
    let masked = Secrets::default().pieces(&[events.as_bytes()], body).unwrap().concat();
    assert_eq!(said(std::str::from_utf8(&masked).unwrap()), "a \"[masked]\" b");
}

proptest! {
    #[test]
    fn a_known_credential_is_found_in_every_form(
        key in key(),
        before in "[ a-z,.:]{0,6}",
        after in "[ a-z,.:]{0,6}",
    ) {
        let secrets = knowing(&[&key]);
        let around = format!("{before}{key}{after}");
        let hidden = [
            around.clone(),
            serde_json::json!({ "a": around }).to_string(),
            serde_json::json!({ "a": serde_json::json!([around]).to_string() }).to_string(),
            format!("{before}{}{after}", escaped(&key)),
            format!("/a?b={before}{}&{after}", percent(&key)),
            STANDARD.encode(&around),
            URL_SAFE_NO_PAD.encode(&around),
            const_hex::encode(&around),
            const_hex::encode_upper(&around),
        ];
        for text in hidden {
            let masked = secrets.text(&text).into_owned();
            prop_assert!(masked.contains(MASK), "{} in {}", masked, text);
            for trace in [&key, &escaped(&key), &percent(&key), &const_hex::encode(&key)] {
                prop_assert!(!masked.contains(trace.as_str()), "{} in {}", trace, masked);
            }
            for coded in forms::base64(key.as_bytes()) {
                let coded = String::from_utf8(coded.bytes).unwrap();
                prop_assert!(!masked.contains(&coded), "{} in {}", coded, masked);
            }
            prop_assert_eq!(&secrets.text(&masked), &masked, "masked twice");
        }
    }

    #[test]
    fn pieces_are_masked_as_the_whole_and_as_many_as_before(
        key in key(),
        lengths in proptest::collection::vec(1_usize..30, 1..6),
        middle in "\\PC{0,20}",
    ) {
        let secrets = knowing(&[&key]);
        let body = format!("a {key} {middle} sk-ant-api03-{key}b and {key}");
        let pieces = cut(body.as_bytes(), &lengths);
        let masked = secrets.pieces(&pieces, Body::default()).unwrap();
        prop_assert_eq!(masked.len(), pieces.len());
        let whole = secrets.text(&body);
        prop_assert_eq!(String::from_utf8(masked.concat()).unwrap(), whole.clone());
        prop_assert!(!whole.contains(&key), "{}", whole);
    }

    #[test]
    fn a_credential_is_found_over_the_joints_of_a_stream(
        key in key(),
        other in "[A-Za-z0-9_-]{9,60}",
        lengths in proptest::collection::vec(1_usize..12, 1..6),
        cuts in proptest::collection::vec(1_usize..90, 1..6),
    ) {
        let secrets = knowing(&[&key]);
        let events = stream(&format!("my {key}, and sk-ant-{other}; end"), &lengths);
        let pieces = cut(events.as_bytes(), &cuts);
        let body = Body { is_events: true, ..Body::default() };
        let masked = secrets.pieces(&pieces, body).unwrap();
        prop_assert_eq!(masked.len(), pieces.len());
        let masked = String::from_utf8(masked.concat()).unwrap();
        let said = said(&masked);
        prop_assert!(said.starts_with("my [masked], and [masked]"), "{}", said);
        prop_assert!(said.ends_with("; end") && !said.contains(&other[..8]), "{}", said);
    }

    #[test]
    fn json_stays_json(parts in proptest::collection::vec(part(), 0..30)) {
        let text = parts.concat();
        let value = serde_json::json!({ "a": text, "token": text, "b": [text, "end"] });
        let within = serde_json::json!({ "in": value.to_string() });
        for json in [value.to_string(), within.to_string()] {
            let masked = Secrets::default().text(&json).into_owned();
            let read = serde_json::from_str::<serde_json::Value>(&masked);
            prop_assert!(read.is_ok(), "{} became {}", json, masked);
            prop_assert_eq!(&Secrets::default().text(&masked), &masked, "masked twice");
        }
    }

    #[test]
    fn no_bytes_make_it_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        lengths in proptest::collection::vec(1_usize..9, 1..4),
    ) {
        let body = Body { is_events: true, is_cut: true };
        let pieces = cut(&bytes, &lengths);
        if let Some(masked) = knowing(&["opaque-0123"]).pieces(&pieces, body) {
            prop_assert_eq!(masked.len(), pieces.len());
        }
        let _ = Secrets::default().text(&String::from_utf8_lossy(&bytes));
    }
}

//! Faults of what is said: statuses, events, meaning.

use serde_json::json;

use crate::client::{Reach, asking, on_both, streaming};

const CODE: &str = "def f(): pass\n";

on_both!(
    a_status_carries_the_headers_and_details_that_were_asked_for,
    "[[fault]]\nkind = \"status\"\nstatus = 429\nretry_after_text = \"soon\"\n\
     retry_after_ms = 200\nshould_retry = false\nerror_code = \"enforced_spend_limit_reached\"\n",
    async |reach: Reach| {
        let seen = reach.ask(&asking(CODE)).await;
        assert_eq!(seen.status(), 429);
        assert_eq!(seen.header("retry-after"), Some("soon"));
        assert_eq!(seen.header("retry-after-ms"), Some("200"));
        assert_eq!(seen.header("x-should-retry"), Some("false"));
        let error = &seen.json()["error"];
        assert_eq!(error["details"]["error_code"], "enforced_spend_limit_reached");
        assert_eq!(error["type"], "rate_limit_error");
        assert_eq!(reach.mock.ledger().cost_microusd, 0, "nothing reached the model");
    }
);

on_both!(
    a_retry_after_can_be_a_date,
    "[[fault]]\nkind = \"status\"\nstatus = 503\nretry_after_date_s = 3600\n",
    async |reach: Reach| {
        let seen = reach.ask(&asking(CODE)).await;
        assert_eq!(seen.header("retry-after"), Some("Thu, 01 Jan 2026 01:00:00 GMT"));
    }
);

on_both!(
    a_proxys_page_is_html_without_a_request_id,
    "[[fault]]\nkind = \"status\"\nstatus = 502\nhtml = true\n",
    async |reach: Reach| {
        let seen = reach.ask(&asking(CODE)).await;
        assert_eq!((seen.status(), seen.header("content-type")), (502, Some("text/html")));
        assert!(seen.body.starts_with("<html>") && seen.header("request-id").is_none());
    }
);

on_both!(
    a_status_can_come_without_a_body,
    "[[fault]]\nkind = \"status\"\nstatus = 524\nempty = true\n",
    async |reach: Reach| {
        let seen = reach.ask(&asking(CODE)).await;
        assert_eq!((seen.status(), seen.body.as_str()), (524, ""));
        assert_eq!(seen.header("content-length"), Some("0"));
    }
);

on_both!(
    any_header_of_a_status_can_be_set_or_taken_away_and_every_answer_has_a_date,
    "[[fault]]\nkind = \"status\"\nstatus = 503\nwhen = { nth = [1] }\n\
     headers = { cf-ray = \"8f2a-FRA\", date = \"Thu, 01 Jan 1970 00:00:00 GMT\", \
     request-id = \"\" }\n\
     [[fault]]\nkind = \"status\"\nstatus = 502\nwhen = { nth = [2] }\nheaders = { date = \"\" }\n",
    async |reach: Reach| {
        let skewed = reach.ask(&asking(CODE)).await;
        assert_eq!((skewed.status(), skewed.header("cf-ray")), (503, Some("8f2a-FRA")));
        assert_eq!(skewed.header("date"), Some("Thu, 01 Jan 1970 00:00:00 GMT"));
        assert_eq!(skewed.header("request-id"), None);
        let undated = reach.ask(&asking(CODE)).await;
        assert_eq!((undated.status(), undated.header("date")), (502, None));
        let whole = reach.ask(&asking(CODE)).await;
        assert_eq!(whole.header("date"), Some("Thu, 01 Jan 2026 00:00:00 GMT"));
    }
);

on_both!(
    a_sequence_is_followed_attempt_by_attempt_and_then_succeeds,
    "[[fault]]\nkind = \"sequence\"\noutcomes = [{ kind = \"status\", status = 529 },\n\
     { kind = \"wire\", what = { close = {} } }, { kind = \"none\" },\n\
     { kind = \"status\", status = 500 }]\n",
    async |reach: Reach| {
        for code in ["def a(): pass\n", "def b(): pass\n"] {
            assert_eq!(reach.ask(&asking(code)).await.status(), 529);
            assert!(reach.ask(&asking(code)).await.head.is_err());
            assert_eq!(reach.ask(&asking(code)).await.status(), 200);
            assert_eq!(reach.ask(&asking(code)).await.status(), 500);
            assert_eq!(reach.ask(&asking(code)).await.status(), 200);
        }
    }
);

on_both!(
    a_sequence_can_begin_again,
    "[[fault]]\nkind = \"sequence\"\nthen = \"repeat\"\n\
     outcomes = [{ kind = \"status\", status = 529 }, { kind = \"none\" }]\n",
    async |reach: Reach| {
        for status in [529, 200, 529, 200, 529] {
            assert_eq!(reach.ask(&asking(CODE)).await.status(), status);
        }
    }
);

on_both!(
    an_error_event_ends_a_stream_of_status_200_and_leaves_a_plain_reply_alone,
    "[[fault]]\nkind = \"stream\"\nwhat = { error_event = { after_deltas = 2 } }\n",
    async |reach: Reach| {
        let seen = reach.ask(&streaming(CODE)).await;
        assert_eq!((seen.status(), &seen.broke), (200, &None));
        let expected = [
            "message_start",
            "content_block_start",
            "ping",
            "content_block_delta",
            "content_block_delta",
            "error",
        ];
        assert_eq!(seen.events(), expected);
        assert_eq!(seen.data()[5]["error"]["type"], "overloaded_error");
        assert!(reach.mock.ledger().cost_microusd > 0, "the model has worked");
        assert_eq!(reach.ask(&asking(CODE)).await.json()["stop_reason"], "end_turn");
        assert_eq!(reach.mock.journal()[1].fault, None);
    }
);

on_both!(
    a_stream_can_end_early_in_order,
    "[[fault]]\nkind = \"stream\"\nwhat = { early_end = { after_deltas = 1 } }\n",
    async |reach: Reach| {
        let seen = reach.ask(&streaming(CODE)).await;
        assert_eq!((seen.events().len(), &seen.broke), (4, &None));
    }
);

on_both!(
    only_message_stop_is_missing,
    "[[fault]]\nkind = \"stream\"\nwhat = \"no_message_stop\"\n",
    async |reach: Reach| {
        let seen = reach.ask(&streaming(CODE)).await;
        assert_eq!(seen.events().last(), Some(&"message_delta"));
    }
);

on_both!(
    deltas_come_twice_or_in_the_wrong_order,
    "[[fault]]\nkind = \"stream\"\nwhat = { duplicated_delta = { delta = 2 } }\n\
     when = { first_attempts = 1 }\n\
     [[fault]]\nkind = \"stream\"\nwhat = { reordered_delta = { delta = 1 } }\n\
     when = { attempts = { from = 2, to = 2 } }\n",
    async |reach: Reach| {
        let double = reach.ask(&streaming(CODE)).await;
        let turned = reach.ask(&streaming(CODE)).await;
        let delta = |seen: &crate::client::Seen, number: usize| seen.data()[number + 2].clone();
        assert_eq!(delta(&double, 2), delta(&double, 3));
        assert_ne!(delta(&double, 1), delta(&double, 2));
        // The same text begins every attempt, so the pieces can be told apart.
        assert_eq!(turned.events().len() + 1, double.events().len());
        assert!(!turned.text().starts_with("# Doc") && double.text().starts_with("# Doc"));
    }
);

on_both!(
    a_malformed_and_an_unknown_event_stand_in_a_stream_that_goes_on,
    "[[fault]]\nkind = \"stream\"\nwhat = { malformed_event = { after_deltas = 1 } }\n\
     when = { first_attempts = 1 }\n\
     [[fault]]\nkind = \"stream\"\nwhat = { unknown_event = { after_deltas = 1 } }\n",
    async |reach: Reach| {
        let broken = reach.ask(&streaming(CODE)).await;
        assert_eq!(broken.data().len() + 1, broken.events().len(), "one is no JSON");
        assert_eq!(broken.events().last(), Some(&"message_stop"));
        let unknown = reach.ask(&streaming(CODE)).await;
        assert_eq!(unknown.events()[4], "content_block_news");
        assert_eq!(unknown.events().last(), Some(&"message_stop"));
    }
);

on_both!(
    empty_content_is_empty_in_both_forms,
    "[[fault]]\nkind = \"stream\"\nwhat = \"empty_content\"\n",
    async |reach: Reach| {
        let seen = reach.ask(&streaming(CODE)).await;
        assert_eq!(seen.events(), ["message_start", "ping", "message_delta", "message_stop"]);
        assert_eq!(reach.ask(&asking(CODE)).await.json()["content"], json!([]));
    }
);

on_both!(
    a_truncation_stops_at_its_token_although_more_was_allowed,
    "[[fault]]\nkind = \"semantic\"\nwhat = { truncated = { after_tokens = 20 } }\n",
    async |reach: Reach| {
        let message = reach.ask(&asking(CODE)).await.json();
        assert_eq!(
            (&message["stop_reason"], &message["usage"]["output_tokens"]),
            (&json!("max_tokens"), &json!(20))
        );
        assert_eq!(reach.mock.journal()[0].tokens_out, 20, "what was written is charged");
        let last = reach.ask(&streaming(CODE)).await.data();
        assert_eq!(last[last.len() - 2]["delta"]["stop_reason"], "max_tokens");
    }
);

on_both!(
    a_refusal_says_so_and_nothing_else,
    "[[fault]]\nkind = \"semantic\"\nwhat = { refusal = {} }\n",
    async |reach: Reach| {
        let message = reach.ask(&asking(CODE)).await.json();
        assert_eq!((&message["stop_reason"], &message["content"]), (&json!("refusal"), &json!([])));
        let details = json!({"type": "refusal", "category": null, "explanation": null});
        assert_eq!(message["stop_details"], details);
        let data = reach.ask(&streaming(CODE)).await.data();
        assert_eq!(data[0]["message"]["stop_reason"], json!(null));
        assert_eq!(data[data.len() - 2]["delta"]["stop_reason"], "refusal");
    }
);

on_both!(
    a_refusal_gives_the_category_and_the_explanation_that_the_fault_sets,
    "[[fault]]\nkind = \"semantic\"\n\
     what = { refusal = { after_tokens = 5, category = \"cyber\", explanation = \"No.\" } }\n",
    async |reach: Reach| {
        let details = json!({"type": "refusal", "category": "cyber", "explanation": "No."});
        assert_eq!(reach.ask(&asking(CODE)).await.json()["stop_details"], details);
        let data = reach.ask(&streaming(CODE)).await.data();
        assert_eq!(data[0]["message"]["stop_details"], json!(null));
        assert_eq!(data[data.len() - 2]["delta"]["stop_details"], details);
    }
);

on_both!(
    a_turn_that_pauses_keeps_what_it_wrote,
    "[[fault]]\nkind = \"semantic\"\nwhat = { pause_turn = { after_tokens = 5 } }\n",
    async |reach: Reach| {
        let message = reach.ask(&asking(CODE)).await.json();
        assert_eq!(message["stop_reason"], "pause_turn");
        assert_eq!(message["usage"]["output_tokens"], 5);
        assert!(!message["content"][0]["text"].as_str().unwrap().is_empty());
        let data = reach.ask(&streaming(CODE)).await.data();
        assert_eq!(data[data.len() - 2]["delta"]["stop_reason"], "pause_turn");
    }
);

on_both!(
    another_model_answers_and_the_usage_does_not_add_up,
    "[[fault]]\nkind = \"semantic\"\nwhat = { wrong_model = { model = \"claude-other\" } }\n\
     when = { first_attempts = 2 }\n\
     [[fault]]\nkind = \"semantic\"\nwhat = { wrong_usage = { output_percent = 300 } }\n",
    async |reach: Reach| {
        assert_eq!(reach.ask(&asking(CODE)).await.json()["model"], "claude-other");
        let data = reach.ask(&streaming(CODE)).await.data();
        assert_eq!(data[0]["message"]["model"], "claude-other");
        let told = reach.ask(&asking(CODE)).await.json()["usage"]["output_tokens"].as_u64();
        assert_eq!(told, Some(reach.mock.journal()[2].tokens_out * 3));
    }
);

on_both!(
    an_error_comes_under_status_200,
    "[[fault]]\nkind = \"semantic\"\nwhat = { error_body = {} }\n",
    async |reach: Reach| {
        for body in [asking(CODE), streaming(CODE)] {
            let seen = reach.ask(&body).await;
            assert_eq!(
                (seen.status(), seen.json()["error"]["type"].as_str()),
                (200, Some("overloaded_error"))
            );
            assert_eq!(seen.header("content-type"), Some("application/json"));
        }
    }
);

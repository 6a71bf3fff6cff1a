//! Faults of the wire and of the connection.

use std::time::Duration;

use crate::client::{Reach, asking, on_both, streaming};

const CODE: &str = "def f(): pass\n";

on_both!(
    a_refused_connection_fails_and_the_next_one_does_not,
    "[[fault]]\nkind = \"refused_connection\"\nwhen = { nth = [1] }\n",
    async |reach: Reach| {
        let error = reach.ask(&asking(CODE)).await.head.unwrap_err();
        assert!(matches!(error.as_str(), "refused" | "reset" | "early end"), "{error}");
        assert_eq!(reach.ask(&asking(CODE)).await.status(), 200);
        assert_eq!(reach.mock.ledger().requests, 1, "a refused connection carries no request");
    }
);

on_both!(
    a_connection_that_hangs_says_nothing_and_the_next_one_does_not,
    "[[fault]]\nkind = \"refused_connection\"\nhangs = true\nwhen = { nth = [1] }\n",
    async |reach: Reach| {
        let waiting = Duration::from_millis(200);
        assert!(tokio::time::timeout(waiting, reach.ask(&asking(CODE))).await.is_err());
        assert_eq!(reach.ask(&asking(CODE)).await.status(), 200);
        assert_eq!(reach.mock.ledger().requests, 1, "no request came over it");
    }
);

on_both!(
    a_reset_before_the_head_is_a_reset_and_is_charged,
    "[[fault]]\nkind = \"wire\"\nwhat = { reset = {} }\n",
    async |reach: Reach| {
        assert_eq!(reach.ask(&asking(CODE)).await.head, Err("reset".to_owned()));
        assert_eq!(reach.mock.journal()[0].fault.as_deref(), Some("wire_reset"));
        assert!(reach.mock.ledger().cost_microusd > 0, "the model has worked");
    }
);

on_both!(
    a_close_before_the_head_is_an_early_end,
    "[[fault]]\nkind = \"wire\"\nwhat = { close = {} }\n",
    async |reach: Reach| {
        assert_eq!(reach.ask(&asking(CODE)).await.head, Err("early end".to_owned()));
    }
);

on_both!(
    a_close_in_the_body_comes_after_exactly_the_bytes_that_were_asked_for,
    "[[fault]]\nkind = \"wire\"\nwhat = { close = { after_body_bytes = 100 } }\n",
    async |reach: Reach| {
        let seen = reach.ask(&asking(CODE)).await;
        assert_eq!((seen.status(), seen.body.len()), (200, 100));
        assert_eq!(seen.broke.as_deref(), Some("early end"));
    }
);

on_both!(
    a_reset_in_the_body_breaks_it_off,
    "[[fault]]\nkind = \"wire\"\nwhat = { reset = { after_body_bytes = 100 } }\n",
    async |reach: Reach| {
        let seen = reach.ask(&asking(CODE)).await;
        // A socket may drop the bytes that the client has not read yet.
        let head_broke = seen.head.as_ref().err().map(String::as_str);
        assert_eq!(seen.broke.as_deref().or(head_broke), Some("reset"));
        assert!(seen.body.len() <= 100);
    }
);

on_both!(
    a_reset_in_a_stream_breaks_it_off,
    "[[fault]]\nkind = \"wire\"\nwhat = { reset = { after_body_bytes = 700 } }\n",
    async |reach: Reach| {
        let seen = reach.ask(&streaming(CODE)).await;
        let head_broke = seen.head.as_ref().err().map(String::as_str);
        assert_eq!(seen.broke.as_deref().or(head_broke), Some("reset"));
        assert!(!seen.body.contains("message_stop"));
    }
);

on_both!(
    a_truncated_body_is_half_a_document_in_good_framing,
    "[[fault]]\nkind = \"wire\"\nwhat = { truncate = { after_body_bytes = 60 } }\n",
    async |reach: Reach| {
        let seen = reach.ask(&asking(CODE)).await;
        assert_eq!((seen.status(), seen.body.len(), &seen.broke), (200, 60, &None));
        assert!(serde_json::from_str::<serde_json::Value>(&seen.body).is_err());
        let seen = reach.ask(&streaming(CODE)).await;
        assert_eq!((seen.status(), seen.body.len(), &seen.broke), (200, 60, &None));
    }
);

on_both!(
    a_length_that_promises_too_much_is_an_early_end_and_one_that_promises_too_little_cuts,
    "[[fault]]\nkind = \"wire\"\nwhat = { content_length = { off_by = 7 } }\n\
     when = { first_attempts = 1 }\n\
     [[fault]]\nkind = \"wire\"\nwhat = { content_length = { off_by = -7 } }\n",
    async |reach: Reach| {
        let long = reach.ask(&asking(CODE)).await;
        assert_eq!((long.status(), long.broke.as_deref()), (200, Some("early end")));
        assert!(serde_json::from_str::<serde_json::Value>(&long.body).is_ok(), "all of it came");
        let short = reach.ask(&asking(CODE)).await;
        assert_eq!((short.status(), &short.broke), (200, &None));
        let cut = serde_json::from_str::<serde_json::Value>(&short.body).unwrap_err();
        assert!(cut.is_eof(), "the last seven bytes are missing: {cut}");
    }
);

on_both!(
    a_wrong_content_type_says_what_it_was_told_to,
    "[[fault]]\nkind = \"wire\"\nwhat = { content_type = { value = \"text/html\" } }\n",
    async |reach: Reach| {
        let seen = reach.ask(&asking(CODE)).await;
        assert_eq!(seen.header("content-type"), Some("text/html"));
        assert_eq!(seen.json()["type"], "message");
    }
);

on_both!(
    garbage_is_no_http,
    "[[fault]]\nkind = \"wire\"\nwhat = \"garbage\"\n",
    async |reach: Reach| {
        assert_eq!(reach.ask(&asking(CODE)).await.head, Err("no HTTP".to_owned()));
    }
);

on_both!(
    a_slow_loris_says_everything_in_the_end,
    "[[fault]]\nkind = \"wire\"\nwhat = { slow_loris = { bytes_per_second = 1000000 } }\n",
    async |reach: Reach| {
        let seen = reach.ask(&asking(CODE)).await;
        assert_eq!((seen.status(), seen.json()["stop_reason"].as_str()), (200, Some("end_turn")));
    }
);

//! Which requests are hit: conditions, the header, a plan that changes, and the order of arrival.

use mock_claude::fault::FaultConfig;

use crate::client::{Reach, asking, on_both, streaming};

const CODE: &str = "def f(): pass\n";

on_both!(
    model_key_header_stream_and_number_select_requests,
    "[[fault]]\nkind = \"status\"\nstatus = 501\nwhen = { model = \"claude-haiku*\" }\n\
     [[fault]]\nkind = \"status\"\nstatus = 502\nwhen = { api_key = \"sk-victim\" }\n\
     [[fault]]\nkind = \"status\"\nstatus = 503\nwhen = { header = \"x-team=blue\" }\n\
     [[fault]]\nkind = \"status\"\nstatus = 504\nwhen = { stream = true }\n\
     [[fault]]\nkind = \"status\"\nstatus = 505\nwhen = { path = \"/v1/files*\" }\n\
     [[fault]]\nkind = \"status\"\nstatus = 506\nwhen = { path = \"/v1/*\", nth = [6, 7] }\n",
    async |reach: Reach| {
        let mut haiku = asking(CODE);
        haiku["model"] = "claude-haiku-4-5".into();
        assert_eq!(reach.ask(&haiku).await.status(), 501);
        let victim = [("x-api-key", "sk-victim")];
        assert_eq!(reach.ask_with(&asking(CODE), &victim).await.status(), 502);
        let blue = [("x-team", "blue")];
        assert_eq!(reach.ask_with(&asking(CODE), &blue).await.status(), 503);
        assert_eq!(reach.ask(&streaming(CODE)).await.status(), 504);
        assert_eq!(reach.ask(&asking(CODE)).await.status(), 200);
        assert_eq!(reach.ask(&asking(CODE)).await.status(), 506);
    }
);

on_both!(
    a_request_that_is_exempted_meets_no_fault_after_the_exemption,
    "[[fault]]\nkind = \"none\"\nwhen = { header = \"x-team=gold\" }\n\
     [[fault]]\nkind = \"status\"\nstatus = 500\n",
    async |reach: Reach| {
        assert_eq!(reach.ask_with(&asking(CODE), &[("x-team", "gold")]).await.status(), 200);
        assert_eq!(reach.ask(&asking(CODE)).await.status(), 500);
        assert_eq!(reach.mock.journal()[0].fault, None);
    }
);

on_both!(
    a_client_asks_for_a_fault_by_name_or_for_none,
    "[[fault]]\nname = \"down\"\nkind = \"status\"\nstatus = 500\n\
     [[fault]]\nname = \"torn\"\nkind = \"wire\"\nwhat = { close = {} }\n\
     when = { share = 0.0 }\n",
    async |reach: Reach| {
        let ask =
            async |fault: &str| reach.ask_with(&asking(CODE), &[("x-mock-fault", fault)]).await;
        assert_eq!(reach.ask(&asking(CODE)).await.status(), 500);
        assert_eq!(ask("none").await.status(), 200);
        assert_eq!(ask("torn").await.head, Err("early end".to_owned()));
        let unknown = ask("typo").await;
        assert_eq!(unknown.status(), 400);
        assert!(unknown.body.contains("is named \\\"typo\\\""), "{}", unknown.body);
    }
);

on_both!(a_plan_can_be_changed_while_the_mock_runs, "", async |reach: Reach| {
    let plan = |text: &str| -> Vec<FaultConfig> {
        let config: mock_claude::Config = toml::from_str(text).expect("it is TOML");
        config.fault
    };
    assert_eq!(reach.ask(&asking(CODE)).await.status(), 200);
    let down = plan("[[fault]]\nkind = \"status\"\nstatus = 529\n");
    reach.mock.set_faults(down).expect("it is valid");
    assert_eq!(reach.ask(&asking(CODE)).await.status(), 529);
    let wrong = plan("[[fault]]\nkind = \"status\"\nstatus = 200\n");
    let problems = reach.mock.set_faults(wrong).expect_err("200 is no error");
    assert_eq!(problems[0].key, "fault.0.status");
    assert_eq!(reach.ask(&asking(CODE)).await.status(), 529, "the old plan stays");
    reach.mock.set_faults(Vec::new()).expect("it is valid");
    assert_eq!(reach.ask(&asking(CODE)).await.status(), 200);
});

const MIXED: &str = "seed = 7\n\
    [[fault]]\nkind = \"status\"\nstatus = 529\nwhen = { share = 0.2 }\n\
    [[fault]]\nkind = \"wire\"\nwhat = { close = { after_body_bytes = 40 } }\n\
    when = { share = 0.2 }\n\
    [[fault]]\nkind = \"wire\"\nwhat = \"garbage\"\nwhen = { share = 0.2 }\n\
    [[fault]]\nkind = \"stream\"\nwhat = { error_event = { after_deltas = 3 } }\n\
    when = { share = 0.3 }\n\
    [[fault]]\nkind = \"semantic\"\nwhat = { truncated = { after_tokens = 9 } }\n\
    when = { share = 0.3 }\n";

on_both!(the_order_of_arrival_changes_nobodys_trouble, MIXED, async |reach: Reach| {
    let code = |number: u32| format!("def f{number}(): pass\n");
    let other = Reach::pipe(MIXED);
    let mut forward = Vec::new();
    for number in 0..30 {
        forward.push(reach.ask(&streaming(&code(number))).await);
    }
    let mut backward = Vec::new();
    for number in (0..30).rev() {
        backward.push(other.ask(&streaming(&code(number))).await);
    }
    backward.reverse();
    assert_eq!(forward, backward);
    let mut met: Vec<_> = reach.mock.journal().into_iter().map(|entry| entry.fault).collect();
    met.sort();
    met.dedup();
    assert_eq!(met.len(), 6, "the claim needs every fault and none: {met:?}");
});

const BURSTS: &str = "seed = 7\n[[fault]]\nkind = \"status\"\nstatus = 529\n\
    when = { burst = { slot_ms = 1000, enter = 0.05, leave = 0.25 } }\n";

#[tokio::test(start_paused = true)]
async fn bursts_come_at_the_same_seconds_to_whoever_asks() {
    let statuses = async |every_ms: u64| {
        let reach = Reach::pipe(BURSTS);
        let mut seconds = std::collections::BTreeMap::new();
        for number in 0..(200_000 / every_ms) {
            let second = number * every_ms / 1000;
            let status = reach.ask(&asking(&format!("x = {number}\n"))).await.status();
            let earlier = seconds.insert(second, status);
            assert!(earlier.is_none_or(|earlier| earlier == status), "a second is good or bad");
            tokio::time::sleep(std::time::Duration::from_millis(every_ms)).await;
        }
        seconds
    };
    let (often, seldom) = (statuses(250).await, statuses(1000).await);
    assert_eq!(often, seldom);
    let bad = often.values().filter(|status| **status == 529).count();
    assert!((10..80).contains(&bad), "{bad} of 200 seconds");
}

#[tokio::test(start_paused = true)]
async fn a_brownout_hits_the_more_the_more_is_under_way() {
    let failed = async |at_once: u64| {
        let reach = std::sync::Arc::new(Reach::pipe(
            "[[fault]]\nkind = \"status\"\nstatus = 529\n\
             when = { load = { from = 10, full = 100 }, stream = false }\n",
        ));
        // Streams that wait for nothing would be over at once: a stalled one stays in flight.
        let stalled = toml::from_str::<mock_claude::Config>(
            "[[fault]]\nkind = \"latency\"\nstall = { after_tokens = 5 }\n\
             when = { stream = true }\n\
             [[fault]]\nkind = \"status\"\nstatus = 529\n\
             when = { load = { from = 10, full = 100 } }\n",
        );
        reach.mock.set_faults(stalled.unwrap().fault).unwrap();
        for _ in 0..at_once {
            let reach = std::sync::Arc::clone(&reach);
            tokio::spawn(async move { reach.ask(&streaming(CODE)).await });
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        let mut failed = 0;
        for number in 0..100 {
            let status = reach.ask(&asking(&format!("y = {number}\n"))).await.status();
            failed += u32::from(status == 529);
        }
        failed
    };
    assert_eq!(failed(5).await, 0);
    let half = failed(54).await;
    assert!((35..65).contains(&half), "{half} of 100 at half load");
    assert_eq!(failed(100).await, 100);
}

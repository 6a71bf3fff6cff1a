//! Faults of time. In paused time durations are exact; a port only shows that the answer comes.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::client::{Reach, asking, on_both, streaming};

const CODE: &str = "def f(): pass\n";

on_both!(
    a_late_reply_is_a_whole_reply,
    "[[fault]]\nkind = \"latency\"\nextra = { fixed_ms = 1 }\nper_in_flight_ms = 1\n\
     decode_times = 2\nstall = { after_tokens = 5, for_ms = 1 }\n",
    async |reach: Reach| {
        assert_eq!(reach.ask(&asking(CODE)).await.json()["stop_reason"], "end_turn");
        assert_eq!(reach.ask(&streaming(CODE)).await.events().last(), Some(&"message_stop"));
    }
);

/// How long a reply takes under a fault, in milliseconds.
async fn took_ms(config: &str, code: &str) -> u128 {
    let reach = Reach::pipe(config);
    let started = Instant::now();
    assert_eq!(reach.ask(&asking(code)).await.status(), 200);
    started.elapsed().as_millis()
}

#[tokio::test(start_paused = true)]
async fn every_part_of_a_delay_is_exact() {
    let fault = |keys: &str| format!("[[fault]]\nkind = \"latency\"\n{keys}\n");
    assert_eq!(took_ms("", CODE).await, 0);
    assert_eq!(took_ms(&fault("extra = { fixed_ms = 700 }"), CODE).await, 700);
    assert_eq!(took_ms(&fault("per_in_flight_ms = 30"), CODE).await, 30);
    let stall = "stall = { after_tokens = 10, for_ms = 9000 }";
    assert_eq!(took_ms(&fault(stall), CODE).await, 9_000);
    let late = "stall = { after_tokens = 100000, for_ms = 9000 }";
    assert_eq!(took_ms(&fault(late), CODE).await, 0, "the reply is shorter");
}

#[tokio::test(start_paused = true)]
async fn pings_fill_the_silence_of_a_stall_where_they_are_asked_for() {
    let stall = "[[fault]]\nkind = \"latency\"\n\
                 stall = { after_tokens = 10, for_ms = 95000, ping_every_ms = 30000 }\n";
    let reach = Reach::pipe(stall);
    let started = Instant::now();
    let seen = reach.ask(&streaming(CODE)).await;
    assert_eq!(started.elapsed().as_millis(), 95_000);
    let pings = seen.events().into_iter().filter(|event| *event == "ping").count();
    assert_eq!(pings, 4, "one that begins every stream, and one every 30 s");
    let silent = Reach::pipe(&stall.replace(", ping_every_ms = 30000", ""));
    let seen = silent.ask(&streaming(CODE)).await;
    assert_eq!(seen.events().into_iter().filter(|event| *event == "ping").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn slow_decoding_multiplies_the_time_of_every_token() {
    let latency = "[latency]\nfirst_token_ms = 100\ndecode_tokens_per_second = 100\n\
                   prefill_tokens_per_second = 1000000000\n";
    let took = async |fault: &str| {
        let config: mock_claude::Config = toml::from_str(&format!("{latency}{fault}")).unwrap();
        let mock = mock_claude::MockClaude::new(config);
        let started = Instant::now();
        let seen = Reach::around(mock).ask(&asking(CODE)).await.json();
        let tokens = seen["usage"]["output_tokens"].as_u64().unwrap();
        (u64::try_from(started.elapsed().as_millis()).unwrap(), tokens)
    };
    let (usual, tokens) = took("").await;
    assert_eq!(usual, 100 + tokens * 10);
    let (slow, tokens) = took("[[fault]]\nkind = \"latency\"\ndecode_times = 5\n").await;
    assert_eq!(slow, 100 + tokens * 50);
}

#[tokio::test(start_paused = true)]
async fn drawn_delays_differ_by_request_and_not_by_run() {
    let config = "seed = 7\n[[fault]]\nkind = \"latency\"\n\
                  extra = { log_normal = { median_ms = 1000, sigma = 1.0 } }\n";
    let tail = "seed = 7\n[[fault]]\nkind = \"latency\"\n\
                extra = { heavy_tail = { least_ms = 100, alpha = 1.1, most_ms = 60000 } }\n";
    for config in [config, tail] {
        let (a, b) = (took_ms(config, "a = 1\n").await, took_ms(config, "b = 1\n").await);
        assert_ne!(a, b);
        assert_eq!((a, b), (took_ms(config, "a = 1\n").await, took_ms(config, "b = 1\n").await));
        assert!(a > 0 && b >= 1);
    }
}

/// Whether a request is still without an end after ten hours of simulated time.
async fn hangs(config: &str, streamed: bool) -> bool {
    let reach = Reach::pipe(config);
    let body = if streamed { streaming(CODE) } else { asking(CODE) };
    timeout(Duration::from_hours(10), reach.ask(&body)).await.is_err()
}

#[tokio::test(start_paused = true)]
async fn a_hang_and_a_stall_without_an_end_last_for_ever() {
    let hang = "[[fault]]\nkind = \"wire\"\nwhat = { hang = {} }\n";
    let inside = "[[fault]]\nkind = \"wire\"\nwhat = { hang = { after_body_bytes = 50 } }\n";
    let stall = "[[fault]]\nkind = \"latency\"\nstall = { after_tokens = 20 }\n";
    for config in [hang, inside, stall] {
        assert!(hangs(config, false).await && hangs(config, true).await, "{config}");
    }
}

#[tokio::test]
async fn a_client_that_gives_up_on_a_hang_is_let_go_on_a_port() {
    let reach = Reach::port("[[fault]]\nkind = \"wire\"\nwhat = { hang = {} }\n").await;
    let given_up = timeout(Duration::from_millis(50), reach.ask(&asking(CODE))).await;
    assert!(given_up.is_err());
    reach.mock.set_faults(Vec::new()).unwrap();
    assert_eq!(reach.ask(&asking(CODE)).await.status(), 200, "the mock goes on");
}

#[tokio::test(start_paused = true)]
async fn a_slow_loris_takes_a_second_for_so_many_bytes() {
    let config = "[[fault]]\nkind = \"wire\"\nwhat = { slow_loris = { bytes_per_second = 10 } }\n";
    let reach = Reach::pipe(config);
    let started = Instant::now();
    let seen = reach.ask(&asking(CODE)).await;
    let took_s = started.elapsed().as_secs();
    let bytes = seen.body.len() as u64;
    assert!(took_s > bytes / 10 && took_s < bytes / 10 + 60, "{took_s} s for {bytes} bytes");
}

//! What the journal says was lost of an answer that a fault of the wire broke off.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::client::{Reach, asking};

/// Whether the answer was cut, whether nothing of it came, whether it was the client who left, and
/// after how many seconds it was over; the client has a patience of ten.
async fn lost(what: &str) -> (bool, bool, bool, Option<u64>) {
    let reach = Reach::pipe(&format!("[[fault]]\nkind = \"wire\"\nwhat = {{ {what} }}\n"));
    let _ = timeout(Duration::from_secs(10), reach.ask(&asking("def f(): pass\n"))).await;
    sleep(Duration::from_millis(1)).await;
    let trace = &reach.mock.records()[0].trace;
    (trace.cut, trace.unheard, trace.client_left, trace.ended_us.map(|us| us / 1_000_000))
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_off_is_cut_and_one_that_hangs_is_left() {
    assert_eq!(lost("reset = {}").await, (true, true, false, Some(0)));
    assert_eq!(lost("reset = { after_body_bytes = 50 }").await, (true, false, false, Some(0)));
    assert_eq!(lost("hang = {}").await, (true, true, true, Some(10)));
    assert_eq!(lost("hang = { after_body_bytes = 50 }").await, (true, false, true, Some(10)));
}

//! Recordings: what can be read answers, and what it was not asked is refused.

use hyper_util::service::TowerToHyperService;
use mock_claude::proxy::Replay;

use super::pipe::{in_paused_time, through};

pub(crate) fn feed(data: &[u8]) {
    for timing_percent in [0, 100, u32::MAX] {
        let Ok(replay) = Replay::read(data, timing_percent) else { return };
        if replay.requests() == 0 {
            return;
        }
        in_paused_time(async {
            for path in ["/v1/messages", "/"] {
                let service = TowerToHyperService::new(replay.router());
                let _ = through(service, path, b"{\"max_tokens\":9}").await;
            }
        });
    }
}

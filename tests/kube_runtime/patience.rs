//! Waiting for what a program does.

use std::time::Duration;

use tokio::time::{Instant, sleep};

pub const DAY: Duration = Duration::from_secs(86_400);

/// Returns once the condition holds; gives up after a virtual day.
pub async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < DAY, "never {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

//! The real program with people at work, when something fails under it: killed, its database locked, restarted or all in use,
//! its doors full of callers who never say what they want, its clock wrong by an hour. People are asked for patience at worst,
//! and no rule about the rows is broken, then or afterwards.

mod clock;
mod crowd;
mod doors;
mod killed;
mod locked;
mod restarted;
mod used_up;

use std::time::Duration;

use tokio::time::{interval, timeout};

use crate::support::event::PATIENCE;

/// Looks again and again until it is so, for half a minute at most.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let mut looks = interval(Duration::from_millis(50));
    let waiting = async {
        while !is_so().await {
            looks.tick().await;
        }
    };
    assert!(timeout(PATIENCE, waiting).await.is_ok(), "it never came to this: {what}");
}

//! Waiting for something to happen, not for a time to pass.

use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

/// Longer than anything here takes, and short enough to find out what never comes.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Looks again at every ring of the bell, until it is so.
pub async fn until(bell: &Notify, what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        loop {
            let rung = bell.notified();
            tokio::pin!(rung);
            // From here on no ring is missed, so the look may come after it.
            rung.as_mut().enable();
            if is_so() {
                return;
            }
            rung.await;
        }
    };
    assert!(timeout(PATIENCE, waiting).await.is_ok(), "it never came to this: {what}");
}

//! Races: many things that begin at the same moment.

use std::sync::Arc;

use tokio::sync::Barrier;

/// Starts them all at once and answers what each came to, in order.
pub async fn at_once<T: 'static>(
    acts: impl IntoIterator<Item = impl Future<Output = T> + 'static>,
) -> Vec<T> {
    let acts: Vec<_> = acts.into_iter().collect();
    let start = Arc::new(Barrier::new(acts.len()));
    let runners = acts.into_iter().map(|act| {
        let start = Arc::clone(&start);
        actix_web::rt::spawn(async move {
            start.wait().await;
            act.await
        })
    });
    let mut outcomes = Vec::new();
    for runner in runners.collect::<Vec<_>>() {
        outcomes.push(runner.await.expect("nothing panicked in a race"));
    }
    outcomes
}

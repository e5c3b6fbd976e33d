//! `kill -9` at any moment, with people at work.

use std::time::Duration;

use tokio::time::sleep;

use super::crowd::Town;
use crate::support::invariants;
use crate::support::program::Home;

/// How often it is killed; `POSTERN_TEST_LONG=1` makes it two hundred times.
const ROUNDS: usize = 10;
/// The longest it works between two ends, in milliseconds.
const LONGEST: u64 = 700;

fn rounds() -> usize {
    if std::env::var_os("POSTERN_TEST_LONG").is_some() { 20 * ROUNDS } else { ROUNDS }
}

#[actix_web::test]
async fn killed_at_any_moment_with_people_at_work_it_breaks_no_rule() {
    let (town, mut running) = Town::founded(Home::new()).await;
    let crowd = town.wakes();
    for round in 0..rounds() {
        if round % 5 == 0 {
            crowd.log_in_more(1).await;
        }
        sleep(Duration::from_millis(rand::random_range(0..LONGEST))).await;
        running.kill();
        invariants::check(town.postern.database(), &format!("after end {round}"));
        town.a_day_passes();
        running = town.postern.serve().await;
    }
    assert!(crowd.goes_home().await > 0, "nobody ever got in");
    town.is_as_before().await;
    invariants::check(town.postern.database(), "in the end");
    running.stop_at_once().await;
}

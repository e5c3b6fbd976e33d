//! The database server is restarted under people at work, politely and as power fails.

use crate::support::cluster::Cluster;
use crate::support::database::TestDatabase;
use crate::support::invariants;
use crate::support::program::Home;

use super::crowd::Town;

#[actix_web::test]
async fn a_database_server_that_is_restarted_costs_patience_and_nothing_else() {
    let Some(cluster) = Cluster::start() else { return };
    let database = TestDatabase::on(cluster.url());
    let (town, running) = Town::founded(Home::on(database)).await;
    let crowd = town.wakes();
    for how in ["fast", "immediate", "fast"] {
        crowd.log_in_more(3).await;
        cluster.restart(how);
        crowd.log_in_more(3).await;
        invariants::check(town.postern.database(), how);
        town.a_day_passes();
    }
    assert!(crowd.goes_home().await >= 18);
    town.is_as_before().await;
    invariants::check(town.postern.database(), "in the end");
    running.stop_at_once().await;
}

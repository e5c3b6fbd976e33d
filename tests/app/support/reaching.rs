//! Many workers that reach for what is due.

use postern::domain::delivery::Lane;
use postern::flows::outbox::{Work, claim};

use super::at_once::at_once;
use super::test_app::TestApp;

/// Room for eight messages in each lane.
const ROOM: [(Lane, usize); 3] = [(Lane::MailedCodes, 8), (Lane::TextedCodes, 8), (Lane::Letters, 8)];

/// What is due, claimed by a worker that has not sent anything yet.
pub async fn claimed(app: &TestApp) -> Vec<Work> {
    claim(app.app.services(), &ROOM).await.unwrap()
}

/// How many messages sixteen get in all who reach for them at the same moment, half of them on each instance.
pub async fn sixteen_get(one: &TestApp, other: &TestApp) -> usize {
    let reaching = (0..16).map(|number| {
        let app = if number % 2 == 0 { one } else { other };
        let services = app.app.services().clone();
        async move { claim(&services, &ROOM).await.unwrap().len() }
    });
    at_once(reaching).await.into_iter().sum()
}

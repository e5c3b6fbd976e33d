//! Ended by itself at each place of a message's life.

use super::Scene;
use crate::support::browser::Page;
use crate::support::dump::execute;
use crate::support::post::enter;
use crate::support::row::Row;
use crate::support::test_app::Deeds;

/// The places, in the order in which a message comes by; how it stands then, and how many copies are out.
const PLACES: [(&str, &str, usize); 5] = [
    ("after_commit", "waiting", 0),
    ("after_claim", "sending", 0),
    ("before_io", "sending", 0),
    ("after_io", "sending", 1),
    ("before_finish", "sending", 1),
];

impl Scene {
    /// Somebody logs in, and it is the program's end. Answers how her message stands.
    async fn log_in_into_the_end(&self, name: &str, place: &str) -> (Page, Row) {
        let running = self.that_ends(place).serve().await;
        let browser = self.visitor();
        self.begin_to_log_in(&browser, name).await;
        let (is_well, said) = running.ended().await;
        assert!(!is_well, "{place}: {said}");
        // What the browser shows is of no use; it is asked again after the restart.
        let row = self.newest_code();
        self.time_passes(61);
        let _running = self.postern.serve().await;
        self.all_is_settled(place).await;
        let page = browser.get("/login/code").await.follow_all().await;
        // Where the answer got lost, so did the ticket, and the person begins anew.
        let page = if page.path() == "/login" { browser.log_in(name).await } else { page };
        assert_eq!(page.path(), "/login/code", "{place}: {}", page.describe());
        let code = self.code().await;
        let page = enter(page, "Log in", &code).await;
        self.all_is_settled(place).await;
        (page, row)
    }

    async fn goes_on_from_everywhere(&self, name: &str) {
        for (place, state, out) in PLACES {
            let (page, row) = self.log_in_into_the_end(name, place).await;
            assert_eq!(page.path(), "/profile", "{place}: {}", page.describe());
            assert_eq!(row.state, state, "{place}");
            let is_under_way = usize::from(state == "sending");
            assert_eq!((row.attempts, row.ambiguous), (is_under_way, 0), "{place}");

            let sent = self.rows().into_iter().find(|sent| sent.id == row.id).expect("not lost");
            assert_eq!((sent.state.as_str(), sent.attempts), ("handed_over", is_under_way + 1), "{place}");
            assert_eq!(sent.ambiguous, is_under_way, "{place}: a lease that ran out may have sent it");
            let copies = self.copies(&sent);
            assert_eq!(copies.len(), out + 1, "{place}: {copies:?}");
            assert!(copies.iter().all(|code| *code == copies[0]), "{place}: {copies:?}");
        }
    }
}

#[actix_web::test]
async fn a_mail_goes_on_from_wherever_the_program_ended() {
    let (scene, running) = Scene::set().await;
    running.kill();
    scene.goes_on_from_everywhere("ada").await;
}

#[actix_web::test]
async fn a_text_goes_on_from_wherever_the_program_ended() {
    let (scene, running) = Scene::set().await;
    running.kill();
    scene.goes_on_from_everywhere("grace").await;
}

#[actix_web::test]
async fn a_text_whose_sender_ended_twice_after_sending_is_not_sent_a_third_time() {
    let (scene, running) = Scene::set().await;
    running.kill();
    let running = scene.that_ends("after_io").serve().await;
    let browser = scene.visitor();
    scene.begin_to_log_in(&browser, "grace").await;
    assert!(!running.ended().await.0);
    scene.time_passes(61);
    let running = scene.that_ends("after_io").start();
    assert!(!running.ended().await.0);
    // With a second minute its minute and a half would be over, which is another story: only the lease runs out.
    let lease = "UPDATE outbox SET next_attempt_at = next_attempt_at - 60000000 WHERE state = 'sending'";
    execute(scene.postern.database(), lease);

    let _running = scene.postern.serve().await;
    scene.all_is_settled("the third start").await;
    let row = scene.newest_code();
    assert_eq!((row.state.as_str(), row.ambiguous), ("failed", 2), "{row:?}");
    let copies = scene.copies(&row);
    assert!(copies.len() == 2 && copies[0] == copies[1], "{copies:?}");
}

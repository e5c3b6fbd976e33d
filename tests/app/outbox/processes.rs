//! Two processes on one outbox, as an operator runs them who wants one to be there when the other is not.

use postern::platform::clock::Clock;

use super::letters;
use crate::support::program::Home;
use crate::support::row::Row;
use crate::support::smtp_server::{At, Fault, SmtpServer};
use crate::support::test_app::{TEST_KEY, TestApp};
use crate::support::twilio_server::TwilioServer;

const MANY: usize = 500;
/// What a process may grow by, in KiB, while it sends hundreds of messages.
const GROWTH: usize = 32 * 1024;

#[actix_web::test]
async fn two_processes_send_each_of_five_hundred_messages_once_and_grow_no_fatter() {
    let (mail, carrier, app) =
        (SmtpServer::start().await, TwilioServer::start().await, TestApp::start().await);
    // The processes have a clock that no test moves.
    app.wait(Clock::system().now() - app.now());
    letters(&app, "crowd", MANY).await;
    let home = || {
        Home::new().with(&[
            ("POSTERN_DATABASE_URL", app.database.url()),
            ("POSTERN_SECRET_KEY", TEST_KEY.to_owned()),
            ("POSTERN_MAIL_URL", format!("smtp://127.0.0.1:{}", mail.port)),
            ("POSTERN_MAIL_FROM", "login@example.org".to_owned()),
        ])
    };
    // The first has its hands full until the second is at work. One more, since it also looks whether the server is there.
    for _ in 0..9 {
        mail.next(&[(At::Data, Fault::Held)]);
    }
    let first = home().serve().await;
    mail.until("eight mails that wait", |mail| mail.held() == 8).await;
    let second = home().serve().await;
    mail.until("a hundred mails", |mail| mail.taken().len() >= 100).await;
    let before = [first.resident_kib(), second.resident_kib()];
    for _ in 0..9 {
        mail.release();
    }
    mail.until("the last mail", |mail| mail.taken().len() >= MANY).await;
    let after = [first.resident_kib(), second.resident_kib()];
    let sent =
        [first.stop().await, second.stop().await].map(|said| said.matches("message_handed_over").count());

    assert_eq!(sent[0] + sent[1], MANY, "{sent:?}");
    assert!(sent.iter().all(|sent| *sent >= 8), "both were at work: {sent:?}");
    let rows = Row::all(&app.database);
    assert_eq!((rows.len(), mail.taken().len()), (MANY, MANY));
    for row in rows {
        assert_eq!((row.state.as_str(), row.attempts), ("handed_over", 1), "{row:?}");
        assert_eq!(row.copies(&mail, &carrier).len(), 1, "{row:?}");
    }
    for (before, after) in before.into_iter().zip(after) {
        assert!(after < before + GROWTH, "from {before} to {after} KiB");
    }
}

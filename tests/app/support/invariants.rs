//! What holds of the rows at any moment, whatever has just failed, ended or been restarted.

use postern::domain::challenge::{SENDS, TRIES};
use postern::domain::session::MOST_SESSIONS;

use super::database::TestDatabase;
use super::dump::lines;

/// A rule, and the rows that break it.
type Rule = (&'static str, String);

/// Panics with every row that breaks a rule. Rows that were deleted in time break none.
#[track_caller]
pub fn check(database: &TestDatabase, at: &str) {
    let broken = broken(database);
    assert!(broken.is_empty(), "{at}:\n{}", broken.join("\n"));
}

/// Every row that breaks a rule, and which.
pub fn broken(database: &TestDatabase) -> Vec<String> {
    let rules = [proofs(), codes(), messages(), log()].concat();
    let broken = rules
        .iter()
        .flat_map(|(rule, rows)| lines(database, rows).into_iter().map(move |row| format!("{rule}: {row}")));
    broken.collect()
}

/// Two moments of one act, in microseconds: each part of it looks at the clock for itself.
fn same_act(one: &str, other: &str) -> String {
    format!("{one} BETWEEN {other} - 5000000 AND {other} + 5000000")
}

/// No session without its proofs, and no trust without its code.
fn proofs() -> Vec<Rule> {
    let session =
        "SELECT s.id || ' of ' || s.account_id || ' by ' || s.entered_by AS line FROM sessions s WHERE";
    vec![
        ("a session without a password", format!("{session} s.password_at IS NULL")),
        (
            "a session by a code without a code",
            format!(
                "{session} s.entered_by = 'code' AND NOT EXISTS (SELECT 1 FROM challenges c WHERE \
                 c.account_id = s.account_id AND c.purpose = 'login' AND {})",
                same_act("c.used_at", "s.started_at")
            ),
        ),
        (
            "more sessions by codes than codes",
            "SELECT s.account_id AS line FROM sessions s WHERE s.entered_by = 'code' GROUP BY s.account_id \
             HAVING COUNT(*) > (SELECT COUNT(*) FROM challenges c WHERE c.account_id = s.account_id AND \
             c.purpose = 'login' AND c.used_at IS NOT NULL)"
                .to_owned(),
        ),
        (
            "a session by the password alone though codes were on",
            format!(
                "{session} s.entered_by = 'password' AND EXISTS (SELECT 1 FROM second_factors f WHERE \
                 f.account_id = s.account_id AND f.confirmed_at < s.started_at)"
            ),
        ),
        (
            "a session by a trusted computer that there is not",
            format!(
                "{session} s.entered_by = 'trusted_computer' AND NOT EXISTS (SELECT 1 FROM trusted_computers t \
                 WHERE t.account_id = s.account_id AND t.made_at <= s.started_at AND s.started_at <= t.expires_at)"
            ),
        ),
        (
            "too many sessions",
            format!(
                "SELECT s.account_id AS line FROM sessions s JOIN accounts a ON a.id = s.account_id \
                 AND a.session_epoch = s.session_epoch GROUP BY s.account_id HAVING COUNT(*) > {MOST_SESSIONS}"
            ),
        ),
        (
            "a login that is done and still owes a code",
            "SELECT p.id AS line FROM pending_logins p JOIN challenges c ON c.id = p.challenge_id \
             WHERE c.used_at IS NOT NULL AND p.ended_at IS NULL"
                .to_owned(),
        ),
        (
            "an account that is not what its second factor says",
            "SELECT a.username || ' has ' || a.method AS line FROM accounts a LEFT JOIN second_factors f \
             ON f.account_id = a.id WHERE a.method <> COALESCE(f.method, 'disabled')"
                .to_owned(),
        ),
    ]
}

/// No challenge over its limits, and none both used and given up.
fn codes() -> Vec<Rule> {
    let challenge = "SELECT c.id || ' for ' || c.purpose AS line FROM challenges c WHERE";
    vec![
        (
            "a challenge over its limits",
            format!("{challenge} c.tries > {TRIES} OR c.sends > {SENDS} OR c.generation > c.sends"),
        ),
        (
            "a challenge both used and given up",
            format!("{challenge} c.used_at IS NOT NULL AND c.ended_at IS NOT NULL"),
        ),
        (
            "a code that was used before it was tried",
            format!("{challenge} c.used_at IS NOT NULL AND c.tries = 0"),
        ),
        (
            "not as many messages as were counted",
            format!("{challenge} c.sends <> (SELECT COUNT(*) FROM outbox o WHERE o.challenge_id = c.id)"),
        ),
    ]
}

/// The outbox: what is under way has one sender, what is over keeps no address.
fn messages() -> Vec<Rule> {
    let message = "SELECT o.id || ' is ' || o.state AS line FROM outbox o WHERE";
    let is_open = "o.state IN ('waiting', 'sending')";
    vec![
        (
            "a sender of what is not being sent",
            format!("{message} (o.state = 'sending') <> (o.lease IS NOT NULL)"),
        ),
        ("a message to nobody", format!("{message} {is_open} AND o.recipient_sealed IS NULL")),
        (
            "an address that is still kept",
            format!("{message} NOT {is_open} AND o.recipient_sealed IS NOT NULL"),
        ),
        (
            "a message that is over and not settled",
            format!("{message} ({is_open}) = (o.settled_at IS NOT NULL)"),
        ),
        ("a code without its challenge", format!("{message} o.kind = 'code' AND o.challenge_id IS NULL")),
        (
            "a message that carries a code of the future",
            format!(
                "{message} o.generation > (SELECT c.generation FROM challenges c WHERE c.id = o.challenge_id)"
            ),
        ),
        (
            "an attempt that was not counted",
            format!(
                "{message} o.attempts < (SELECT COALESCE(MAX(d.attempt), 0) FROM delivery_attempts d WHERE \
                 d.message_id = o.id)"
            ),
        ),
    ]
}

/// The log says of everything that happened that it did.
fn log() -> Vec<Rule> {
    let missing = |what: &str, table: &str, moment: &str, kinds: &str| {
        format!(
            "SELECT x.{what} AS line FROM {table} x WHERE NOT EXISTS (SELECT 1 FROM security_events e WHERE \
             e.account_id = x.{} AND {} AND e.kind IN ({kinds}))",
            if table == "accounts" { "id" } else { "account_id" },
            same_act("e.at", &format!("x.{moment}"))
        )
    };
    vec![
        ("an account that nobody made", missing("username", "accounts", "created_at", "'account_created'")),
        ("a session that nobody began", missing("id", "sessions", "started_at", "'logged_in'")),
        (
            "a computer that nobody trusted",
            missing("id", "trusted_computers", "made_at", "'computer_trusted'"),
        ),
        (
            "a second factor that nobody turned on",
            missing(
                "account_id",
                "second_factors",
                "confirmed_at",
                "'two_factor_on', 'two_factor_changed', 'not_me'",
            ),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use crate::support::test_app::{Deeds, TestApp};

    use super::*;

    /// Ada with a session by a code, one by trust, and a login that owes its code.
    async fn a_day_at_work() -> TestApp {
        let app = TestApp::start().await;
        let home = app.guarded("ada").await;
        app.wait(TimeDelta::minutes(1));
        home.log_out().await;
        assert_eq!(home.log_in("ada").await.path(), "/profile");
        let page = app.code_page("ada").await;
        let code = app.code_for("ada@example.com").await;
        assert_eq!(
            page.form("Log in").fill("code", &code).submit().await.follow_all().await.path(),
            "/profile"
        );
        app.code_page("ada").await;
        app
    }

    #[actix_web::test]
    async fn a_day_at_work_breaks_no_rule_and_each_forgery_breaks_one() {
        let app = a_day_at_work().await;
        check(&app.database, "a day at work");
        let forgeries = [
            ("UPDATE sessions SET entered_by = 'password'", "a session by the password alone"),
            (
                "UPDATE challenges SET used_at = NULL WHERE purpose = 'login'",
                "a session by a code without a code",
            ),
            ("UPDATE sessions SET started_at = started_at + 6000000", "a session that nobody began"),
            ("UPDATE challenges SET tries = 6", "a challenge over its limits"),
            ("UPDATE challenges SET sends = sends + 1", "not as many messages as were counted"),
            ("UPDATE outbox SET lease = 'mine'", "a sender of what is not being sent"),
            ("UPDATE outbox SET recipient_sealed = destination_index", "an address that is still kept"),
            ("UPDATE trusted_computers SET made_at = made_at - 6000000", "a computer that nobody trusted"),
            ("UPDATE accounts SET method = 'sms'", "an account that is not what its second factor says"),
        ];
        for (forgery, rule) in forgeries {
            let app = a_day_at_work().await;
            app.alter(forgery).await;
            let broken = broken(&app.database).join("\n");
            assert!(broken.contains(rule), "{forgery} breaks\n{broken}");
        }
    }
}

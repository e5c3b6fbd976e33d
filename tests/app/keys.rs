//! A new key: what the old one made still opens, and nothing is lost but sessions.

use postern::domain::account::Role;
use postern::domain::email::EmailAddress;
use postern::domain::event::Actor;
use postern::domain::ids::Id;
use postern::domain::username::Username;
use postern::flows::FlowError;
use postern::flows::invitation::{self, First, Made, New};
use postern::flows::rotation::{self, Rotated};
use postern::storage::sealed::SealedTable;
use postern::storage::second_factors::Sealer;
use postern::storage::{accounts, former_states, second_factors};

use crate::support::browser::Browser;
use crate::support::dump::everything;
use crate::support::program::Home;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

/// The key that [`TestApp`] starts with.
const OLD: &str = "a key that is only ever used in tests";
const NEW: &str = "a newer key that is only used in tests";
const PHONE: (&str, &str) = ("(212) 555-0142", "+12125550142");

/// The same installation after its key was changed.
async fn rotated(app: &TestApp) -> TestApp {
    app.another_with(&[("POSTERN_SECRET_KEY", NEW), ("POSTERN_SECRET_PREVIOUS", OLD)]).await
}

/// Ada with codes by SMS, at home on a trusted computer.
async fn ada_at_home(app: &TestApp) -> Browser {
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    home.turn_on_sms(app, PHONE.0, PHONE.1).await;
    home
}

#[actix_web::test]
async fn sessions_end_with_the_old_key_and_trust_stays() {
    let before = TestApp::start().await;
    let home = ada_at_home(&before).await;
    let after = rotated(&before).await;
    let home = home.at(&after.base);
    assert_eq!(home.follow_all("/profile").await.path(), "/login");
    let page = home.log_in("ada").await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
    let computers = home.get("/profile/computers").await;
    assert_eq!(
        computers.attributes("form[action$='/forget']", "action").len(),
        1,
        "{}",
        computers.describe()
    );
}

#[actix_web::test]
async fn a_number_sealed_under_the_old_key_still_gets_codes_and_is_still_shown() {
    let before = TestApp::start().await;
    ada_at_home(&before).await;
    let after = rotated(&before).await;
    let elsewhere = after.browser();
    let page = elsewhere.log_in("ada").await;
    let code = after.code_for(PHONE.1).await;
    assert_eq!(page.form("Log in").fill("code", &code).submit().await.follow_all().await.path(), "/profile");
    let form = elsewhere.get("/profile/two-factor").await.form("Save");
    let shown: String = form.value("phone").unwrap().chars().filter(char::is_ascii_digit).collect();
    assert!(shown.ends_with("2125550142"), "{shown}");
    let page = form.submit().await.follow_all().await;
    assert!(page.notice().unwrap().contains("Nothing changed"), "it is the same number: {}", page.describe());
}

#[actix_web::test]
async fn a_code_asked_for_under_the_old_key_is_sent_and_opens() {
    let before = TestApp::start().await;
    ada_at_home(&before).await;
    // Asked for here, sent by an instance that has the new key, entered here: keys change one instance after the other.
    let elsewhere = before.browser();
    let page = elsewhere.log_in("ada").await;
    let after = rotated(&before).await;
    let code = after.code_for(PHONE.1).await;
    assert_eq!(page.form("Log in").fill("code", &code).submit().await.follow_all().await.path(), "/profile");
}

#[actix_web::test]
async fn an_invitation_printed_under_the_old_key_is_still_good() {
    let before = TestApp::start().await;
    let new = New {
        username: Username::parse("grace").unwrap(),
        email: EmailAddress::parse("grace@example.com").unwrap(),
        role: Role::Person,
        first: First::PrintedLink,
    };
    let made = invitation::create(before.app.services(), new, Actor::Operator).await.unwrap();
    let Made::Invited(link) = made else { panic!("she has no password") };
    let after = rotated(&before).await;
    let path = link.expose().strip_prefix(&before.base).unwrap();
    let form = after.browser().follow_all(path).await.form("Save password");
    form.fill("new_password", PASSWORD).fill("new_password_again", PASSWORD).submit().await.expect(303);
    assert_eq!(after.browser().log_in("grace").await.path(), "/profile");
}

#[actix_web::test]
async fn a_key_is_changed_only_by_naming_the_old_one() {
    let home = Home::new().with(&[("POSTERN_SECRET_KEY", OLD)]);
    home.run(&["migrate"]).await.well();
    let changed = home.with(&[("POSTERN_SECRET_KEY", NEW)]);
    let said = changed.run(&["serve"]).await.refusal();
    assert_eq!(
        said,
        "postern: secret.key: this database was made under another key: give that one, or, if the key was changed on \
         purpose, name the old one as secret.previous\n"
    );
    let changed = changed.with(&[("POSTERN_SECRET_PREVIOUS", OLD)]);
    changed.run(&["doctor"]).await.well();
    let running = changed.serve().await;
    assert_eq!(running.browser().get("/readyz").await.status(), 200);
}

/// What is sealed under the key of [`TestApp`], and where.
fn under_the_old_key(app: &TestApp) -> Vec<String> {
    let old = app.app.services().keys.previous_id().unwrap().to_owned();
    let begins = [&[1][..], &data_encoding::HEXLOWER.decode(old.as_bytes()).unwrap()].concat();
    let sealed = everything(&app.database).into_iter().filter(|value| value.bytes.starts_with(&begins));
    sealed.map(|value| value.place).collect()
}

async fn rotate(app: &TestApp) -> usize {
    match rotation::rotate(app.app.services()).await.unwrap() {
        Rotated::Whole { rows, .. } => rows,
        other @ (Rotated::NoPreviousKey | Rotated::Unreadable(..)) => panic!("{other:?}"),
    }
}

/// Logs in at a strange computer with a code that goes to Ada's telephone.
async fn gets_in_elsewhere(app: &TestApp) {
    // What was asked for before goes out before.
    app.deliver_all().await;
    app.wait(chrono::TimeDelta::minutes(1));
    let page = app.browser().log_in("ada").await;
    let code = app.code_for(PHONE.1).await;
    let page = page.form("Log in").fill("code", &code).submit().await.follow_all().await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
}

#[actix_web::test]
async fn after_a_rotation_the_old_key_is_needed_for_nothing() {
    let before = TestApp::start().await;
    ada_at_home(&before).await;
    before.browser().log_in("ada").await;
    let both = rotated(&before).await;
    for table in ["second_factors.phone_sealed", "challenges.phone_sealed", "outbox.recipient_sealed"] {
        assert!(under_the_old_key(&both).iter().any(|place| place == table), "{table}");
    }
    // It would never be found again: the carrier says it anew.
    let stop = "INSERT INTO suppressions (destination_index, sender, since) SELECT phone_index, '', 1 FROM second_factors";
    both.alter(stop).await;
    assert!(rotate(&both).await >= 3);
    assert_eq!(both.count("suppressions").await, 0);
    assert_eq!(under_the_old_key(&both), Vec::<String>::new());
    assert_eq!(rotate(&both).await, 0, "a second time there is nothing to do");
    both.deliver_all().await;

    let alone = before.another_with(&[("POSTERN_SECRET_KEY", NEW)]).await;
    gets_in_elsewhere(&alone).await;
    assert!(
        before.unprepared(&[]).unwrap().prepare_database().await.is_err(),
        "the old key alone is refused"
    );
}

#[actix_web::test]
async fn taken_out_before_the_rotation_is_whole_the_old_key_is_missed_at_the_start() {
    let before = TestApp::start().await;
    ada_at_home(&before).await;
    before.browser().log_in("ada").await;
    let both = rotated(&before).await;
    let new_alone =
        async || before.unprepared(&[("POSTERN_SECRET_KEY", NEW)]).unwrap().prepare_database().await;
    assert!(new_alone().await.unwrap_err().to_string().contains("made under another key"));

    // It breaks off here: one table is done, and no other.
    let brought =
        rotation::step(both.app.services(), SealedTable::SecondFactors, String::new()).await.unwrap();
    assert_eq!((brought.rows, brought.last), (1, None));
    assert!(!under_the_old_key(&both).is_empty());
    gets_in_elsewhere(&both).await;
    assert!(new_alone().await.unwrap_err().to_string().contains("made under another key"));

    rotate(&both).await;
    assert_eq!(under_the_old_key(&both), Vec::<String>::new());
    new_alone().await.unwrap();
}

#[actix_web::test]
async fn a_table_of_many_rows_is_brought_over_batch_by_batch() {
    let before = TestApp::start().await;
    ada_at_home(&before).await;
    let services = before.app.services().clone();
    let now = before.now();
    let put: Result<(), FlowError> = before
        .app
        .services()
        .db
        .write(move |tx| {
            let key = Username::parse("ada").unwrap().key();
            let (ada, _) = accounts::for_login(tx, &key, now)?.unwrap();
            let factor = second_factors::find(tx, &ada.id, &services.keys)?;
            for _ in 0..250 {
                let sealer = Sealer { keys: &services.keys, nonce: services.random.bytes()? };
                let event = Id::new(now, &services.random.bytes()?);
                former_states::put(tx, &event, &ada, &factor, &sealer, now + chrono::TimeDelta::days(3))?;
            }
            Ok(())
        })
        .await;
    put.unwrap();
    let both = rotated(&before).await;
    let first = rotation::step(both.app.services(), SealedTable::FormerStates, String::new()).await.unwrap();
    assert_eq!((first.rows, first.last.is_some()), (100, true));
    assert!(rotate(&both).await >= 150);
    assert_eq!(under_the_old_key(&both), Vec::<String>::new());
}

#[actix_web::test]
async fn what_opens_under_neither_key_is_named_and_holds_the_old_one_fast() {
    let before = TestApp::start().await;
    ada_at_home(&before).await;
    let both = rotated(&before).await;
    let moved = "UPDATE challenges SET phone_sealed = (SELECT phone_sealed FROM second_factors)";
    before.database.execute(moved);
    let Rotated::Unreadable(rows, unreadable) = rotation::rotate(both.app.services()).await.unwrap() else {
        panic!("a value that was moved does not open")
    };
    assert!(rows >= 1 && unreadable.iter().all(|row| row.starts_with("challenges ")), "{unreadable:?}");
    let new_alone = before.unprepared(&[("POSTERN_SECRET_KEY", NEW)]).unwrap();
    assert!(new_alone.prepare_database().await.is_err());
}

#[actix_web::test]
async fn recovery_codes_of_the_old_key_are_good_while_it_is_named() {
    let before = TestApp::start().await;
    let home = ada_at_home(&before).await;
    let codes = home.make_recovery_codes().await;
    let pass = before.pass_for("ada").await;
    let with = async |app: &TestApp, code: &str| {
        let browser = app.browser();
        browser.log_in("ada").await;
        let form = browser.get("/login/recovery").await.form("Log in");
        form.fill("recovery_code", code).submit().await.follow_all().await.path().to_owned()
    };
    let both = rotated(&before).await;
    assert_ne!(with(&both, &codes[0]).await, "/login/recovery");
    assert_eq!(with(&both, &codes[0]).await, "/login/recovery", "once");
    assert_ne!(with(&both, &pass).await, "/login/recovery");

    both.wait(chrono::TimeDelta::minutes(20));
    let Rotated::Whole { recovery_codes, .. } = rotation::rotate(both.app.services()).await.unwrap() else {
        panic!("it is whole")
    };
    assert_eq!(recovery_codes, 1, "it is said whose end with the old key");
    let alone = before.another_with(&[("POSTERN_SECRET_KEY", NEW)]).await;
    assert_eq!(with(&alone, &codes[1]).await, "/login/recovery");
}

#[actix_web::test]
async fn the_command_says_what_it_did_and_what_to_do_next() {
    let home = Home::new().with(&[("POSTERN_SECRET_KEY", OLD)]);
    home.run(&["migrate"]).await.well();
    let said = home.run(&["keys", "rotate"]).await.well().out;
    assert_eq!(said, "secret.previous is not set: there is no other key to bring anything over from\n");
    let words = ["account", "create", "--username", "ada", "--email", "ada@example.com"];
    home.run(&words).await.well();
    let both = home.with(&[("POSTERN_SECRET_KEY", NEW), ("POSTERN_SECRET_PREVIOUS", OLD)]);
    let running = both.serve().await;
    let said = both.run(&["keys", "rotate"]).await.well().out;
    assert!(said.starts_with("rows brought over to the current key: 0\n"), "{said}");
    assert!(said.contains("mailed links that open under the previous key only: 1, until "), "{said}");
    assert!(said.contains("Leave secret.previous as long as"), "{said}");
    drop(running);
    home.with(&[("POSTERN_SECRET_KEY", NEW)]).run(&["account", "list"]).await.well();
    assert!(home.run(&["account", "list"]).await.refusal().contains("made under another key"));
}

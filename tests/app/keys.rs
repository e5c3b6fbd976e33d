//! A new key: what the old one made still opens, and nothing is lost but sessions.

use postern::domain::account::Role;
use postern::domain::email::EmailAddress;
use postern::domain::event::Actor;
use postern::domain::username::Username;
use postern::flows::invitation::{self, First, Made, New};

use crate::support::browser::Browser;
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

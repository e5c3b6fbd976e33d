//! What an administrator does to an account: each act by its own confirm page, with its line of the log and its mail.

use chrono::TimeDelta;
use postern::domain::administration::Act;

use crate::support::administration::Administering;
use crate::support::browser::{Browser, Page};
use crate::support::codes::Reading;
use crate::support::links::not_me_link;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const REASON: &str = "they asked at the desk";

/// Sam, an administrator who has just logged in.
async fn sam(app: &TestApp) -> Browser {
    app.administrator("sam").await;
    let sam = app.browser();
    sam.log_in("sam").await;
    sam
}

/// An act, whom it is done to, what it takes for it to apply, the line of the log, and the mails that tell of it.
type Case = (Act, &'static str, Option<&'static str>, &'static str, usize);

const CASES: [Case; 17] = [
    (Act::RequireTwoFactor, "bob", None, "two_factor_required", 1),
    (Act::LeaveTwoFactor, "bob", Some("requires_two_factor = TRUE"), "two_factor_optional", 1),
    (Act::TurnOnEmail, "bob", Some("email_confirmed_at = 1"), "two_factor_on", 1),
    (Act::AllowTrust, "ada", Some("allows_trust = FALSE"), "trust_allowed", 1),
    (Act::ForbidTrust, "ada", None, "trust_forbidden", 1),
    (Act::ResetTwoFactor, "ada", None, "two_factor_reset", 1),
    (Act::IssuePass, "ada", None, "pass_issued", 1),
    (Act::Unlock, "ada", Some("codes_suspended_at = 1, state = 'locked'"), "unlocked", 1),
    (Act::EndSessions, "ada", None, "sessions_ended", 1),
    (Act::ForgetComputers, "ada", None, "computers_forgotten", 1),
    (Act::MailReset, "ada", None, "password_reset_mailed", 1),
    (Act::InviteAgain, "ivy", None, "invitation_mailed", 1),
    (Act::CorrectEmail, "bob", None, "email_changed", 2),
    (Act::Promote, "bob", None, "promoted", 1),
    (Act::Demote, "bob", Some("role = 'administrator'"), "demoted", 1),
    (Act::Disable, "bob", None, "disabled", 1),
    (Act::Enable, "bob", Some("disabled_at = 1, state = 'disabled'"), "enabled", 1),
];

/// A Postern with Ada, who has two-factor authentication, Bob, who has none, and Ivy, who is invited.
async fn with_people() -> (TestApp, Browser, Browser) {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    app.person("bob").await;
    app.invite_by_mail("ivy").await;
    let sam = sam(&app).await;
    app.deliver_all().await;
    (app, home, sam)
}

async fn arrange(app: &TestApp, name: &str, change: Option<&str>) {
    if let Some(change) = change {
        app.alter(&format!("UPDATE accounts SET {change} WHERE username_key = '{name}'")).await;
    }
}

#[actix_web::test]
async fn each_act_is_done_once_logged_once_and_told_once() {
    for (act, name, change, kind, mails) in CASES {
        let (app, _home, sam) = with_people().await;
        arrange(&app, name, change).await;
        let before = app.sent().await.len();
        let form = sam.act_form(&app, name, act).await;

        let done = form.clone().submit().await.follow_all().await.expect(200);

        assert!(done.h1() == name || act == Act::IssuePass, "{act:?}: {}", done.describe());
        let sent = app.sent().await;
        assert_eq!(sent.len() - before, mails, "{act:?}");
        // The links themselves say all there is to say.
        if !matches!(act, Act::MailReset | Act::InviteAgain) {
            for told in &sent[..mails] {
                let text = &told.text;
                assert!(
                    text.contains("sam, an administrator") && not_me_link(text).is_some(),
                    "{act:?}: {text}"
                );
            }
        }
        let why =
            if act.wants_reason() { format!("reason = '{REASON}'") } else { "reason IS NULL".to_owned() };
        let who = "administrator_id = (SELECT id FROM accounts WHERE username_key = 'sam')";
        let line = format!(
            "security_events WHERE kind = '{kind}' AND actor = 'administrator' AND {who} AND {why} \
             AND network IS NOT NULL AND request_id IS NOT NULL"
        );
        assert_eq!(app.count(&line).await, 1, "{act:?}");

        // The same form again is stale, whatever the act was.
        form.submit().await.expect(409).says("The account changed since you opened that page");
        assert_eq!(app.count(&line).await, 1, "{act:?}");
        assert_eq!(app.sent().await.len() - before, mails, "{act:?}");
    }
}

#[actix_web::test]
async fn the_page_of_an_account_offers_what_applies_and_nothing_else() {
    for (act, name, change, ..) in CASES {
        let (app, _home, sam) = with_people().await;
        let offered = |page: &Page| {
            let links = page.attributes(".acts a", "href");
            links.iter().any(|link| link.ends_with(&format!("/{}", act.as_str())))
        };
        let path = app.account_path(name).await;
        if let Some(change) = change {
            assert!(!offered(&sam.get(&path).await), "{act:?}");
            sam.get(&format!("{path}/{}", act.as_str())).await.expect(409).says("Nothing was done");
            arrange(&app, name, Some(change)).await;
        }
        assert!(offered(&sam.get(&path).await), "{act:?}");
        let page = sam.get(&format!("{path}/{}", act.as_str())).await.expect(200);
        assert_eq!(page.all("#reason").len(), usize::from(act.wants_reason()), "{act:?}");
    }
}

#[actix_web::test]
async fn an_act_that_weakens_an_account_wants_a_reason() {
    for (act, name, change, ..) in CASES.into_iter().filter(|(act, ..)| act.wants_reason()) {
        let (app, _home, sam) = with_people().await;
        arrange(&app, name, change).await;
        let version = app.count(&format!("accounts WHERE username_key = '{name}' AND version = 1")).await;
        for (reason, words) in
            [("", "at least 3"), ("  ok ", "at least 3"), (&"x".repeat(501), "at most 500")]
        {
            let form = sam.act_form(&app, name, act).await.fill("reason", reason);
            let page = form.submit().await.expect(422);
            assert!(page.field_error("reason").unwrap().contains(words), "{act:?}");
        }
        let form = sam.act_form(&app, name, act).await;
        form.clone().without("version").submit().await.expect(400);
        form.clone().forge("version", "first").submit().await.expect(400);
        form.clone().forge("role", "administrator").submit().await.expect(400);
        form.clone().forge("form_token", "stale").submit().await.expect(403);
        let after = app.count(&format!("accounts WHERE username_key = '{name}' AND version = 1")).await;
        assert_eq!(after, version, "{act:?}");
        form.submit().await.follow_all().await.expect(200);
    }
}

#[actix_web::test]
async fn who_is_logged_in_is_thrown_out_and_who_is_trusted_is_asked_as_the_act_says() {
    for (act, ends_sessions, ends_trust) in [
        (Act::RequireTwoFactor, false, false),
        (Act::ForbidTrust, false, true),
        (Act::IssuePass, false, false),
        (Act::EndSessions, true, false),
        (Act::ForgetComputers, false, true),
        (Act::MailReset, false, false),
        (Act::Promote, true, false),
    ] {
        let (app, home, sam) = with_people().await;
        sam.administer(&app, "ada", act).await.expect(200);
        let page = home.get("/profile").await;
        assert_eq!(page.status(), if ends_sessions { 303 } else { 200 }, "{act:?}");
        if !ends_sessions {
            home.log_out().await;
        }
        let page = home.log_in("ada").await;
        assert_eq!(page.path() == "/login/code", ends_trust, "{act:?}: {}", page.describe());
        if ends_trust {
            assert!(page.only("#why").contains("administrator"), "{act:?}");
        }
    }
}

#[actix_web::test]
async fn a_computer_that_may_not_be_trusted_is_asked_each_time_and_the_box_is_not_there() {
    let (app, home, sam) = with_people().await;
    sam.administer(&app, "ada", Act::ForbidTrust).await;
    home.log_out().await;
    let page = home.log_in("ada").await;
    let form = page.form("Log in");
    assert!(!form.has("trust_computer"));
    // Nor does it help to ask for it all the same.
    let code = app.code_for("ada@example.com").await;
    form.fill("code", &code).forge("trust_computer", "yes").submit().await.expect(303);
    home.get("/profile/computers").await.says("an administrator has this account asked for a code");
    assert!(!home.get("/profile/two-factor").await.form("Save").has("every_login"));
    home.log_out().await;
    let page = home.log_in("ada").await;
    assert!(page.only("#why").contains("administrator"));
    page.form("Use another account").submit().await.expect(303);
    // Allowed again, what was trusted before is not.
    sam.administer(&app, "ada", Act::AllowTrust).await;
    assert_eq!(home.log_in("ada").await.path(), "/login/code");
}

#[actix_web::test]
async fn a_disabled_account_is_out_at_once_and_back_with_what_it_had() {
    let (app, home, sam) = with_people().await;
    sam.administer(&app, "ada", Act::Disable).await;
    assert_eq!(home.get("/profile").await.location(), Some("/login"));
    home.log_in("ada").await.expect(422);
    sam.administer(&app, "ada", Act::Enable).await;
    assert_eq!(home.log_in("ada").await.path(), "/login/code");
}

#[actix_web::test]
async fn the_facts_are_there_and_the_destination_is_not() {
    let (app, _home, sam) = with_people().await;
    app.alter("UPDATE accounts SET email = 'ada@elsewhere.example' WHERE username_key = 'ada'").await;
    let page = sam.get(&app.account_path("ada").await).await;
    page.says("by email to a•••@e•••.com").says("Never confirmed").says("No, it is left to the person");
    page.says("November 23, 2026");
    assert!(!page.html().contains("ada@example.com"), "the destination in full");
}

#[actix_web::test]
async fn an_address_is_corrected_and_the_links_that_went_there_end() {
    let (app, _home, sam) = with_people().await;
    let letter = app.last_to("ivy@example.com").await;
    let link = letter.text.lines().find(|line| line.contains("/invitation?token=")).unwrap().to_owned();
    let again = sam.act_form(&app, "ivy", Act::CorrectEmail).await.fill("email", "ivy@example.com");
    again.submit().await.expect(422).says("Enter another address than the one there is");
    sam.administer(&app, "ivy", Act::CorrectEmail).await.says("The email address was corrected");

    app.browser().follow_all(link.trim()).await.expect(410);
    let told = app.last_to("ivy@example.com").await;
    assert!(told.text.contains("Email address changed") && told.text.contains(REASON), "{}", told.text);
    let invitation = app.last_to("another@example.com").await;
    let link = invitation.text.lines().find(|line| line.contains("/invitation?token=")).unwrap().to_owned();
    let form = app.browser().follow_all(link.trim()).await.form("Save password");
    form.fill("new_password", PASSWORD).fill("new_password_again", PASSWORD).submit().await.expect(303);
    assert_eq!(app.browser().log_in("ivy").await.path(), "/profile");
    sam.get(&app.account_path("ivy").await).await.says("Confirmed on November 24, 2026");
}

#[actix_web::test]
async fn this_was_not_me_from_an_address_that_was_corrected_leads_to_the_right_one() {
    let (app, _home, sam) = with_people().await;
    sam.administer(&app, "bob", Act::CorrectEmail).await;
    let links = "links WHERE purpose = 'not_me' AND event_id = \
                 (SELECT id FROM security_events WHERE kind = 'email_changed')";
    assert_eq!(app.count(links).await, 2);
    assert_eq!(app.count(&format!("{links} AND address = 'another@example.com'")).await, 2);
    assert_eq!(app.sent_to("bob@example.com").await, 1);
}

#[actix_web::test]
async fn a_pass_is_shown_once_and_kept_nowhere() {
    let (app, _home, sam) = with_people().await;
    let page = sam.act_form(&app, "ada", Act::IssuePass).await.submit().await.expect(200);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let pass = page.only(".pass");
    assert_eq!(pass.len(), 19);
    let letters = pass.replace('-', "");
    for value in crate::support::dump::everything(&app.database) {
        let text = String::from_utf8_lossy(&value.bytes);
        assert!(!text.contains(&pass) && !text.contains(&letters), "{}", value.place);
    }
    assert!(app.sent().await.iter().all(|mail| !mail.text.contains(&pass)));
    assert!(!sam.get(&app.account_path("ada").await).await.html().contains(&pass));
}

#[actix_web::test]
async fn a_new_account_is_invited_by_mail() {
    let (app, _home, sam) = with_people().await;
    let form = || async { sam.get("/admin/accounts/new").await.form("Create account") };
    let page = form().await.fill("username", "a").fill("email", "nowhere").submit().await.expect(422);
    assert!(page.field_error("username").unwrap().contains("3 to 64"));
    assert!(page.field_error("email").unwrap().contains("name@example.com"));
    let page = form().await.fill("username", "ADA").fill("email", "a@example.com").submit().await.expect(422);
    assert!(page.field_error("username").unwrap().contains("There is an account of this name"));
    assert_eq!(page.form("Create account").value("email").as_deref(), Some("a@example.com"));
    let filled = form().await.fill("username", "grace").fill("email", "grace@example.com");
    filled.clone().forge("role", "owner").submit().await.expect(400);
    filled.clone().forge("password", PASSWORD).submit().await.expect(400);

    let page = filled.select("role", "administrator").submit().await.follow().await.expect(200);

    page.says("The account is made").says("Invited").says("Administrator");
    let letter = app.last_to("grace@example.com").await;
    assert!(letter.text.contains("/invitation?token="), "{}", letter.text);
    let line = "security_events WHERE kind = 'account_created' AND actor = 'administrator' AND detail = 'administrator'";
    assert_eq!(app.count(line).await, 1);
}

#[actix_web::test]
async fn before_each_act_the_administrator_is_asked_who_they_are_and_comes_back_to_its_page() {
    let (app, _home, sam) = with_people().await;
    let form = sam.act_form(&app, "bob", Act::Disable).await;
    let path = form.action().to_owned();
    app.wait(TimeDelta::minutes(15));
    let page = form.submit().await.follow_all().await;
    assert_eq!(page.path(), "/confirm");
    let page = page.form("Continue").fill("password", PASSWORD).submit().await.follow_all().await;
    assert_eq!(page.path(), path, "the page of the act, which asks again");
    assert_eq!(app.count("accounts WHERE username_key = 'bob' AND disabled_at IS NULL").await, 1);
    page.form("Disable").submit().await.follow().await.says("The account is disabled");
}

#[actix_web::test]
async fn what_is_no_account_or_no_act_is_not_there() {
    let (app, _home, sam) = with_people().await;
    let path = app.account_path("bob").await;
    for path in [
        "/admin/accounts/01JDFZ0000AAAAAAAAAAAAAAAA",
        "/admin/accounts/bob",
        "/admin/accounts/%00",
        &format!("{path}/delete"),
        &format!("{path}/DISABLE"),
        "/admin/accounts/01JDFZ0000AAAAAAAAAAAAAAAA/disable",
    ] {
        sam.get(path).await.expect(404);
    }
    let form = sam.act_form(&app, "bob", Act::Disable).await;
    form.sent_to("/admin/accounts/01JDFZ0000AAAAAAAAAAAAAAAA/disable").submit().await.expect(404);
}

#[actix_web::test]
async fn the_menu_leads_administrators_and_nobody_else_to_administration() {
    let (app, home, sam) = with_people().await;
    assert_eq!(sam.get("/profile").await.attributes(".menu nav a", "href").len(), 3);
    assert!(!home.get("/profile").await.text().contains("Administration"));
    assert!(app.account_path("ada").await.starts_with("/admin/accounts/"));
}

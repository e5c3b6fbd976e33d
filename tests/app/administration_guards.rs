//! Who may administer, and what even an administrator cannot do: guards, each with somebody who goes around it.

use postern::domain::administration::Act;
use postern::web::routes::{TABLE, Who};

use crate::support::administration::Administering;
use crate::support::at_once::at_once;
use crate::support::browser::{Browser, Form};
use crate::support::codes::Reading;
use crate::support::test_app::{Deeds, TestApp};

async fn logged_in(app: &TestApp, name: &str) -> Browser {
    let browser = app.browser();
    browser.log_in(name).await;
    browser
}

async fn administrator(app: &TestApp, name: &str) -> Browser {
    app.administrator(name).await;
    logged_in(app, name).await
}

/// Every path of administration about one account, one for each act.
async fn paths(app: &TestApp, name: &str) -> Vec<(&'static str, String)> {
    let account = app.account_path(name).await;
    let id = account.rsplit('/').next().unwrap();
    let mut paths = Vec::new();
    for (method, path, _) in TABLE.iter().filter(|(.., who)| *who == Who::Administrator) {
        for act in Act::ALL {
            paths.push((*method, path.replace("{id}", id).replace("{action}", act.as_str())));
        }
    }
    paths.sort();
    paths.dedup();
    paths
}

/// What each path answers to somebody: a bare request, and where a page of theirs holds a form token, a form with all that
/// any act asks for.
async fn refused(app: &TestApp, browser: &Browser, name: &str) -> Vec<(u16, Option<String>)> {
    let mut answers = Vec::new();
    let own = browser.follow_all("/profile").await;
    let token = own.has_button("Log out").then(|| own.form("Log out").value("form_token").unwrap());
    for (method, path) in paths(app, name).await {
        let page = browser.copy().raw(method, &path, &[("sec-fetch-site", "same-origin")], b"").await;
        answers.push((page.status(), page.location().map(str::to_owned)));
        if let Some(token) = token.as_deref().filter(|_| method == "POST") {
            let page = browser.copy().post_form(&path, &fields(&path, token)).await;
            answers.push((page.status(), page.location().map(str::to_owned)));
        }
    }
    answers.sort();
    answers.dedup();
    answers
}

/// What the form at a path of administration would send.
fn fields<'a>(path: &str, token: &'a str) -> Vec<(&'a str, &'a str)> {
    let act = path.rsplit('/').next().and_then(Act::parse);
    let mut fields = vec![("form_token", token)];
    match act {
        Some(act) => {
            fields.push(("version", "1"));
            fields.extend(act.wants_reason().then_some(("reason", "because I can")));
            fields.extend(act.takes_email().then_some(("email", "mine@example.com")));
        }
        None => {
            fields.extend([("username", "mine"), ("email", "mine@example.com"), ("role", "administrator")])
        }
    }
    fields
}

async fn contents(app: &TestApp) -> [i64; 4] {
    [
        app.count("accounts").await,
        app.count("security_events").await,
        app.count("outbox").await,
        app.count("accounts WHERE version = 1").await,
    ]
}

#[actix_web::test]
async fn guests_pending_logins_and_ordinary_accounts_get_nowhere() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    app.person("bob").await;
    let pending = app.code_page("ada").await.browser().clone();
    let before = contents(&app).await;
    let to = |path: &str| vec![(303, Some(path.to_owned()))];
    assert_eq!(refused(&app, &app.browser(), "bob").await, to("/login"));
    assert_eq!(refused(&app, &pending, "bob").await, to("/login/code"));
    assert_eq!(refused(&app, &home, "bob").await, [(403, None)]);
    // Not even with a form token of one's own, and about one's own account.
    let own = home.get("/profile").await.form("Save").without("display_name").without("time_zone");
    for act in Act::ALL {
        let path = format!("{}/{}", app.account_path("ada").await, act.as_str());
        let form = own.clone().forge("version", "1").forge("reason", "because I can").sent_to(&path);
        form.submit().await.expect(403);
    }
    assert_eq!(contents(&app).await, before);
}

#[actix_web::test]
async fn who_was_demoted_administers_nothing_any_more_not_even_with_a_form_from_before() {
    let app = TestApp::start().await;
    let (sam, kim) = (administrator(&app, "sam").await, administrator(&app, "kim").await);
    app.person("bob").await;
    let form = kim.act_form(&app, "bob", Act::Disable).await;
    sam.administer(&app, "kim", Act::Demote).await.says("They are no administrator any more");

    assert_eq!(form.submit().await.location(), Some("/login"), "their sessions were ended");
    kim.log_in("kim").await;
    let before = contents(&app).await;
    assert_eq!(refused(&app, &kim, "bob").await, [(403, None)]);
    assert_eq!(contents(&app).await, before);
    assert_eq!(app.count("accounts WHERE username_key = 'bob' AND disabled_at IS NULL").await, 1);

    // The role is read at every request, not taken from the session.
    let lou = administrator(&app, "lou").await;
    lou.get(&app.account_path("bob").await).await.expect(200);
    app.alter("UPDATE accounts SET role = 'person' WHERE username_key = 'lou'").await;
    lou.get(&app.account_path("bob").await).await.expect(403);
}

#[actix_web::test]
async fn nobody_shuts_themselves_out_or_weakens_their_own_account() {
    let app = TestApp::start().await;
    let (sam, _kim) = (administrator(&app, "sam").await, administrator(&app, "kim").await);
    app.alter("UPDATE accounts SET requires_two_factor = TRUE, method = 'email' WHERE username_key = 'sam'")
        .await;
    app.alter("UPDATE sessions SET code_at = password_at").await;
    let path = app.account_path("sam").await;
    let page = sam.get(&path).await.expect(200);
    page.says("You");
    let offered = page.attributes(".acts a", "href");
    let form = sam.open_act(&app, "kim", Act::Disable).await.form("Disable");
    for act in Act::ALL.into_iter().filter(|act| act.is_only_for_others()) {
        assert!(!offered.iter().any(|link| link.ends_with(act.as_str())), "{act:?}");
        sam.get(&format!("{path}/{}", act.as_str())).await.expect(409);
    }
    for act in [Act::Disable, Act::Demote, Act::LeaveTwoFactor, Act::ResetTwoFactor, Act::IssuePass] {
        let form = form.clone().sent_to(&format!("{path}/{}", act.as_str()));
        let form = if act.wants_reason() { form.forge("reason", "by accident") } else { form };
        form.forge("version", "1").submit().await.expect(409).says("Nobody does this to their own account");
    }
    let as_before = "accounts WHERE username_key = 'sam' AND disabled_at IS NULL AND role = 'administrator' \
                     AND requires_two_factor";
    assert_eq!(app.count(as_before).await, 1);
}

#[actix_web::test]
async fn the_last_administrator_stays_one_whoever_asks() {
    let app = TestApp::start().await;
    let (sam, kim) = (administrator(&app, "sam").await, administrator(&app, "kim").await);
    let against_kim = sam.act_form(&app, "kim", Act::Demote).await;
    let against_sam = kim.act_form(&app, "sam", Act::Disable).await;
    against_kim.submit().await.expect(303);
    // Kim is none any more; Sam is the last one.
    against_sam.submit().await.expect(303);
    assert_eq!(app.count("accounts WHERE username_key = 'sam' AND disabled_at IS NULL").await, 1);
    // An administrator who was only invited, or is disabled, is none that could take over.
    app.alter("UPDATE accounts SET role = 'administrator', password_hash = NULL, state = 'invited' WHERE username_key = 'kim'")
        .await;
    app.alter("UPDATE accounts SET disabled_at = NULL WHERE username_key = 'sam'").await;
    use postern::domain::administration::Hindrance;
    use postern::domain::username::Username;
    use postern::flows::admin::{Outcome, operator};
    let name = Username::parse("sam").unwrap();
    let outcome = operator::carry_out(app.app.services(), &name, Act::Disable, None).await.unwrap();
    assert!(matches!(outcome, Outcome::Hindered(Hindrance::LastAdministrator)));
}

/// Sends these in the same moment; whatever comes of it, nothing may break.
async fn race(forms: Vec<Form>) {
    let sends = forms.into_iter().map(|form| async move { form.submit().await });
    for page in at_once(sends).await {
        assert!(page.status() < 500, "{}", page.describe());
    }
}

#[actix_web::test]
async fn of_administrators_who_demote_or_disable_each_other_at_once_one_stays() {
    for act in [Act::Demote, Act::Disable] {
        for _ in 0..5 {
            let app = TestApp::start().await;
            let other = app.another().await;
            let (sam, kim) = (administrator(&app, "sam").await, administrator(&app, "kim").await);
            let kim = kim.at(&other.base);
            race(vec![sam.act_form(&app, "kim", act).await, kim.act_form(&app, "sam", act).await]).await;
            let left = "accounts WHERE role = 'administrator' AND disabled_at IS NULL";
            assert_eq!(app.count(left).await, 1, "{act:?}");
        }
    }
}

#[actix_web::test]
async fn of_three_in_a_ring_who_demote_each_other_at_once_one_stays() {
    for _ in 0..5 {
        let app = TestApp::start().await;
        let names = ["kim", "lou", "sam"];
        let mut browsers = Vec::new();
        for name in names {
            browsers.push(administrator(&app, name).await);
        }
        let mut forms = Vec::new();
        for (n, browser) in browsers.iter().enumerate() {
            forms.push(browser.act_form(&app, names[(n + 1) % 3], Act::Demote).await);
        }
        race(forms).await;
        assert!(app.count("accounts WHERE role = 'administrator'").await >= 1);
    }
}

#[actix_web::test]
async fn of_one_form_in_many_hands_one_is_carried_out() {
    let app = TestApp::start().await;
    let sam = administrator(&app, "sam").await;
    app.guarded("ada").await;
    let form = sam.act_form(&app, "ada", Act::IssuePass).await;
    race(vec![form; 8]).await;
    assert_eq!(app.count("security_events WHERE kind = 'pass_issued'").await, 1);
    assert_eq!(app.count("one_time_passes").await, 1);
}

#[actix_web::test]
async fn a_stale_form_says_so_keeps_the_reason_and_changes_nothing() {
    let app = TestApp::start().await;
    let (sam, kim) = (administrator(&app, "sam").await, administrator(&app, "kim").await);
    app.guarded("ada").await;
    let sams = sam.act_form(&app, "ada", Act::ResetTwoFactor).await;
    kim.administer(&app, "ada", Act::RequireTwoFactor).await;
    let before = contents(&app).await;

    let page = sams.submit().await.expect(409);

    page.says("The account changed since you opened that page");
    assert_eq!(contents(&app).await, before);
    let again = page.form("Reset it");
    assert_eq!(again.value("reason").as_deref(), Some("they asked at the desk"));
    again.submit().await.follow().await.says("Two Factor Authentication was reset");
    // What the person does to the account counts as well.
    let bob = app.browser();
    app.person("bob").await;
    bob.log_in("bob").await;
    let form = sam.act_form(&app, "bob", Act::RequireTwoFactor).await;
    bob.turn_on_email(&app, "bob").await;
    form.submit().await.expect(409);
}

#[actix_web::test]
async fn without_its_line_in_the_log_no_act_is_done() {
    let app = TestApp::start().await;
    let sam = administrator(&app, "sam").await;
    app.person("bob").await;
    let form = sam.act_form(&app, "bob", Act::Disable).await;
    app.in_database(|conn| {
        use diesel::RunQueryDsl;
        diesel::sql_query("ALTER TABLE security_events RENAME TO elsewhere").execute(conn)
    })
    .await;
    form.submit().await.expect(500);
    assert_eq!(app.count("accounts WHERE username_key = 'bob' AND disabled_at IS NULL").await, 1);
}

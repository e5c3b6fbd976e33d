//! How SQLite goes about every statement of a long walk through the program: none reads a table from end to end.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use postern::domain::account::Role;
use postern::domain::administration::Act;
use postern::domain::email::EmailAddress;
use postern::domain::event::Actor;
use postern::domain::username::Username;
use postern::flows::invitation::{self, First, Made, New};
use postern::flows::{housekeeping, setup, start, unfinished_logins};
use postern::storage::{AnyConnection, Location};

use super::ear::listen;
use crate::support::administration::Administering;
use crate::support::browser::Browser;
use crate::support::links::not_me_link;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

/// A password that nobody has yet.
const ANOTHER: &str = "a rather unlikely sentence about herons";

#[derive(QueryableByName)]
pub struct Step {
    #[diesel(sql_type = Text)]
    pub detail: String,
}

/// Statements that may scan, by how they begin, and why.
const MAY_SCAN: [(&str, &str); 4] = [
    ("SELECT COUNT(*) FROM (", "it counts what a search with a limit has found"),
    ("SELECT `accounts`.`id` FROM `accounts` LIMIT", "the first row of any will do"),
    ("SELECT count(*) AS tables FROM sqlite_master", "it has a row a table and is asked once a start"),
    ("SELECT `__diesel_schema_migrations`", "it has a dozen rows and is asked once a start"),
];

#[actix_web::test]
async fn no_statement_of_a_long_walk_reads_a_whole_table() {
    let app = TestApp::start().await;
    let Location::Sqlite(path) = app.database.location() else { return };
    let statements = listen(path.to_str().unwrap());
    // The first instance opened its connections before anybody listened.
    let app = app.another().await;
    walk(&app).await;

    let heard = statements.lock().unwrap().clone();
    let statements: BTreeSet<_> = heard.iter().filter_map(|heard| heard.split(" -- binds:").next()).collect();
    let Ok(AnyConnection::Sqlite(mut file)) = app.database.location().connect() else { panic!("{path:?}") };
    let mut scans = Vec::new();
    let mut explained = BTreeSet::new();
    for statement in &statements {
        let verb = statement.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        if !["SELECT", "UPDATE", "DELETE", "INSERT"].contains(&verb.as_str()) {
            continue;
        }
        let plan: Vec<Step> = sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load(&mut file).unwrap();
        let may_scan = MAY_SCAN.iter().any(|(like, _)| statement.starts_with(like));
        if plan.iter().any(|step| step.detail.starts_with("SCAN")) && !may_scan {
            let steps: Vec<_> = plan.into_iter().map(|step| step.detail).collect();
            scans.push(format!("{statement}\n    {}", steps.join("\n    ")));
        }
        explained.insert(statement);
    }
    assert!(scans.is_empty(), "{} scans:\n{}", scans.len(), scans.join("\n"));
    assert!(explained.len() > 60, "only {} statements were heard: {explained:#?}", explained.len());
    for table in super::migrated().await.keys() {
        let name = format!("`{table}`");
        assert!(explained.iter().any(|statement| statement.contains(&name)), "nobody asked {table}");
    }
}

async fn walk(app: &TestApp) {
    let services = app.app.services();
    let token = setup::token(services).await.unwrap().unwrap();
    let ada = app.browser();
    let form = ada.follow_all(&format!("/setup?token={}", token.expose())).await.form("Create account");
    let form = form.fill("username", "ada").fill("email", "ada@example.com");
    form.fill("password", PASSWORD).fill("password_again", PASSWORD).submit().await.follow_all().await;
    invite(app, "grace").await;
    app.person("linus").await;

    app.browser().log_in_with("ada", "hunter2").await;
    app.browser().log_in_with("nobody", "hunter2").await;
    ada.get("/profile").await.form("Save").fill("display_name", "Ada").submit().await;
    ada.get("/admin/accounts?q=a&state=active").await.expect(200);
    ada.get("/admin/accounts").await.expect(200);
    ada.get("/admin/activity?account=ada").await.expect(200);
    turn_on_and_off(app, &ada).await;
    log_in_with_codes(app, &ada).await;
    ada.get("/profile/computers").await.form("Forget all computers").submit().await.follow_all().await;
    look_back_and_undo(app, &ada).await;
    lose_every_key(app).await;
    let out = ada.get("/profile").await.form("Log out and forget this computer");
    out.submit().await.follow_all().await;
    administer(app).await;
    assert_eq!(start::list_accounts(services, String::new()).await.unwrap().len(), 6);
    ada.get("/readyz").await.expect(200);
    app.wait(TimeDelta::days(40));
    assert!(housekeeping::sweep(services).await.unwrap() > 0);
}

/// Recovery codes, passes, another address, another password and a reset.
async fn lose_every_key(app: &TestApp) {
    let home = app.guarded("hedy").await;
    let codes = home.make_recovery_codes().await;
    let page = app.code_page("hedy").await.click("Use another way").await.click("Use a recovery code").await;
    page.form("Log in").fill("recovery_code", &codes[0]).submit().await.expect(303);
    let home = page.browser();
    let form = home.get("/profile/email").await.form("Save").fill("email", "h@example.net");
    let page = form.submit().await.follow_all().await;
    let code = app.code_for("h@example.net").await;
    page.form("Save").fill("code", &code).submit().await.expect(303);
    let form = home.get("/profile/password").await.form("Save").fill("current_password", PASSWORD);
    let form = form.fill("new_password", ANOTHER).fill("new_password_again", ANOTHER);
    form.submit().await.expect(303);
    app.ask_for_reset("hedy").await;
    let page = app.browser().follow_all(&app.reset_link_to("h@example.net").await).await;
    let form = page.form("Save password").fill("new_password", PASSWORD);
    form.fill("new_password_again", PASSWORD).submit().await.expect(303);
    let page = app.code_page("hedy").await.browser().get("/login/recovery").await;
    let pass = app.pass_for("hedy").await;
    page.form("Log in").fill("recovery_code", &pass).submit().await.expect(303);
}

/// Every act, by an administrator, and one by the operator.
async fn administer(app: &TestApp) {
    app.administrator("sam").await;
    app.person("barbara").await;
    let sam = app.browser();
    sam.log_in("sam").await;
    for act in [
        Act::RequireTwoFactor,
        Act::LeaveTwoFactor,
        Act::ForbidTrust,
        Act::AllowTrust,
        Act::EndSessions,
        Act::ForgetComputers,
        Act::MailReset,
        Act::CorrectEmail,
        Act::Promote,
        Act::Demote,
        Act::Disable,
        Act::Enable,
    ] {
        sam.administer(app, "barbara", act).await.expect(200);
    }
    sam.administer(app, "linus", Act::RequireTwoFactor).await.expect(200);
    let linus = app.browser();
    let form = linus.log_in("linus").await.form("Save").select("method", "sms").fill("phone", "212 555 0143");
    let page = form.submit().await.follow_all().await;
    sam.administer(app, "linus", Act::IssuePass).await.expect(200);
    page.form("Use the pass").fill("recovery_code", "ABCD-EFGH-IJKL-MNOP").submit().await.expect(422);
    let code = app.code_for("linus@example.com").await;
    page.form("Save").fill("code", &code).submit().await.expect(303);
    assert!(app.by_operator("ada", Act::Unlock).await);
}

async fn invite(app: &TestApp, name: &str) {
    let new = New {
        username: Username::parse(name).unwrap(),
        email: EmailAddress::parse("grace@example.com").unwrap(),
        role: Role::Person,
        first: First::PrintedLink,
    };
    let Made::Invited(link) = invitation::create(app.app.services(), new, Actor::Operator).await.unwrap()
    else {
        panic!("{name}")
    };
    let form = app.browser().follow_all(link.expose()).await.form("Save password");
    form.fill("new_password", PASSWORD).fill("new_password_again", PASSWORD).submit().await.expect(303);
}

async fn turn_on_and_off(app: &TestApp, ada: &Browser) {
    let form = ada.get("/profile/two-factor").await.form("Save");
    form.select("method", "email").fill("email", "a@example.net").submit().await.expect(303);
    app.wait(TimeDelta::seconds(31));
    ada.get("/profile/two-factor").await.form("Request another code").submit().await.expect(303);
    ada.get("/profile/two-factor/status").await.expect(200);
    ada.get("/profile/two-factor").await.form("Cancel").submit().await.expect(303);
    ada.turn_on_sms(app, "212 555 0142", "+12125550142").await;
    app.wait(TimeDelta::minutes(11));
    let form = ada.get("/profile/two-factor").await.form("Save").select("method", "disabled");
    let page = form.submit().await.follow_all().await;
    let page = page.form("Continue").fill("password", PASSWORD).submit().await.follow_all().await;
    ada.get("/confirm/status").await.expect(200);
    let code = app.code_for("+12125550142").await;
    page.form("Continue").fill("code", &code).submit().await.follow_all().await;
    ada.turn_on_email(app, "ada").await;
}

async fn look_back_and_undo(app: &TestApp, ada: &Browser) {
    let elsewhere = app.browser();
    elsewhere.log_in_with_code(app, "ada").await;
    let list = ada.get("/profile/sessions").await;
    list.form("End all other sessions").submit().await.expect(303);
    elsewhere.log_in("ada").await;
    let list = ada.get("/profile/sessions").await;
    list.form("End Firefox on Windows").submit().await.expect(303);
    let line = "01936b2c-0000-7000-8000-000000000001";
    ada.get("/profile/activity").await.expect(200);
    ada.get(&format!("/profile/activity?before={line}")).await.expect(200);
    ada.get(&format!("/profile/activity?after={line}")).await.expect(200);
    app.browser().log_in("ada").await;
    app.wait(TimeDelta::minutes(10));
    assert!(unfinished_logins::tell_of_all(app.app.services()).await.unwrap() > 0);
    let links = app.sent().await;
    let links: Vec<_> = links.iter().filter_map(|entry| not_me_link(&entry.text)).collect();
    for link in [links.first(), links.last()] {
        let page = app.browser().follow_all(link.unwrap()).await;
        page.form("This wasn’t me").submit().await.expect(303);
    }
    ada.log_in("ada").await;
}

async fn log_in_with_codes(app: &TestApp, ada: &Browser) {
    let page = app.browser().log_in("ada").await;
    page.form("Use another account").submit().await.follow_all().await;
    let elsewhere = app.browser();
    let page = elsewhere.log_in("ada").await;
    elsewhere.get("/login/code/status").await.expect(200);
    app.wait(TimeDelta::seconds(31));
    page.form("Request another code").submit().await.expect(303);
    let page = elsewhere.get("/login/code").await.form("Log in").fill("code", "000000").submit().await;
    let code = app.code_for("ada@example.com").await;
    page.form("Log in").fill("code", &code).submit().await.follow_all().await;
    ada.log_out().await;
    ada.log_in("ada").await;
    let page = ada.get("/profile/computers").await;
    let other = page.attributes("form[action$='/forget']", "action");
    assert_eq!(other.len(), 2, "{}", page.describe());
    page.form_in("tr:nth-of-type(2)", "Forget Firefox on Windows").submit().await.expect(303);
}

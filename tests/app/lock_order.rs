//! Two acts on one account, or on two whose browsers hold each other's tickets, in the same moment. On PostgreSQL they lock
//! rows: whoever took them in another order than the rest would wait for somebody who waits for them, and be thrown out.

use std::pin::Pin;

use chrono::TimeDelta;

use crate::support::at_once::at_once;
use crate::support::browser::{Browser, Form, Page};
use crate::support::invariants;
use crate::support::test_app::{PASSWORD, TestApp};

/// How often two acts meet. Most meetings would do no harm in any order.
const ROUNDS: usize = 10;
/// How many do the same in one meeting: one challenge has five tries.
const HANDS: usize = 4;
const NEW: &str = "a rather unlikely sentence about herons";

/// Everybody presses their button in the same moment.
async fn all_at_once(app: &TestApp, forms: Vec<Form>) -> Vec<Page> {
    let pages = at_once(forms.into_iter().map(Form::submit)).await;
    nothing_broke(app, &pages);
    pages
}

/// Until the next round: codes and links may be sent again. Codes that came too late count like wrong ones, and sessions that
/// idled out are still there; neither is to be in the way.
fn wait(app: &TestApp) {
    app.wait(TimeDelta::hours(1));
    app.database.execute("UPDATE accounts SET code_failures = 0; DELETE FROM sessions");
}

/// Nobody is told that something broke, and no rule of the rows is broken.
fn nothing_broke(app: &TestApp, pages: &[Page]) {
    for page in pages {
        assert!(page.status() < 500, "{}", page.describe());
    }
    invariants::check(&app.database, "when all was done");
}

fn entered(pages: &[Page]) -> usize {
    pages.iter().filter(|page| page.location() == Some("/profile")).count()
}

/// A form of a page that owes a code, in so many copies of the browser.
async fn copies(browser: &Browser, path: &str, button: &str, fill: impl Fn(Form) -> Form) -> Vec<Form> {
    let mut forms = Vec::new();
    for _ in 0..HANDS {
        forms.push(fill(browser.copy().get(path).await.form(button)));
    }
    forms
}

/// Logins in a browser that still owes a code.
async fn logins(browser: &Browser, name: &str) -> Vec<Form> {
    let log_in = |form: Form| form.sent_to("/login").forge("username", name).forge("password", PASSWORD);
    copies(browser, "/login/code", "Use another account", log_in).await
}

/// The code of a login, typed in.
async fn codes(app: &TestApp, browser: &Browser, name: &str) -> Vec<Form> {
    let code = app.code_for(&format!("{name}@example.com")).await;
    copies(browser, "/login/code", "Log in", |form| form.fill("code", &code).untick("trust_computer")).await
}

fn mixed(some: Vec<Form>, others: Vec<Form>) -> Vec<Form> {
    some.into_iter().zip(others).flat_map(|(one, other)| [one, other]).collect()
}

#[actix_web::test]
async fn a_new_login_and_a_recovery_code_in_one_browser_do_not_wait_for_each_other() {
    let app = TestApp::start().await;
    let recovery_codes = app.guarded("ada").await.make_recovery_codes().await;
    for typed in &recovery_codes {
        let page = app.code_page("ada").await;
        let logins = logins(page.browser(), "ada").await;
        let recover = |form: Form| form.fill("recovery_code", typed);
        let recoveries = copies(page.browser(), "/login/recovery", "Log in", recover).await;
        let used = app.count("recovery_codes WHERE used_at IS NOT NULL").await;

        let pages = all_at_once(&app, mixed(logins, recoveries)).await;

        // Nothing is used up for a login that was given up.
        let opened = i64::try_from(entered(&pages)).unwrap();
        assert!(opened <= 1);
        assert_eq!(app.count("recovery_codes WHERE used_at IS NOT NULL").await, used + opened);
        wait(&app);
    }
}

#[actix_web::test]
async fn a_right_code_and_another_account_do_not_wait_for_each_other() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    for round in 0..24 {
        let page = app.code_page("ada").await;
        let before = app.count("sessions").await;
        let code = app.code_for("ada@example.com").await;
        let form = page.form("Log in").fill("code", &code).untick("trust_computer");
        let cancel = page.browser().copy().get("/login/code").await.form("Use another account");

        // A code is looked at in two steps: whoever cancels comes now before, now between, now after them.
        let comes_late = page.browser().copy();
        let first = round % 4;
        let acts: [Pin<Box<dyn Future<Output = Page>>>; 2] = [
            Box::pin(form.submit()),
            Box::pin(async move {
                for _ in 0..first {
                    comes_late.get("/help").await.expect(200);
                }
                cancel.submit().await
            }),
        ];
        let pages = at_once(acts).await;

        nothing_broke(&app, &pages);
        let opened = entered(&pages);
        assert!(opened <= 1);
        assert_eq!(app.count("sessions").await, before + i64::try_from(opened).unwrap());
        wait(&app);
    }
}

#[actix_web::test]
async fn logins_of_two_whose_browsers_hold_each_others_tickets_do_not_wait_for_each_other() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    app.guarded("bob").await;
    for _ in 0..ROUNDS {
        let (adas, bobs) = (app.code_page("ada").await, app.code_page("bob").await);
        let mut forms = mixed(logins(adas.browser(), "bob").await, logins(bobs.browser(), "ada").await);
        // And both are just about to enter what they still owe.
        forms.extend(codes(&app, adas.browser(), "ada").await);
        forms.extend(codes(&app, bobs.browser(), "bob").await);

        let pages = all_at_once(&app, forms).await;

        assert!(entered(&pages) <= 2);
        wait(&app);
    }
}

#[actix_web::test]
async fn a_reset_in_a_browser_that_owes_somebodys_code_does_not_wait_for_the_code() {
    let app = TestApp::start().await;
    app.person("ada").await;
    app.guarded("bob").await;
    for n in 0..ROUNDS {
        app.ask_for_reset("ada").await;
        let link = app.reset_link_to("ada@example.com").await;
        let bobs = app.code_page("bob").await;
        let codes = codes(&app, bobs.browser(), "bob").await;
        let password = format!("{NEW} number {n}");
        let save = |form: Form| form.fill("new_password", &password).fill("new_password_again", &password);
        let mut resets = Vec::new();
        for _ in 0..HANDS {
            resets.push(save(bobs.browser().copy().follow_all(&link).await.form("Save password")));
        }

        let pages = all_at_once(&app, mixed(codes, resets)).await;

        assert!(entered(&pages) <= 1);
        let resets = app.count("security_events WHERE kind = 'password_reset'").await;
        assert_eq!(resets, i64::try_from(n + 1).unwrap());
        wait(&app);
    }
}

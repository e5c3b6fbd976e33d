//! What is counted or used once, by sixteen at once.

use std::rc::Rc;

use chrono::TimeDelta;
use tokio::sync::Barrier;

use crate::support::browser::{Browser, Form, Page};
use crate::support::codes::wrong;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const ADA: &str = "ada@example.com";
const MANY: usize = 16;

/// Sends all of these in the same moment. Whatever comes of it, nothing may break.
async fn at_once(forms: Vec<Form>) -> Vec<Page> {
    let start = Rc::new(Barrier::new(forms.len()));
    let send = |form: Form| {
        let start = Rc::clone(&start);
        actix_web::rt::spawn(async move {
            start.wait().await;
            form.submit().await
        })
    };
    let sent: Vec<_> = forms.into_iter().map(send).collect();
    let mut pages = Vec::new();
    for page in sent {
        let page = page.await.unwrap();
        assert!(page.status() < 500, "{}", page.describe());
        pages.push(page);
    }
    pages
}

/// The same form in many hands: copies of one browser, each going its own way from here.
async fn in_many_hands(browser: &Browser, path: &str, button: &str, at: &[&TestApp]) -> Vec<Form> {
    let mut forms = Vec::new();
    for n in 0..MANY {
        let copy = browser.copy().at(&at[n % at.len()].base);
        forms.push(copy.get(path).await.form(button));
    }
    forms
}

async fn sessions(app: &TestApp) -> i64 {
    app.count("sessions").await
}

fn entered(pages: &[Page]) -> usize {
    pages.iter().filter(|page| page.location() == Some("/profile")).count()
}

#[actix_web::test]
async fn of_sixteen_uses_of_one_code_exactly_one_opens_a_session() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let before = sessions(&app).await;
    let page = app.code_page("ada").await;
    let code = app.code_for(ADA).await;
    let forms = in_many_hands(page.browser(), "/login/code", "Log in", &[&app]).await;

    let pages = at_once(forms.into_iter().map(|form| form.fill("code", &code)).collect()).await;

    assert_eq!(entered(&pages), 1);
    assert_eq!(sessions(&app).await, before + 1);
    assert_eq!(app.count("trusted_computers").await, 2);
}

#[actix_web::test]
async fn of_sixteen_wrong_guesses_five_are_looked_at() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let page = app.code_page("ada").await;
    let code = app.code_for(ADA).await;
    let forms = in_many_hands(page.browser(), "/login/code", "Log in", &[&app]).await;
    let guess = |n: usize| (0..n).fold(code.clone(), |code, _| wrong(&code));

    let guesses = forms.into_iter().enumerate().map(|(n, form)| form.fill("code", &guess(n + 1)));
    let pages = at_once(guesses.collect()).await;

    assert_eq!(entered(&pages), 0);
    assert_eq!(app.count("challenges WHERE tries = 5").await, 1);
    assert_eq!(app.count("challenges WHERE tries > 5").await, 0);
    assert_eq!(app.count("accounts WHERE code_failures = 5").await, 1);
    assert_eq!(page.browser().get("/login/code").await.follow().await.path(), "/login");
}

#[actix_web::test]
async fn a_right_code_among_fifteen_wrong_ones_opens_one_session_or_none() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let before = sessions(&app).await;
    let page = app.code_page("ada").await;
    let code = app.code_for(ADA).await;
    let forms = in_many_hands(page.browser(), "/login/code", "Log in", &[&app]).await;
    let typed = |n: usize| if n == MANY / 2 { code.clone() } else { wrong(&code) };

    let pages =
        at_once(forms.into_iter().enumerate().map(|(n, form)| form.fill("code", &typed(n))).collect()).await;

    // One, if its try was among the first five; a try that was spent is never voided.
    let opened = entered(&pages);
    assert!(opened <= 1);
    assert_eq!(sessions(&app).await, before + i64::try_from(opened).unwrap());
    assert_eq!(app.count("challenges WHERE tries > 5").await, 0);
}

#[actix_web::test]
async fn a_right_code_among_four_wrong_ones_always_opens_one() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    for _ in 0..5 {
        let page = app.code_page("ada").await;
        let code = app.code_for(ADA).await;
        let mut forms = in_many_hands(page.browser(), "/login/code", "Log in", &[&app]).await;
        forms.truncate(5);
        let typed = |n: usize| if n == 4 { code.clone() } else { wrong(&code) };
        let forms = forms.into_iter().enumerate().map(|(n, form)| form.fill("code", &typed(n)));
        assert_eq!(entered(&at_once(forms.collect()).await), 1);
        assert_eq!(app.count("accounts WHERE code_failures = 0").await, 1);
        app.wait(TimeDelta::minutes(10));
    }
}

#[actix_web::test]
async fn sixteen_wishes_for_another_code_send_one() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let page = app.code_page("ada").await;
    let mut sent = app.sent_to(ADA).await;
    for wait in [0, 30, 60, 120] {
        app.wait(TimeDelta::seconds(wait));
        at_once(in_many_hands(page.browser(), "/login/code", "Request another code", &[&app]).await).await;
        sent += usize::from(wait > 0);
        assert_eq!(app.sent_to(ADA).await, sent, "{wait} s later");
    }
}

#[actix_web::test]
async fn sixteen_logins_send_five_codes() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let sent = app.sent_to(ADA).await;
    let mut forms = Vec::new();
    for _ in 0..MANY {
        let form = app.browser().get("/login").await.form("Log in");
        forms.push(form.fill("username", "ada").fill("password", crate::support::test_app::PASSWORD));
    }
    let pages = at_once(forms).await;
    // One name's passwords are looked at one after the other; each of these was right.
    for page in pages {
        assert_eq!(page.location(), Some("/login/code"), "{}", page.describe());
    }
    assert_eq!(app.sent_to(ADA).await, sent + 5);
}

#[actix_web::test]
async fn sixteen_strangers_share_the_half_that_is_theirs() {
    let app = TestApp::with(&[("POSTERN_SMS_PER_HOUR", "6")]).await;
    let mut forms = Vec::new();
    for n in 0..MANY {
        let (name, browser) = (format!("stranger{n}"), app.browser());
        app.person(&name).await;
        browser.log_in(&name).await;
        let form = browser.get("/profile/two-factor").await.form("Save").select("method", "sms");
        forms.push(form.fill("phone", &format!("212 555 01{}", n + 10)));
    }
    at_once(forms).await;
    assert_eq!(app.sent().await.len(), 3);
}

#[actix_web::test]
async fn of_sixteen_first_set_ups_with_one_code_one_is_done() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    let form = home.get("/profile/two-factor").await.form("Save").select("method", "email");
    form.submit().await.expect(303);
    let code = app.code_for(ADA).await;
    let forms = in_many_hands(&home, "/profile/two-factor", "Save", &[&app]).await;
    let pages = at_once(forms.into_iter().map(|form| form.fill("code", &code)).collect()).await;

    assert_eq!(still_logged_in(&pages).await.len(), 1, "the session goes on under one new cookie");
    assert_eq!(app.count("second_factors").await, 1);
    assert_eq!(app.count("trusted_computers").await, 1);
}

#[actix_web::test]
async fn of_five_sessions_that_each_set_it_up_for_the_first_time_one_goes_on() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let mut forms = Vec::new();
    for n in 0..5 {
        let (to, browser) = (format!("ada{n}@example.com"), app.browser());
        browser.log_in("ada").await;
        let form = browser.get("/profile/two-factor").await.form("Save").select("method", "email");
        let page = form.fill("email", &to).submit().await.follow().await;
        forms.push(page.form("Save").fill("code", &app.code_for(&to).await));
    }
    let pages = at_once(forms).await;

    let alive = still_logged_in(&pages).await;
    assert_eq!(alive.len(), 1);
    let to = format!("ada{}@example.com", alive[0]);
    assert_eq!(app.count(&format!("second_factors WHERE email = '{to}'")).await, 1);
}

/// Which of these browsers still have a session.
async fn still_logged_in(pages: &[Page]) -> Vec<usize> {
    let mut alive = Vec::new();
    for (n, page) in pages.iter().enumerate() {
        if page.browser().get("/profile").await.status() == 200 {
            alive.push(n);
        }
    }
    alive
}

#[actix_web::test]
async fn finished_in_one_tab_the_other_leads_home() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let one = app.code_page("ada").await;
    let other = one.browser().get("/login/code").await;
    let code = app.code_for(ADA).await;
    one.form("Log in").fill("code", &code).submit().await.expect(303);
    let sessions = sessions(&app).await;

    assert_eq!(other.browser().get("/login/code").await.follow().await.path(), "/profile");
    for button in ["Log in", "Request another code", "Use another account"] {
        let page = other.form(button).submit().await.follow_all().await;
        assert_eq!(page.path(), "/profile", "{button}: {}", page.describe());
    }
    assert_eq!(crate::races::sessions(&app).await, sessions);
}

#[actix_web::test]
async fn wrong_codes_and_wishes_for_another_at_once_break_nothing() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    home.log_out().await;
    home.log_in("ada").await;
    let change = home.get("/profile/two-factor").await.form("Save").fill("email", "new@example.com");
    change.submit().await.expect(303);
    let to_confirm = app.code_for(ADA).await;
    let login = app.code_page("ada").await;
    let to_log_in = app.code_for(ADA).await;
    app.wait(TimeDelta::seconds(30));
    let mut forms = Vec::new();
    for (browser, path, button, code) in
        [(login.browser(), "/login/code", "Log in", to_log_in), (&home, "/confirm", "Continue", to_confirm)]
    {
        for n in 0..4 {
            let page = browser.copy().get(path).await;
            forms.push(page.form(button).fill("code", &if n == 0 { code.clone() } else { wrong(&code) }));
            forms.push(page.form("Request another code"));
        }
    }
    let sent = app.sent_to(ADA).await;

    let pages = at_once(forms).await;

    assert_eq!(entered(&pages), 1);
    assert!(app.sent_to(ADA).await <= sent + 2);
}

#[actix_web::test]
async fn a_login_that_is_completed_while_the_account_is_disabled_opens_nothing() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    for _ in 0..3 {
        let page = app.code_page("ada").await;
        let code = app.code_for(ADA).await;
        let forms = in_many_hands(page.browser(), "/login/code", "Log in", &[&app]).await;
        let forms = forms.into_iter().map(|form| form.fill("code", &code)).collect();
        let (pages, ()) = tokio::join!(at_once(forms), app.disable("ada"));
        assert_eq!(still_logged_in(&pages).await, [0; 0]);
        app.alter("UPDATE accounts SET disabled_at = NULL, session_epoch = session_epoch + 1").await;
        app.wait(TimeDelta::minutes(10));
    }
}

#[actix_web::test]
async fn a_session_that_is_ended_while_it_is_issued_anew_does_not_come_back() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    for _ in 0..5 {
        // One session ends all the others; each of those is just confirming who is there.
        let mut forms = Vec::new();
        for _ in 0..4 {
            let browser = app.browser();
            browser.log_in_with_code(&app, "ada").await;
            browser.log_out().await;
            browser.log_in("ada").await;
            let form = browser.get("/profile/two-factor").await.form("Save").fill("email", "new@example.com");
            let page = form.submit().await.follow().await;
            forms.push(page.form("Continue").fill("code", &app.code_for(ADA).await));
        }
        let ender = app.browser();
        ender.log_in_with_code(&app, "ada").await;
        forms.push(ender.get("/profile/two-factor").await.form("Save").select("method", "disabled"));

        let pages = at_once(forms).await;

        assert_eq!(still_logged_in(&pages).await, [4]);
        app.wait(TimeDelta::minutes(10));
        ender.log_out().await;
        ender.log_in("ada").await;
        ender.turn_on_email(&app, "ada").await;
    }
}

#[actix_web::test]
async fn two_instances_count_as_one() {
    let one = TestApp::start().await;
    let two = one.another().await;
    one.guarded("ada").await;
    let before = sessions(&one).await;
    let page = one.code_page("ada").await;
    let both = [&one, &two];

    // One message, whichever instance was asked and whichever sends it.
    let sent = one.sent_to(ADA).await + two.sent_to(ADA).await;
    one.wait(TimeDelta::seconds(30));
    at_once(in_many_hands(page.browser(), "/login/code", "Request another code", &both).await).await;
    tokio::join!(one.deliver_all(), two.deliver_all());
    assert_eq!(one.sent_to(ADA).await + two.sent_to(ADA).await, sent + 1);

    // One session.
    let code = newest(&both).await;
    let forms = in_many_hands(page.browser(), "/login/code", "Log in", &both).await;
    let pages = at_once(forms.into_iter().map(|form| form.fill("code", &code)).collect()).await;
    assert_eq!(entered(&pages), 1);
    assert_eq!(sessions(&one).await, before + 1);

    // And five tries.
    one.wait(TimeDelta::minutes(10));
    let page = two.code_page("ada").await;
    let code = newest(&both).await;
    let forms = in_many_hands(page.browser(), "/login/code", "Log in", &both).await;
    at_once(forms.into_iter().map(|form| form.fill("code", &wrong(&code))).collect()).await;
    assert_eq!(one.count("challenges WHERE tries = 5 AND used_at IS NULL").await, 1);
    assert_eq!(one.count("accounts WHERE code_failures = 5").await, 1);
}

/// Ada's newest code, whichever instance has sent it.
async fn newest(apps: &[&TestApp]) -> String {
    let mut entries = Vec::new();
    for app in apps {
        entries.extend(app.sent().await);
    }
    entries.retain(|entry| entry.to == ADA && entry.code.is_some());
    entries.sort_by(|one, next| (one.at, &one.id).cmp(&(next.at, &next.id)));
    entries.pop().and_then(|entry| entry.code).expect("a code for Ada")
}

#[actix_web::test]
async fn a_session_that_is_issued_anew_while_it_logs_out_is_over() {
    let app = TestApp::start().await;
    app.person("ada").await;
    for _ in 0..12 {
        let browser = app.browser();
        browser.log_in("ada").await;
        let out = browser.get("/profile").await.form("Log out");
        app.wait(TimeDelta::minutes(11));
        let form = browser.get("/profile/two-factor").await.form("Save").select("method", "email");
        let page = form.fill("email", "ada@example.com").submit().await.follow_all().await;
        let confirm = page.form("Continue").fill("password", PASSWORD);
        let pages = at_once(vec![confirm, out]).await;
        assert!(pages.iter().any(|page| page.location() == Some("/login")), "logged out");
        for page in pages {
            let after = page.browser().get("/profile").await;
            assert_eq!(after.location(), Some("/login"), "{}", after.describe());
        }
    }
}

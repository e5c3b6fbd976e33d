//! Notices: each event is told once, by one mail, in words that say what to do.

use std::collections::BTreeSet;
use std::pin::Pin;

use chrono::TimeDelta;
use postern::domain::administration::Act;
use postern::flows::mailbox::Entry;
use postern::flows::unfinished_logins;

use crate::support::at_once::at_once;
use crate::support::codes::wrong;
use crate::support::links::not_me_link;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const ADA: &str = "ada@example.com";
const NEW: &str = "a rather unlikely sentence about herons";

/// Every notice to Ada, oldest first.
async fn notices(app: &TestApp) -> Vec<Entry> {
    let mut sent = app.sent().await;
    sent.retain(|entry| entry.to == ADA && not_me_link(&entry.text).is_some());
    sent.reverse();
    sent
}

async fn look_for_unfinished(app: &TestApp) -> usize {
    unfinished_logins::tell_of_all(app.app.services()).await.unwrap()
}

/// Logs in with what stands in for a code.
async fn recover(app: &TestApp, typed: &str) {
    let page = app.code_page("ada").await.click("Use another way").await;
    let page = page.click("Use a one-time pass").await;
    page.form("Log in").fill("recovery_code", typed).submit().await.expect(303);
}

type Deed = for<'a> fn(&'a TestApp) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

/// What happens to an account, and how the one mail about it begins.
const TOLD: [(&str, Deed); 14] = [
    (
        "Two Factor Authentication turned on: Email, a•••@e•••.com, with that computer trusted",
        |app| Box::pin(async { drop(app.guarded("ada").await) }),
    ),
    (
        "Two Factor Authentication changed: Email, n•••@e•••.com, with that computer trusted",
        |app| {
            Box::pin(async {
                let home = app.guarded("ada").await;
                let form =
                    home.get("/profile/two-factor").await.form("Save").fill("email", "new@example.com");
                let page = form.submit().await.follow().await;
                let code = app.code_for("new@example.com").await;
                page.form("Save").fill("code", &code).submit().await.expect(303);
            })
        },
    ),
    ("Two Factor Authentication turned off", |app| {
        Box::pin(async {
            let home = app.guarded("ada").await;
            let form = home.get("/profile/two-factor").await.form("Save").select("method", "disabled");
            form.submit().await.expect(303);
        })
    }),
    ("Trusted computers are not asked", |app| {
        Box::pin(async {
            let home = app.guarded("ada").await;
            for form in [true, false] {
                let page = home.get("/profile/two-factor").await;
                let save = page.form("Save");
                let save = if form { save.tick("every_login") } else { save.untick("every_login") };
                save.submit().await.expect(303);
            }
        })
    }),
    ("New trusted computer", |app| {
        Box::pin(async {
            app.guarded("ada").await;
            app.browser().log_in_with_code(app, "ada").await;
        })
    }),
    ("Right password, but no code", |app| {
        Box::pin(async {
            app.guarded("ada").await;
            app.code_page("ada").await;
            app.wait(TimeDelta::minutes(10));
            look_for_unfinished(app).await;
        })
    }),
    ("Codes suspended after wrong codes", |app| {
        Box::pin(async {
            app.guarded("ada").await;
            app.alter("UPDATE accounts SET code_failures = 49").await;
            let page = app.code_page("ada").await;
            let code = app.code_for(ADA).await;
            page.form("Log in").fill("code", &wrong(&code)).submit().await;
        })
    }),
    ("Password login closed after wrong passwords", |app| {
        Box::pin(async {
            app.guarded("ada").await;
            app.browser().log_in_with("ada", "not the password at all").await;
            app.alter("UPDATE throttles SET failures = 99 WHERE failures = 1").await;
            app.browser().log_in_with("ada", "not the password at all").await.expect(422);
            app.browser().log_in_with("ada", PASSWORD).await.expect(429);
        })
    }),
    ("Password changed", |app| {
        Box::pin(async {
            let home = app.guarded("ada").await;
            let form = home.get("/profile/password").await.form("Save").fill("current_password", PASSWORD);
            form.fill("new_password", NEW).fill("new_password_again", NEW).submit().await.expect(303);
        })
    }),
    ("Password reset", |app| {
        Box::pin(async {
            app.person("ada").await;
            let form = app.follows_reset_link("ada").await.form("Save password");
            form.fill("new_password", NEW).fill("new_password_again", NEW).submit().await.expect(303);
        })
    }),
    ("Email address changed", |app| {
        Box::pin(async {
            app.person("ada").await;
            let home = app.browser();
            home.log_in("ada").await;
            let form = home.get("/profile/email").await.form("Save").fill("email", "new@example.com");
            let page = form.submit().await.follow().await;
            let code = app.code_for("new@example.com").await;
            page.form("Save").fill("code", &code).submit().await.expect(303);
        })
    }),
    ("Recovery codes made", |app| {
        Box::pin(async { drop(app.guarded("ada").await.make_recovery_codes().await) })
    }),
    ("Recovery code used", |app| {
        Box::pin(async {
            let codes = app.guarded("ada").await.make_recovery_codes().await;
            recover(app, &codes[0]).await;
        })
    }),
    ("One-time pass used", |app| {
        Box::pin(async {
            app.guarded("ada").await;
            recover(app, &app.pass_for("ada").await).await;
        })
    }),
];

#[actix_web::test]
async fn each_event_is_told_by_one_mail() {
    for (begins, act) in TOLD {
        let app = TestApp::start().await;
        act(&app).await;
        let told = notices(&app).await;
        let about: Vec<_> = told.iter().filter(|entry| entry.text.starts_with(begins)).collect();
        assert_eq!(about.len(), 1, "{begins}: {:?}", told.iter().map(|n| &n.subject).collect::<Vec<_>>());
        let (text, subject) = (&about[0].text, about[0].subject.as_deref().unwrap());
        let what = begins.split(':').next().unwrap();
        assert_eq!(subject, format!("{what} – your Postern account"));
        for words in
            ["your account ada at 127.0.0.1", "Browser: Firefox on Windows", "Address: 127.0.0.1\n", "By: "]
        {
            assert!(text.contains(words), "{begins} does not say {words:?}: {text}");
        }
        assert_eq!(text.matches("http").count(), 1, "one link: {text}");
        assert!(text.contains("pm UTC on November 27 and only once."), "{text}");
        // Besides, only what led there: each act was told once.
        let subjects: BTreeSet<_> = told.iter().map(|notice| &notice.subject).collect();
        assert!(subjects.len() == told.len() && told.len() <= 3, "{begins}: {subjects:?}");
    }
}

#[actix_web::test]
async fn what_the_operator_does_is_told_by_one_mail_as_well() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    for (act, begins) in [
        (Act::RequireTwoFactor, "Two Factor Authentication required"),
        (Act::LeaveTwoFactor, "Two Factor Authentication made optional"),
        (Act::Unlock, "Unlocked"),
        (Act::IssuePass, "One-time pass given out"),
        (Act::Disable, "Account disabled"),
        (Act::Enable, "Account enabled"),
        (Act::ResetTwoFactor, "Two Factor Authentication reset"),
    ] {
        if act == Act::Unlock {
            app.alter("UPDATE accounts SET codes_suspended_at = 1").await;
        }
        let before = app.sent().await.len();
        app.by_operator("ada", act).await;
        let told = app.sent().await;
        assert_eq!(told.len() - before, 1, "{act:?}");
        let text = &told[0].text;
        assert!(told[0].to == ADA && text.starts_with(begins), "{act:?}: {text}");
        assert!(text.contains("whoever runs Postern") && not_me_link(text).is_some(), "{act:?}: {text}");
    }
}

#[actix_web::test]
async fn a_notice_that_can_put_back_says_for_how_long_the_mailbox_counts() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let [told] = notices(&app).await.try_into().ok().expect("one notice");
    assert!(told.text.contains("Until then this mailbox counts for your account as it did before."));
    app.browser().log_in_with_code(&app, "ada").await;
    let computer = notices(&app).await.pop().unwrap();
    assert!(!computer.text.contains("this mailbox counts"), "{}", computer.text);
}

#[actix_web::test]
async fn a_code_that_comes_in_time_is_told_to_nobody() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let before = notices(&app).await.len();
    let page = app.code_page("ada").await;
    let code = app.code_for(ADA).await;
    app.wait(TimeDelta::minutes(9));
    page.form("Log in").fill("code", &code).untick("trust_computer").submit().await.expect(303);
    // A trusted computer owes none.
    home.log_out().await;
    home.log_in("ada").await;
    app.wait(TimeDelta::minutes(11));
    assert_eq!(look_for_unfinished(&app).await, 0);
    assert_eq!(notices(&app).await.len(), before);
}

#[actix_web::test]
async fn starting_over_in_the_same_browser_is_one_login_under_one_watch() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let before = notices(&app).await.len();
    let browser = app.browser();
    browser.log_in("ada").await;
    app.wait(TimeDelta::minutes(6));
    // The browser still owes the code of the login before.
    let again = browser.get("/login/code").await.form("Use another account");
    let form = again.sent_to("/login").forge("username", "ada").forge("password", PASSWORD);
    let page = form.submit().await.expect(303).follow_all().await;
    app.wait(TimeDelta::minutes(4));
    // Whoever begins anew every few minutes does not put it off.
    assert_eq!(look_for_unfinished(&app).await, 1);
    assert_eq!(notices(&app).await.len(), before + 1);
    let code = app.code_for(ADA).await;
    page.form("Log in").fill("code", &code).untick("trust_computer").submit().await.expect(303);
    app.wait(TimeDelta::minutes(11));
    assert_eq!(look_for_unfinished(&app).await, 0);
}

#[actix_web::test]
async fn it_is_told_once_an_hour_and_written_down_each_time() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let before = notices(&app).await.len();
    for (waits, told) in [(10, 1), (15, 1), (20, 1), (30, 2)] {
        // Given up or not: the password was right.
        app.code_page("ada").await.form("Use another account").submit().await.expect(303);
        app.wait(TimeDelta::minutes(waits));
        assert_eq!(look_for_unfinished(&app).await, 1);
        assert_eq!(notices(&app).await.len(), before + told, "after {waits} minutes");
    }
    assert_eq!(app.count("security_events WHERE kind = 'login_unfinished'").await, 4);
}

#[actix_web::test]
async fn of_several_instances_one_tells() {
    let app = TestApp::start().await;
    let another = app.another().await;
    app.guarded("ada").await;
    let before = notices(&app).await.len();
    app.code_page("ada").await;
    app.wait(TimeDelta::minutes(10));
    let services = [&app, &another, &app, &another].map(|app| app.app.services().clone());
    let looks =
        services.map(|services| async move { unfinished_logins::tell_of_all(&services).await.unwrap() });
    let told = at_once(looks).await;
    assert_eq!(told.iter().sum::<usize>(), 1, "{told:?}");
    assert_eq!(notices(&app).await.len(), before + 1);
    let told = notices(&app).await.pop().unwrap();
    assert!(told.text.contains("When: 3:42\u{a0}pm UTC on November 24"), "{}", told.text);
}

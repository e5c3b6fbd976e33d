//! Profile: what the person chooses, what stands beside it, and the way to everything else.

use chrono::TimeDelta;

use crate::support::test_app::{Deeds, PASSWORD, TestApp};

/// What stands beside a word in the list of facts.
fn fact(page: &crate::support::browser::Page, term: &str) -> String {
    let (terms, facts) = (page.all("dl.facts dt"), page.all("dl.facts > div"));
    let place = terms.iter().position(|found| found == term).unwrap_or_else(|| panic!("no {term}"));
    facts[place].strip_prefix(term).unwrap().trim().to_owned()
}

#[actix_web::test]
async fn the_profile_shows_who_one_is_here() {
    let app = TestApp::start().await;
    app.person("Ada").await;
    let browser = app.browser();
    let page = browser.log_in("ada").await;
    assert_eq!((page.h1().as_str(), page.only(".who .name").as_str()), ("Profile", "Ada"));
    assert_eq!(fact(&page, "Username"), "Ada");
    assert_eq!(fact(&page, "Email address"), "Ada@example.com Change email address");
    assert_eq!(fact(&page, "Password"), "Not changed yet Change password");
    assert_eq!(fact(&page, "Two Factor Authentication"), "Off Set up Two Factor Authentication");
    assert_eq!(fact(&page, "Last login"), "This is your first");
    let form = page.form("Save");
    assert_eq!(form.value("display_name").as_deref(), Some("Ada"));
    assert_eq!(form.value("time_zone").as_deref(), Some("UTC"));
}

#[actix_web::test]
async fn two_factor_authentication_is_recommended_once_while_it_is_off() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    let page = browser.log_in("ada").await;
    assert_eq!(page.all(".friendly").len(), 1);
    assert!(page.text().contains("Your password is the only thing that protects this account."));
    let page = page.click("Turn on Two Factor Authentication").await;
    assert_eq!(
        (page.path().as_str(), page.h1().as_str()),
        ("/profile/two-factor", "Two Factor Authentication")
    );

    browser.turn_on_email(&app, "ada").await;
    let page = browser.get("/profile").await;
    assert!(page.all(".friendly").is_empty());
    let two_factor = fact(&page, "Two Factor Authentication");
    assert!(two_factor.starts_with("On by email to a•••@e•••.com"), "{two_factor}");
    assert!(!page.html().contains("ada@example.com</strong>"), "the destination is masked");
}

#[actix_web::test]
async fn name_and_time_zone_are_saved() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    browser.log_in("ada").await;
    let form = browser.get("/profile").await.form("Save");
    let form =
        form.fill("display_name", "  Ada, Countess of Lovelace ").select("time_zone", "America/Toronto");
    let page = form.submit().await.follow().await.expect(200);
    assert_eq!(
        (page.path().as_str(), page.notice().as_deref()),
        ("/profile", Some("Your profile is saved."))
    );
    assert!(browser.get("/profile").await.notice().is_none(), "it is said once");

    let elsewhere = app.browser();
    let form = elsewhere.log_in("ada").await.form("Save");
    assert_eq!(form.value("display_name").as_deref(), Some("Ada, Countess of Lovelace"));
    assert_eq!(form.value("time_zone").as_deref(), Some("America/Toronto"));
    assert!(elsewhere.get("/profile").await.text().contains("It is 10:42 am there now"));
}

#[actix_web::test]
async fn the_last_login_is_the_one_before_this_and_in_ones_own_time() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let phone = app.browser().with_user_agent(
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
         Version/18.0 Mobile/15E148 Safari/604.1",
    );
    phone.log_in("ada").await;
    // 1:42 in the morning of the next day in Greenwich, an evening in Toronto.
    app.wait(TimeDelta::hours(10));
    let browser = app.browser();
    let page = browser.log_in("ada").await;
    assert_eq!(fact(&page, "Last login"), "November 24, 3:42 pm UTC, Safari on iPhone");
    let page = page.form("Save").select("time_zone", "America/Toronto").submit().await.follow().await;
    assert_eq!(fact(&page, "Last login"), "10:42 am, Safari on iPhone");
    // A wrong password is no login.
    browser.stranger().log_in_with("ada", "not the password at all").await.expect(422);
    assert_eq!(fact(&browser.get("/profile").await, "Last login"), "10:42 am, Safari on iPhone");
}

#[actix_web::test]
async fn what_cannot_be_saved_comes_back_with_the_reason() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    browser.log_in("ada").await;
    let form = browser.get("/profile").await.form("Save");
    let too_long = "\u{1f40b}".repeat(101);
    for (name, error) in [
        ("", "Enter your name"),
        ("   ", "Enter your name"),
        (&too_long, "Enter a name of at most 100 characters"),
        ("Ada\u{1b}[31m", "Enter your name on one line, using letters, digits and signs"),
        ("Ada\nLovelace", "Enter your name on one line, using letters, digits and signs"),
    ] {
        let page = form.clone().fill("display_name", name).submit().await.expect(422);
        assert_eq!(page.errors(), [error], "{name:?}");
        assert_eq!(page.field_error("display_name").as_deref(), Some(error));
        assert!(page.title().starts_with("Error: "));
    }
    for zone in ["", "Berlin", "Europe/Atlantis", "../../etc/passwd"] {
        let page = form.clone().fill("display_name", "Countess").forge("time_zone", zone).submit().await;
        assert_eq!(
            page.expect(422).field_error("time_zone").as_deref(),
            Some("Choose a time zone from the list")
        );
    }
    let page = form.clone().fill("display_name", "").forge("time_zone", "x").submit().await.expect(422);
    assert_eq!(page.errors(), ["Enter your name", "Choose a time zone from the list"]);
    let page = form.clone().fill("display_name", &too_long).submit().await;
    assert_eq!(page.form("Save").value("display_name"), Some(too_long.clone()), "what was typed is not lost");

    let saved = browser.get("/profile").await.form("Save").value("display_name");
    assert_eq!(saved.as_deref(), Some("ada"), "nothing was saved");
    let hundred = "\u{1f40b}".repeat(100);
    form.fill("display_name", &hundred).submit().await.expect(303);
    assert_eq!(browser.get("/profile").await.form("Save").value("display_name"), Some(hundred));
}

#[actix_web::test]
async fn every_time_zone_is_offered_once() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    let form = browser.log_in("ada").await.form("Save");
    let options = form.options("time_zone");
    let mut values: Vec<_> = options.iter().map(|(value, _)| value.clone()).collect();
    assert_eq!(values[..4], ["America/St_Johns", "America/Halifax", "America/New_York", "America/Toronto"]);
    values.sort_unstable();
    values.dedup();
    assert_eq!(values.len(), options.len());
    for zone in ["Europe/Berlin", "Asia/Kathmandu", "Pacific/Apia", "UTC"] {
        let page = form.clone().select("time_zone", zone).submit().await.follow().await;
        assert_eq!(page.form("Save").value("time_zone").as_deref(), Some(zone));
    }
}

#[actix_web::test]
async fn the_name_in_the_corner_opens_the_way_to_profile_help_and_out() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    let page = browser.log_in("ada").await;
    assert_eq!(page.attributes("#user-menu a", "href"), ["/profile", "/help"]);
    assert_eq!(page.attributes("button.who", "popovertarget"), ["user-menu"]);
    for button in ["Log out", "Log out and forget this computer"] {
        assert!(page.has_button(button));
    }
    let menu = page.attributes("nav.side a", "href");
    let pages = ["", "/password", "/two-factor", "/computers", "/sessions", "/activity"];
    assert_eq!(menu, pages.map(|page| format!("/profile{page}")));
    for path in menu {
        let page = browser.get(&path).await.expect(200);
        assert_eq!(page.attributes("nav.side a[aria-current=page]", "href"), [path]);
        assert_eq!(page.only(".who .name"), "ada");
    }
}

#[actix_web::test]
async fn nobody_saves_anothers_profile() {
    let app = TestApp::start().await;
    for name in ["ada", "bob"] {
        app.person(name).await;
    }
    let (ada, bob) = (app.browser(), app.browser());
    ada.log_in_with("ada", PASSWORD).await.expect(303);
    bob.log_in_with("bob", PASSWORD).await.expect(303);
    let form = bob.get("/profile").await.form("Save").fill("display_name", "Mallory");
    for (name, value) in
        [("username", "ada"), ("account", "ada"), ("email", "mallory@example.com"), ("role", "administrator")]
    {
        form.clone().forge(name, value).submit().await.expect(400);
    }
    form.submit().await.expect(303);
    assert_eq!(ada.get("/profile").await.form("Save").value("display_name").as_deref(), Some("ada"));
}

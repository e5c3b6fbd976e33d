//! Wrong passwords in a row for one name: strangers are slowed down and stopped, and the owner's trusted computer is not.

use chrono::TimeDelta;
use diesel::prelude::*;
use postern::domain::administration::Act;
use postern::flows::housekeeping;
use postern::storage::schema::throttles;

use crate::support::at_once::at_once;
use crate::support::browser::{Browser, Form, Page};
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const WRONG: &str = "not the password at all";

/// A login form for this name and password, as a new browser fills it in.
async fn filled(app: &TestApp, name: &str, password: &str) -> Form {
    let form = app.browser().get("/login").await.form("Log in");
    form.fill("username", name).fill("password", password)
}

/// Sends so many wrong passwords, each of which is looked at.
async fn fail(app: &TestApp, name: &str, times: usize) {
    let form = filled(app, name, WRONG).await;
    for _ in 0..times {
        form.clone().submit().await.expect(422);
    }
}

fn retry_after(page: &Page) -> i64 {
    page.header("retry-after").expect("a time to come back").parse().unwrap()
}

/// Sends all of these at once, and then one of them until the name rests: how many were looked at in all. Who was too
/// late for a turn is told that the server is busy, and has lost nothing.
async fn looked_at(forms: Vec<Form>) -> usize {
    let last = forms[0].clone();
    let pages = at_once(forms.into_iter().map(Form::submit)).await;
    let mut looked_at = 0;
    for page in pages {
        match page.status() {
            422 => looked_at += 1,
            429 | 503 => {}
            _ => panic!("{}", page.describe()),
        }
    }
    while last.clone().submit().await.status() == 422 {
        looked_at += 1;
    }
    looked_at
}

/// Ada, who has two-factor authentication by Email, and the computer that she trusts; nobody is logged in.
async fn ada_with_a_trusted_computer(app: &TestApp) -> Browser {
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    home.turn_on_email(app, "ada").await;
    home.log_out().await;
    home
}

#[actix_web::test]
async fn after_five_wrong_passwords_none_is_looked_at_for_thirty_seconds() {
    let app = TestApp::start().await;
    app.person("ada").await;
    fail(&app, "ada", 5).await;

    let page = app.browser().log_in_with("ada", PASSWORD).await.expect(429);
    assert_eq!(page.h1(), "You cannot log in for 30 seconds");
    assert!(page.text().contains("You can try again at 3:42 pm UTC"), "{}", page.text());
    assert_eq!(page.attributes("main time", "datetime"), ["2026-11-24T15:42:30Z"]);
    // A whole second more than is left, since the clock has fractions and the header has none.
    assert_eq!(retry_after(&page), 31);

    app.wait(TimeDelta::seconds(30) - TimeDelta::microseconds(1));
    app.browser().log_in_with("ada", PASSWORD).await.expect(429);
    app.wait(TimeDelta::microseconds(1));
    assert_eq!(app.browser().log_in("ada").await.path(), "/profile");
}

#[actix_web::test]
async fn each_further_wrong_one_makes_the_wait_twice_as_long_up_to_an_hour() {
    let app = TestApp::start().await;
    app.person("ada").await;
    fail(&app, "ada", 5).await;
    for seconds in [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600] {
        let page = app.browser().log_in_with("ada", PASSWORD).await.expect(429);
        assert_eq!(retry_after(&page), seconds + 1);
        app.wait(TimeDelta::seconds(seconds));
        fail(&app, "ada", 1).await;
    }
}

#[actix_web::test]
async fn knocking_meanwhile_makes_the_wait_no_longer() {
    let app = TestApp::start().await;
    app.person("ada").await;
    fail(&app, "ada", 5).await;
    for _ in 0..5 {
        app.wait(TimeDelta::seconds(5));
        app.browser().log_in_with("ada", WRONG).await.expect(429);
    }
    app.wait(TimeDelta::seconds(5));
    assert_eq!(app.browser().log_in("ada").await.path(), "/profile");
}

#[actix_web::test]
async fn a_right_password_begins_the_count_anew() {
    let app = TestApp::start().await;
    app.person("ada").await;
    for _ in 0..3 {
        fail(&app, "ada", 4).await;
        assert_eq!(app.browser().log_in("ada").await.path(), "/profile");
    }
    fail(&app, "ada", 5).await;
    app.browser().log_in_with("ada", PASSWORD).await.expect(429);
}

#[actix_web::test]
async fn one_name_rests_and_the_others_do_not() {
    let app = TestApp::start().await;
    for name in ["ada", "bob"] {
        app.person(name).await;
    }
    fail(&app, "ada", 5).await;
    assert_eq!(app.browser().log_in("bob").await.path(), "/profile");
}

#[actix_web::test]
async fn however_a_name_is_spelled_it_is_one_name() {
    let app = TestApp::start().await;
    app.person("ada").await;
    for (known, invented) in [("ada", "nobody"), ("ADA", "NOBODY"), ("Ada", "Nobody"), (" ada", " nobody")] {
        fail(&app, known, 1).await;
        fail(&app, invented, 1).await;
    }
    fail(&app, "aDa ", 1).await;
    fail(&app, "nOBODY ", 1).await;
    for name in ["ada", "AdA", "nobody", "NoBody"] {
        app.browser().log_in_with(name, PASSWORD).await.expect(429);
    }
}

#[actix_web::test]
async fn names_that_nobody_has_rest_in_the_same_way_and_words() {
    let app = TestApp::start().await;
    app.person("ada").await;
    app.person("eve").await;
    app.disable("eve").await;
    let names = ["ada", "eve", "nobody", "no name at all", "x"];
    let mut pages = Vec::new();
    for name in names {
        fail(&app, name, 5).await;
        pages.push(app.browser().log_in_with(name, PASSWORD).await.expect(429));
    }
    for (name, page) in names.iter().zip(&pages) {
        assert_eq!(page.html(), pages[0].html(), "{name}");
        assert_eq!(retry_after(page), retry_after(&pages[0]), "{name}");
        assert!(!page.html().to_lowercase().contains("nobody"));
    }
}

#[actix_web::test]
async fn a_hundred_wrong_passwords_close_the_name_until_somebody_unlocks_it() {
    let app = TestApp::start().await;
    let home = ada_with_a_trusted_computer(&app).await;
    for _ in 0..100 {
        for name in ["ada", "nobody"] {
            fail(&app, name, 1).await;
        }
        app.wait(TimeDelta::hours(1));
    }
    // Neither an hour nor a year helps, nor that old rows are swept away.
    app.wait(TimeDelta::days(365));
    housekeeping::sweep(app.app.services()).await.unwrap();
    let known = app.browser().log_in_with("ada", PASSWORD).await.expect(429);
    assert_eq!(known.h1(), "You cannot log in from here");
    assert_eq!(known.header("retry-after"), None, "there is no time to come back");
    let invented = app.browser().log_in_with("nobody", PASSWORD).await.expect(429);
    assert_eq!(known.html(), invented.html());
    // The trust has run out meanwhile; the computer counts like any other.
    home.log_in_with("ada", PASSWORD).await.expect(429);

    assert!(app.by_operator("ada", Act::Unlock).await);
    assert_eq!(app.browser().log_in("ada").await.path(), "/login/code");
    assert!(!app.by_operator("nobody", Act::Unlock).await);
}

#[actix_web::test]
async fn strangers_cannot_lock_the_owner_out_of_a_trusted_computer() {
    let app = TestApp::start().await;
    let home = ada_with_a_trusted_computer(&app).await;
    fail(&app, "ada", 5).await;
    app.browser().log_in_with("ada", PASSWORD).await.expect(429);
    assert_eq!(home.log_in("ada").await.path(), "/profile");
    home.log_out().await;

    // That the owner came in gives the strangers nothing back.
    app.browser().log_in_with("ada", PASSWORD).await.expect(429);
    for _ in 0..95 {
        app.wait(TimeDelta::hours(1));
        fail(&app, "ada", 1).await;
    }
    let page = app.browser().log_in_with("ada", PASSWORD).await.expect(429);
    assert_eq!(page.h1(), "You cannot log in from here");
    assert_eq!(home.log_in("ada").await.path(), "/profile");
}

#[actix_web::test]
async fn a_trusted_computer_has_ten_wrong_passwords_of_its_own() {
    let app = TestApp::start().await;
    let home = ada_with_a_trusted_computer(&app).await;
    for _ in 0..10 {
        home.log_in_with("ada", WRONG).await.expect(422);
    }
    // They are nobody else's: elsewhere four more are free.
    fail(&app, "ada", 4).await;
    assert_eq!(app.browser().log_in("ada").await.path(), "/login/code");

    // The eleventh counts like a stranger's.
    for _ in 0..5 {
        home.log_in_with("ada", WRONG).await.expect(422);
    }
    home.log_in_with("ada", PASSWORD).await.expect(429);
    app.browser().log_in_with("ada", PASSWORD).await.expect(429);
}

#[actix_web::test]
async fn a_right_password_on_a_trusted_computer_gives_it_its_ten_back() {
    let app = TestApp::start().await;
    let home = ada_with_a_trusted_computer(&app).await;
    for _ in 0..12 {
        home.log_in_with("ada", WRONG).await.expect(422);
    }
    assert_eq!(home.log_in("ada").await.path(), "/profile");
    let computers = home.get("/profile/computers").await.text();
    home.log_out().await;
    for _ in 0..10 {
        home.log_in_with("ada", WRONG).await.expect(422);
    }
    fail(&app, "ada", 5).await;
    app.wait(TimeDelta::minutes(2));
    assert_eq!(home.log_in("ada").await.path(), "/profile");
    assert_ne!(home.get("/profile/computers").await.text(), computers, "it says when it was last used");
}

#[actix_web::test]
async fn for_another_name_a_trusted_computer_is_a_stranger() {
    let app = TestApp::start().await;
    let home = ada_with_a_trusted_computer(&app).await;
    app.person("bob").await;
    for _ in 0..5 {
        home.log_in_with("bob", WRONG).await.expect(422);
    }
    home.log_in_with("bob", PASSWORD).await.expect(429);
    assert_eq!(home.log_in("ada").await.path(), "/profile");
}

#[actix_web::test]
async fn of_a_hundred_wrong_passwords_at_once_five_are_looked_at() {
    let app = TestApp::start().await;
    app.person("ada").await;
    for name in ["ada", "nobody"] {
        let form = filled(&app, name, WRONG).await;
        assert_eq!(looked_at(vec![form; 100]).await, 5, "{name}");
    }
    // What the sixth would have been, had it been right.
    app.browser().log_in_with("ada", PASSWORD).await.expect(429);
    app.wait(TimeDelta::seconds(30));
    assert_eq!(app.browser().log_in("ada").await.path(), "/profile");
}

#[actix_web::test]
async fn a_second_instance_gives_no_second_allowance() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let other = app.another().await;
    let (here, there) = (filled(&app, "ada", WRONG).await, filled(&other, "ada", WRONG).await);
    assert_eq!(looked_at([vec![here.clone(); 16], vec![there.clone(); 16]].concat()).await, 5);
    // Names that no row knows yet, from both sides at the same time.
    for n in 0..8 {
        let name = format!("nobody-{n}");
        let forms = [here.clone(), here.clone(), there.clone(), there.clone()];
        assert_eq!(looked_at(forms.map(|form| form.fill("username", &name)).to_vec()).await, 5);
    }
}

#[actix_web::test]
async fn at_once_a_trusted_computer_has_its_ten_and_the_names_five() {
    let app = TestApp::start().await;
    let home = ada_with_a_trusted_computer(&app).await;
    let form = home.get("/login").await.form("Log in").fill("username", "ada").fill("password", WRONG);
    assert_eq!(looked_at(vec![form; 20]).await, 15);
}

#[actix_web::test]
async fn who_clicks_log_in_six_times_gets_in_six_times() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let form = filled(&app, "ada", PASSWORD).await;
    for page in at_once((0..6).map(|_| form.clone().submit())).await {
        // Nobody is told to wait for the name; at the worst, for the server.
        let page = if page.status() == 503 { form.clone().submit().await } else { page };
        assert_eq!(page.expect(303).location(), Some("/profile"));
    }
}

/// How many rows of the throttles were touched at this very moment of the story.
async fn touched_now(app: &TestApp) -> i64 {
    let now = app.now().timestamp_micros();
    app.in_database(move |conn| {
        throttles::table.filter(throttles::changed_at.eq(now)).count().get_result(conn)
    })
    .await
}

#[actix_web::test]
async fn whoever_is_told_to_wait_has_cost_the_database_nothing() {
    let app = TestApp::start().await;
    app.person("ada").await;
    fail(&app, "ada", 5).await;
    let form = filled(&app, "ada", PASSWORD).await;
    app.wait(TimeDelta::seconds(1));
    form.submit().await.expect(429);
    assert_eq!(touched_now(&app).await, 0);
}

#[actix_web::test]
async fn a_crowd_that_is_told_to_wait_takes_nobodys_place() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let (mut crowd, mut places) = (Vec::new(), Vec::new());
    for n in 0..80 {
        let name = format!("nobody{n}");
        fail(&app, &name, 5).await;
        crowd.push(filled(&app, &name, WRONG).await);
    }
    let hers = filled(&app, "ada", PASSWORD).await;
    // One place is left. Whoever needs none must not take it.
    while let Ok(place) = app.app.services().hashing.reserve() {
        places.push(place);
    }
    places.pop();
    for page in at_once(crowd.into_iter().map(Form::submit)).await {
        page.expect(429);
    }
    hers.submit().await.expect(303);
}

#[actix_web::test]
async fn a_stranger_at_the_name_does_not_hold_up_the_owners_trusted_computer() {
    let app = TestApp::start().await;
    let home = ada_with_a_trusted_computer(&app).await;
    let form = filled(&app, "ada", WRONG).await;
    // Somebody's password for this name is being checked, and goes on being checked.
    let services = app.app.services();
    let name = services.keys.throttle().mac(&[b"name", b"ada"]);
    let _turn = services.turns.wait(&name, None).await;

    assert_eq!(home.log_in("ada").await.path(), "/profile");
    // Whoever is not trusted waits for it.
    form.submit().await.expect(503);
}

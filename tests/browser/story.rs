//! The whole story of Postern, from an empty database to "disabled", as one person at one computer lives it.

use chrono::TimeDelta;

use super::chrome::{Chrome, Scheme, Script, View, Width, walk};
use super::deeds::setup_link;
use super::support::test_app::{PASSWORD, TestApp};

const MAIL: &str = "ada.codes@harbour.example";
const PHONE: &str = "+12125550142";

#[actix_web::test]
async fn the_whole_story_at_a_desk_in_the_light() {
    the_whole_story(View::PLAIN).await;
}

#[actix_web::test]
async fn the_whole_story_on_a_phone_in_the_dark() {
    the_whole_story(View { script: Script::On, width: Width::Narrow, scheme: Scheme::Dark }).await;
}

#[actix_web::test]
async fn the_whole_story_at_a_desk_without_script() {
    the_whole_story(View { script: Script::Off, width: Width::Wide, scheme: Scheme::Dark }).await;
}

#[actix_web::test]
async fn the_whole_story_on_a_phone_without_script() {
    the_whole_story(View { script: Script::Off, width: Width::Narrow, scheme: Scheme::Light }).await;
}

async fn the_whole_story(view: View) {
    let app = TestApp::start().await;
    walk("story", view, &app.base, async |home| {
        make_the_first_administrator(&app, home).await;
        turn_it_on_by_email(home, &app).await;
        home.log_out("ada").await;
        home.says("This computer stays trusted until December 8").await;
        walk("story-private-window", view, &app.base, async |private| {
            be_asked_in_a_private_window(&app, private).await;
        })
        .await;
        change_to_sms(&app, home).await;
        be_left_alone_and_then_asked(&app, home).await;
        ask_on_every_login(&app, home).await;
        turn_it_off(home).await;
    })
    .await;
}

async fn make_the_first_administrator(app: &TestApp, home: &Chrome) {
    home.open(&setup_link(app).await).await;
    assert_eq!(home.path().await, "/setup", "the token does not stay in the address");
    home.fill("Username", "ada").await;
    home.fill("Email address", "ada@harbour.example").await;
    home.fill("Password", PASSWORD).await;
    home.fill("Password again", PASSWORD).await;
    home.press("Create account").await;
    assert_eq!(home.path().await, "/profile");
    home.says("Your account is ready").await;
    home.log_out("ada").await;
    home.says("You have logged out").await;
}

async fn turn_it_on_by_email(home: &Chrome, app: &TestApp) {
    home.log_in("ada").await;
    assert_eq!(home.path().await, "/profile", "no code is asked while it is off");
    home.press("ada").await;
    home.click_in("#user-menu", "Profile").await;
    home.go_to("Two Factor Authentication").await;
    assert_eq!(home.texts(".tag").await, ["Off"]);
    home.choose("Method", "Email").await;
    home.fill("Email address for codes", MAIL).await;
    home.press("Save").await;
    home.says(&format!("We are about to send a 6-digit code to {MAIL}")).await;
    home.says("Until then your password alone protects your account").await;

    app.deliver_all().await;
    home.click("built-in mailbox").await;
    let [code] = home.texts(".big-code").await.try_into().expect("one message with a code");
    home.open("/profile/two-factor").await;
    home.says("went to the mail server at 3:42 pm UTC").await;
    home.enter_code(&code, "Save").await;
    assert_eq!(home.texts("#notice h2").await, ["Two Factor Authentication is on"]);
    assert_eq!(home.texts(".tag").await, ["On"]);
    home.says("This computer is trusted until December 8, 2026").await;
}

async fn be_asked_in_a_private_window(app: &TestApp, private: &Chrome) {
    private.log_in("ada").await;
    assert_eq!(private.path().await, "/login/code");
    private.says("We ask because this computer is new to your account").await;
    private.says_nothing_of(MAIL).await;
    private.enter_code(&app.code_for(MAIL).await, "Log in").await;
    assert_eq!(private.path().await, "/profile");
}

async fn change_to_sms(app: &TestApp, home: &Chrome) {
    home.log_in("ada").await;
    assert_eq!(home.path().await, "/profile", "a trusted computer is not asked");
    home.go_to("Two Factor Authentication").await;
    home.choose("Method", "SMS").await;
    home.choose("Country code", "United States (+1)").await;
    home.fill("Mobile phone number", "(212) 555-0142").await;
    home.press("Save").await;
    assert_eq!((home.path().await, home.heading().await), ("/confirm".into(), "Confirm it’s you".into()));
    home.enter_code(&app.code_for(MAIL).await, "Continue").await;

    home.says("+1 212-555-0142").await;
    home.says("Until then codes still go by email").await;
    home.enter_code(&app.code_for(PHONE).await, "Save").await;
    home.says("Codes go to the new place now").await;
    home.log_out("ada").await;
}

async fn be_left_alone_and_then_asked(app: &TestApp, home: &Chrome) {
    app.wait(TimeDelta::days(14) - TimeDelta::minutes(1));
    home.log_in("ada").await;
    assert_eq!(home.path().await, "/profile", "13 days, 23 hours, 59 minutes");
    home.log_out("ada").await;

    app.wait(TimeDelta::seconds(61));
    home.log_in("ada").await;
    assert_eq!(home.path().await, "/login/code", "14 days and a second");
    home.says("14 days have passed since you last entered a code on this computer").await;
    home.enter_code(&app.code_for(PHONE).await, "Log in").await;
}

async fn ask_on_every_login(app: &TestApp, home: &Chrome) {
    home.go_to("Two Factor Authentication").await;
    home.tick("Ask for a code on every login", true).await;
    home.press("Save").await;
    home.says("From now on every login asks for a code").await;
    home.log_out("ada").await;
    home.log_in("ada").await;
    home.says("We ask because you chose to be asked on every login").await;
    home.says_nothing_of("Trust this computer").await;
    home.enter_code(&app.code_for(PHONE).await, "Log in").await;
}

async fn turn_it_off(home: &Chrome) {
    home.go_to("Two Factor Authentication").await;
    home.choose("Method", "Disabled").await;
    home.press("Save").await;
    assert_eq!(home.texts("#notice h2").await, ["Two Factor Authentication is off"]);
    assert_eq!(home.texts(".tag").await, ["Off"]);
    home.log_out("ada").await;
    home.log_in("ada").await;
    assert_eq!(home.path().await, "/profile");
}

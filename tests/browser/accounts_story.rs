//! The stories of accounts in a real browser: who joins, who lost a phone, who was robbed, who leaves. Each person has a
//! Chromium of their own.

use postern::domain::administration::Act;

use super::chrome::{Chrome, View, walk};
use super::support::browser::Browser;
use super::support::program::Home;
use super::support::test_app::{PASSWORD, TestApp};

const ADA: &str = "ada@example.com";
const THIEF: &str = "thief@example.com";
const PHONE: &str = "+12125550142";
const NEW_PHONE: &str = "+12125550199";
const NEW_PASSWORD: &str = "a rather unlikely sentence about herons";

/// The path of the newest link of this kind that was mailed to an address.
async fn mailed_link(app: &TestApp, to: &str, path: &str) -> String {
    let sent = app.sent().await;
    let words = sent.iter().filter(|mail| mail.to == to).flat_map(|mail| mail.text.split_whitespace());
    let mut paths = words.filter_map(|word| word.strip_prefix(&app.base));
    paths.find(|found| found.starts_with(path)).expect("a link").to_owned()
}

async fn choose_password(chrome: &Chrome, link: &str, password: &str) {
    chrome.open(link).await;
    chrome.fill("New password", password).await;
    chrome.fill("New password again", password).await;
    chrome.press("Save password").await;
}

async fn open_act(app: &TestApp, chrome: &Chrome, name: &str, act: Act) {
    chrome.open(&format!("{}/{}", app.account_path(name).await, act.as_str())).await;
}

#[actix_web::test]
async fn a_new_employee_from_the_invitation_to_the_first_code() {
    let app = TestApp::start().await;
    app.administrator("sam").await;
    walk("employee-administrator", View::PLAIN, &app.base, async |sam| {
        sam.log_in("sam").await;
        sam.open("/admin/accounts/new").await;
        sam.fill("Username", "grace").await;
        sam.fill("Email address", "grace@example.com").await;
        sam.press("Create account").await;
        sam.says("The account is made").await;
        sam.click("Require Two Factor Authentication").await;
        sam.press("Require it").await;
        sam.says("Yes, by an administrator").await;
        walk("employee", View::PLAIN, &app.base, async |grace| join(&app, grace).await).await;
        sam.open(&app.account_path("grace").await).await;
        sam.says("by SMS to").await;
    })
    .await;
}

async fn join(app: &TestApp, grace: &Chrome) {
    let link = mailed_link(app, "grace@example.com", "/invitation").await;
    choose_password(grace, &link, PASSWORD).await;
    grace.says("Your password is saved").await;
    grace.log_in("grace").await;
    assert_eq!(grace.path().await, "/profile/two-factor");
    grace.open("/profile").await;
    assert_eq!(grace.path().await, "/profile/two-factor", "nothing else is reached");
    grace.choose("Method", "SMS").await;
    grace.fill("Mobile phone number", "212 555 0142").await;
    grace.press("Save").await;
    grace.says("First show that it is you").await;
    grace.enter_code(&app.code_for("grace@example.com").await, "Save").await;
    grace.tick("Trust this computer for 14 days", false).await;
    grace.enter_code(&app.code_for(PHONE).await, "Save").await;
    grace.says("Two Factor Authentication is on").await;
    grace.log_out("grace").await;
    grace.log_in("grace").await;
    assert_eq!(grace.path().await, "/login/code");
    grace.enter_code(&app.code_for(PHONE).await, "Log in").await;
    assert_eq!(grace.path().await, "/profile");
}

/// The newest code that was texted to a number, as the built-in mailbox shows it.
async fn texted(browser: &Browser, to: &str) -> String {
    loop {
        let mailbox = browser.get("/dev/mailbox.json").await.json();
        let texts = mailbox.as_array().unwrap().iter().filter(|message| message["to"] == to);
        if let Some(code) = texts.filter_map(|message| message["code"].as_str()).next() {
            return code.to_owned();
        }
        tokio::task::yield_now().await;
    }
}

#[actix_web::test]
async fn a_lost_phone_and_no_mail_server_but_an_operator() {
    // Port 1 of this machine: nobody answers there.
    let home = Home::new().with(&[("POSTERN_MAIL_URL", "smtp://127.0.0.1:1")]);
    home.migrate().await;
    home.person("ada").await;
    let mut running = home.serve().await;
    running.hear("mail_unreachable").await;
    let (base, phone) = (running.address().to_owned(), running.browser());
    walk("operator-before", View::PLAIN, &base, async |lost| {
        lost.log_in("ada").await;
        lost.open("/profile/two-factor").await;
        lost.choose("Method", "SMS").await;
        lost.fill("Mobile phone number", "212 555 0142").await;
        lost.press("Save").await;
        lost.enter_code(&texted(&phone, PHONE).await, "Save").await;
        lost.says("Two Factor Authentication is on").await;
        walk("operator", View::PLAIN, &base, async |ada| get_in_by_a_pass(&home, &phone, ada).await).await;
        lost.open("/profile").await;
        assert_eq!(lost.path().await, "/login", "whoever found the phone is out");
    })
    .await;
}

async fn get_in_by_a_pass(home: &Home, phone: &Browser, ada: &Chrome) {
    ada.log_in("ada").await;
    ada.click("Use another way").await;
    ada.click("Use a one-time pass").await;
    let ran = home.run(&["account", "pass", "ada"]).await.well();
    ada.fill("Recovery code or one-time pass", ran.out.lines().nth(1).expect("a pass")).await;
    ada.press("Log in").await;
    ada.says("You logged in with a one-time pass").await;
    ada.open("/profile/two-factor").await;
    ada.fill("Mobile phone number", "212 555 0199").await;
    ada.press("Save").await;
    ada.enter_code(&texted(phone, NEW_PHONE).await, "Save").await;
    ada.says("••• ••• 0199").await;
    ada.open("/profile/activity").await;
    ada.says("Whoever runs Postern").await;
}

/// Presses the button behind the newest notice to Ada, chooses another password, and sees the thief out.
async fn take_it_back(app: &TestApp, ada: &Chrome, thief: &Chrome, told: &str, puts_back: bool) {
    ada.open(&mailed_link(app, ADA, "/not-me").await).await;
    ada.says(told).await;
    if puts_back {
        ada.says("back as they were before this").await;
    } else {
        ada.says_nothing_of("back as they were").await;
    }
    ada.press("This wasn’t me").await;
    ada.says("Everybody is logged out").await;
    thief.open("/profile").await;
    assert_eq!(thief.path().await, "/login");
    choose_password(ada, &mailed_link(app, ADA, "/password/reset").await, NEW_PASSWORD).await;
    ada.says("Your new password is saved").await;
    thief.log_in("ada").await;
    assert_eq!((thief.path().await, thief.errors().await.len()), ("/login".into(), 1));
    ada.log_in_with("ada", NEW_PASSWORD).await;
}

#[actix_web::test]
async fn a_stolen_password_is_stopped_by_the_first_click() {
    let app = TestApp::start().await;
    app.guarded_by_sms("ada", "212 555 0142", PHONE).await;
    walk("stolen-thief", View::PLAIN, &app.base, async |thief| {
        thief.log_in_with_code(&app, "ada", PHONE).await;
        assert_eq!(thief.path().await, "/profile", "the phone lay on the table");
        let trying = app.code_page("ada").await;
        walk("stolen", View::PLAIN, &app.base, async |ada| {
            take_it_back(&app, ada, thief, "New trusted computer", false).await;
            ada.enter_code(&app.code_for(PHONE).await, "Log in").await;
            assert_eq!(ada.path().await, "/profile");
        })
        .await;
        assert_eq!(trying.browser().get("/login/code").await.location(), Some("/login"));
    })
    .await;
}

#[actix_web::test]
async fn a_thief_who_changed_the_address_is_undone_from_the_old_one() {
    let app = TestApp::start().await;
    app.person("ada").await;
    walk("address-thief", View::PLAIN, &app.base, async |thief| {
        thief.log_in("ada").await;
        thief.open("/profile/email").await;
        thief.fill("New email address", THIEF).await;
        thief.press("Save").await;
        thief.enter_code(&app.code_for(THIEF).await, "Save").await;
        thief.says("Your email address is saved").await;
        walk("address", View::PLAIN, &app.base, async |ada| {
            take_it_back(&app, ada, thief, "Email address changed", true).await;
            ada.says(ADA).await;
            ada.says_nothing_of(THIEF).await;
        })
        .await;
    })
    .await;
}

#[actix_web::test]
async fn a_thief_who_turned_on_a_phone_is_undone() {
    let app = TestApp::start().await;
    app.person("ada").await;
    walk("phone-thief", View::PLAIN, &app.base, async |thief| {
        thief.log_in("ada").await;
        thief.turn_on_sms(&app, "212 555 0142", PHONE).await;
        thief.says("Two Factor Authentication is on").await;
        walk("phone", View::PLAIN, &app.base, async |ada| {
            take_it_back(&app, ada, thief, "Two Factor Authentication turned on: SMS", true).await;
            assert_eq!(ada.path().await, "/profile", "as before, no code is asked");
        })
        .await;
    })
    .await;
}

#[actix_web::test]
async fn an_administrator_hands_over_and_leaves() {
    let app = TestApp::start().await;
    app.administrator("sam").await;
    app.person("kim").await;
    let (sams, kims) = (app.account_path("sam").await, app.account_path("kim").await);
    walk("leaving", View::PLAIN, &app.base, async |sam| {
        sam.log_in("sam").await;
        sam.open(&sams).await;
        sam.says_nothing_of("Disable the account").await;
        sam.open(&kims).await;
        sam.click("Make an administrator").await;
        sam.press("Make an administrator").await;
        walk("leaving-heir", View::PLAIN, &app.base, async |kim| {
            kim.log_in("kim").await;
            kim.open(&sams).await;
            kim.click("Take the administrator’s role away").await;
            kim.press("Take the role away").await;
            kim.says("They are no administrator any more").await;
            sam.open("/admin/accounts").await;
            assert_eq!(sam.path().await, "/login", "Sam is out at the next request");
            sam.log_in("sam").await;
            sam.says_nothing_of("Administration").await;
            open_act(&app, kim, "sam", Act::Disable).await;
            kim.press("Disable").await;
            kim.says("The account is disabled").await;
            sam.open("/profile").await;
            assert_eq!(sam.path().await, "/login");
            sam.log_in("sam").await;
            assert_eq!((sam.path().await, sam.errors().await.len()), ("/login".into(), 1));
            kim.open(&kims).await;
            kim.says_nothing_of("Disable the account").await;
            kim.says_nothing_of("Take the administrator’s role away").await;
        })
        .await;
    })
    .await;
}

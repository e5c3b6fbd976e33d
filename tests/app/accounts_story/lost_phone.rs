//! A lost phone, where there is no recovery code: an administrator helps, or the operator when nothing else works.

use postern::domain::administration::Act;
use postern::flows::mailbox::Entry;

use super::PHONE;
use crate::support::administration::Administering;
use crate::support::browser::{Browser, Page};
use crate::support::codes::Reading;
use crate::support::program::Home;
use crate::support::test_app::{Deeds, TestApp};

const NEW_PHONE: &str = "+12125550199";

async fn pass_page(page: Page) -> Page {
    page.click("Use another way").await.click("Use a one-time pass").await
}

async fn enter(page: &Page, pass: &str) -> Page {
    page.form("Log in").fill("recovery_code", pass).submit().await.follow_all().await
}

#[actix_web::test]
async fn an_administrator_reads_out_a_pass_and_the_number_is_replaced() {
    let app = TestApp::start().await;
    app.guarded_by_sms("ada", "212 555 0142", PHONE).await;
    app.administrator("sam").await;
    let page = pass_page(app.code_page("ada").await).await;
    let ada = page.browser().clone();

    let sam = app.browser();
    sam.log_in("sam").await;
    sam.get(&app.account_path("ada").await).await.says("••• ••• 0142").is_silent_about("212-555");
    let pass = sam.administer(&app, "ada", Act::IssuePass).await.only(".pass");
    let inside = enter(&page, &pass).await;

    inside.says("You logged in with a one-time pass");
    let sent = app.sent().await;
    for (what, by) in [("given out", "sam, an administrator"), ("used", "")] {
        let begins = format!("One-time pass {what}");
        let told = |mail: &&Entry| mail.to == super::ADA && mail.text.starts_with(&begins);
        let told: Vec<_> = sent.iter().filter(told).collect();
        assert!(told.len() == 1 && told[0].text.contains(by), "{begins}: {} times", told.len());
    }
    ada.turn_on_sms(&app, "212 555 0199", NEW_PHONE).await.says("••• ••• 0199");
    ada.get("/profile/activity").await.says("One-time pass given out").says("One-time pass used");

    // From now on the new one is asked, and the lost one gets nothing.
    let texts = app.sent_to(PHONE).await;
    let page = app.code_page("ada").await;
    let code = app.code_for(NEW_PHONE).await;
    page.form("Log in").fill("code", &code).submit().await.follow_all().await.expect(200);
    assert_eq!(app.sent_to(PHONE).await, texts);
    // The pass was for once.
    let page = pass_page(app.code_page("ada").await).await;
    page.form("Log in").fill("recovery_code", &pass).submit().await.expect(422);
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
async fn the_operator_prints_a_pass_while_the_mail_server_is_down() {
    // Port 1 of this machine: nobody answers there.
    let home = Home::new().with(&[("POSTERN_MAIL_URL", "smtp://127.0.0.1:1")]);
    home.migrate().await;
    home.person("ada").await;
    let mut running = home.serve().await;
    running.hear("mail_unreachable").await;
    let lost = running.browser();
    lost.log_in("ada").await;
    let form = lost.get("/profile/two-factor").await.form("Save").select("method", "sms");
    let page = form.fill("phone", "212 555 0142").submit().await.follow_all().await;
    let code = texted(&lost, PHONE).await;
    page.form("Save").fill("code", &code).submit().await.follow_all().await.says("is on");

    let ada = running.browser();
    let page = pass_page(ada.log_in("ada").await).await;
    let ran = home.run(&["account", "pass", "ada"]).await.well();
    let pass = ran.out.lines().nth(1).unwrap();
    enter(&page, pass).await.says("You logged in with a one-time pass");

    let form = ada.get("/profile/two-factor").await.form("Save").fill("phone", "212 555 0199");
    let page = form.submit().await.follow_all().await;
    let code = texted(&ada, NEW_PHONE).await;
    page.form("Save").fill("code", &code).submit().await.follow_all().await.says("••• ••• 0199");
    ada.get("/profile/activity").await.says("One-time pass given out").says("Whoever runs Postern");
    assert_eq!(lost.get("/profile").await.follow_all().await.path(), "/login");
    let again = pass_page(running.browser().log_in("ada").await).await;
    again.form("Log in").fill("recovery_code", pass).submit().await.expect(422);
}

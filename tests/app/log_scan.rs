//! Whoever reads the log learns what happened, and nothing that opens anything: through a whole story, the program at its
//! most talkative, and the real process as an operator runs it. What must not stand there must stand in no row of the
//! database and on no page either.

mod secrets;

use chrono::TimeDelta;
use data_encoding::BASE64;
use postern::domain::account::Role;
use postern::domain::email::EmailAddress;
use postern::domain::event::Actor;
use postern::domain::username::Username;
use postern::flows::invitation::{self, First, Made, New};
use secrets::{MAIL_ADDRESS, NUMBER, Secrets};

use crate::support::browser::{Browser, Page};
use crate::support::letter::Letter;
use crate::support::paper::Paper;
use crate::support::post::{Post, code_in, enter, ways_out};
use crate::support::program::Home;
use crate::support::smtp_server::{At, Encryption, Fault, Identity, SmtpServer, USER};
use crate::support::test_app::{Deeds, PASSWORD, TEST_KEY, TestApp};
use crate::support::twilio_server::{self, ACCOUNT, TwilioServer};

/// What nobody else in these tests has, so that it is found even among what others log beside it.
const NAME: &str = "zenobia.scan";
const ADDRESS: &str = "zenobia.of.palmyra@scan.example.com";
const PHONE: (&str, &str) = ("(212) 555-0187", "2125550187");
const SECRET: &str = "ostrich velvet harbour nine";
const WRONG: &str = "ostrich velvet harbour ten";
const KEEPER: &str = "yolanda.scan";
const FIRST_CHOICE: &str = "turnip cathedral whistle forty";
const SECOND_CHOICE: &str = "umbrella glacier fiddle eighty";

#[actix_web::test]
async fn a_whole_story_at_its_most_talkative_gives_nothing_away() {
    let paper = Paper::laid_out();
    let folder = tempfile::tempdir().unwrap();
    let (identity, authority) = (Identity::of("localhost"), folder.path().join("authority.pem"));
    std::fs::write(&authority, &identity.authority_pem).unwrap();
    let mail = SmtpServer::start_with(Encryption::StartTls(identity), "PLAIN LOGIN").await;
    let url = format!("smtp+starttls://{}:{}@localhost:{}", USER.0, USER.1, mail.port);
    let settings =
        [("POSTERN_MAIL_URL", url.as_str()), ("POSTERN_MAIL_CA_FILE", authority.to_str().unwrap())];
    let post = Post::with_servers(mail, TwilioServer::start().await, &settings).await;

    let mut secrets = Secrets::default();
    for (what, secret) in [
        (MAIL_ADDRESS, ADDRESS),
        (NUMBER, PHONE.1),
        (NUMBER, "555-0187"),
        ("password", SECRET),
        ("password", WRONG),
    ] {
        secrets.add(what, secret);
    }
    secrets.add("the key", TEST_KEY);
    secrets.add("the mail server's password", USER.1);
    secrets.add("the mail server's password", BASE64.encode(format!("\0{}\0{}", USER.0, USER.1).as_bytes()));
    secrets.add("the carrier's token", ACCOUNT.1);
    secrets.add("the carrier's token", BASE64.encode(format!("{}:{}", ACCOUNT.0, ACCOUNT.1).as_bytes()));
    let home = tell(&post, &mut secrets).await;
    assert_eq!(home.log_in_with(NAME, SECRET).await.follow_all().await.path(), "/profile");
    secrets.add_cookies(&home);
    secrets.assert_nowhere(&post.app, NAME, &home).await;

    let log = paper.text();
    for written in ["message_handed_over", "message_not_handed_over", "/login/code", "request_id"] {
        assert!(log.contains(written), "{written} was to be in the log");
    }
    secrets.assert_not_in(&log);
}

/// Zenobia's whole story: invited, in, mistaken, mailed, texted, refused, out. Notes what is secret as it comes by.
async fn tell(post: &Post, secrets: &mut Secrets) -> Browser {
    let home = invited(post, secrets).await;
    home.log_in_with(NAME, WRONG).await.expect(422);
    home.log_in_with(ADDRESS, SECRET).await.expect(422);
    assert_eq!(home.log_in_with(NAME, SECRET).await.follow_all().await.path(), "/profile");
    secrets.add_cookies(&home);

    // By mail: first the server refuses and repeats the address, then it takes it.
    let form = home.get("/profile/two-factor").await.form("Save").select("method", "email");
    secrets.add("a form token", form.value("form_token").unwrap());
    let page = form.fill("email", ADDRESS).submit().await.follow().await;
    post.mail.next(&[(At::Rcpt, Fault::Says("451 4.7.1 <zenobia.of.palmyra@scan.example.com>: greylisted"))]);
    post.watch(3).await;
    let code = post.last_letter().code();
    enter(page.clone(), "Save", "135790").await;
    enter(page, "Save", &code).await;
    secrets.add("a code", code);
    secrets.add("a wrong code", "135790");
    secrets.add_cookies(&home);

    // By text, after confirming who she is.
    post.app.wait(TimeDelta::minutes(20));
    let form = home.get("/profile/two-factor").await.form("Save").select("method", "sms");
    let page = form.fill("phone", PHONE.0).submit().await.follow().await;
    let page = page.form("Continue").fill("password", SECRET).submit().await.follow().await;
    post.app.deliver_all().await;
    let code = post.last_letter().code();
    let page = enter(page, "Continue", &code).await;
    secrets.add("a code", code);
    let body = r#"{"code":20429,"message":"To +12125550187: 135790","status":429}"#;
    post.carrier.next(twilio_server::Fault::Status(429, body, &[]));
    post.watch(3).await;
    let code = post.texted_code();
    enter(page, "Save", &code).await;
    secrets.add("a code", code);
    secrets.add_cookies(&home);

    // A stranger with the right password, who gives up; and what no page of ours sends.
    let stranger = post.app.browser();
    let page = stranger.log_in_with(NAME, SECRET).await.follow().await;
    post.app.deliver_all().await;
    secrets.add("a code", post.texted_code());
    secrets.add_cookies(&stranger);
    page.form("Use another account").submit().await;
    stranger.get(&format!("/nowhere/{ADDRESS}?token={SECRET}")).await.expect(404);
    stranger.post_form("/login", &[("username", NAME), ("password", SECRET)]).await;
    stranger.raw("POST", "/login", &[("Content-Type", "text/plain")], SECRET.as_bytes()).await;
    home.log_out().await;
    home
}

/// Sets her first password at a mailed link.
async fn invited(post: &Post, secrets: &mut Secrets) -> Browser {
    let new = New {
        username: Username::parse(NAME).unwrap(),
        email: EmailAddress::parse(ADDRESS).unwrap(),
        role: Role::Person,
        first: First::PrintedLink,
    };
    let made = invitation::create(post.app.app.services(), new, Actor::Operator).await.unwrap();
    let Made::Invited(link) = made else { panic!("invited") };
    let (_, token) = link.expose().split_once("token=").unwrap();
    secrets.add("a link's token", token);
    let home = post.app.browser();
    let page = home.get(link.expose()).await.follow_all().await;
    let form = page.form("Save password").fill("new_password", SECRET);
    form.fill("new_password_again", SECRET).submit().await.follow_all().await;
    home
}

/// A whole life of keys, none of them used for anybody else in these tests.
#[actix_web::test]
async fn what_stands_in_for_a_code_or_a_password_is_written_nowhere() {
    let (paper, app) = (Paper::laid_out(), TestApp::start().await);
    let mut secrets = Secrets::default();
    secrets.add(NUMBER, "2125550174");
    secrets.add("the key", TEST_KEY);
    app.invite_by_mail(KEEPER).await;
    app.deliver_all().await;
    let link = mailed_link(&app, "/invitation").await;
    secrets.add_link("an invitation's token", &link);
    let welcome = at_link(&app, &secrets, &link).await;
    choose_password(&welcome, PASSWORD).await.expect(303);
    let home = welcome.browser();
    home.log_in(KEEPER).await;
    home.turn_on_sms(&app, "212 555 0174", "+12125550174").await;
    let codes = home.make_recovery_codes().await;
    let pass = app.pass_for(KEEPER).await;
    for stand_in in codes.iter().chain([&pass]) {
        secrets.add_stand_in(stand_in);
    }
    secrets.add_cookies(home);

    // Each is used, and then wrongly used again.
    for stand_in in [&codes[0], &codes[0], &pass, &pass] {
        let page =
            app.code_page(KEEPER).await.click("Use another way").await.click("Use a one-time pass").await;
        let page = page.form("Log in").fill("recovery_code", stand_in).submit().await;
        secrets.assert_not_on(&page);
        secrets.add_cookies(page.browser());
    }
    app.deliver_all().await;
    app.wait(TimeDelta::minutes(11));
    let asked = home.log_in(KEEPER).await;
    let code = app.code_for("+12125550174").await;
    assert_eq!(enter(asked, "Log in", &code).await.path(), "/profile");
    secrets.add("a code", code);
    let refused = change_password(home, FIRST_CHOICE, "another one altogether").await.expect(422);
    secrets.add("a new password", FIRST_CHOICE);
    secrets.assert_not_on(&refused);
    change_password(home, FIRST_CHOICE, FIRST_CHOICE).await.expect(303);

    app.ask_for_reset(KEEPER).await;
    let link = mailed_link(&app, "/password/reset").await;
    secrets.add_link("a reset's token", &link);
    let reset = at_link(&app, &secrets, &link).await;
    secrets.add("a new password", SECOND_CHOICE);
    choose_password(&reset, SECOND_CHOICE).await.expect(303);
    at_link(&app, &secrets, &link).await;
    app.deliver_all().await;
    let link = mailed_link(&app, "/not-me").await;
    secrets.add_link("a notice's token", &link);
    let told = at_link(&app, &secrets, &link).await;
    told.form("This wasn’t me").submit().await.expect(303);
    at_link(&app, &secrets, &link).await;
    secrets.add_link("a reset's token", &mailed_link(&app, "/password/reset").await);

    // Back again, so that every page can be looked at.
    app.wait(TimeDelta::minutes(11));
    let asked = home.log_in_with(KEEPER, SECOND_CHOICE).await.follow_all().await;
    let code = app.code_for("+12125550174").await;
    assert_eq!(enter(asked, "Log in", &code).await.path(), "/profile");
    secrets.add("a code", code);
    secrets.add_cookies(home);
    secrets.assert_nowhere(&app, KEEPER, home).await;
    secrets.assert_not_in(&paper.text());
}

/// The path of the newest link of a kind that was mailed to the keeper.
async fn mailed_link(app: &TestApp, page: &str) -> String {
    let sent = app.sent().await;
    let mut words = sent.iter().flat_map(|entry| entry.text.split_whitespace());
    let link = words.find_map(|word| {
        let path = word.strip_prefix(&app.base)?;
        path.starts_with(&format!("{page}?token=")).then_some(path)
    });
    link.unwrap_or_else(|| panic!("no link to {page} was mailed")).to_owned()
}

/// The page a link led a fresh browser to, be it over or not: it holds nothing secret, in its address neither.
async fn at_link(app: &TestApp, secrets: &Secrets, link: &str) -> Page {
    let page = app.browser().follow_all(link).await;
    secrets.assert_not_on(&page);
    page
}

/// Chooses a password at the page a link led to.
async fn choose_password(page: &Page, password: &str) -> Page {
    let form = page.form("Save password").fill("new_password", password);
    form.fill("new_password_again", password).submit().await
}

async fn change_password(browser: &Browser, new: &str, again: &str) -> Page {
    let form = browser.get("/profile/password").await.form("Save").fill("current_password", PASSWORD);
    form.fill("new_password", new).fill("new_password_again", again).submit().await
}

#[actix_web::test]
async fn the_process_as_an_operator_runs_it_gives_nothing_away() {
    for format in ["text", "json"] {
        let (mail, carrier) = (SmtpServer::start().await, TwilioServer::start().await);
        let mut settings = ways_out(&mail, &carrier);
        settings.push(("POSTERN_LOG_FORMAT".to_owned(), format.to_owned()));
        settings.push(("POSTERN_SECRET_KEY".to_owned(), TEST_KEY.to_owned()));
        let postern = Home::new().with(&settings);
        postern.migrate().await;
        postern.person("ada").await;
        let running = postern.serve().await;
        let mut secrets = Secrets::default();

        let home = postern.browser();
        home.log_in_with("ada", WRONG).await.expect(422);
        home.log_in("ada").await;
        let form = home.get("/profile/two-factor").await.form("Save").select("method", "sms");
        let page = form.fill("phone", PHONE.0).submit().await.follow().await;
        carrier.until("her text", |carrier| carrier.taken().len() == 1).await;
        let code = code_in(&carrier.taken()[0]["Body"]);
        let page = enter(page, "Save", &code).await;
        let form = page.form("Save").select("method", "email").fill("email", ADDRESS);
        form.submit().await.follow().await;
        // The notice that SMS is on, and the code for the new address.
        mail.until("her mails", |mail| mail.taken().len() == 2).await;
        let mut letters = mail.taken().into_iter().map(|taken| Letter::read(&taken.raw));
        secrets.add("a code", letters.find(Letter::has_code).expect("a code").code());
        secrets.add("a code", code);
        secrets.add_cookies(&home);
        for secret in [ADDRESS, PHONE.1, PASSWORD, WRONG, ACCOUNT.1, TEST_KEY] {
            secrets.add("what she typed, or the operator", secret);
        }

        let log = running.stop().await;
        assert!(log.contains("message_handed_over"), "{log}");
        secrets.assert_not_in(&log);
        if format == "json" {
            let lines: Vec<_> = log.lines().filter(|line| line.starts_with('{')).collect();
            assert!(lines.len() > 10, "{log}");
            for line in lines {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                assert!(line["level"] == "INFO" || line["level"] == "WARN", "{line}");
            }
        }
    }
}

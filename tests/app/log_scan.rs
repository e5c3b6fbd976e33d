//! Whoever reads the log learns what happened, and nothing that opens anything: through a whole story, the program at its
//! most talkative, and the real process as an operator runs it.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock};

use chrono::TimeDelta;
use data_encoding::BASE64;
use postern::domain::account::Role;
use postern::domain::email::EmailAddress;
use postern::domain::event::Actor;
use postern::domain::username::Username;
use postern::flows::invitation::{self, First, Made, New};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::support::browser::{Browser, Page};
use crate::support::dump::everything;
use crate::support::letter::Letter;
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

/// Everything that is logged in this process from the first call on.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Paper {
    /// DEBUG of everything, libraries too, and all that the program itself has to say. Only the tests' own browser, which
    /// reads pages by html5ever, is not listened to.
    fn laid_out() -> Self {
        static PAPER: OnceLock<Paper> = OnceLock::new();
        PAPER
            .get_or_init(|| {
                let paper = Self::default();
                let writer = paper.clone();
                tracing_subscriber::fmt()
                    .with_env_filter(EnvFilter::new("debug,postern=trace,html5ever=off,selectors=off"))
                    .with_ansi(false)
                    .with_writer(move || writer.clone())
                    .finish()
                    .init();
                paper
            })
            .clone()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

/// What must not be found, with a name for each.
#[derive(Default)]
struct Secrets(BTreeSet<(String, String)>);

impl Secrets {
    fn add(&mut self, what: &str, secret: impl Into<String>) {
        let secret = secret.into();
        assert!(secret.len() > 3, "{what} is no secret worth the name");
        self.0.insert((what.to_owned(), secret));
    }

    /// The values of all cookies that a browser holds now.
    fn add_cookies(&mut self, browser: &Browser) {
        for cookie in browser.cookies() {
            self.add("a cookie", cookie.value());
        }
    }

    /// The token of a link, whole and what proves it alone.
    fn add_link(&mut self, what: &str, link: &str) {
        let (_, token) = link.split_once("token=").expect("a token");
        self.add(what, token);
        self.add(what, token.split_once('.').expect("an id and a proof").1);
    }

    /// A recovery code or one-time pass, as it is shown and as it is typed in one go.
    fn add_stand_in(&mut self, shown: &str) {
        self.add("what stands in for a code", shown);
        self.add("what stands in for a code", shown.replace('-', ""));
    }

    /// Neither in the page nor in its address nor in where it leads.
    #[track_caller]
    fn assert_not_on(&self, page: &Page) {
        for (what, secret) in &self.0 {
            let told = [&page.path(), page.html(), page.location().unwrap_or_default()];
            assert!(!told.iter().any(|told| told.contains(secret)), "{what}: {}", page.describe());
        }
    }

    #[track_caller]
    fn assert_not_in(&self, log: &str) {
        for (what, secret) in &self.0 {
            let found = log.lines().find(|line| holds(line, secret));
            assert!(found.is_none(), "{what}, {secret}: {}", found.unwrap_or_default());
        }
        let log = log.to_ascii_lowercase();
        for header in ["authorization", "set-cookie", "cookie:", "form_token", "auth plain", "auth login"] {
            let found = log.lines().find(|line| line.contains(header));
            assert!(found.is_none(), "{header}: {}", found.unwrap_or_default());
        }
    }
}

/// Whether a line holds a secret. Six digits in the middle of a time or an identifier are no code.
fn holds(line: &str, secret: &str) -> bool {
    let is_code = secret.len() == 6 && secret.bytes().all(|byte| byte.is_ascii_digit());
    line.match_indices(secret).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + secret.len()..].chars().next();
        !is_code || ![before, after].into_iter().flatten().any(|c| c.is_ascii_alphanumeric() || c == '.')
    })
}

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
        ("address", ADDRESS),
        ("number", PHONE.1),
        ("number", "555-0187"),
        ("password", SECRET),
        ("password", WRONG),
    ] {
        secrets.add(what, secret);
    }
    secrets.add("the key", "a key that is only ever used in tests");
    secrets.add("the mail server's password", USER.1);
    secrets.add("the mail server's password", BASE64.encode(format!("\0{}\0{}", USER.0, USER.1).as_bytes()));
    secrets.add("the carrier's token", ACCOUNT.1);
    secrets.add("the carrier's token", BASE64.encode(format!("{}:{}", ACCOUNT.0, ACCOUNT.1).as_bytes()));
    let home = tell(&post, &mut secrets).await;
    secrets.add_cookies(&home);

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

    secrets.assert_not_in(&paper.text());
    let values = everything(&app.database);
    for (what, secret) in &secrets.0 {
        let found: Vec<_> = values.iter().filter(|value| holds_bytes(&value.bytes, secret)).collect();
        assert!(found.is_empty(), "{what}, {secret}: {found:?}");
    }
}

fn holds_bytes(value: &[u8], secret: &str) -> bool {
    value.windows(secret.len()).any(|window| window.eq_ignore_ascii_case(secret.as_bytes()))
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

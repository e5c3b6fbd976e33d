//! An installation of a size: its database, who lives in it, and what their browsers carry.

use std::path::{Path, PathBuf};
use std::time::Instant;

use actix_session::SessionMiddleware;
use actix_session::storage::CookieSessionStore;
use actix_web::cookie::Key;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{HttpRequest, HttpResponse, web};
use diesel::prelude::*;
use postern::app::{App, Parts};
use postern::config::{self, ConfigFile};
use postern::domain::password::{Area, Cost, hash};
use postern::domain::secret::Secret;
use postern::domain::token::Token;
use postern::storage::schema::accounts;
use postern::storage::{AnyConnection, Location};
use postern::web::browser::cookies::CookieStyle;
use postern::web::ticket::{Pocket, Ticket};

use crate::floors::password;
use crate::support::seed::{self, Size, token_of};

const KEY: &str = "a key that is only ever used in the benchmark";
/// To be raised whenever what `seed` makes changes: databases of before are made anew.
const SEED: u32 = 1;
/// From so many accounts on a database is kept for the next run.
const KEPT_FROM: usize = 1_000_000;
/// So many of each kind of account are enough for everything.
const ENOUGH: i64 = 20_000;

pub struct Town {
    url: String,
    /// Where it lies, if it is a file.
    pub file: Option<PathBuf>,
    app: App,
    /// Username and address of accounts that get codes by e-mail.
    pub with_codes: Vec<(String, String)>,
    /// Usernames of accounts that a password opens.
    pub without: Vec<String>,
    /// Usernames of accounts that are disabled.
    pub disabled: Vec<String>,
    /// What the browsers carry of people who are logged in, from all over the table.
    pub logged_in: Vec<Token>,
}

/// A ticket as a browser carries it.
pub struct Carried {
    pub cookie: String,
    pub form_token: String,
}

/// The size of an installation that has been used for a while by so many.
pub fn size(accounts: usize) -> Size {
    Size { accounts, events: 3 * accounts, browsers: accounts }
}

impl Town {
    /// One in a file, made now unless there is one from a run before.
    pub async fn in_a_file(folder: &Path, accounts: usize) -> Self {
        let file = match accounts >= KEPT_FROM {
            true => Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("accounts-{accounts}-{SEED}.db")),
            false => folder.join(format!("accounts-{accounts}.db")),
        };
        let is_there = file.exists();
        let unfinished = PathBuf::from(format!("{}.unfinished", file.display()));
        if !is_there {
            drop(std::fs::remove_file(&unfinished)); // Err: there is none.
            app(&sqlite_url(&unfinished)).prepare_database().await.unwrap();
            fill(&mut Location::Sqlite(unfinished.clone()).connect().unwrap(), accounts);
            std::fs::rename(&unfinished, &file).unwrap();
        }
        Self::at(sqlite_url(&file), Location::Sqlite(file)).await
    }

    /// One on a server of PostgreSQL.
    pub async fn on_a_server(url: &str, accounts: usize) -> Self {
        let place = Location::Postgres(Secret::new(url.to_owned()));
        app(url).prepare_database().await.unwrap();
        fill(&mut place.connect().unwrap(), accounts);
        Self::at(url.to_owned(), place).await
    }

    async fn at(url: String, place: Location) -> Self {
        let app = app(&url);
        app.prepare_database().await.unwrap();
        let conn = &mut place.connect().unwrap();
        let file = match &place {
            Location::Sqlite(file) => Some(file.clone()),
            Location::Postgres(_) => None,
        };
        let active = || {
            accounts::table
                .filter(accounts::state.eq("active"))
                .filter(accounts::role.eq("person"))
                .filter(accounts::requires_two_factor.eq(false))
        };
        // By name, since neighbours by name are no neighbours in the file.
        let (name, email) = (accounts::username, accounts::email);
        let with_codes = active().filter(accounts::method.eq("email")).order(accounts::username_key);
        let with_codes = with_codes.limit(ENOUGH).select((name, email)).load(conn).unwrap();
        let without = active().filter(accounts::method.eq("disabled")).order(accounts::username_key);
        let without: Vec<(String, String)> =
            without.limit(ENOUGH).select((accounts::id, name)).load(conn).unwrap();
        let disabled = accounts::table.filter(accounts::state.eq("disabled")).order(accounts::username_key);
        let disabled = disabled.limit(ENOUGH).select(name).load(conn).unwrap();
        let logged_in = without.iter().map(|(id, _)| token_of(id)).collect();
        let without = without.into_iter().map(|(_, name)| name).collect();
        Self { url, file, app, with_codes, without, disabled, logged_in }
    }

    /// What the program is told when it serves this installation here, with a mail server at this port.
    pub fn environment(&self, address: &str, mail_port: u16) -> Vec<(String, String)> {
        let mut all = environment(&self.url);
        for (name, value) in [
            ("POSTERN_SERVER_LISTEN", address.to_owned()),
            ("POSTERN_SERVER_PUBLIC_URL", format!("http://{address}")),
            ("POSTERN_MAIL_URL", format!("smtp://127.0.0.1:{mail_port}")),
            ("POSTERN_MAIL_FROM", "postern@example.com".to_owned()),
        ] {
            all.push((name.to_owned(), value));
        }
        all
    }

    /// A guest's ticket, as the login page hands it out.
    pub async fn guest(&self) -> Carried {
        let token = Token::from_bytes([7; 32]);
        self.carried(&[Ticket::Guest(token)]).await.remove(0)
    }

    /// The tickets of so many people who are logged in.
    pub async fn people(&self, how_many: usize) -> Vec<Carried> {
        let tickets = self.logged_in.iter().take(how_many).cloned().map(Ticket::LoggedIn);
        self.carried(&tickets.collect::<Vec<_>>()).await
    }

    /// Has the very layer of the program write the cookies.
    async fn carried(&self, tickets: &[Ticket]) -> Vec<Carried> {
        let keys = &self.app.services().keys;
        let name = CookieStyle::PlainHttp.session_name();
        let key = Key::from(keys.cookie().expose());
        let layer = SessionMiddleware::builder(CookieSessionStore::default(), key);
        let layer = layer.cookie_name(name.to_owned()).cookie_secure(false).build();
        let hand_out = |req: HttpRequest| async move {
            let token = Token::parse(req.match_info().query("token")).unwrap();
            let ticket = match req.match_info().query("kind") {
                "guest" => Ticket::Guest(token),
                _ => Ticket::LoggedIn(token),
            };
            Pocket::of(&req).put_ticket(&ticket);
            HttpResponse::Ok().finish()
        };
        let app = actix_web::App::new().wrap(layer).route("/{kind}/{token}", web::get().to(hand_out));
        let app = init_service(app).await;
        let mut all = Vec::with_capacity(tickets.len());
        for ticket in tickets {
            let kind = if matches!(ticket, Ticket::Guest(_)) { "guest" } else { "logged-in" };
            let asked = TestRequest::with_uri(&format!("/{kind}/{}", ticket.token().expose()));
            let answer = call_service(&app, asked.to_request()).await;
            let cookie = answer.response().cookies().next().expect("a ticket");
            let cookie = cookie.encoded().stripped().to_string();
            all.push(Carried { cookie, form_token: ticket.form_token(keys) });
        }
        all
    }
}

fn fill(conn: &mut AnyConnection, accounts: usize) {
    let began = Instant::now();
    let hash = hash(&password(), &Cost::POLICY, &[7; 16], &mut Area::for_cost(Cost::POLICY)).unwrap();
    seed::fill(conn, size(accounts), postern::platform::clock::Clock::system().now(), hash.as_str());
    println!(
        "    made {accounts} accounts with what belongs to them in {:.0} s",
        began.elapsed().as_secs_f64()
    );
}

fn app(url: &str) -> App {
    let reading = config::read(&ConfigFile::Nothing, environment(url));
    App::assemble(&reading.config.unwrap(), Parts::real()).unwrap()
}

fn sqlite_url(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}

fn environment(url: &str) -> Vec<(String, String)> {
    [("POSTERN_DATABASE_URL", url), ("POSTERN_SECRET_KEY", KEY)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

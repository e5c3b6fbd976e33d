//! App: what outlives a request, assembled once. `main` and the tests assemble the same parts.

mod build;
mod key_file;
mod leaving;
mod server;
pub mod trial;

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::web::Data;
use tokio::sync::Notify;

use crate::app::leaving::{Signals, leave};
use crate::config::{Config, DatabaseUrl};
use crate::delivery::http::HttpSetUpFault;
use crate::delivery::smtp::Smtp;
use crate::delivery::worker::Worker;
use crate::domain::delivery::FailureClass;
use crate::domain::password::Cost;
use crate::flows::start::{self, Refusal};
use crate::flows::{FlowError, Services, channels, housekeeping, unfinished_logins};
use crate::platform::clock::Clock;
use crate::platform::random::Random;
use crate::storage::Patience;
use crate::web::Portal;
use crate::web::browser::TrustedProxies;

pub use key_file::KeyFileFault;
pub(crate) use key_file::owner_only;

/// How often to look whether the mail server answers.
const LOOK_AT_MAIL: Duration = Duration::from_secs(30);
/// How often to delete what has expired.
const SWEEP: Duration = Duration::from_secs(600);
/// How often to look for right passwords whose code did not come.
const LOOK_AT_LOGINS: Duration = Duration::from_secs(60);

/// For how long at most the mail of a forgotten password is put off: long beside a write, short beside the way of a mail.
const PUT_OFF_RESETS: Duration = Duration::from_secs(5);

/// What a test brings of its own; the real thing is [`Parts::real`].
#[derive(Clone)]
pub struct Parts {
    /// The clock.
    pub clock: Clock,
    /// The dice.
    pub random: Random,
    /// What hashing a password costs.
    pub cost: Cost,
    /// How long the database may keep somebody waiting.
    pub patience: Patience,
    /// For how long at most the mail of a forgotten password is put off.
    pub resets_put_off: Duration,
}

/// The assembled program.
pub struct App {
    /// What handlers need.
    pub portal: Data<Portal>,
    /// What sends messages.
    pub worker: Worker,
    proxies: Data<TrustedProxies>,
    /// A second hand on the mail server, to ask whether it is there.
    mail_check: Option<Smtp>,
    has_looked_at_mail: AtomicBool,
    mode: &'static str,
    previous_key: Option<String>,
    /// The lock that says that a database file is in use.
    pub(crate) in_use: Option<std::fs::File>,
}

/// Why the program does not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// The key beside the database.
    #[error(transparent)]
    KeyFile(#[from] KeyFileFault),
    /// A key that is no key.
    #[error("secret.key: {0}")]
    Key(#[from] crate::domain::keys::KeyFault),
    /// The mail server's settings.
    #[error("mail.url: {0}")]
    Mail(#[from] crate::delivery::smtp::SmtpSetUpFault),
    /// The mail server's own authority.
    #[error("mail.ca_file: {0}")]
    MailAuthority(#[from] crate::delivery::tls::AuthorityFault),
    /// The sender's address.
    #[error("mail.from: {0}")]
    Sender(#[from] crate::delivery::letter::SenderFault),
    /// A country that does not exist.
    #[error("sms.countries: {0} is no country that has telephones; an example: US,CA")]
    Country(String),
    /// The key beside the database is gone, and the database is not new.
    #[error(
        "the key beside the database, {}: it is not there, and the database was made with one: put it back, or set \
         secret.key to it. Without it the numbers in the database cannot be read",
        .0.display()
    )]
    KeyLost(std::path::PathBuf),
    /// The database.
    #[error("database.url: {0}")]
    Database(#[from] FlowError),
    /// No connection to the database, in its driver's words.
    #[error("database.url: {0}")]
    Unreachable(String),
    /// A restore replaces the database file, or a server or command uses it.
    #[error("{}: it is in use: stop the server, or let the restore end", .0.display())]
    InUse(std::path::PathBuf),
    /// The database is stamped by the other mode.
    #[error(
        "database.url: this database was made in {found} mode, and the mode is {wanted}: \
         set mode = \"{found}\", or name another database"
    )]
    OtherMode {
        /// The mode it is stamped with.
        found: String,
        /// The mode that is configured.
        wanted: &'static str,
    },
    /// The database was made under another key.
    #[error(
        "secret.key: this database was made under another key: give that one, or, if the key was changed on purpose, \
         name the old one as secret.previous"
    )]
    OtherKey,
    /// The address to listen on.
    #[error("{key}: {address}: {fault}")]
    Listen {
        /// The setting that names it.
        key: &'static str,
        /// The address.
        address: std::net::SocketAddr,
        /// What the system says.
        fault: std::io::Error,
    },
}

impl Parts {
    /// The system's clock and dice, and passwords at the policy's cost.
    pub fn real() -> Self {
        let (clock, random) = (Clock::system(), Random::os());
        let patience = Patience::default();
        Self { clock, random, cost: Cost::POLICY, patience, resets_put_off: PUT_OFF_RESETS }
    }
}

/// Looks whose database it is, before anything is made in it or beside it.
///
/// # Errors
/// [`StartFault`] if it does not answer, belongs to the other mode, or lost its key.
pub async fn look_first(config: &Config) -> Result<(), StartFault> {
    let db = build::database(config, Patience::default())?;
    db.knock().await.map_err(|words| match &config.database {
        DatabaseUrl::Sqlite(path) => StartFault::Unreachable(format!("{}: {words}", path.display())),
        DatabaseUrl::Postgres(_) => StartFault::Unreachable(words),
    })?;
    let stamps = start::stamps(&db).await?;
    let wanted = build::mode(config.mode);
    match (stamps.mode, build::key_file(config)) {
        (Some(found), _) if found != wanted => Err(StartFault::OtherMode { found, wanted }),
        (_, Some(file)) if stamps.key.is_some() && !file.exists() => Err(StartFault::KeyLost(file)),
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}

/// The mail server that is configured, if one is: the same as codes go through.
///
/// # Errors
/// [`StartFault::Mail`] for settings that cannot work.
pub fn mail_server(config: &Config) -> Result<Option<Smtp>, StartFault> {
    build::mail_server(config)
}

/// Whether a client can be built for the carrier of text messages, where one is configured.
///
/// # Errors
/// Why not; serving goes on without text messages then.
pub fn check_carrier(config: &Config) -> Result<(), HttpSetUpFault> {
    build::check_carrier(config)
}

/// The word of the mode.
pub fn mode(config: &Config) -> &'static str {
    build::mode(config.mode)
}

impl App {
    /// Assembles the program. Nothing is asked of the database yet.
    ///
    /// # Errors
    /// [`StartFault`] for settings that cannot work.
    pub fn assemble(config: &Config, parts: Parts) -> Result<Self, StartFault> {
        build::app(config, parts)
    }

    /// What stories need.
    pub fn services(&self) -> &Services {
        &self.portal.services
    }

    /// Makes sure of tables, mode and key. Answers the names of the migrations that were applied.
    ///
    /// # Errors
    /// [`StartFault`] if the database does not answer or is not this one's.
    pub async fn prepare_database(&self) -> Result<Vec<String>, StartFault> {
        // Whose it is comes first: nobody migrates what is then refused.
        if start::stamps(&self.services().db).await?.mode.is_some() {
            self.check_stamp().await?;
        }
        let applied = start::migrate(self.services()).await?;
        self.check_stamp().await?;
        Ok(applied)
    }

    /// Holds the database's stamps against mode and key, without migrating.
    ///
    /// # Errors
    /// As [`App::prepare_database`].
    pub async fn check_stamp(&self) -> Result<(), StartFault> {
        match start::stamp(self.services(), self.mode, self.previous_key.as_deref()).await? {
            None => Ok(()),
            Some(Refusal::OtherMode(found)) => Err(StartFault::OtherMode { found, wanted: self.mode }),
            Some(Refusal::OtherKey) => Err(StartFault::OtherKey),
        }
    }

    /// Asks the mail server whether it is there, where there is one. `Err` is what it answered, scrubbed.
    pub async fn check_mail(&self) -> Result<(), String> {
        self.ask_mail().await.map_err(|(class, detail)| format!("{}: {detail}", class.as_str()))
    }

    async fn ask_mail(&self) -> Result<(), (FailureClass, String)> {
        match &self.mail_check {
            Some(smtp) => smtp.check().await,
            None => Ok(()),
        }
    }

    /// Asks the mail server once, so that readiness tells the truth, and says in the log when the answer is another than
    /// before. A mail server that is away stops nothing.
    pub async fn look_at_mail(&self) {
        let answer = self.ask_mail().await;
        let was_well = self.portal.delivery_is_well.swap(answer.is_ok(), Ordering::Relaxed);
        if self.mail_check.is_some() {
            let is_first = !self.has_looked_at_mail.swap(true, Ordering::Relaxed);
            let failure = answer.as_ref().err().map(|(class, _)| *class);
            if let Err(fault) = channels::note_look_at_mail(self.services(), failure, is_first).await {
                tracing::warn!(%fault, "how the mail server answers was not noted");
            }
        }
        let answer = answer.map_err(|(class, detail)| format!("{}: {detail}", class.as_str()));
        match (was_well, answer) {
            (true, Err(detail)) => {
                tracing::warn!(event = "mail_unreachable", detail, "codes by e-mail wait until it answers");
            }
            (false, Ok(())) => tracing::info!(event = "mail_reachable", "the mail server answers again"),
            (true, Ok(())) | (false, Err(_)) => {}
        }
    }

    async fn watch_mail(self: Arc<Self>) {
        loop {
            self.look_at_mail().await;
            tokio::time::sleep(LOOK_AT_MAIL).await;
        }
    }

    async fn keep_house(services: Services) {
        loop {
            match housekeeping::sweep(&services).await {
                Ok(0) => {}
                Ok(rows) => tracing::debug!(rows, "swept"),
                Err(fault) => tracing::warn!(%fault, "not swept"),
            }
            tokio::time::sleep(SWEEP).await;
        }
    }

    async fn watch_logins(services: Services) {
        loop {
            if let Err(fault) = unfinished_logins::tell_of_all(&services).await {
                tracing::warn!(%fault, "unfinished logins were not told of");
            }
            tokio::time::sleep(LOOK_AT_LOGINS).await;
        }
    }

    /// Serves until the system asks to stop: people are sent elsewhere, requests finish, then the message under way, then the
    /// process. What the operator watches is there until the end, on a listener of its own, if one is given.
    ///
    /// # Errors
    /// The system's, about sockets.
    pub async fn serve(self, listener: TcpListener, metrics: Option<TcpListener>) -> std::io::Result<()> {
        let app = Arc::new(self);
        let stop = Arc::new(Notify::new());
        let (signals, door) = (Signals::caught()?, listener.try_clone()?);
        let server = server::server(&app.portal, &app.proxies, listener)?;
        let leaving = actix_web::rt::spawn(leave(signals, app.portal.clone(), door, server.handle()));
        if let Some(listener) = metrics {
            actix_web::rt::spawn(server::metrics_server(app.services(), listener)?);
        }
        let worker = {
            let (worker, stop) = (app.worker.clone(), Arc::clone(&stop));
            actix_web::rt::spawn(async move { worker.run(stop.notified()).await })
        };
        let house = actix_web::rt::spawn(Self::keep_house(app.services().clone()));
        let logins = actix_web::rt::spawn(Self::watch_logins(app.services().clone()));
        let mail = actix_web::rt::spawn(Arc::clone(&app).watch_mail());
        let served = server.await;
        leaving.abort();
        stop.notify_one();
        house.abort();
        logins.abort();
        mail.abort();
        if worker.await.is_err() {
            tracing::error!("the worker did not end well");
        }
        served
    }

    /// The same server without its background work: a test decides when messages go out.
    ///
    /// # Errors
    /// The system's, about sockets.
    pub fn server_only(&self, listener: TcpListener) -> std::io::Result<actix_web::dev::Server> {
        server::server(&self.portal, &self.proxies, listener)
    }
}

//! Who is this request? A ticket's token to a live session or pending login.

use chrono::{DateTime, Utc};

use crate::domain::account::{Account, Role, TrustEnd};
use crate::domain::session::{PendingLogin, Session};
use crate::domain::token::{Token, TokenHash};
use crate::flows::{FlowError, Services};
use crate::storage::sessions::Renewal;
use crate::storage::{Tx, accounts, pending_logins, sessions};

/// Somebody with a live session.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    /// The session.
    pub session: Session,
    /// Whose it is, as the account stands at this request.
    pub account: Account,
}

/// Whose request it is.
pub enum Found {
    /// Somebody's, with a live session.
    Live(Box<LoggedIn>),
    /// Somebody's whose session ran out for want of requests.
    IdledOut,
    /// Nobody's: no such session, or it was ended.
    Nobody,
}

/// Whether a code is owed.
pub enum Owed {
    /// It is.
    Code(Box<PendingLogin>),
    /// It was, for too long.
    TookTooLong,
    /// Nothing: there is no such login, or it was ended.
    Nothing,
}

/// The session of a token.
///
/// # Errors
/// As for any fault; never read as "nobody".
pub async fn logged_in(services: &Services, token: &Token) -> Result<Found, FlowError> {
    let (hash, now) = (token.hash(), services.now());
    let found = services.db.glance(move |conn| Ok::<_, FlowError>(sessions::find(conn, &hash, now)?)).await?;
    let Some((session, account)) = found else { return Ok(Found::Nobody) };
    if !session.is_live(&services.settings.sessions, now) {
        return Ok(if now < session.expires_at { Found::IdledOut } else { Found::Nobody });
    }
    if session.wants_touch(now) {
        touch(services, &session);
    }
    Ok(Found::Live(Box::new(LoggedIn { session, account })))
}

/// Notes that a session is in use, off the request's path. A note that is lost costs a minute of idle time.
fn touch(services: &Services, session: &Session) {
    let (db, id, now) = (services.db.clone(), session.id.clone(), services.now());
    tokio::spawn(async move {
        let noted: Result<(), FlowError> = db.write(move |tx| Ok(sessions::touch(tx, &id, now)?)).await;
        if let Err(fault) = noted {
            tracing::warn!(%fault, "the use of a session was not noted");
        }
    });
}

/// The pending login of a token.
///
/// # Errors
/// As for any fault.
pub async fn pending_login(services: &Services, token: &Token) -> Result<Owed, FlowError> {
    let hash: TokenHash = token.hash();
    let found =
        services.db.glance(move |conn| Ok::<_, FlowError>(pending_logins::find(conn, &hash)?)).await?;
    Ok(match found {
        Some(pending) if pending.is_live(services.now()) => Owed::Code(Box::new(pending)),
        Some(_) => Owed::TookTooLong,
        None => Owed::Nothing,
    })
}

/// Looks again, inside a write: a session that was ended since the request began must not be issued anew. Locks the
/// account's row, so that nothing ends it between this look and the commit, and answers the account as it stands now.
pub(super) fn still_live(tx: &mut Tx<'_>, who: &LoggedIn, now: DateTime<Utc>) -> Result<Account, FlowError> {
    accounts::lock(tx, &who.account.id)?;
    let account = accounts::find(tx, &who.account.id, now)?.ok_or(FlowError::SessionOver)?;
    let is_live = account.is_active()
        && account.epochs.session == who.account.epochs.session
        && sessions::exists(tx, &who.session.id)?;
    if is_live { Ok(account) } else { Err(FlowError::SessionOver) }
}

/// The same of an administrator: one who is none any more is told that the session is over.
pub(super) fn still_administers(
    tx: &mut Tx<'_>,
    who: &LoggedIn,
    now: DateTime<Utc>,
) -> Result<Account, FlowError> {
    let account = still_live(tx, who, now)?;
    match account.role {
        Role::Administrator => Ok(account),
        Role::Person => Err(FlowError::SessionOver),
    }
}

/// Ends all of the account's trusted computers and all its sessions but this one, which is issued anew.
pub(super) fn end_the_others(
    services: &Services,
    tx: &mut Tx<'_>,
    who: &LoggedIn,
    because: TrustEnd,
    password_at: Option<DateTime<Utc>>,
    code_at: Option<DateTime<Utc>>,
) -> Result<Token, FlowError> {
    accounts::end_trust(tx, &who.account.id, because)?;
    let session_epoch = accounts::end_sessions(tx, &who.account.id)?;
    let token = services.new_token()?;
    let renewal = Renewal { token: &token.hash(), session_epoch, password_at, code_at };
    sessions::renew(tx, &who.session.id, &renewal)?;
    Ok(token)
}

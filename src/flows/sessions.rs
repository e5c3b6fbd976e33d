//! Sessions: where an account is logged in; end one, end all others.

use chrono::{DateTime, Utc};

use crate::domain::browser::BrowserLabel;
use crate::domain::event::EventKind;
use crate::domain::ids::Id;
use crate::domain::session::Session;
use crate::domain::token::Token;
use crate::flows::current::{LoggedIn, still_live};
use crate::flows::events::{Happened, record};
use crate::flows::{FlowError, Services, Visitor};
use crate::storage::sessions::Renewal;
use crate::storage::{accounts, sessions};

/// What the page shows.
pub struct Overview {
    /// The sessions, newest first.
    pub sessions: Vec<Session>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Lists where the account is logged in. The session that asks is in use now, whether or not that is written down already.
///
/// # Errors
/// As for any fault.
pub async fn overview(services: &Services, who: &LoggedIn) -> Result<Overview, FlowError> {
    let (who, rules, now) = (who.clone(), services.settings.sessions, services.now());
    services
        .db
        .read(move |conn| {
            let mut sessions = sessions::list(conn, &who.account, &rules, now)?;
            for session in &mut sessions {
                if session.id == who.session.id {
                    session.last_seen_at = now;
                }
            }
            Ok(Overview { sessions, now })
        })
        .await
}

/// Ends one session of the account and answers what its browser called itself; `None` if there is none by that identifier.
///
/// # Errors
/// As for any fault.
pub async fn end(
    services: &Services,
    who: LoggedIn,
    id: Id<Session>,
    visitor: Visitor,
) -> Result<Option<BrowserLabel>, FlowError> {
    let this = services.clone();
    services
        .db
        .write(move |tx| {
            still_live(tx, &who, this.now())?;
            let Some(browser) = sessions::end_one(tx, &who.account.id, &id)? else { return Ok(None) };
            let happened = Happened::by_owner(EventKind::SessionEnded, &who.account.id, &visitor);
            record(&this, tx, happened.in_detail(browser.as_str()))?;
            Ok(Some(browser))
        })
        .await
}

/// Ends all sessions of the account but this one, which goes on under the token that is answered. Logins that still owe
/// their code are over as well.
///
/// # Errors
/// As for any fault.
pub async fn end_others(services: &Services, who: LoggedIn, visitor: Visitor) -> Result<Token, FlowError> {
    let this = services.clone();
    services
        .db
        .write(move |tx| {
            still_live(tx, &who, this.now())?;
            let (session, token) = (&who.session, this.new_token()?);
            let renewal = Renewal {
                token: &token.hash(),
                session_epoch: accounts::end_sessions(tx, &who.account.id)?,
                password_at: session.password_at,
                code_at: session.code_at,
            };
            sessions::renew(tx, &session.id, &renewal)?;
            record(&this, tx, Happened::by_owner(EventKind::SessionsEnded, &who.account.id, &visitor))?;
            Ok(token)
        })
        .await
}

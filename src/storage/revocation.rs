//! What must not come back to life with an old copy of the database: ended here at once, for everybody.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::account::{Account, TrustEnd};
use crate::domain::delivery::MessageState;
use crate::domain::ids::Id;
use crate::storage::columns::micros;
use crate::storage::schema::{
    accounts, challenges, former_states, links, one_time_passes, outbox, pending_changes, pending_logins,
    sessions,
};
use crate::storage::{StorageError, Tx};

/// Ends all sessions, trusted computers, pending logins, pending changes, codes, links and one-time passes, and sends nothing
/// that waits. Answers whose accounts those are.
///
/// # Errors
/// As for any write.
pub fn revoke_all(tx: &mut Tx<'_>, now: DateTime<Utc>) -> Result<Vec<Id<Account>>, StorageError> {
    let at = micros(now);
    diesel::update(accounts::table)
        .set((
            accounts::session_epoch.eq(accounts::session_epoch + 1),
            accounts::trust_epoch.eq(accounts::trust_epoch + 1),
            accounts::trust_ended_because.eq(TrustEnd::Administrator.as_str()),
        ))
        .execute(&mut **tx)?;
    diesel::update(pending_logins::table.filter(pending_logins::ended_at.is_null()))
        .set(pending_logins::ended_at.eq(at))
        .execute(&mut **tx)?;
    diesel::update(pending_logins::table.filter(pending_logins::watched_until.is_not_null()))
        .set(pending_logins::watched_until.eq(None::<i64>))
        .execute(&mut **tx)?;
    let open = challenges::table.filter(challenges::used_at.is_null()).filter(challenges::ended_at.is_null());
    diesel::update(open).set(challenges::ended_at.eq(at)).execute(&mut **tx)?;
    let open = links::table.filter(links::used_at.is_null()).filter(links::expires_at.gt(at));
    diesel::update(open).set(links::expires_at.eq(at)).execute(&mut **tx)?;
    let unsettled = [MessageState::Waiting.as_str(), MessageState::Sending.as_str()];
    diesel::update(outbox::table.filter(outbox::state.eq_any(unsettled)))
        .set((
            outbox::state.eq(MessageState::Stopped.as_str()),
            outbox::lease.eq(None::<String>),
            outbox::recipient_sealed.eq(None::<Vec<u8>>),
            outbox::settled_at.eq(at),
        ))
        .execute(&mut **tx)?;
    diesel::delete(pending_changes::table).execute(&mut **tx)?;
    diesel::delete(former_states::table).execute(&mut **tx)?;
    diesel::delete(one_time_passes::table).execute(&mut **tx)?;
    diesel::delete(sessions::table).execute(&mut **tx)?;
    let ids: Vec<String> = accounts::table.order(accounts::id.asc()).select(accounts::id).load(&mut **tx)?;
    Ok(ids.into_iter().map(Id::stored).collect())
}

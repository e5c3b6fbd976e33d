//! Profile: what the person chooses about it, and what it shows.

use crate::domain::second_factor::SecondFactor;
use crate::flows::current::LoggedIn;
use crate::flows::{FlowError, Services};
use crate::storage::{accounts, second_factors};

/// What is in force for the account.
///
/// # Errors
/// As for any fault.
pub async fn second_factor(services: &Services, who: &LoggedIn) -> Result<SecondFactor, FlowError> {
    let (keys, account) = (services.keys.clone(), who.account.id.clone());
    services.db.read(move |conn| Ok(second_factors::find(conn, &account, &keys)?)).await
}

/// Saves the name shown and the time zone. An empty name is the username again.
///
/// # Errors
/// As for any fault.
pub async fn rename(
    services: &Services,
    who: &LoggedIn,
    display_name: &str,
    time_zone: chrono_tz::Tz,
) -> Result<(), FlowError> {
    let account = who.account.id.clone();
    let username = who.account.username.as_str();
    let name = if display_name.is_empty() { username } else { display_name }.to_owned();
    services.db.write(move |tx| Ok(accounts::rename(tx, &account, &name, time_zone.name())?)).await
}

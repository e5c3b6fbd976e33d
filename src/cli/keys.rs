//! `postern keys rotate` and `postern revoke`: what an operator does after a new key, or after a restore.

use crate::cli::CommandFault;
use crate::cli::run::{ready, say};
use crate::config::Config;
use crate::domain::when;
use crate::flows::revocation;
use crate::flows::rotation::{self, Rotated};

/// Brings everything to the current key, and says what hangs on the previous one.
pub(super) async fn rotate(config: &Config) -> Result<(), CommandFault> {
    let app = ready(config).await?;
    match rotation::rotate(app.services()).await? {
        Rotated::NoPreviousKey => {
            say("secret.previous is not set: there is no other key to bring anything over from")
        }
        Rotated::Whole { rows, open_links, recovery_codes } => {
            say(&format!("rows brought over to the current key: {rows}"))?;
            if let Some((count, last)) = open_links {
                let until = when::iso(last);
                say(&format!("mailed links that open under the previous key only: {count}, until {until}"))?;
            }
            if recovery_codes > 0 {
                say(&format!("accounts with recovery codes of the previous key: {recovery_codes}"))?;
            }
            say(match open_links.is_some() || recovery_codes > 0 {
                true => {
                    "Nothing is sealed under the previous key any more. Leave secret.previous as long as those links \
                     and recovery codes are to be good; then take it out and restart every instance"
                }
                false => {
                    "Nothing hangs on the previous key any more: take secret.previous out and restart every instance"
                }
            })
        }
        Rotated::Unreadable(rows, unreadable) => Err(CommandFault::Typed(format!(
            "secret.previous must stay: {rows} rows were brought over, and {} open under neither key: {}",
            unreadable.len(),
            unreadable.join(", ")
        ))),
    }
}

/// Ends what must not come back to life with an old copy of the database.
pub(super) async fn revoke(config: &Config) -> Result<(), CommandFault> {
    let app = ready(config).await?;
    let accounts = revocation::revoke_all(app.services()).await?;
    say(&format!("accounts logged out everywhere, with no computer trusted: {accounts}"))?;
    say(
        "Passwords and recovery codes are those of the database: used recovery codes and old passwords return",
    )
}

//! Whether a new password will do. Judging one takes about as long as hashing it, so it waits for a core as a hash does, and no
//! other request waits for it.

use crate::domain::password::{PasswordFault, PasswordInput, judge};
use crate::flows::{FlowError, Services};

/// What is wrong with a new password of this name, if anything is.
///
/// # Errors
/// [`FlowError::Busy`] if too many wait.
pub async fn fault_of(
    services: &Services,
    username: &str,
    password: &PasswordInput,
) -> Result<Option<PasswordFault>, FlowError> {
    let place = services.hashing.reserve()?;
    let (rules, product) = (services.settings.passwords, services.settings.product.clone());
    let (username, password) = (username.to_owned(), password.clone());
    let judging = move |_: &mut _| Ok(judge(&password, &rules, &username, &product).err());
    Ok(services.hashing.run(place, judging).await?)
}

//! Copies of a database that is a file: made beside a running server, and looked at before one is put back.

use std::path::Path;

use crate::flows::{FlowError, Services};
use crate::storage::copies;

pub use crate::storage::copies::Worth;

/// Copies the whole database, as it stands at one moment, into an empty file.
///
/// # Errors
/// As for any fault; the file may then hold anything.
pub async fn copy_into(services: &Services, file: &Path) -> Result<(), FlowError> {
    Ok(copies::copy_into(&services.db, file).await?)
}

/// Looks whether a file is a whole database of Postern, and not of a newer one.
///
/// # Errors
/// As for any fault.
pub async fn examine(file: &Path) -> Result<Worth, FlowError> {
    Ok(copies::examine(file).await?)
}

/// Writes back whatever lies beside a file that nobody uses, so that it is all there is.
///
/// # Errors
/// As for any fault.
pub async fn close(file: &Path) -> Result<(), FlowError> {
    Ok(copies::close(file).await?)
}

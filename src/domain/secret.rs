//! Values that must not reach a log, a page or an error by accident.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

/// A secret. It has no `Serialize`, its `Debug` shows nothing, and it is wiped when dropped.
/// The only way in is [`Secret::expose`], which a reviewer can search for.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(Zeroizing<T>);

impl<T: Zeroize> Secret<T> {
    /// Wraps a secret value.
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value itself, for the one place that needs it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

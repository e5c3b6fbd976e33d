//! Development mode's key: made once, kept beside the database, readable by its owner alone.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use data_encoding::BASE64;

use crate::domain::secret::Secret;

/// The key file cannot be read, made or used.
#[derive(Debug, thiserror::Error)]
#[error("the key beside the database, {path}: {problem}")]
pub struct KeyFileFault {
    path: PathBuf,
    problem: String,
}

/// The key in the file, or `fresh`, which is then kept there.
pub(super) fn key_beside(path: &Path, fresh: &Secret<[u8; 32]>) -> Result<Secret<Vec<u8>>, KeyFileFault> {
    let fault = |problem: String| KeyFileFault { path: path.to_owned(), problem };
    match fs::read_to_string(path) {
        Ok(text) => {
            let text = Secret::new(text);
            let key = BASE64.decode(text.expose().trim().as_bytes());
            key.map(Secret::new)
                .map_err(|_| fault("it holds no key; remove it together with the database".to_owned()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            keep(path, fresh).map_err(|error| fault(error.to_string()))?;
            Ok(Secret::new(fresh.expose().to_vec()))
        }
        Err(error) => Err(fault(error.to_string())),
    }
}

fn keep(path: &Path, key: &Secret<[u8; 32]>) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    owner_only(&mut options);
    let text = Secret::new(BASE64.encode(key.expose()));
    let mut file = options.open(path)?;
    file.write_all(text.expose().as_bytes())?;
    file.write_all(b"\n")
}

/// Makes a file that nobody but its owner may read (OWASP ASVS 5.0 13.3.2).
#[cfg(unix)]
pub(crate) fn owner_only(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

/// Elsewhere the folder's own rules hold.
#[cfg(not(unix))]
pub(crate) fn owner_only(_: &mut OpenOptions) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_ever_after() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("postern.key");
        let made = key_beside(&path, &Secret::new([7; 32])).unwrap();
        let read = key_beside(&path, &Secret::new([8; 32])).unwrap();
        assert_eq!((made.expose(), read.expose()), (&vec![7; 32], &vec![7; 32]));
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("postern.key");
        key_beside(&path, &Secret::new([7; 32])).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_without_a_key_is_a_fault_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("postern.key");
        fs::write(&path, "not a key!").unwrap();
        assert!(key_beside(&path, &Secret::new([7; 32])).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "not a key!");
    }
}

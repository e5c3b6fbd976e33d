//! Encryption on the way out: rustls with ring, trust anchors from the system. The provider is named only here.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{fs, io};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Whose certificates are believed (OWASP ASVS 5.0 12.3.2).
#[derive(Clone, Debug, Default)]
pub enum TlsRoots {
    /// The system's certificate authorities.
    #[default]
    System,
    /// The system's and one more, in PEM: the operator's own authority, or a test's.
    SystemAnd(Vec<u8>),
}

/// An authority of the operator's own that cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityFault {
    /// The file cannot be read.
    #[error("{path}: {fault}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        fault: io::Error,
    },
    /// It holds something else.
    #[error("{0} holds no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----")]
    NoCertificate(PathBuf),
}

impl TlsRoots {
    /// The system's authorities and those in this file.
    ///
    /// # Errors
    /// [`AuthorityFault`] if there is no certificate to be had: an empty file would trust nobody more, and not say so.
    pub fn and_those_in(path: &Path) -> Result<Self, AuthorityFault> {
        let pem = fs::read(path).map_err(|fault| AuthorityFault::File { path: path.to_owned(), fault })?;
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        match read {
            Ok(certificates) if !certificates.is_empty() => Ok(Self::SystemAnd(pem)),
            Ok(_) | Err(_) => Err(AuthorityFault::NoCertificate(path.to_owned())),
        }
    }
}

/// Makes ring the process's provider. reqwest panics where none was chosen, so whoever builds a client calls this first.
pub fn choose_provider() {
    // An error says that a provider has been chosen before, and there is only one in this program.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// Whether an error means that the server's certificate was refused. No retry mends that; an operator must.
pub fn is_certificate_refused(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if is_certificate_error(error) {
            return true;
        }
        // An io::Error answers source() with the source of what it wraps, and so steps over the wrapped error itself.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if wrapped.is_some_and(|wrapped| is_certificate_refused(wrapped)) {
            return true;
        }
        next = error.source();
    }
    false
}

fn is_certificate_error(error: &(dyn Error + 'static)) -> bool {
    matches!(error.downcast_ref::<rustls::Error>(), Some(rustls::Error::InvalidCertificate(_)))
}

#[cfg(test)]
mod tests {
    use rustls::CertificateError;

    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_a_fault_and_not_an_absence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        assert!(matches!(TlsRoots::and_those_in(&path), Err(AuthorityFault::File { .. })));
        for text in ["", "not PEM", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
            fs::write(&path, text).unwrap();
            assert!(matches!(TlsRoots::and_those_in(&path), Err(AuthorityFault::NoCertificate(_))), "{text}");
        }
        let key = rcgen::generate_simple_self_signed(vec!["mail.example.com".to_owned()]).unwrap();
        fs::write(&path, key.cert.pem()).unwrap();
        assert!(matches!(TlsRoots::and_those_in(&path), Ok(TlsRoots::SystemAnd(_))));
    }

    #[test]
    fn a_refused_certificate_is_found_however_deep_it_lies() {
        let refused = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let wrapped = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, refused));
        assert!(is_certificate_refused(&wrapped));
        assert!(!is_certificate_refused(&io::Error::other(rustls::Error::DecryptError)));
    }
}

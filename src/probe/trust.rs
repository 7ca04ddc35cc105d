//! Whose certificates are believed.

use std::fmt;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// The public roots, and those that were added.
#[derive(Clone)]
pub struct Trust {
    pub(super) provider: Arc<CryptoProvider>,
    pub(super) verifier: Arc<WebPkiServerVerifier>,
}

/// Why roots cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// The text has no certificate.
    #[error("it has no certificate in PEM")]
    Empty,
    /// A certificate cannot be read, or is none of an authority.
    #[error("a certificate cannot be used: {0}")]
    Certificate(String),
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trust")
    }
}

impl Trust {
    /// The public roots, and the certificates of these texts in PEM.
    ///
    /// # Errors
    /// A text has no certificate, or one that cannot be used.
    pub fn new(extra: &[String]) -> Result<Self, TrustError> {
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let wrong = |text: String| TrustError::Certificate(text);
        for pem in extra {
            let mut found = 0;
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
                let added = roots.add(certificate);
                added.map_err(|error| wrong(error.to_string()))?;
                found += 1;
            }
            if found == 0 {
                return Err(TrustError::Empty);
            }
        }
        let provider = Arc::new(ring::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        let verifier = verifier.build();
        Ok(Self {
            verifier: verifier.map_err(|error| wrong(error.to_string()))?,
            provider,
        })
    }
}

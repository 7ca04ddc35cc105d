//! Whose certificates are believed, of DNS over TLS as of everything that is probed.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{CertificateError, ClientConfig, Error, RootCertStore};

/// The public roots, and those that were added.
#[derive(Clone)]
pub struct Trust {
    pub(crate) provider: Arc<CryptoProvider>,
    pub(crate) verifier: Arc<WebPkiServerVerifier>,
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

    /// How a client speaks TLS that believes no others.
    pub(super) fn client(&self) -> Result<ClientConfig, Error> {
        let builder = ClientConfig::builder_with_provider(self.provider.clone());
        let builder = builder.with_safe_default_protocol_versions()?;
        let builder = builder.with_webpki_verifier(self.verifier.clone());
        Ok(builder.with_no_client_auth())
    }
}

/// Why a certificate is not believed, in words.
pub(crate) fn disbelief(error: &CertificateError) -> String {
    match error {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for other names".to_owned()
        }
        CertificateError::UnknownIssuer => "no public authority made it".to_owned(),
        CertificateError::BadSignature => "the authority that it names did not sign it".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet".to_owned()
        }
        other => other.to_string(),
    }
}

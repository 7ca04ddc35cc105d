//! The certificate that a server shows: whether the roots vouch for it, and who it says it is.

use std::sync::Mutex;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use webpki::EndEntityCert;

use crate::dns::{Trust, disbelief};

/// Judges a certificate and keeps the judgement, so that the handshake goes on whatever it is. Nothing is ever sent over
/// the connection.
#[derive(Debug)]
pub(super) struct Judge {
    trust: Trust,
    judged: Mutex<Option<Judged>>,
}

/// What was found of a certificate.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    /// Why it is not believed.
    pub(super) wrong: Option<String>,
    /// The names of its owner.
    pub(super) subject: String,
    /// The names of who made it.
    pub(super) issuer: String,
}

impl Judge {
    pub(super) fn new(trust: Trust) -> Self {
        Self {
            trust,
            judged: Mutex::new(None),
        }
    }

    /// What was found, once a certificate has come.
    pub(super) fn judged(&self) -> Option<Judged> {
        self.judged.lock().ok()?.clone()
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.trust.verifier.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        let by_address = matches!(server_name, ServerName::IpAddress(_));
        let (subject, issuer) = names(end_entity).unwrap_or_default();
        let judged = Judged {
            wrong: verified.err().and_then(|error| why(&error, by_address)),
            subject,
            issuer,
        };
        if let Ok(mut place) = self.judged.lock() {
            *place = Some(judged);
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verifier = &self.trust.verifier;
        verifier.verify_tls12_signature(message, cert, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verifier = &self.trust.verifier;
        verifier.verify_tls13_signature(message, cert, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.verifier.supported_verify_schemes()
    }
}

/// Why a certificate is not believed. One that was asked for by an address alone may be for any name.
fn why(error: &Error, by_address: bool) -> Option<String> {
    match error {
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) if by_address => None,
        Error::InvalidCertificate(error) => Some(disbelief(error)),
        other => Some(other.to_string()),
    }
}

/// The names of the owner and of the maker.
fn names(certificate: &CertificateDer<'_>) -> Option<(String, String)> {
    let certificate = EndEntityCert::try_from(certificate).ok()?;
    Some((words(certificate.subject()), words(certificate.issuer())))
}

/// The common name and the organization of a name in DER.
fn words(name: &[u8]) -> String {
    const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
    const ORGANIZATION: [u8; 3] = [0x55, 0x04, 0x0a];
    let mut found = Vec::new();
    let mut sets = name;
    while let Some((set, after)) = element(sets) {
        sets = after;
        let parts = element(set).and_then(|(pair, _)| {
            let (kind, rest) = element(pair)?;
            let (value, _) = element(rest)?;
            Some((kind, value))
        });
        let Some((kind, value)) = parts else {
            continue;
        };
        let text = String::from_utf8_lossy(value);
        if kind == COMMON_NAME {
            found.push(format!("CN={text}"));
        } else if kind == ORGANIZATION {
            found.push(format!("O={text}"));
        }
    }
    found.join(", ")
}

/// The content of the first element, and what follows it.
fn element(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0x00..=0x7f => (usize::from(*first), rest),
        0x81 => {
            let (length, rest) = rest.split_first()?;
            (usize::from(*length), rest)
        }
        0x82 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn names_are_read_from_der() {
        let name = [
            0x31, 0x0b, 0x30, 0x09, 0x06, 0x03, 0x55, 0x04, 0x06, 0x13, 0x02, b'U', b'S', 0x31,
            0x0d, 0x30, 0x0b, 0x06, 0x03, 0x55, 0x04, 0x0a, 0x0c, 0x04, b'A', b'c', b'm', b'e',
            0x31, 0x0b, 0x30, 0x09, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x02, b'c', b'a',
        ];
        assert_eq!(words(&name), "O=Acme, CN=ca");
        assert_eq!(words(&[0x31, 0x40, 0x30]), "");
    }
}

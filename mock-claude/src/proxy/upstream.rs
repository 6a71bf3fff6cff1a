//! The way to the upstream: where it is, and whose certificates are believed.
//!
//! Without a file of certificates those of Mozilla are believed, as browsers do. With one, its
//! certificates are believed and no others: an upstream that is not public has none of Mozilla's.

use std::fmt::{self, Display};
use std::sync::Arc;

use http::Uri;
use http::uri::{Authority, Scheme};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use redact::Collector;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// Why there is no way to an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProxyError {
    /// The address is none.
    Address(String),
    /// The certificates are none.
    Certificates(String),
}

impl Display for ProxyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => {
                write!(formatter, "`{}` is not an http or https address", redact::url(address))
            }
            Self::Certificates(why) => write!(formatter, "no certificates to believe: {why}"),
        }
    }
}

impl std::error::Error for ProxyError {}

/// Where an upstream is.
#[derive(Debug)]
pub(super) struct Address {
    scheme: Scheme,
    /// Without a user and a password: they are sent to nobody, and libraries log what they connect
    /// to.
    authority: Authority,
    prefix: String,
    /// What stood there before the host.
    secrets: Collector,
}

impl Address {
    pub(super) fn new(text: &str) -> Result<Self, ProxyError> {
        let refused = || ProxyError::Address(text.to_owned());
        let parts = text.parse::<Uri>().map_err(|_| refused())?.into_parts();
        let scheme = parts.scheme.filter(|scheme| ["http", "https"].contains(&scheme.as_str()));
        let path = parts.path_and_query.as_ref().map_or("", |path| path.path());
        let authority = parts.authority.ok_or_else(refused)?;
        let host = authority.as_str().rsplit('@').next().unwrap_or_default();
        let mut secrets = Collector::default();
        secrets.url(text);
        Ok(Self {
            scheme: scheme.ok_or_else(refused)?,
            authority: host.parse().map_err(|_| refused())?,
            prefix: path.trim_end_matches('/').to_owned(),
            secrets,
        })
    }

    /// What its address authenticates with.
    pub(super) fn secrets(&self) -> Collector {
        self.secrets.clone()
    }

    /// Where a request goes.
    pub(super) fn target(&self, asked: &Uri) -> Option<Uri> {
        let path = asked.path_and_query().map_or("/", |path| path.as_str());
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(format!("{}{path}", self.prefix))
            .build()
            .ok()
    }
}

/// What makes connections, believing the certificates of a PEM file or, without one, Mozilla's.
pub(super) fn connector(
    certificates: Option<&[u8]>,
) -> Result<HttpsConnector<HttpConnector>, ProxyError> {
    let builder = match certificates {
        None => HttpsConnectorBuilder::new().with_webpki_roots(),
        Some(pem) => {
            let config = believing(pem).map_err(ProxyError::Certificates)?;
            HttpsConnectorBuilder::new().with_tls_config(config)
        }
    };
    Ok(builder.https_or_http().enable_http1().build())
}

fn believing(pem: &[u8]) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() {
        return Err("the file holds none in PEM form".to_owned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_is_an_address_with_a_scheme() {
        let prefixed = Address::new("https://api.example.com/base/").unwrap();
        let target = prefixed.target(&Uri::from_static("/v1/messages?beta=true")).unwrap();
        assert_eq!(target, "https://api.example.com/base/v1/messages?beta=true");
        let with_user = Address::new("https://me:pa55word@api.example.com").unwrap();
        let target = with_user.target(&Uri::from_static("/v1")).unwrap();
        assert_eq!(target, "https://api.example.com/v1");
        for wrong in ["api.example.com", "ftp://api.example.com", "", "http://"] {
            assert!(Address::new(wrong).is_err(), "{wrong}");
        }
        let refusal = Address::new("ftp://me:pa55word@api.example.com").unwrap_err().to_string();
        assert_eq!(refusal, "`ftp://[masked]@api.example.com` is not an http or https address");
    }

    #[test]
    fn what_is_no_certificate_is_refused_in_words() {
        let refusal = |pem: &[u8]| connector(Some(pem)).unwrap_err().to_string();
        assert_eq!(
            refusal(b"hello"),
            "no certificates to believe: the file holds none in PEM form"
        );
        let half = b"-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
        assert!(refusal(half).starts_with("no certificates to believe: "), "{}", refusal(half));
    }
}

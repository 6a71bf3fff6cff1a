//! An upstream that speaks TLS with a certificate of its own making.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use mock_claude::Config;
use mock_claude::proxy::{Proxy, ProxyConfig};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::ends::{ask, body, listener, upstream};

/// Speaks TLS on a port of its own, plain to `behind`; gives its address and its certificate.
fn encrypted(behind: &str) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])
        .expect("a certificate can be made");
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("it is a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider knows them")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("key and certificate belong together");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (listening, url) = listener();
    let behind = behind.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listening.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            tokio::spawn(async move {
                let Ok(mut inside) = acceptor.accept(socket).await else { return };
                let mut plain = TcpStream::connect(behind).await.expect("the mock listens");
                let _ = tokio::io::copy_bidirectional(&mut inside, &mut plain).await;
            });
        }
    });
    (url.replace("http://127.0.0.1", "https://localhost"), made.cert.pem())
}

fn proxied(upstream: &str, certificates: Option<&str>) -> String {
    let config = ProxyConfig {
        upstream: upstream.to_owned(),
        certificates: certificates.map(|pem| pem.as_bytes().to_vec()),
        timeout: Duration::from_mins(1),
        mock: Config::default(),
        recorder: None,
    };
    let (listening, url) = listener();
    let proxy = Proxy::new(config, 0).expect("the certificate is one");
    tokio::spawn(proxy.serve(listening, std::future::pending()));
    url
}

#[tokio::test]
async fn a_certificate_that_is_named_is_believed_and_one_that_is_not_is_not() {
    let (plain, twin) = (upstream().await, upstream().await);
    let (url, pem) = encrypted(plain.url());
    for stream in [false, true] {
        let through = ask(&proxied(&url, Some(&pem)), body("hello", stream)).await;
        assert_eq!(through, ask(twin.url(), body("hello", stream)).await);
    }
    assert_eq!(ask(&proxied(&url, None), body("hello", false)).await.status, 502);
    let (_, another) = encrypted(plain.url());
    assert_eq!(ask(&proxied(&url, Some(&another)), body("hello", false)).await.status, 502);
}

#[test]
fn the_binary_reads_the_file_and_says_what_is_wrong_with_it() {
    let run = |file: &str| {
        std::process::Command::new(env!("CARGO_BIN_EXE_mock-claude"))
            .args(["proxy", "--upstream", "https://localhost:1", "--upstream-ca", file])
            .output()
            .unwrap()
    };
    assert_eq!(run("/nowhere.pem").status.code(), Some(2));
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"hello").unwrap();
    let wrong = run(file.path().to_str().unwrap());
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert_eq!(wrong.status.code(), Some(104), "{said}");
    assert!(said.contains("the file holds none in PEM form"), "{said}");
}

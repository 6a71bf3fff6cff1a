//! Who may ask the admin API: whoever calls it by one of its own names, shows the token where there
//! is one, and is no page of somebody else.
//!
//! A browser takes any page to any address, a loopback address included. Such a page gives itself
//! away by `Origin` or `Sec-Fetch-Site`, unless its own name has meanwhile been pointed at this
//! address (DNS rebinding): then `Host` is a name that nobody here has given. An address is safe
//! from that, because no name is looked up for it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::respond::problem;
use super::token::Token;
use crate::api::headers::bearer;

/// Who may ask the admin API.
#[derive(Debug, Clone, Default)]
pub struct Access {
    token: Option<Token>,
    names: Vec<String>,
    /// The address that it listens on; none inside the process.
    address: Option<IpAddr>,
}

impl From<Option<Token>> for Access {
    fn from(token: Option<Token>) -> Self {
        Self { token, ..Self::default() }
    }
}

impl Access {
    /// Lets clients call it by this name too, besides `localhost` and its address.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        self.names.push(name.to_owned());
        self
    }

    /// For a listener on this address.
    pub(super) const fn at(mut self, address: Option<IpAddr>) -> Self {
        self.address = address;
        self
    }

    /// Why a request is refused, if it is.
    fn refusal(&self, request: &Request) -> Option<(StatusCode, String)> {
        let headers = request.headers();
        let forbidden = |why: String| Some((StatusCode::FORBIDDEN, why));
        let host = match self.host(request) {
            Ok(host) => host,
            Err(why) => return forbidden(why),
        };
        if let Some(why) = of_another_page(request, &host) {
            return forbidden(why.to_owned());
        }
        // The page itself tells nothing: what it shows it asks for with the token.
        let is_page = request.uri().path() == "/" && is_read(request.method());
        match &self.token {
            Some(token) if !is_page && !bearer(headers).is_some_and(|shown| token.is(shown)) => {
                let why = "`Authorization: Bearer TOKEN` is required".to_owned();
                Some((StatusCode::UNAUTHORIZED, why))
            }
            _ => None,
        }
    }

    /// The name that the request was sent to, if it is one of ours.
    fn host(&self, request: &Request) -> Result<String, String> {
        let of_header = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let given = request.headers().get_all(header::HOST).iter().map(of_header);
        let named = request.uri().authority().map(ToString::to_string);
        let hosts: Vec<String> = given.chain(named).collect();
        let Some(host) = hosts.first() else {
            return Err("a request needs a `Host` header".to_owned());
        };
        match hosts.iter().find(|host| !self.is_ours(host)) {
            None => Ok(host.clone()),
            Some(other) => Err(format!(
                "`{}` is not a name of this server; it is called by its address, by `localhost`, \
                 and by each `--admin-name`",
                other.chars().take(100).collect::<String>()
            )),
        }
    }

    fn is_ours(&self, host: &str) -> bool {
        let Ok(authority) = Authority::try_from(host) else { return false };
        if host.contains('@') {
            return false;
        }
        let name = authority.host();
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            let address = address.to_canonical();
            let bound = self.address.map(|bound| bound.to_canonical());
            return address.is_loopback()
                || bound.is_some_and(|bound| bound.is_unspecified() || bound == address);
        }
        let ours = |known: &String| known.eq_ignore_ascii_case(name);
        name.eq_ignore_ascii_case("localhost") || self.names.iter().any(ours)
    }
}

/// Why a request is taken to be that of another page, if it is.
fn of_another_page(request: &Request, host: &str) -> Option<&'static str> {
    const WHY: &str = "requests of other pages are refused";
    let headers = request.headers();
    let own = |origin: &HeaderValue| {
        let origin = origin.to_str().ok().and_then(|origin| origin.strip_prefix("http://"));
        origin.is_some_and(|origin| origin.eq_ignore_ascii_case(host))
    };
    if !headers.get_all(header::ORIGIN).iter().all(own) {
        return Some(WHY);
    }
    let from = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    // A link may lead to the page, which is then nobody else's.
    let opens_page = request.uri().path() == "/" && is_navigation(headers);
    (!matches!(from, None | Some(b"same-origin" | b"none")) && !opens_page).then_some(WHY)
}

fn is_navigation(headers: &HeaderMap) -> bool {
    let is = |name: &str, value: &[u8]| headers.get(name).is_some_and(|is| is.as_bytes() == value);
    is("sec-fetch-mode", b"navigate") && is("sec-fetch-dest", b"document")
}

fn is_read(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

/// Lets a request through, or says why not. Either answer is for this origin alone.
pub(super) async fn guard(access: State<Arc<Access>>, request: Request, next: Next) -> Response {
    let mut response = match access.refusal(&request) {
        Some((status, why)) => problem(status, &why),
        None => next.run(request).await,
    };
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (http::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn refused(access: &Access, headers: &[(&str, &str)]) -> Option<u16> {
        let mut request = Request::get("/faults");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        access.refusal(&request).map(|(status, _)| status.as_u16())
    }

    fn host(access: &Access, host: &str) -> bool {
        refused(access, &[("host", host)]).is_none()
    }

    #[test]
    fn it_is_called_by_loopback_names_on_any_port_and_by_no_other() {
        let access = Access::default();
        for name in ["localhost", "LocalHost:1", "127.0.0.1:8081", "127.0.0.9", "[::1]:9", "[::1]"]
        {
            assert!(host(&access, name), "{name}");
        }
        for name in [
            "example.com",
            "localhost.example.com:8081",
            "127.0.0.1.example.com",
            "user@localhost",
            "192.168.1.4",
            "0.0.0.0:8081",
            "[::]",
            "",
            "a b",
        ] {
            assert!(!host(&access, name), "{name}");
        }
        assert_eq!(refused(&access, &[]), Some(403), "no host at all");
        let two = [("host", "localhost"), ("host", "example.com")];
        assert_eq!(refused(&access, &two), Some(403));
    }

    #[test]
    fn an_address_that_was_asked_for_is_one_of_its_names() {
        let one = Access::default().at(Some([192, 168, 1, 4].into()));
        assert!(host(&one, "192.168.1.4:8081") && !host(&one, "192.168.1.5"));
        let all = Access::default().at(Some([0, 0, 0, 0].into())).with_name("mock");
        assert!(host(&all, "192.168.1.5:1") && host(&all, "MOCK:8081"));
        assert!(!host(&all, "mock.example.com"));
    }

    #[test]
    fn a_page_may_ask_where_it_is_from_and_nowhere_else() {
        let access = Access::default();
        let ask = |name, value| refused(&access, &[("host", "localhost:81"), (name, value)]);
        assert_eq!(ask("origin", "http://localhost:81"), None);
        for foreign in ["http://localhost:82", "https://localhost:81", "null", "http://a.b"] {
            assert_eq!(ask("origin", foreign), Some(403), "{foreign}");
        }
        assert_eq!(ask("sec-fetch-site", "same-origin"), None);
        assert_eq!(ask("sec-fetch-site", "cross-site"), Some(403));
        assert_eq!(ask("sec-fetch-site", "same-site"), Some(403));
    }
}

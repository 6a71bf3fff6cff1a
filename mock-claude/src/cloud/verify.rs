//! Whether a request is signed with the secret key of its access key, and what AWS says where it is
//! not.
//!
//! The words are those of public reports: BerriAI/litellm#14763 (a wrong signature),
//! anthropics/anthropic-sdk-go#122 and s12v/awsbeats#48 (a clock that is off),
//! anthropics/claude-code#2260 (an unknown key), aws/aws-sdk-ruby#431 (another service),
//! aws/aws-sdk-php#2469 (no host), brendanhay/amazonka#5 (no date), and for the rest of the scope
//! "Troubleshoot signed requests" in the user guide of IAM. In which order AWS looks at them is not
//! published.

use http::header::DATE;
use http::{HeaderMap, HeaderName};
use jiff::civil::DateTime;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use redact::MASK;

use super::common::{AsSent, Received};
use super::credentials::{AMZ_DATE, Authorization, refused};
use super::sigv4::{self, Scope};
use crate::api::error::ApiError;
use crate::api::headers::text;

/// What the keys of Bedrock's clients sign for.
const SERVICE: &str = "bedrock";

const TERMINATOR: &str = "aws4_request";

/// How far the clocks of a client and of AWS may be apart.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// ISO 8601 in its basic form, which is how dates are signed.
const BASIC: &str = "%Y%m%dT%H%M%SZ";

static SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// Refuses a request whose signature is not that of its access key.
pub(super) fn check(
    received: &Received<'_>,
    authorization: &Authorization<'_>,
) -> Result<(), ApiError> {
    let Some(secret) = received.account.keys.get(authorization.access_key) else {
        let message = "The security token included in the request is invalid.";
        return Err(refused("UnrecognizedClientException", message.to_owned()));
    };
    let at = signed_at(&received.head.headers)?;
    check_clock(received, at)?;
    let at = at.strftime(BASIC).to_string();
    check_scope(&authorization.scope, &at)?;
    let mut signed = authorization.signed_headers.split(';');
    if !signed.any(|name| name.eq_ignore_ascii_case("host")) {
        return Err(invalid(
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned(),
        ));
    }
    // A client signs the prefix of its job, unless something in between has added it.
    let as_sent = received.head.extensions.get::<AsSent>().map(|AsSent(target)| target);
    let targets = [as_sent, received.head.uri.path_and_query()].into_iter().flatten();
    let mut computed = targets.map(|target| {
        let canonical = sigv4::canonical(&sigv4::Request {
            method: received.head.method.as_str(),
            path: target.path(),
            query: target.query().unwrap_or_default(),
            headers: &received.head.headers,
            signed_headers: authorization.signed_headers,
            body: received.body,
        });
        let to_sign = sigv4::to_sign(&at, &authorization.scope, &canonical);
        (canonical, to_sign)
    });
    let first = computed.next().unwrap_or_default();
    let is_right = |(_, to_sign): &(String, String)| {
        let Authorization { scope, signature, .. } = authorization;
        sigv4::is_signed_by(secret.expose(), scope, to_sign, signature)
    };
    if is_right(&first) || computed.any(|other| is_right(&other)) {
        return Ok(());
    }
    Err(invalid(mismatch(&received.head.headers, &first)))
}

/// When a request says that it was signed.
fn signed_at(headers: &HeaderMap) -> Result<Timestamp, ApiError> {
    let basic = |text| Offset::UTC.to_timestamp(DateTime::strptime(BASIC, text).ok()?).ok();
    let given = text(headers, &AMZ_DATE);
    let at = match given {
        Some(text) => basic(text),
        None => text(headers, &DATE).and_then(|text| {
            basic(text).or_else(|| DateTimeParser::new().parse_timestamp(text).ok())
        }),
    };
    at.ok_or_else(|| {
        let given = given.or_else(|| text(headers, &DATE)).unwrap_or_default();
        let message = format!(
            "Date must be in ISO-8601 'basic format'. Got '{given}'. See \
             http://en.wikipedia.org/wiki/ISO_8601"
        );
        refused("IncompleteSignatureException", message)
    })
}

/// The mock's time has to be that of the client for this: simulated time begins on a fixed date.
fn check_clock(received: &Received<'_>, at: Timestamp) -> Result<(), ApiError> {
    let clock = received.clock;
    if clock.is_simulated() {
        return Ok(());
    }
    let seconds = clock.unix_ms(clock.now_us()) / 1000;
    let now = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    let ahead = at.duration_since(now);
    if ahead.abs() <= TOLERANCE {
        return Ok(());
    }
    let (state, is_still, by, sign) = if ahead.is_negative() {
        ("expired", "now earlier", -TOLERANCE, '-')
    } else {
        ("not yet current", "still later", TOLERANCE, '+')
    };
    let bound = now.checked_add(by).unwrap_or(now);
    let [at, bound, now] = [at, bound, now].map(|at| at.strftime(BASIC).to_string());
    Err(invalid(format!(
        "Signature {state}: {at} is {is_still} than {bound} ({now} {sign} 5 min.)"
    )))
}

fn check_scope(scope: &Scope<'_>, at: &str) -> Result<(), ApiError> {
    let day = at.get(..8).unwrap_or_default();
    if scope.date != day {
        return Err(invalid(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from \
             HTTP: '{}' != '{day}', from '{at}'.",
            scope.date
        )));
    }
    if scope.service != SERVICE {
        let message = format!("Credential should be scoped to correct service: '{SERVICE}'. ");
        return Err(invalid(message));
    }
    if scope.terminator != TERMINATOR {
        return Err(invalid(format!(
            "Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{}'.",
            scope.terminator
        )));
    }
    Ok(())
}

/// AWS shows what it has computed with. A session token in it stays with the client.
fn mismatch(headers: &HeaderMap, (canonical, to_sign): &(String, String)) -> String {
    let shown = match text(headers, &SECURITY_TOKEN).filter(|token| !token.is_empty()) {
        Some(token) => canonical.replace(token, MASK),
        None => canonical.clone(),
    };
    format!(
        "The request signature we calculated does not match the signature you provided. Check your \
         AWS Secret Access Key and signing method. Consult the service documentation for \
         details.\n\nThe Canonical String for this request should have been\n'{shown}'\n\n\
         The String-to-Sign should have been\n'{to_sign}'\n"
    )
}

fn invalid(message: String) -> ApiError {
    refused("InvalidSignatureException", message)
}

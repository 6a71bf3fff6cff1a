//! Who asks a cloud: the access key in a signature of AWS, or a bearer token.
//!
//! A signature has to be complete. It is computed only where the configuration has secret keys
//! (`verify`): who has none to test with is the one who needs a stand-in.

use http::{HeaderMap, HeaderName, header};

use super::common::Received;
use super::sigv4::Scope;
use super::verify;
use crate::api::error::ApiError;
use crate::api::headers::{AWS_SCHEME, bearer, text};

pub(super) static AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");

/// The parts that a signature has to have.
const PARTS: [&str; 3] = ["Credential", "SignedHeaders", "Signature"];

/// A complete signature.
#[derive(Debug)]
pub(super) struct Authorization<'a> {
    pub(super) access_key: &'a str,
    pub(super) scope: Scope<'a>,
    pub(super) signed_headers: &'a str,
    pub(super) signature: &'a str,
}

/// Who asks Bedrock, or AWS's own refusal.
pub(super) fn of_aws(received: &Received<'_>) -> Result<String, ApiError> {
    let headers = &received.head.headers;
    if let Some(token) = bearer(headers).map(str::trim).filter(|token| !token.is_empty()) {
        return Ok(token.to_owned());
    }
    let authorization = authorization(headers)?;
    if !received.account.keys.is_empty() {
        verify::check(received, &authorization)?;
    }
    Ok(authorization.access_key.to_owned())
}

fn authorization(headers: &HeaderMap) -> Result<Authorization<'_>, ApiError> {
    let Some(authorization) = text(headers, &header::AUTHORIZATION) else {
        let message = "Missing Authentication Token";
        return Err(refused("MissingAuthenticationTokenException", message.to_owned()));
    };
    let incomplete = |message: String| Err(refused("IncompleteSignatureException", message));
    let Some(signature) = authorization.strip_prefix(AWS_SCHEME) else {
        return incomplete("Unsupported AWS 'algorithm'.".to_owned());
    };
    let parts = PARTS.map(|name| part(signature, name));
    let missing = PARTS.into_iter().zip(parts).filter(|(_, part)| part.is_none());
    let mut problems: Vec<String> = missing
        .map(|(name, _)| format!("Authorization header requires '{name}' parameter."))
        .collect();
    if !headers.contains_key(&AMZ_DATE) && !headers.contains_key(header::DATE) {
        let message = "Authorization header requires existence of either a 'X-Amz-Date' or a \
                       'Date' header.";
        problems.push(message.to_owned());
    }
    let ([Some(credential), Some(signed_headers), Some(signature)], []) = (parts, &problems[..])
    else {
        return incomplete(problems.join(" "));
    };
    let elements: Vec<&str> = credential.split('/').filter(|element| !element.is_empty()).collect();
    let [access_key, date, region, service, terminator] = elements[..] else {
        return incomplete(format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. \
             keyid/date/region/service/term, got {}.",
            elements.len()
        ));
    };
    let scope = Scope { date, region, service, terminator };
    Ok(Authorization { access_key, scope, signed_headers, signature })
}

/// AWS's refusal of who asks.
pub(super) fn refused(code: &str, message: String) -> ApiError {
    ApiError::of_status(403, message).code(code)
}

/// One of the parts of a signature, which commas divide.
fn part<'a>(signature: &'a str, name: &str) -> Option<&'a str> {
    let mut parts = signature.split(',').map(str::trim);
    let value = parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('='))?;
    Some(value).filter(|value| !value.is_empty())
}

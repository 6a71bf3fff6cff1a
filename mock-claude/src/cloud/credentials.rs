//! Who asks a cloud: the access key in a signature of AWS, or a bearer token.
//!
//! A signature is looked at, not computed: whoever has no secret keys to test with is the one who
//! needs a stand-in.

use http::{HeaderMap, HeaderName, header};

use crate::api::error::ApiError;
use crate::api::headers::{AWS_SCHEME, access_key, bearer, text};

static AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");

/// The parts that a signature has to have.
const PARTS: [&str; 3] = ["Credential", "SignedHeaders", "Signature"];

/// Who asks Bedrock, or AWS's own refusal.
pub(super) fn of_aws(headers: &HeaderMap) -> Result<String, ApiError> {
    if let Some(token) = bearer(headers).map(str::trim).filter(|token| !token.is_empty()) {
        return Ok(token.to_owned());
    }
    let Some(authorization) = text(headers, &header::AUTHORIZATION) else {
        let message = "Missing Authentication Token";
        return Err(refused("MissingAuthenticationTokenException", message.to_owned()));
    };
    let Some(signature) = authorization.strip_prefix(AWS_SCHEME) else {
        let message = "Unsupported AWS 'algorithm'.".to_owned();
        return Err(refused("IncompleteSignatureException", message));
    };
    let missing = PARTS.into_iter().filter(|name| part(signature, name).is_none());
    let mut problems: Vec<String> =
        missing.map(|name| format!("Authorization header requires '{name}' parameter.")).collect();
    if !headers.contains_key(&AMZ_DATE) && !headers.contains_key(header::DATE) {
        let message = "Authorization header requires existence of either a 'X-Amz-Date' or a \
                       'Date' header.";
        problems.push(message.to_owned());
    }
    let scope = part(signature, "Credential").map_or(0, |scope| scope.split('/').count());
    if problems.is_empty() && scope != 5 {
        problems.push(format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. \
             keyid/date/region/service/term, got {scope}."
        ));
    }
    match access_key(headers) {
        Some(key) if problems.is_empty() => Ok(key.to_owned()),
        _ => Err(refused("IncompleteSignatureException", problems.join(" "))),
    }
}

fn refused(code: &str, message: String) -> ApiError {
    ApiError::of_status(403, message).code(code)
}

/// One of the parts of a signature, which commas divide.
fn part<'a>(signature: &'a str, name: &str) -> Option<&'a str> {
    let mut parts = signature.split(',').map(str::trim);
    let value = parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('='))?;
    Some(value).filter(|value| !value.is_empty())
}

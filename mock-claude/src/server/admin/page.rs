//! The page at `/`: one document without anything of anybody's, which asks for all that it shows.
//!
//! Its headers say by hash which script and which style belong to it. Any other runs nowhere, no
//! text can become markup, and nothing but this server can be asked.

use std::sync::LazyLock;

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

use super::respond::with_type;

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// The document, with its style and its script in it.
static PAGE: LazyLock<String> = LazyLock::new(|| {
    include_str!("page/page.html")
        .replace("<style></style>", &format!("<style>{STYLE}</style>"))
        .replace("<script></script>", &format!("<script>{SCRIPT}</script>"))
});

/// What the document may do.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        hash(SCRIPT),
        hash(STYLE),
    );
    HeaderValue::try_from(policy).expect("hashes are ASCII")
});

pub(super) async fn document() -> Response {
    let mut response = with_type(StatusCode::OK, PAGE.clone(), "text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    response.headers_mut().insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_one_script_and_one_style_and_fetches_nothing_else() {
        for text in [STYLE, SCRIPT] {
            assert_eq!(PAGE.matches(text).count(), 1);
        }
        for tag in ["<script", "<style", "</script", "</style"] {
            assert_eq!(PAGE.matches(tag).count(), 1, "{tag}");
        }
        for foreign in ["http:", "https:", " src=", "innerHTML", "insertAdjacent", "onclick="] {
            let found = PAGE.replace("http://www.w3.org/2000/svg", "").contains(foreign);
            assert!(!found, "{foreign}");
        }
    }
}

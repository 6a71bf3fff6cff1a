//! The frame of every page: its head, its styles, and the policy that forbids every fetch.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Nothing may be fetched, run or sent; only the styles in the page apply.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
                      base-uri 'none'; form-action 'none'";

/// A page with this body. Whoever makes the two has escaped what came from outside.
pub(in crate::render) fn page(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                link rel="icon" href="data:,";
                title { (title) " · chaos" }
                style { (PreEscaped(include_str!("page.css"))) }
            }
            body { (body) }
        }
    };
    page.into_string() + "\n"
}

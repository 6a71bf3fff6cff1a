//! What is asked for in the query of a request to the admin API.
//!
//! Every name is known and every value is read, or the request is refused: a condition that is
//! misspelt must not answer as if there were none.

use axum::response::Response;
use http::{StatusCode, Uri};

use super::respond::problem;
use crate::basis::percent;

/// Answers what a query asks for, or says what is wrong with it.
pub(super) fn asked(
    uri: &Uri,
    known: &[&str],
    answer: impl FnOnce(&Query) -> Result<Response, String>,
) -> Response {
    let answered = Query::of(uri, known).and_then(|query| answer(&query));
    answered.unwrap_or_else(|wrong| problem(StatusCode::BAD_REQUEST, &wrong))
}

/// The pairs of a query, decoded.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// The query of this request, which may have these names and no others, each once.
    pub(super) fn of(uri: &Uri, known: &[&str]) -> Result<Self, String> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        let given = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        for pair in given {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // A form writes a space as `+`, and a `+` as `%2B`.
            let read = |text: &str| percent::decoded(&text.replace('+', " "));
            let (Some(name), Some(value)) = (read(name), read(value)) else {
                return Err(format!("`{pair}` is not percent-encoded text"));
            };
            if !known.contains(&&*name) {
                let path = uri.path();
                return Err(format!("`{path}` has no `{name}`; it has `{}`", known.join("`, `")));
            }
            if pairs.iter().any(|(earlier, _)| *earlier == name) {
                return Err(format!("`{name}` is given twice"));
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// The value of a name.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// A value that is a number.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, String> {
        let number = self.text(name).map(str::parse).transpose();
        number.map_err(|_| format!("`{name}` is a whole number"))
    }

    /// A value that is `true` or `false`, which it is without being given.
    pub(super) fn is(&self, name: &str) -> Result<bool, String> {
        let flag = self.text(name).map_or(Ok(false), str::parse);
        flag.map_err(|_| format!("`{name}` is `true` or `false`"))
    }

    /// The job that is asked for, as its path names it.
    pub(super) fn job(&self) -> Result<Option<&str>, String> {
        match self.text("job") {
            Some("") => Err("`job` is the name of a job, the NAME of `/job/NAME`".to_owned()),
            job => Ok(job),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str) -> String {
        let uri = Uri::try_from(format!("/verdict?{query}")).unwrap();
        let read = Query::of(&uri, &["job", "ended"])
            .and_then(|query| Ok(format!("{:?} {}", query.job()?, query.is("ended")?)));
        read.unwrap_or_else(|wrong| wrong)
    }

    #[test]
    fn names_are_decoded_and_what_is_wrong_is_said() {
        let all =
            ["", "job=a%2Fb+c%2B1&ended=true", "jbo=1", "job=", "job=%", "ended=1", "job=1&job=2"];
        insta::assert_snapshot!(all.map(check).join("\n"), @r#"
        None false
        Some("a/b c+1") true
        `/verdict` has no `jbo`; it has `job`, `ended`
        `job` is the name of a job, the NAME of `/job/NAME`
        `job=%` is not percent-encoded text
        `ended` is `true` or `false`
        `job` is given twice
        "#);
    }
}

//! What test runners print: the first byte chooses the format, the rest is the log. It is judged by
//! the shipped rules and written in every format there is.

use std::sync::LazyLock;

use reports::Style;
use scenarios::Document;
use testlog::Format;
use testlog::render::{TRIAGE, runs};
use testlog::triage::{self, Input, Rules, Triage};

use super::choices::Choices;

const FORMATS: [Option<Format>; 10] = [
    None,
    Some(Format::Text),
    Some(Format::Pytest),
    Some(Format::Cargo),
    Some(Format::Nextest),
    Some(Format::Libtest),
    Some(Format::Junit),
    Some(Format::Reportlog),
    Some(Format::Go),
    Some(Format::Jest),
];

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let document = Document::parse("rules.toml", triage::SHIPPED).expect("the rules are TOML");
    Rules::compile(vec![document.read().expect("the rules are rules")]).expect("they compile")
});

pub(crate) fn feed(data: &[u8]) {
    let mut choices = Choices(data);
    let format = choices.one(&FORMATS);
    if let Ok(text) = str::from_utf8(choices.0) {
        let _ = triage::compat::analyse(text);
    }
    // A refused document is an answer as well.
    let Ok(log) = testlog::read(choices.0, format) else { return };
    let _ = runs::render(&log);
    let failed: usize = log.runs.iter().map(|run| run.failures().count()).sum();
    let inputs = [Input { name: "log".to_owned(), log }];
    let triage = Triage::new(&inputs, &RULES, true);
    assert!(triage.findings.len() >= failed, "every failure has a finding");
    for format in TRIAGE {
        let _ = format.text(&triage, Style::PLAIN);
    }
}

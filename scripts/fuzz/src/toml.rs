//! Files that users write: the first byte chooses what kind of file it is. One that is accepted
//! does not panic where it is used.

use engine::Preset;
use mock_claude::{Config, MockClaude};
use scenarios::{Document, Invalid, Scenario};
use testlog::triage::{self, RuleFile, Rules};

use super::choices::Choices;
use super::pipe::{in_paused_time, post, talk};

const BODY: &str = "{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":64,\
                    \"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

pub(crate) fn feed(data: &[u8]) {
    let mut choices = Choices(data);
    let kind = choices.byte() % 4;
    let text = String::from_utf8_lossy(choices.0);
    let read = match kind {
        0 => scenario(&text),
        1 => Preset::parse("f.toml", &text).map(|preset| {
            let _ = preset.sha256();
        }),
        2 => rules(&text),
        _ => mock(&text),
    };
    if let Err(invalid) = read {
        assert!(!invalid.problems.is_empty(), "a file is refused for a reason");
        let _ = invalid.to_string();
    }
}

fn scenario(text: &str) -> Result<(), Invalid> {
    let scenario = Scenario::parse("f.toml", text)?;
    serve(scenario.mock(scenario.seed));
    Ok(())
}

fn rules(text: &str) -> Result<(), Invalid> {
    let document = Document::parse("f.toml", text)?;
    document.check_format(triage::FORMAT)?;
    let _ = Rules::compile(vec![document.read::<RuleFile>()?]);
    Ok(())
}

fn mock(text: &str) -> Result<(), Invalid> {
    let document = Document::parse("f.toml", text)?;
    let config: Config = document.read()?;
    document.check(config.problems())?;
    serve(config);
    Ok(())
}

/// Two messages to a mock of this configuration, whatever becomes of them.
fn serve(config: Config) {
    in_paused_time(async {
        let mock = MockClaude::new(config);
        for _ in 0..2 {
            let _ =
                talk(mock.connect(), &post("/v1/messages", "application/json", BODY.as_bytes()))
                    .await;
        }
        let _ = mock.conduct().text();
    });
}

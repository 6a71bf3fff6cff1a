//! Canned replies on the command line: what `--reply` means, and the files that replies are read
//! from.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use strict_toml::{Problem, suggest};

use super::failure::Failure;
use crate::mock::Config;
use crate::mock::config::{Canned, Say};

/// The forms of a reply, as they are typed and as they stand in a file.
const FORMS: [&str; 7] = ["echo", "json", "text", "file", "schema", "schema_file", "call"];

/// Puts the replies that were typed before those that are there.
pub(super) fn put_before(config: &mut Config, typed: &[String]) -> Result<(), Failure> {
    let mut canned = Vec::new();
    for text in typed {
        let mut say = parse(text).map_err(|words| refused(text, &words))?;
        let mut problems = load_one(&mut say, Path::new(""));
        let reply = Canned::from(say);
        problems.extend(reply.problems());
        if let Some(Problem { key, message, hint, .. }) = problems.first() {
            let hint = hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            return Err(refused(text, &format!("`{key}` {message}{hint}")));
        }
        canned.push(reply);
    }
    canned.append(&mut config.reply.canned);
    config.reply.canned = canned;
    Ok(())
}

fn refused(typed: &str, words: &str) -> Failure {
    Failure::usage(format!("`--reply {}`: {words}", shown(typed)))
}

/// What was typed, without what could change a terminal.
fn shown(typed: &str) -> String {
    typed.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

fn parse(typed: &str) -> Result<Say, String> {
    let (form, value) = typed.split_once('=').unwrap_or((typed, ""));
    let valued = typed.contains('=');
    Ok(match (form, valued) {
        ("echo", false) => Say::Echo,
        ("json", false) => Say::Json,
        ("text", true) => Say::Text(value.to_owned()),
        ("file", true) => Say::File(value.into()),
        ("schema", true) => Say::Schema(object(value)?),
        ("schema_file", true) => Say::SchemaFile(value.into()),
        ("call", true) => Say::Call(value.to_owned()),
        ("echo" | "json", true) => return Err(format!("`{form}` takes no value")),
        _ if FORMS.contains(&form) => {
            return Err(format!("needs a value\nhint: write `{form}=…`"));
        }
        _ => {
            let hint = suggest(form, FORMS).unwrap_or_default();
            return Err(format!("there is no such reply\nhint: {hint}"));
        }
    })
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| format!("is no JSON schema: {error}"))
}

/// Reads the files of all replies, from this folder where their names are relative, and puts their
/// content in place of them.
pub(super) fn load(config: &mut Config, folder: &Path) -> Vec<Problem> {
    let mut found = Vec::new();
    for (index, canned) in config.reply.canned.iter_mut().enumerate() {
        let inside = format!("reply.canned.{index}");
        let problems = load_one(&mut canned.say, folder).into_iter();
        found.extend(problems.map(|problem| problem.inside(&inside)));
    }
    found
}

/// What could not be read is left empty, so that it is reported once.
fn load_one(say: &mut Say, folder: &Path) -> Vec<Problem> {
    let read = |path: &PathBuf| {
        let path = folder.join(path);
        std::fs::read_to_string(&path)
            .map_err(|error| format!("cannot read `{}`: {error}", path.display()))
    };
    let (loaded, problem) = match say {
        Say::File(path) => match read(path) {
            Ok(text) => (Say::Text(text), None),
            Err(words) => (Say::Text(String::new()), Some(("say.file", words))),
        },
        Say::SchemaFile(path) => match read(path).and_then(|text| object(&text)) {
            Ok(schema) => (Say::Schema(schema), None),
            Err(words) => (Say::Schema(Map::new()), Some(("say.schema_file", words))),
        },
        _ => return Vec::new(),
    };
    *say = loaded;
    problem.into_iter().map(|(key, words)| Problem::new(key, words)).collect()
}

/// The folder of the file of this name.
pub(super) fn folder(name: &str) -> &Path {
    Path::new(name).parent().unwrap_or(Path::new(""))
}

/// Puts the folder of a valid file before the files that its replies name: once sections of several
/// files are one configuration, nobody knows any more where each came from.
pub(super) fn anchor(table: &mut toml::Table, folder: &Path) {
    let canned = table.get_mut("reply").and_then(|reply| reply.get_mut("canned"));
    for canned in canned.and_then(toml::Value::as_array_mut).into_iter().flatten() {
        for name in ["file", "schema_file"] {
            if let Some(toml::Value::String(path)) =
                canned.get_mut("say").and_then(|say| say.get_mut(name))
            {
                *path = folder.join(&*path).display().to_string();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::file;

    fn refusal(typed: &str) -> String {
        put_before(&mut Config::default(), &[typed.to_owned()]).unwrap_err().message
    }

    #[test]
    fn a_reply_that_is_typed_wrongly_is_refused_with_the_remedy() {
        let wrong = [
            "jsn",
            "echo=1",
            "text",
            "schema={",
            r#"schema={"type":"objekt"}"#,
            "call=",
            "file=/no",
        ];
        insta::assert_snapshot!(wrong.map(refusal).join("\n"), @r#"
        `--reply jsn`: there is no such reply
        hint: did you mean `json`?
        `--reply echo=1`: `echo` takes no value
        `--reply text`: needs a value
        hint: write `text=…`
        `--reply schema={`: is no JSON schema: EOF while parsing an object at line 1 column 1
        `--reply schema={"type":"objekt"}`: `say.schema.type` `objekt` is no type of JSON
        hint: did you mean `object`?
        `--reply call=`: `say.call` is the name of a tool
        `--reply file=/no`: `say.file` cannot read `/no`: No such file or directory (os error 2)
        "#);
    }

    #[test]
    fn typed_replies_come_before_those_of_the_file() {
        let mut config = Config::default();
        config.reply.canned.push(Say::Echo.into());
        put_before(&mut config, &["call=look".to_owned(), "json".to_owned()]).unwrap();
        let say: Vec<Say> = config.reply.canned.into_iter().map(|canned| canned.say).collect();
        assert_eq!(say, [Say::Call("look".to_owned()), Say::Json, Say::Echo]);
    }

    #[test]
    fn files_are_found_beside_the_file_that_names_them() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.txt"), "hello\n").unwrap();
        std::fs::write(folder.path().join("s.json"), r#"{"enum": [null]}"#).unwrap();
        let text = "[[reply.canned]]\nsay = { file = \"a.txt\" }\n\
                    [[reply.canned]]\nsay = { schema_file = \"s.json\" }\n";
        let path = folder.path().join("m.toml");
        std::fs::write(&path, text).unwrap();
        let config = file::merged(vec![file::config_at(&path).unwrap()]).unwrap();
        assert_eq!(config.reply.canned[0].say, Say::Text("hello\n".to_owned()));
        assert!(matches!(&config.reply.canned[1].say, Say::Schema(schema) if schema.len() == 1));
    }

    #[test]
    fn every_problem_of_canned_replies_is_reported_at_once_in_its_place() {
        let text = "[[reply.canned]]\nprompt = \"(\"\nsay = { file = \"no.txt\" }\n\
                    [[reply.canned]]\nsay = { txt = \"a\" }\n[[reply.canned]]\nmodle = \"x\"\n\
                    say = \"ecko\"\n";
        let failure = file::config("m.toml", text).unwrap_err();
        let others = "[[reply.canned]]\nprompt = \"(\"\nsay = { file = \"no.txt\" }\n\
                      [[reply.canned]]\n[reply.canned.say.schema]\ntype = \"strng\"\n\
                      properties.a = { pattern = \"a\" }\n";
        let other = file::config("m.toml", others).unwrap_err();
        // The system's own words differ from system to system.
        let other = other.message.replace("No such file or directory (os error 2)", "not found");
        insta::assert_snapshot!([failure.message, other].join("\n"), @r"
        `m.toml` has 3 problems
          m.toml:5:9: `reply.canned.1.say.txt`: unknown key
            hint: did you mean `text`?
          m.toml:7:1: `reply.canned.2.modle`: unknown key
            hint: did you mean `model`?
          m.toml:8:7: `reply.canned.2.say`: unknown value `ecko`
            hint: did you mean `echo`?
        `m.toml` has 4 problems
          m.toml:2:1: `reply.canned.0.prompt`: is no regular expression: unclosed group
            hint: a literal `(`, `[`, `{`, `.`, `*`, `+`, `?` or `|` has a `\` before it
          m.toml:3:9: `reply.canned.0.say.file`: cannot read `no.txt`: not found
          m.toml:6:1: `reply.canned.1.say.schema.type`: `strng` is no type of JSON
            hint: did you mean `string`?
          m.toml:7:18: `reply.canned.1.say.schema.properties.a.pattern`: is not honoured
            hint: leave it out, or write the answer itself as `text`
        ");
    }
}

//! JUnit files, by pytest, nextest, surefire and others, event by event.
//!
//! The format is a habit, not a standard: attributes may be missing, a test may be listed twice,
//! and what a count counts differs. So only counts that mean the same everywhere are checked:
//! failures, errors and skipped tests. A document type is refused: no runner writes one, and only
//! a bomb needs it.

mod case;
mod reader;
mod shorten;
mod value;

use std::io::{self, BufRead};

use quick_xml::Reader as Xml;
use quick_xml::events::Event;

use self::reader::JunitReader;
use self::shorten::Shortened;
use self::value::entity;
use crate::TestRun;
use crate::bytes::lossy;

/// Elements inside elements. No runner nests them by tens.
const DEPTH: u32 = 256;

/// Reads a file.
pub(crate) fn read(input: impl BufRead) -> io::Result<Vec<TestRun>> {
    let mut xml = Xml::from_reader(Shortened::new(input));
    xml.config_mut().allow_dangling_amp = true;
    let mut reader = JunitReader::new();
    let mut buffer = Vec::new();
    let mut depth = 0_u32;
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer) {
            Ok(Event::Start(tag)) => {
                depth += 1;
                if depth > DEPTH {
                    reader.problem(format!("nested more than {DEPTH} deep"));
                    break;
                }
                reader.open(&tag);
            }
            Ok(Event::Empty(tag)) => {
                reader.open(&tag);
                reader.close(tag.local_name().as_ref());
            }
            Ok(Event::End(tag)) => {
                depth = depth.saturating_sub(1);
                reader.close(tag.local_name().as_ref());
            }
            Ok(Event::Text(text)) => reader.text(&text),
            Ok(Event::CData(text)) => reader.text(&text),
            Ok(Event::GeneralRef(name)) => {
                let known = name.resolve_char_ref().ok().flatten().map(String::from);
                let known = known.or_else(|| entity(&name).map(str::to_owned));
                reader.text(known.unwrap_or_else(|| format!("&{};", lossy(&name))).as_bytes());
            }
            Ok(Event::DocType(_)) => {
                let message = "a JUnit file with a document type is not read";
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
            Ok(Event::Eof) => break,
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => {}
            Err(quick_xml::Error::Io(error)) => {
                return Err(io::Error::new(error.kind(), error.to_string()));
            }
            Err(error) => {
                let at = xml.error_position();
                reader.problem(format!("not well-formed at byte {at}: {error}"));
                break;
            }
        }
    }
    let input = xml.into_inner();
    if input.cut > 0 {
        reader.problem(format!("{} values were cut", input.cut));
    }
    if input.broken {
        reader.problem("a tag is too long to be read".to_owned());
    }
    Ok(vec![reader.finish()])
}

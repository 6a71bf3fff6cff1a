//! Functions and methods of an exact number of lines.
//!
//! At least [`SHORTEST`] lines: the signature, a docstring and a return. Parameters beyond the
//! first have defaults, so that any function can call any other one of its kind.

use std::fmt::Write as _;

use super::statements::{AWAITS, COMMENTS, EXTRAS, Extra, KINDS, Kind, METHOD_STATEMENTS};
use super::template::{Scope, expand, lines_of, push_spaces};
use crate::naming::FunctionName;
use crate::random::{Stream, to_index, to_u64};
use crate::words::{capital, plural};

/// The fewest lines of a function.
pub(super) const SHORTEST: u64 = 3;
/// From this many lines on, a function may have a decorator and further parameters.
const ROOMY: u64 = 10;
/// From this many lines on, a docstring may describe parameter and result: that takes 8 lines.
const DESCRIBED: u64 = 20;
/// The longest line of generated code where it can be broken.
const WIDTH: usize = 88;
/// How many functions of each kind are remembered, for later ones to call.
const REMEMBERED: usize = 6;

/// The functions that can be called from here, by kind.
#[derive(Debug, Clone, Default)]
pub(super) struct Callees {
    by_kind: [Vec<String>; KINDS.len()],
}

impl Callees {
    /// Adds a function, and forgets the oldest one when there are many.
    fn remember(&mut self, kind: usize, name: String) {
        let names = &mut self.by_kind[kind];
        if names.len() == REMEMBERED {
            names.remove(0);
        }
        names.push(name);
    }
}

/// What surrounds the function.
#[derive(Debug)]
pub(super) struct Place<'a> {
    /// Spaces before `def`: 0 in a module, 4 in a class.
    pub(super) indent: usize,
    /// Whether the module has a full header to lean on.
    pub(super) rich: bool,
    /// Whether the module defines the decorator `audited`.
    pub(super) decorators: bool,
    /// The constants of the module.
    pub(super) constants: &'a [String],
}

/// A function about to be written.
struct Draft<'a> {
    place: &'a Place<'a>,
    name: &'a FunctionName,
    kind: &'static Kind,
    number: usize,
    subject: String,
    extra: Option<&'static Extra>,
    asynchronous: bool,
}

/// Appends a function of exactly `lines` lines and remembers it, unless it must be awaited.
pub(super) fn write(
    out: &mut String,
    lines: u64,
    name: &FunctionName,
    place: &Place<'_>,
    callees: &mut Callees,
    stream: &mut Stream,
) {
    let number = to_index(stream.below(to_u64(KINDS.len())));
    let kind = KINDS[number];
    let asynchronous = place.rich && lines >= ROOMY && stream.one_in(7);
    let extra = (place.rich && lines >= ROOMY && stream.one_in(2)).then(|| stream.pick(EXTRAS));
    let subject = match number {
        0 => name.noun.to_owned(),
        1 => plural(name.noun),
        _ => format!("{}_amount", name.noun),
    };
    let draft = Draft { place, name, kind, number, subject, extra, asynchronous };
    let mut left = lines;
    if place.decorators && lines >= ROOMY && stream.one_in(5) {
        push_spaces(out, place.indent);
        let (verb, noun) = (name.verb, name.noun);
        writeln!(out, "@audited(\"{noun}.{verb}\")").expect("a string takes text");
        left -= 1;
    }
    left -= draft.signature(out, left);
    left -= draft.docstring(out, left, stream);
    draft.body(out, left, callees, stream);
    if !asynchronous {
        let owner = if draft.is_method() { "self." } else { "" };
        callees.remember(number, format!("{owner}{}", name.code));
    }
}

impl Draft<'_> {
    fn is_method(&self) -> bool {
        self.place.indent > 0
    }

    /// Appends the signature, on one line where it fits, and returns its number of lines.
    fn signature(&self, out: &mut String, left: u64) -> u64 {
        let start = out.len();
        let (name, gives) = (&self.name.code, self.kind.gives);
        let keyword = if self.asynchronous { "async def" } else { "def" };
        let mut parameters = Vec::from(["self".to_owned()]);
        parameters.truncate(usize::from(self.is_method()));
        parameters.push(format!("{}: {}", self.subject, self.kind.takes));
        parameters.extend(self.extra.map(|extra| extra.declaration.to_owned()));
        push_spaces(out, self.place.indent);
        let flat = parameters.join(", ");
        writeln!(out, "{keyword} {name}({flat}) -> {gives}:").expect("a string takes text");
        if out.len() - start <= WIDTH || left < to_u64(parameters.len()) + 4 {
            return 1;
        }
        out.truncate(start + self.place.indent);
        writeln!(out, "{keyword} {name}(").expect("a string takes text");
        for parameter in &parameters {
            push_spaces(out, self.place.indent + 4);
            writeln!(out, "{parameter},").expect("a string takes text");
        }
        push_spaces(out, self.place.indent);
        writeln!(out, ") -> {gives}:").expect("a string takes text");
        to_u64(parameters.len()) + 2
    }

    /// Appends the docstring, and returns its number of lines.
    fn docstring(&self, out: &mut String, left: u64, stream: &mut Stream) -> u64 {
        let purpose = format!("{} the {}", capital(self.name.verb), self.name.object);
        let ends: &[&str] = match self.number {
            0 => &[" and return the changed record", "", " before it is stored"],
            1 => &[" records of one batch", " entries that are due", " list"],
            _ => &[" amount", " amount after fees", " share of the total"],
        };
        let summary = format!("{purpose}{}.", stream.pick(ends));
        let text = if left >= DESCRIBED && stream.one_in(3) {
            let mut text = format!("\"\"\"{summary}\n\nArgs:\n    {}: ", self.subject);
            text.push_str(self.kind.about);
            if let Some(extra) = self.extra {
                text.push_str("\n    ");
                text.push_str(extra.about);
            }
            format!("{text}\n\nReturns:\n    {}\n\"\"\"", self.kind.outcome)
        } else {
            format!("\"\"\"{summary}\"\"\"")
        };
        for line in text.lines() {
            if !line.is_empty() {
                push_spaces(out, self.place.indent + 4);
            }
            out.push_str(line);
            out.push('\n');
        }
        lines_of(&text)
    }

    /// Appends a body of exactly `left` lines, at least one.
    fn body(&self, out: &mut String, left: u64, callees: &Callees, stream: &mut Stream) {
        let scope = Scope {
            subject: &self.subject,
            result: stream.pick::<&str>(self.kind.results),
            callees: &callees.by_kind[self.number],
            builtin: self.kind.builtin,
            constants: self.place.constants,
        };
        let indent = self.place.indent + 4;
        if left == 1 {
            expand(out, &format!("return {}($s)", scope.builtin), indent, scope, stream);
            return;
        }
        expand(out, self.kind.start, indent, scope, stream);
        let mut left = left - 2;
        let opening = self.extra.map(|extra| extra.used).into_iter();
        let awaits = self.asynchronous.then(|| *stream.pick(AWAITS));
        for statement in opening.chain(awaits) {
            if lines_of(statement) <= left {
                expand(out, statement, indent, scope, stream);
                left -= lines_of(statement);
            }
        }
        let mut last = "";
        while left > 0 {
            if left > 3 && stream.one_in(5) {
                out.push('\n');
                left -= 1;
            }
            if left > 3 && stream.one_in(7) {
                expand(out, stream.pick::<&str>(COMMENTS), indent, scope, stream);
                left -= 1;
            }
            let statement = self.statement(left, last, stream);
            last = statement;
            expand(out, statement, indent, scope, stream);
            left -= lines_of(statement);
        }
        expand(out, "return $r", indent, scope, stream);
    }

    /// A statement of at most `left` lines that is not the `last` one again.
    fn statement(&self, left: u64, last: &str, stream: &mut Stream) -> &'static str {
        loop {
            let table = match stream.below(10) {
                0..4 if self.place.rich => self.kind.rich,
                4..6 if self.is_method() => METHOD_STATEMENTS,
                _ => self.kind.plain,
            };
            let statement = *stream.pick(table);
            if lines_of(statement) <= left && statement != last {
                return statement;
            }
        }
    }
}

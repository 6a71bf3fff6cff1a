//! The top of a module: docstring, imports, constants, and the decorator that functions use.
//!
//! How much of it there is depends on the lines of the module; [`Header::for_lines`] decides.

use super::template::{Scope, expand, lines_of};
use crate::naming::{Names, Subject};
use crate::random::Stream;
use crate::words::{capital, plural};

/// From this many lines on, a module has imports, a logger and constants.
const FULL: u64 = 40;
/// From this many lines on, it also has a decorator of its own.
const DECORATED: u64 = 160;

const IMPORTS: &str = "
import asyncio
import functools
import logging
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Callable, Optional, Sequence

logger = logging.getLogger(__name__)

HANDLERS: dict[str, Callable[..., Any]] = {}
LOCK = threading.Lock()
SEMAPHORE = asyncio.Semaphore(8)";

const LEAN_IMPORTS: &str = "\nfrom typing import Any, Sequence";

const DECORATOR: &str = "

def audited(action: str) -> Callable[..., Any]:
    \"\"\"Log every call of the decorated function as `action`.\"\"\"

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        \"\"\"Wrap one function.\"\"\"

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            \"\"\"Log the call, then make it.\"\"\"
            logger.info(\"%s: %s\", action, function.__name__)
            return function(*args, **kwargs)

        return wrapper

    return decorate";

/// What the top of a module gives to the rest.
#[derive(Debug, Clone)]
pub(super) struct Header {
    /// Whether loggers, locks and handlers exist.
    pub(super) rich: bool,
    /// Whether the decorator `audited` exists.
    pub(super) decorators: bool,
    /// The constants.
    pub(super) constants: Vec<String>,
}

impl Header {
    /// What a module of `lines` lines has room for.
    pub(super) fn for_lines(lines: u64) -> Self {
        Self { rich: lines >= FULL, decorators: lines >= DECORATED, constants: Vec::new() }
    }

    /// Appends the top of the module, and returns its number of lines.
    pub(super) fn write(
        &mut self,
        out: &mut String,
        subject: Subject,
        names: &mut Names,
        stream: &mut Stream,
    ) -> u64 {
        let scope = Scope { subject: "", result: "", callees: &[], builtin: "", constants: &[] };
        let mut lines = 0;
        let mut part = |out: &mut String, template: &str, stream: &mut Stream| {
            expand(out, template, 0, scope, stream);
            lines += lines_of(template);
        };
        if !self.rich {
            part(out, &summary(subject, ""), stream);
            part(out, LEAN_IMPORTS, stream);
            return lines;
        }
        let more = "\n\nWritten for the $a $w project; the tables it reads are documented there.\n";
        part(out, &summary(subject, more), stream);
        part(out, IMPORTS, stream);
        for _ in 0..stream.between(2, 4) {
            let constant = names.constant();
            part(out, &format!("{constant} = $n"), stream);
            self.constants.push(constant);
        }
        if self.decorators {
            part(out, DECORATOR, stream);
        }
        lines
    }
}

/// The docstring of a module.
pub(super) fn summary(subject: Subject, more: &str) -> String {
    let objects = plural(&subject.noun.replace('_', " "));
    let Subject { domain, role, .. } = subject;
    format!("\"\"\"{} for {objects} in {domain}.{more}\"\"\"", capital(role))
}

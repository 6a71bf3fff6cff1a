//! Classes of an exact number of lines, plain ones and data classes.
//!
//! At least [`SHORTEST`] lines. Every class has `entries` and `counters`, because the statements
//! of methods use them.

use super::function::{self, Callees, Place};
use super::template::{Scope, expand, lines_of};
use crate::naming::Names;
use crate::random::{Stream, to_index, to_u64};
use crate::words::{KEYS, camel};

/// The fewest lines of a class.
pub(super) const SHORTEST: u64 = 48;
/// The fewest and the most lines of a method.
const METHOD: (u64, u64) = (5, 21);
/// A blank line and the shortest method.
const SHORTEST_MEMBER: u64 = 1 + function::SHORTEST;

const PLAIN_START: &str = "\
class $s:
    \"\"\"$r.\"\"\"

    MAX_ENTRIES = $n

    def __init__(self, name: str, limit: int = $n) -> None:
        \"\"\"Start without entries.\"\"\"
        self.name = name
        self.limit = limit
        self.entries: list[dict[str, Any]] = []
        self.counters: dict[str, int] = {}";

const DATA_START: &str = "\
@dataclass
class $s:
    \"\"\"$r.\"\"\"

    name: str
    entries: list[dict[str, Any]] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)";

const FIELDS: &[&str] =
    &["int = $n", "str = \"$a\"", "bool = False", "Optional[datetime] = None", "float = $n / 100"];

const NESTED: &str = "
    class Error(Exception):
        \"\"\"Raised when the $w is $a and cannot be used.\"\"\"

        code = $n";

const NESTED_OPTIONS: &str = "
    class Options:
        \"\"\"What can be chosen for the $a $w.\"\"\"

        $k = $n
        $x = \"$w\"

        def describe(self) -> str:
            \"\"\"Say what was chosen.\"\"\"
            return f\"{self.$k} of {self.$x}\"";

const PROPERTY: &str = "
    @property
    def entry_count(self) -> int:
        \"\"\"How many entries there are.\"\"\"
        return len(self.entries)";

const CLASS_METHOD: &str = "
    @classmethod
    def named(cls, name: str) -> \"$s\":
        \"\"\"Make one that only has a name.\"\"\"
        return cls(name=name)";

const STATIC_METHOD: &str = "
    @staticmethod
    def is_valid(name: str) -> bool:
        \"\"\"Whether a name can be used for the $a $w.\"\"\"
        return bool(name) and len(name) < $n";

/// Appends a class of exactly `lines` lines.
pub(super) fn write(
    out: &mut String,
    lines: u64,
    names: &mut Names,
    constants: &[String],
    callees: &Callees,
    stream: &mut Stream,
) {
    let ([adjective, noun, role], name) = names.class();
    let noun = noun.replace('_', " ");
    let scope = Scope {
        subject: &name,
        result: &format!("{} of the {adjective} {noun}", camel(role)),
        callees: &[],
        builtin: "",
        constants,
    };
    let mut left = lines;
    let mut part = |out: &mut String, template: &str, stream: &mut Stream| {
        expand(out, template, 0, scope, stream);
        left -= lines_of(template);
    };
    if stream.one_in(3) {
        part(out, DATA_START, stream);
        let first = stream.below(to_u64(KEYS.len()));
        for place in 0..stream.between(3, 8) {
            let key = KEYS[to_index((first + place * 5) % to_u64(KEYS.len()))];
            part(out, &format!("    {key}: {}", stream.pick(FIELDS)), stream);
        }
    } else {
        part(out, PLAIN_START, stream);
        if stream.one_in(2) {
            part(out, stream.pick::<&str>(&[NESTED, NESTED_OPTIONS]), stream);
        }
    }
    for template in [PROPERTY, CLASS_METHOD, STATIC_METHOD] {
        if stream.one_in(4) {
            part(out, template, stream);
        }
    }
    methods(out, left, constants, callees, stream);
}

/// Appends methods of exactly `left` lines together, the blank lines before them included.
fn methods(
    out: &mut String,
    mut left: u64,
    constants: &[String],
    callees: &Callees,
    stream: &mut Stream,
) {
    let place = Place { indent: 4, rich: true, decorators: false, constants };
    let mut names = Names::new(stream);
    let mut callees = callees.clone();
    while left > 0 {
        let wanted = 1 + stream.between(METHOD.0, METHOD.1);
        let member = if wanted + SHORTEST_MEMBER > left { left } else { wanted };
        out.push('\n');
        function::write(out, member - 1, &names.function(), &place, &mut callees, stream);
        left -= member;
    }
}

//! Names that never repeat, without remembering the ones that were given out.
//!
//! The n-th name is the n-th element of a permutation of all combinations of words: unique by
//! construction, in no visible order, and in constant memory however large the file is.

use std::fmt::Write as _;

use crate::folders::{COPY_FOLDERS, DOMAINS, LAYERS, PROJECTS};
use crate::random::{Stream, to_index, to_u64};
use crate::words::{ADJECTIVES, CONSTANT_ENDS, NOUNS, ROLES, VERBS};

/// A multiplier that is coprime to every product of table lengths below: a prime larger than
/// any of them has no factor in common with any.
const STEP: u64 = 1_000_003;

/// Walks through all combinations of some tables, each once, and then through them again.
#[derive(Debug, Clone, Copy)]
struct Walk {
    start: u64,
}

impl Walk {
    fn new(stream: &mut Stream) -> Self {
        Self { start: stream.below(1 << 32) }
    }

    /// The words of the combination with this number: one from each table.
    fn words<const N: usize>(
        self,
        number: u64,
        tables: [&'static [&'static str]; N],
    ) -> [&'static str; N] {
        let combinations = combinations(&tables);
        let place = u128::from(number) * u128::from(STEP) + u128::from(self.start);
        let mut rest = u64::try_from(place % u128::from(combinations)).expect("a remainder");
        tables.map(|table| {
            let length = to_u64(table.len());
            let word = table[to_index(rest % length)];
            rest /= length;
            word
        })
    }
}

fn combinations(tables: &[&[&str]]) -> u64 {
    tables.iter().map(|table| to_u64(table.len())).product()
}

/// The name of a function, in words.
#[derive(Debug, Clone)]
pub(crate) struct FunctionName {
    /// As in the code: `settle_overdue_invoice`.
    pub(crate) code: String,
    /// The first word: `settle`.
    pub(crate) verb: &'static str,
    /// What it is about: `overdue invoice`.
    pub(crate) object: String,
    /// The last word: `invoice`.
    pub(crate) noun: &'static str,
}

/// The names of one scope: a module, or one class.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    walk: Walk,
    functions: u64,
    classes: u64,
    constants: u64,
}

impl Names {
    pub(crate) fn new(stream: &mut Stream) -> Self {
        Self { walk: Walk::new(stream), functions: 0, classes: 0, constants: 0 }
    }

    /// The next function: verb and noun; once all pairs are used, with an adjective; once those
    /// are used, with a number.
    pub(crate) fn function(&mut self) -> FunctionName {
        let number = self.functions;
        self.functions += 1;
        let pairs = combinations(&[VERBS, NOUNS]);
        if number < pairs {
            let [verb, noun] = self.walk.words(number, [VERBS, NOUNS]);
            let code = format!("{verb}_{noun}");
            return FunctionName { code, verb, object: noun.replace('_', " "), noun };
        }
        let number = number - pairs;
        let [verb, adjective, noun] = self.walk.words(number, [VERBS, ADJECTIVES, NOUNS]);
        let round = number / combinations(&[VERBS, ADJECTIVES, NOUNS]);
        let code = format!("{verb}_{adjective}_{noun}{}", suffix(round));
        let object = format!("{adjective} {}", noun.replace('_', " "));
        FunctionName { code, verb, object, noun }
    }

    /// The next class: its words, unique together with the number of the round.
    pub(crate) fn class(&mut self) -> ([&'static str; 3], String) {
        let tables = [ADJECTIVES, NOUNS, ROLES];
        let words = self.walk.words(self.classes, tables);
        let round = self.classes / combinations(&tables);
        self.classes += 1;
        let number = if round == 0 { String::new() } else { (round + 1).to_string() };
        (words, format!("{}{number}", words.map(crate::words::camel).concat()))
    }

    /// The next constant of the module.
    pub(crate) fn constant(&mut self) -> String {
        let [noun, end] = self.walk.words(self.constants, [NOUNS, CONSTANT_ENDS]);
        self.constants += 1;
        format!("{}_{end}", noun.to_ascii_uppercase())
    }
}

/// Nothing for the first round, `_2` for the second, and so on.
fn suffix(round: u64) -> String {
    if round == 0 { String::new() } else { format!("_{}", round + 1) }
}

/// What one module is for: the words of its path and of its docstring.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject {
    /// The folder: `billing`.
    pub(crate) domain: &'static str,
    /// The folder inside it, in trees that need one.
    layer: Option<&'static str>,
    /// What it is about: `invoice`.
    pub(crate) noun: &'static str,
    /// What it does: `parser`.
    pub(crate) role: &'static str,
    round: u64,
}

/// The subjects of all modules of one input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subjects {
    walk: Walk,
    position: u64,
}

impl Subjects {
    pub(crate) fn new(seed: u64, position: u64) -> Self {
        Self { walk: Walk::new(&mut Stream::new(seed, "subjects", position, 0)), position }
    }

    /// The module with this number. Folders are flat until all flat paths are used.
    pub(crate) fn module(self, number: u64) -> Subject {
        let flat = [DOMAINS, NOUNS, ROLES];
        if number < combinations(&flat) {
            let [domain, noun, role] = self.walk.words(number, flat);
            return Subject { domain, layer: None, noun, role, round: 0 };
        }
        let number = number - combinations(&flat);
        let deep = [DOMAINS, LAYERS, NOUNS, ROLES];
        let [domain, layer, noun, role] = self.walk.words(number, deep);
        let round = number / combinations(&deep);
        Subject { domain, layer: Some(layer), noun, role, round }
    }

    /// The path of a module: `copy` 0 is the original, the n-th copy has a folder of its own.
    ///
    /// The first input of a scenario has no folder of its own, every later one has.
    pub(crate) fn path(self, subject: Subject, copy: u64) -> String {
        let mut path = String::new();
        if let Some(later) = self.position.checked_sub(1) {
            push_folder(&mut path, PROJECTS, later);
        }
        if let Some(later) = copy.checked_sub(1) {
            push_folder(&mut path, COPY_FOLDERS, later);
        }
        path.push_str(subject.domain);
        if let Some(layer) = subject.layer {
            path.push('/');
            path.push_str(layer);
        }
        let (noun, role) = (subject.noun, subject.role);
        write!(path, "/{noun}_{role}{}.py", suffix(subject.round)).expect("a string takes text");
        path
    }
}

/// Appends the folder with this number, counting on with digits when the table is used up.
fn push_folder(path: &mut String, table: &[&str], number: u64) {
    let length = to_u64(table.len());
    path.push_str(table[to_index(number % length)]);
    path.push_str(&suffix(number / length));
    path.push('/');
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Enough functions to leave the pairs and reach the triples.
    #[test]
    fn a_module_never_defines_a_name_twice() {
        let mut names = Names::new(&mut Stream::new(7, "test", 0, 0));
        let functions: BTreeSet<_> = (0..300_000).map(|_| names.function().code).collect();
        assert_eq!(functions.len(), 300_000);
        let classes: BTreeSet<_> = (0..200_000).map(|_| names.class().1).collect();
        assert_eq!(classes.len(), 200_000);
        let constants: BTreeSet<_> = (0..100).map(|_| names.constant()).collect();
        assert_eq!(constants.len(), 100);
    }

    /// Enough modules to leave the flat folders and reach the numbered ones.
    #[test]
    fn a_tree_never_has_a_path_twice() {
        let subjects = Subjects::new(7, 0);
        let paths: BTreeSet<_> =
            (0..1_000_000).map(|number| subjects.path(subjects.module(number), 0)).collect();
        assert_eq!(paths.len(), 1_000_000);
    }

    #[test]
    fn copies_and_later_inputs_have_folders_of_their_own() {
        let (first, second) = (Subjects::new(7, 0), Subjects::new(7, 1));
        let subject = first.module(0);
        let paths = [first.path(subject, 0), first.path(subject, 9), second.path(subject, 1)];
        insta::assert_snapshot!(paths.join("\n"), @r"
        auth/loan_service.py
        vendor_2/auth/loan_service.py
        atlas/vendor/auth/loan_service.py
        ");
    }
}

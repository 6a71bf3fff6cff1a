//! What a pipeline is judged by: a file's lines, its definitions, and how deep it nests.

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Physical lines; a last line without an end counts.
    pub lines: u64,
    /// The lines on which something is defined, counted from 1, ascending.
    pub definitions: Vec<u32>,
    /// Indents inside indents, at most; only Python's mean anything.
    pub indents: u32,
    /// Brackets inside brackets, at most.
    pub brackets: u32,
    /// Terms of the longest expression, joined by operators.
    pub terms: u64,
}

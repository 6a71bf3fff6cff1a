//! The words of a name: `test_cacheMemory[x]` is `test`, `cache`, `memory` and `x`.
//!
//! Invariant: a word is found as a whole or not at all, so a name never matches by accident.

/// The words of a name, in lower case.
pub(super) fn of(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    for character in name.chars() {
        let begins = character.is_uppercase() && before.is_lowercase();
        if (begins || !character.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
        before = character;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Whether the words of `wanted` stand in a row among those of a name.
pub(super) fn contain(words: &[String], wanted: &str) -> bool {
    let wanted = of(wanted);
    !wanted.is_empty() && words.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_where_a_reader_sees_it() {
        let words = of("tests/chaos/test_workLoad.py TestRBAC");
        assert_eq!(words, ["tests", "chaos", "test", "work", "load", "py", "test", "rbac"]);
        assert!(contain(&words, "work_load") && !contain(&words, "workload"));
        assert!(!contain(&words, "") && !contain(&of("graceful"), "race"));
    }
}

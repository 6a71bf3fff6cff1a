//! Go: functions, methods, and types that are not part of a group.

use super::words::{Closed, closed, leading, name_after};

/// The name that a line defines, if it defines one.
pub(super) fn name<'a>(text: &'a str, _rest: &'a str) -> Option<&'a str> {
    let text = text.trim_start();
    if let Some(after) = text.strip_prefix("type") {
        return name_after(after);
    }
    let after = text.strip_prefix("func")?;
    let rest = after.trim_start();
    // A receiver; without a name after it, this is a function without one.
    if rest.starts_with('(') {
        let Closed::Followed(name) = closed(rest) else { return None };
        let name = leading(name);
        let parameters = &rest[name.as_ptr() as usize - rest.as_ptr() as usize + name.len()..];
        return (!name.is_empty() && parameters.trim_start().starts_with(['(', '[']))
            .then_some(name);
    }
    name_after(after)
}

#[cfg(test)]
mod tests {
    use crate::model::definitions::{Language, find};

    #[test]
    fn functions_methods_and_types_are_found() {
        let code = "func A[T any](x T) {\nfunc (r *Tree[T]) B(x int) int {\ntype C struct {\n\
            type (\n\tD int\n)\ngo func() {\nfunc(x int) {\nf := func(a int) int {\ntypes := 1\n";
        let found: Vec<_> =
            find(Language::Go, code).map(|found| (found.name, found.line)).collect();
        assert_eq!(found, [("A", 1), ("B", 2), ("C", 3)]);
    }
}

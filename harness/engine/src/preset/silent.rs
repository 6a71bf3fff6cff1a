//! Sections that say nothing, which a file leaves out.

/// Whether a section says nothing: it is then left out of the pipeline's hash, so that a stage
/// that is added later does not change what earlier pipelines are called.
pub(super) fn is_default<T: Default + PartialEq>(section: &T) -> bool {
    *section == T::default()
}

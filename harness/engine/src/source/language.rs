//! The languages that are documented, by the names of their files.

/// A language that is documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Python.
    Python,
    /// JavaScript, with JSX.
    JavaScript,
    /// TypeScript.
    TypeScript,
    /// TypeScript with JSX.
    Tsx,
    /// Java.
    Java,
    /// Go.
    Go,
    /// Rust.
    Rust,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Python,
        Self::JavaScript,
        Self::TypeScript,
        Self::Tsx,
        Self::Java,
        Self::Go,
        Self::Rust,
    ];

    /// The language of a file; none where its name does not end as those of a known one do.
    pub fn known(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let (stem, extension) = name.rsplit_once('.')?;
        Some(match extension {
            _ if stem.is_empty() => return None,
            "py" | "pyi" => Self::Python,
            "js" | "jsx" | "mjs" | "cjs" => Self::JavaScript,
            "ts" | "mts" | "cts" => Self::TypeScript,
            "tsx" => Self::Tsx,
            "java" => Self::Java,
            "go" => Self::Go,
            "rs" => Self::Rust,
            _ => return None,
        })
    }

    /// The language that a file is read as: Python where its name does not tell.
    pub fn of(path: &str) -> Self {
        Self::known(path).unwrap_or(Self::Python)
    }

    /// What a Markdown fence calls it.
    pub const fn fence(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::TypeScript => "typescript",
            Self::Tsx => "tsx",
            Self::Java => "java",
            Self::Go => "go",
            Self::Rust => "rust",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_told_by_the_end_of_a_name() {
        assert_eq!(Language::known("a/b.d.ts"), Some(Language::TypeScript));
        assert_eq!(Language::known("a.PY"), None);
        assert_eq!(Language::known("a.rs/Makefile"), None);
        assert_eq!(Language::known("a/.rs"), None);
        assert_eq!(Language::of("a.rs"), Language::Rust);
    }
}

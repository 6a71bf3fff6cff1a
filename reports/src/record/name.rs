//! The name of a pipeline, as every record has it.
//!
//! A run of a million jobs has millions of records and a handful of names, so a name is shared: a
//! clone of one costs no memory.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The name of a pipeline. Clones share the text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PipelineName(Arc<str>);

impl Default for PipelineName {
    fn default() -> Self {
        Self::from("")
    }
}

impl Deref for PipelineName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for PipelineName {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl From<&str> for PipelineName {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl From<String> for PipelineName {
    fn from(name: String) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for PipelineName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self)
    }
}

impl Serialize for PipelineName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for PipelineName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

//! A number or a hash that is written as hexadecimal digits, and only where somebody reads it.

use std::fmt;

use serde::{Serialize, Serializer};

/// So many bytes, the first digits first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hex<const N: usize>(pub [u8; N]);

impl From<u64> for Hex<8> {
    fn from(number: u64) -> Self {
        Self(number.to_be_bytes())
    }
}

impl<const N: usize> fmt::Display for Hex<N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&const_hex::encode(self.0))
    }
}

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_all_of_its_digits() {
        assert_eq!(Hex::from(0xab).to_string(), "00000000000000ab");
        assert_eq!(serde_json::to_string(&Hex([0x0f, 0xff])).unwrap(), "\"0fff\"");
    }
}

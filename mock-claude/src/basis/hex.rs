//! Bytes as lower-case hexadecimal digits, and back.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The digits of these bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    let mut text = String::with_capacity(2 * bytes.len());
    text.extend(halves.map(|half| char::from(DIGITS[usize::from(half)])));
    text
}

/// The bytes of these digits; none where they are not pairs of digits.
pub(crate) fn decode(digits: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| u8::try_from(char::from(digit).to_digit(16)?).ok();
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let byte = |[high, low]: &[u8; 2]| Some(value(*high)? << 4 | value(*low)?);
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_pairs_of_digits_is_nothing() {
        assert_eq!(encode(&[0x00, 0xaf]), "00af");
        assert_eq!(decode("00aF"), Some(vec![0x00, 0xaf]));
        for wrong in ["0", "zz", "+f", "é"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn digits_read_as_the_bytes_that_they_were_written_for(bytes: Vec<u8>) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
    }
}

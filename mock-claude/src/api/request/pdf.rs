//! How many pages a PDF has, as far as that can be seen.
//!
//! The page tree says so in its `/Count`. Newer files may keep it in a compressed object: those are
//! unpacked, within a bound. A file in which nothing is found has an unknown number of pages, which
//! is never held against it.

use std::io::Read;

use flate2::read::ZlibDecoder;
use memchr::memmem;

/// Bytes of compressed objects that are unpacked to find the page tree, at most.
const MAX_UNPACKED_BYTES: u64 = 8 * 1024 * 1024;

/// Bytes at the beginning in which the mark of a PDF has to stand.
const HEAD_BYTES: usize = 1024;

/// Bytes of an object that are looked at on either side of a count, at most.
const MAX_OBJECT_BYTES: usize = 64 * 1024;

/// Places that are looked at for a count or for a compressed object, at most: no more than that may
/// be needed, whatever a file is full of.
const MAX_PLACES: usize = 10_000;

/// Bytes from the name of a compressed object to its contents, at most.
const MAX_DICTIONARY_BYTES: usize = 4 * 1024;

/// Whether it is a PDF at all.
pub(super) fn is_pdf(bytes: &[u8]) -> bool {
    memmem::find(&bytes[..bytes.len().min(HEAD_BYTES)], b"%PDF-").is_some()
}

/// The number of its pages.
pub(super) fn pages(bytes: &[u8]) -> Option<u64> {
    counted(bytes, true).or_else(|| {
        let unpacked = unpacked(bytes);
        counted(&unpacked, false)
    })
}

/// The largest count of a page tree; that of its root is the largest. In a file, an object stands
/// between `obj` and `endobj`; what was compressed has no such words.
fn counted(bytes: &[u8], has_objects: bool) -> Option<u64> {
    let places = memmem::find_iter(bytes, b"/Count").take(MAX_PLACES);
    let found = places.filter_map(|at| {
        let digits = bytes[at + b"/Count".len()..].trim_ascii_start();
        let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
        let count: u64 = std::str::from_utf8(&digits[..end]).ok()?.parse().ok()?;
        let (before, after) = bytes.split_at(at);
        let before = &before[before.len().saturating_sub(MAX_OBJECT_BYTES)..];
        let after = &after[..after.len().min(MAX_OBJECT_BYTES)];
        let (start, end): (&[u8], &[u8]) =
            if has_objects { (b" obj", b"endobj") } else { (b"<<", b">>") };
        let before = &before[memmem::rfind(before, start)?..];
        let after = &after[..memmem::find(after, end)?];
        let is_tree = |part: &[u8]| memmem::find(part, b"/Pages").is_some();
        (is_tree(before) || is_tree(after)).then_some(count)
    });
    found.max()
}

/// The compressed objects, one after the other.
fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut unpacked = Vec::new();
    for at in memmem::find_iter(bytes, b"/ObjStm").take(MAX_PLACES) {
        let left = MAX_UNPACKED_BYTES.saturating_sub(unpacked.len() as u64);
        let rest = &bytes[at..];
        let dictionary = &rest[..rest.len().min(MAX_DICTIONARY_BYTES)];
        let Some(start) = memmem::find(dictionary, b"stream") else { continue };
        let data = rest[start + b"stream".len()..].trim_ascii_start();
        // What is broken, or packed in another way, is left out.
        let _ = ZlibDecoder::new(data).take(left).read_to_end(&mut unpacked);
    }
    unpacked
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;
    use proptest::prelude::*;

    #[test]
    fn the_root_of_the_page_tree_says_how_many_pages_there_are() {
        let file = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
            2 0 obj <</Type /Pages /Kids [3 0 R 9 0 R] /Count 101>> endobj\n\
            3 0 obj <</Type /Pages /Parent 2 0 R /Count 50>> endobj\n\
            7 0 obj <</Type /Outlines /Count 500>> endobj\n";
        assert!(is_pdf(file));
        assert_eq!(pages(file), Some(101));
    }

    #[test]
    fn a_compressed_page_tree_is_unpacked() {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
        // Enough of the same that it is packed and not only copied.
        packed.write_all(&b"<</Type/Page/Parent 2 0 R>> ".repeat(100)).unwrap();
        packed.write_all(b"2 0 3 40 <</Type/Pages/Count 7/Kids[3 0 R]>> <</Count 9>>").unwrap();
        let head = b"%PDF-1.5\n4 0 obj<</Type/ObjStm/N 2/First 8/Filter/FlateDecode>>stream\r\n";
        let file = [&head[..], &packed.finish().unwrap(), b"\nendstream endobj"].concat();
        assert_eq!(pages(&file), Some(7));
    }

    #[test]
    fn what_shows_no_page_tree_has_an_unknown_number_of_pages() {
        assert_eq!(pages(b"%PDF-1.7 1 0 obj<</Type/Catalog>>endobj"), None);
        assert!(!is_pdf(b"<html>"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_counting_panic(
            pieces in prop::collection::vec(prop::sample::select(vec![
                &b"/Count"[..], b" 5", b"/Pages", b"1 0 obj", b"endobj", b"/ObjStm", b"stream\n",
                b"\x78\x9c", b"<<", b">>", b"\xff",
            ]), 0..30),
        ) {
            let _ = pages(&pieces.concat());
        }
    }
}

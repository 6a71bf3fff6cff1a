//! The logs that tests read, which are packed so that the tree shows the program: a `.tar.gz` for
//! each family of logs and its runner, each with a table that says what is in it.

#![expect(clippy::disallowed_methods, reason = "the tests read files of the tree")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;

/// Every file of an archive below `tests/`, by its name.
pub(crate) fn unpacked(archive: &str) -> BTreeMap<String, Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(archive);
    let packed = File::open(&path).unwrap_or_else(|error| panic!("{archive}: {error}"));
    let mut packed = tar::Archive::new(GzDecoder::new(packed));
    let files = packed.entries().expect("an archive").map(|entry| {
        let mut entry = entry.expect("a packed file");
        let name = entry.path().expect("a name").to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("a packed file");
        (name, bytes)
    });
    files.collect()
}

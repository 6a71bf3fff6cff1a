//! Makes the page of the model out of the page that ships: the same lines, with the atomics of the
//! model and fewer places, so that every order can be tried. What is replaced has to be there, so
//! that a page which has changed is not silently another one.

use std::path::Path;
use std::{env, fs};

const PAGE: &str = "../../harness/warp/src/page.rs";

const REPLACED: [(&str, &str); 7] = [
    ("core::sync::atomic", "loom::sync::atomic"),
    ("core::hint::spin_loop", "loom::hint::spin_loop"),
    ("PROCESSES: usize = 4096", "PROCESSES: usize = 1"),
    ("DUES: usize = 4096", "DUES: usize = 2"),
    ("MOMENTS: usize = 1024", "MOMENTS: usize = 2"),
    ("CLOCKS: usize = 12", "CLOCKS: usize = 1"),
    ("stranger: [AtomicU64; 2]", "stranger: [AtomicU64; 1]"),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={PAGE}");
    let page = fs::read_to_string(PAGE).expect("the page is where it always was");
    let (code, _) = page.split_once("#[cfg(test)]").expect("the page ends with its tests");
    // An included file has no description of its own.
    let lines = code.lines().filter(|line| !line.starts_with("//!"));
    let mut code = lines.collect::<Vec<_>>().join("\n");
    for (shipped, model) in REPLACED {
        assert!(code.contains(shipped), "`{shipped}` is not in the page any more");
        code = code.replace(shipped, model);
    }
    let out = env::var_os("OUT_DIR").expect("cargo says where");
    fs::write(Path::new(&out).join("page.rs"), code).expect("the build's folder can be written");
}

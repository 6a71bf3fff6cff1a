//! Compiles the object that is preloaded, which the library carries inside itself.
//!
//! The compiler is called directly: cargo cannot make one crate of a package without the standard
//! library, and a package of its own would have to be built and found by every other one.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=preload");
    println!("cargo::rerun-if-changed=src/page.rs");
    let out = variable("OUT_DIR");
    let object = Path::new(&out).join("preload.so");
    if !is_supported() {
        // On other systems nothing is preloaded, and the library says so.
        std::fs::write(&object, []).expect("the build's own folder can be written");
        return;
    }
    // What everything here that needs such a system asks for.
    println!("cargo::rustc-cfg=warps");
    let mut compiler = Command::new(variable("RUSTC"));
    compiler
        .args(["--edition", "2024", "--crate-type", "cdylib", "--crate-name", "preload"])
        .args([
            "--cfg",
            "preload",
            "--cfg",
            "warps",
            "-O",
            "-C",
            "panic=abort",
            "-C",
            "debuginfo=0",
        ])
        .args(["-C", "strip=symbols", "--cap-lints", "allow"])
        .arg("--target")
        .arg(variable("TARGET"))
        .arg("-o")
        .arg(&object)
        .arg("preload/lib.rs");
    if let Some(linker) = env::var_os("RUSTC_LINKER") {
        let mut option = OsString::from("linker=");
        option.push(linker);
        compiler.arg("-C").arg(option);
    }
    let ended = compiler.status();
    let done = ended.as_ref().is_ok_and(std::process::ExitStatus::success);
    assert!(
        done,
        "the object that `--speed` preloads cannot be compiled: `{compiler:?}` gave {ended:?}; it \
         needs the standard library of the target (`rustup target add`) and a linker for it"
    );
}

fn is_supported() -> bool {
    let is = |name: &str, values: &[&str]| {
        env::var(name).is_ok_and(|value| values.contains(&value.as_str()))
    };
    is("CARGO_CFG_TARGET_OS", &["linux"])
        && is("CARGO_CFG_TARGET_ENV", &["gnu"])
        && is("CARGO_CFG_TARGET_ARCH", &["x86_64", "aarch64"])
}

fn variable(name: &str) -> OsString {
    env::var_os(name).unwrap_or_else(|| panic!("cargo sets `{name}`"))
}

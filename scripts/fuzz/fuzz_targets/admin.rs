//! The target `admin` of `fuzz::TARGETS`.
#![no_main]

mod counted;

libfuzzer_sys::fuzz_target!(|data: &[u8]| counted::feed("admin", data));

//! The target `relayed` of `fuzz::TARGETS`.
#![no_main]

mod counted;

libfuzzer_sys::fuzz_target!(|data: &[u8]| counted::feed("relayed", data));

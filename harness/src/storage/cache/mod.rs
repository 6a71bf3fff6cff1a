//! Where the engine's cache keeps its entries beyond a run: in a file, on a Redis server, and what
//! a scenario does to either.

pub mod disk;
mod faulty;
mod place;
pub mod redis;

pub use faulty::Faulty;
pub use place::CachePlace;

#[cfg(test)]
mod tests;

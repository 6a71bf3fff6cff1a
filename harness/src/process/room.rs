//! How much memory this process may still take: the least of what the machine has free, what its
//! container allows and what its own limit leaves.

use std::fs;

use rustix::process::{Resource, getrlimit};

use super::measure::figure_kb;

/// Bytes of memory that are free for this process, where the system says so.
pub fn free_memory() -> Option<u64> {
    [machine(), container(), own_limit()].into_iter().flatten().min()
}

fn machine() -> Option<u64> {
    bytes(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")
}

/// What a control group allows beyond what it uses.
fn container() -> Option<u64> {
    let number = |name: &str| {
        let text = fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?;
        text.trim().parse::<u64>().ok()
    };
    Some(number("memory.max")?.saturating_sub(number("memory.current")?))
}

/// What `ulimit -v` leaves.
fn own_limit() -> Option<u64> {
    let most = getrlimit(Resource::As).current?;
    let used = bytes(&fs::read_to_string("/proc/self/status").ok()?, "VmSize:")?;
    Some(most.saturating_sub(used))
}

/// A figure of a file of the system in bytes, by what its line begins with.
fn bytes(text: &str, name: &str) -> Option<u64> {
    figure_kb(text, name)?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_the_system_are_read_in_bytes() {
        assert_eq!(bytes("MemFree: 1 kB\nMemAvailable:   12 kB\n", "MemAvailable:"), Some(12_288));
        assert_eq!(bytes("MemFree: 1 kB\n", "MemAvailable:"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_machine_has_some_memory_left() {
        assert!(free_memory().is_some_and(|bytes| bytes > 1_000_000));
    }
}

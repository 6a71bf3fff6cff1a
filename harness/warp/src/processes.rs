//! What the system tells of processes: what they have computed, whether they would, and whom they
//! have started.

use std::fs;

/// What a process has computed since it began, in nanoseconds; nothing where it has ended.
pub(crate) fn computed(process: u32) -> Option<i64> {
    // The clock of another process, as `clock_getcpuclockid` makes it.
    const OF_A_PROCESS: i32 = 2;
    let clock = (!process.cast_signed() << 3) | OF_A_PROCESS;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the place for a time is there.
    let result = unsafe { libc::clock_gettime(clock, &raw mut time) };
    (result == 0).then_some(time.tv_sec * 1_000_000_000 + time.tv_nsec)
}

/// The threads of a process; none where it has ended.
pub(crate) fn threads(process: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    let name = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    entries.filter_map(|entry| name(entry.ok()?)).collect()
}

/// Whether a thread would go on at once: it runs, it waits for a processor, or it waits for a disk
/// or for a process that it is starting.
pub(crate) fn is_busy(process: u32, thread: u32) -> bool {
    let Ok(stat) = fs::read(format!("/proc/{process}/task/{thread}/stat")) else { return false };
    // The name before it may hold anything.
    let state = stat.iter().rposition(|byte| *byte == b')').and_then(|end| stat.get(end + 2));
    matches!(state, Some(b'R' | b'D'))
}

/// The processes that a thread has started and that have not been waited for.
pub(crate) fn children(process: u32, thread: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{process}/task/{thread}/children"));
    let list = list.unwrap_or_default();
    list.split_ascii_whitespace().filter_map(|child| child.parse().ok()).collect()
}

/// What the system calls a process.
pub(crate) fn name(process: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
    name.trim_end().to_owned()
}

/// Whether a process has ended and only waits to be waited for.
pub(crate) fn is_zombie(process: u32) -> bool {
    let stat = fs::read(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = stat.iter().rposition(|byte| *byte == b')').and_then(|end| stat.get(end + 2));
    matches!(state, Some(b'Z' | b'X') | None)
}

/// Whether a process has mapped a file of this name; nothing where the system does not say.
pub(crate) fn has_mapped(process: u32, name: &str) -> Option<bool> {
    let maps = fs::read(format!("/proc/{process}/maps")).ok().filter(|maps| !maps.is_empty())?;
    Some(String::from_utf8_lossy(&maps).contains(name))
}

/// Whether a process runs this program.
pub(crate) fn is_this_program(process: u32) -> bool {
    let program = |process: &str| fs::read_link(format!("/proc/{process}/exe")).ok();
    program("self").is_some_and(|this| program(&process.to_string()) == Some(this))
}

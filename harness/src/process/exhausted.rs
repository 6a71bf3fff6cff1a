//! What the machine ran out of while a run went on: descriptors, ports, memory, processes. What
//! was lost to that says nothing about a pipeline, so it is said at once, and the run proves
//! nothing.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;

use parking_lot::Mutex;
use rustix::io::Errno;

use super::terminal;

/// How often the machine ran out of what, since it was last asked.
static EXHAUSTED: Mutex<BTreeMap<&'static str, u64>> = Mutex::new(BTreeMap::new());

/// Takes notice of an error, where something that ran out is behind it.
pub fn note(error: &(dyn Error + 'static)) {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if let Some((what, hint)) = inner.downcast_ref::<io::Error>().and_then(ran_out) {
            let mut exhausted = EXHAUSTED.lock();
            let count = exhausted.entry(what).or_default();
            *count += 1;
            if *count == 1 {
                terminal::say(&format!("warning: out of {what}: {inner}\nhint: {hint}"));
            }
            return;
        }
        cause = inner.source();
    }
}

/// What ran out since this was last asked, and how often that was felt.
pub fn take() -> BTreeMap<String, u64> {
    let exhausted = std::mem::take(&mut *EXHAUSTED.lock());
    exhausted.into_iter().map(|(what, count)| (what.to_owned(), count)).collect()
}

/// What an error of the system says that there is no more of, and what to do about it.
fn ran_out(error: &io::Error) -> Option<(&'static str, &'static str)> {
    let fewer = "fewer jobs at once, or a machine that has more";
    Some(match Errno::from_io_error(error)? {
        Errno::MFILE | Errno::NFILE => ("file descriptors", "ulimit -n, or fewer jobs at once"),
        Errno::ADDRNOTAVAIL => ("ports", "fewer jobs at once, or wait until old ones are free"),
        Errno::NOMEM | Errno::NOBUFS => ("memory", fewer),
        // What starting a process or a thread says; a socket that is not ready never gets here.
        Errno::AGAIN => ("processes", "ulimit -u, or fewer jobs at once"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("no connection")]
    struct Wrapped(#[source] io::Error);

    #[test]
    fn what_is_behind_an_error_is_found_and_other_errors_are_left() {
        note(&Wrapped(io::Error::from(Errno::MFILE)));
        note(&io::Error::from(Errno::CONNRESET));
        assert_eq!(take().get("file descriptors"), Some(&1));
        assert_eq!(take(), BTreeMap::new());
    }
}

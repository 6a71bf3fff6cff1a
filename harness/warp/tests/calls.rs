//! Goal: every call that is wrapped waits for its time on the program's own clock, and ends early
//! for the same reasons as ever.
//! Method: a program in C waits in each way for six seconds by its own clock, which it prints. Here
//! it is run below a clock sixty times as fast: what it prints has to be six seconds all the same.
//! How fast the machine is, is not asserted.

#![cfg(warps)]

mod support;

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Instant;

use support::{Clock, run};

/// The program, compiled once.
fn waits() -> &'static PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let program = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("waits");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/waits.c");
        // Rust's own linker is called by this name.
        let compiler = Command::new("cc")
            .args(["-O1", "-Wall", "-Werror", "-o"])
            .args([program.as_os_str(), source.as_ref(), "-lpthread".as_ref()])
            .output()
            .expect("a C compiler");
        assert!(compiler.status.success(), "{}", String::from_utf8_lossy(&compiler.stderr));
        program
    })
}

/// Waits in the way of this name, which says how long that takes where it is not six seconds. On a
/// machine that is busy with something else a program takes its time between two calls, at real
/// speed; a wait in the wrong clock would be a tenth of a second or six minutes.
#[track_caller]
fn check(name: &str) {
    let printed = run(Clock::new().command(waits()).arg(name));
    let passed_ms: u64 = printed.trim().parse().expect("a number of milliseconds");
    let expected = match name {
        name if name.ends_with("_none") => 0..=2_000,
        name if name.ends_with("_half") => 3_000..=5_900,
        _ => 6_000..=9_000,
    };
    assert!(expected.contains(&passed_ms), "{name}: {passed_ms} ms by its own clock");
}

#[test]
fn a_minute_takes_less_than_a_minute() {
    let began = Instant::now();
    run(Clock::new().command("sleep").arg("60"));
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}

macro_rules! calls {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                check(stringify!($name));
            }
        )*

        #[test]
        fn every_way_of_the_program_is_a_test() {
            let listed = run(&mut Command::new(waits()));
            let listed: Vec<&str> = listed.lines().collect();
            assert_eq!(listed, [$(stringify!($name)),*]);
        }
    };
}

calls!(
    clock_gettime_realtime,
    clock_gettime_monotonic,
    clock_gettime_raw,
    clock_gettime_boottime,
    clock_gettime_coarse,
    clock_gettime_monotonic_coarse,
    clock_gettime_cpu_none,
    gettimeofday_,
    time_,
    timespec_get_,
    clocks_never_go_back_none,
    nanosleep_,
    clock_nanosleep_,
    clock_nanosleep_absolute,
    clock_nanosleep_calendar,
    usleep_,
    sleep_,
    thrd_sleep_,
    nanosleep_interrupted_half,
    sleep_invalid_none,
    poll_,
    poll_ready_half,
    poll_at_once_none,
    poll_for_ever_half,
    ppoll_,
    select_,
    select_ready_half,
    pselect_,
    epoll_wait_,
    epoll_wait_ready_half,
    epoll_pwait_,
    epoll_pwait2_,
    sem_timedwait_,
    sem_timedwait_posted_half,
    sem_clockwait_,
    pthread_cond_timedwait_,
    pthread_cond_timedwait_monotonic,
    pthread_cond_timedwait_signalled_half,
    pthread_cond_clockwait_,
    cnd_timedwait_,
    pthread_mutex_timedlock_,
    pthread_mutex_clocklock_,
    pthread_rwlock_timedrdlock_,
    pthread_rwlock_clockrdlock_,
    pthread_rwlock_timedwrlock_,
    pthread_rwlock_clockwrlock_,
    mtx_timedlock_,
    pthread_timedjoin_np_,
    pthread_clockjoin_np_,
    sigtimedwait_,
    timerfd_settime_,
    timerfd_settime_absolute,
    timerfd_settime_periodic,
    timerfd_settime_missed,
    setitimer_,
    alarm_,
    alarm_stopped,
    alarm_across_exec,
    timer_settime_,
    so_rcvtimeo_recv,
    so_rcvtimeo_recvfrom,
    so_rcvtimeo_recvmsg,
    so_rcvtimeo_read,
    so_rcvtimeo_readv,
    so_rcvtimeo_data_half,
    so_rcvtimeo_dont_wait_none,
    so_rcvtimeo_nonblocking_none,
    so_rcvtimeo_dup,
    so_rcvtimeo_dup2,
    so_rcvtimeo_fcntl,
    so_rcvtimeo_closed_half,
    so_rcvtimeo_accept,
    so_rcvtimeo_accepted,
    so_sndtimeo_send,
    so_sndtimeo_sendto,
    so_sndtimeo_sendmsg,
    so_sndtimeo_write,
    so_sndtimeo_writev,
    so_sndtimeo_connect,
    syscall_futex_wait,
    syscall_futex_wait_bitset,
    syscall_futex_calendar,
    syscall_futex_woken_half,
    syscall_nanosleep,
    syscall_clock_nanosleep,
    syscall_ppoll,
    syscall_pselect6,
    syscall_epoll_pwait,
    syscall_epoll_pwait2,
    syscall_timerfd,
    syscall_clocks,
    syscall_others_none,
    syscall_old_calls,
    fork_,
    exec_,
);

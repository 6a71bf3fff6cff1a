//! Goal: programs in Python, Node and Rust wait for their time on their own clocks, in every way
//! that their libraries have.
//! Method: each measures six seconds by each of its clocks, below a clock sixty times as fast, and
//! prints a line of milliseconds for each way to wait. The clock of the machine is not asserted.

#![cfg(warps)]

mod support;

use std::path::PathBuf;
use std::process::Command;

use support::{Clock, run};

const PYTHON: &str = r"
import asyncio, concurrent.futures, queue, select, signal, socket, subprocess, threading, time
def passed(wait):
    clocks = [time.monotonic, time.time, time.perf_counter]
    before = [clock() for clock in clocks]
    wait()
    for clock, began in zip(clocks, before):
        print(round((clock() - began) * 1000), flush=True)
def until_timeout(wait):
    try: wait()
    except (queue.Empty, socket.timeout, concurrent.futures.TimeoutError, asyncio.TimeoutError,
            subprocess.TimeoutExpired): return
    raise SystemExit('no time-out')
def thread():
    worker = threading.Thread(target=time.sleep, args=[6])
    worker.start()
    worker.join(60)
passed(lambda: time.sleep(6))
passed(lambda: asyncio.run(asyncio.sleep(6)))
passed(lambda: until_timeout(lambda: asyncio.run(asyncio.wait_for(asyncio.sleep(60), 6))))
passed(lambda: threading.Event().wait(6))
condition = threading.Condition()
with condition: passed(lambda: condition.wait(6))
passed(lambda: threading.Semaphore(0).acquire(timeout=6))
passed(thread)
passed(lambda: until_timeout(lambda: queue.Queue().get(timeout=6)))
left, right = socket.socketpair()
left.settimeout(6)
passed(lambda: until_timeout(lambda: left.recv(1)))
passed(lambda: select.select([left], [], [], 6))
poll = select.poll()
poll.register(left, select.POLLIN)
passed(lambda: poll.poll(6000))
epoll = select.epoll()
epoll.register(left, select.EPOLLIN)
passed(lambda: epoll.poll(6))
pool = concurrent.futures.ThreadPoolExecutor()
future = pool.submit(time.sleep, 7)
passed(lambda: until_timeout(lambda: future.result(timeout=6)))
signal.signal(signal.SIGALRM, lambda *_: None)
def alarm(): signal.alarm(6); signal.pause()
passed(alarm)
passed(lambda: subprocess.run(['sleep', '6']))
passed(lambda: until_timeout(lambda: subprocess.run(['sleep', '60'], timeout=6)))
";

const NODE: &str = r"
const hrtime = () => Number(process.hrtime.bigint()) / 1e6;
const clocks = [() => performance.now(), () => Date.now(), hrtime];
const passed = async wait => {
    const before = clocks.map(clock => clock());
    await wait();
    clocks.forEach((clock, at) => console.log(Math.round(clock() - before[at])));
};
(async () => {
    await passed(() => new Promise(done => setTimeout(done, 6000)));
    await passed(() => require('timers/promises').setTimeout(6000));
    await passed(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6000));
    await passed(() => new Promise(done => {
        const { Worker } = require('worker_threads');
        new Worker('setTimeout(() => {}, 6000)', { eval: true }).on('exit', done);
    }));
    await passed(() => new Promise(done => {
        let times = 0;
        const timer = setInterval(() => ++times == 3 && (clearInterval(timer), done()), 2000);
    }));
    await passed(() => new Promise(done => {
        const server = require('net').createServer(() => {}).listen(0, '127.0.0.1', () => {
            const client = require('net').connect(server.address().port, '127.0.0.1');
            client.setTimeout(6000, () => { client.destroy(); server.close(); done(); });
        });
    }));
})();
";

const RUST: &str = r#"
use std::io::{ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::sync::{Condvar, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

const LENGTH: Duration = Duration::from_secs(6);

fn passed(wait: impl FnOnce()) {
    let (instant, calendar) = (Instant::now(), SystemTime::now());
    wait();
    println!("{}", instant.elapsed().as_millis());
    println!("{}", calendar.elapsed().unwrap().as_millis());
}

fn main() {
    passed(|| thread::sleep(LENGTH));
    passed(|| {
        let began = Instant::now();
        while began.elapsed() < LENGTH {
            thread::park_timeout(LENGTH - began.elapsed());
        }
    });
    let lock = Mutex::new(());
    passed(|| {
        let guard = lock.lock().unwrap();
        let (_guard, result) = Condvar::new().wait_timeout_while(guard, LENGTH, |()| true).unwrap();
        assert!(result.timed_out());
    });
    let (_sender, receiver) = mpsc::channel::<()>();
    passed(|| assert!(receiver.recv_timeout(LENGTH).is_err()));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.set_read_timeout(Some(LENGTH)).unwrap();
    assert_eq!(client.read_timeout().unwrap(), Some(LENGTH));
    passed(|| assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock));
}
"#;

/// Checks that a program has waited as many times as it should, six seconds each time.
#[track_caller]
fn check(command: &mut Command, lines: usize) {
    let printed = run(command);
    let passed: Vec<u64> = printed.lines().map(|line| line.parse().expect("a number")).collect();
    assert_eq!(passed.len(), lines, "{printed}");
    assert!(passed.iter().all(|passed_ms| (5_999..=9_000).contains(passed_ms)), "{passed:?}");
}

#[test]
fn a_python_program_waits_for_its_time_in_every_way() {
    check(Clock::new().command("python3").args(["-c", PYTHON]), 16 * 3);
}

#[test]
fn a_node_program_waits_for_its_time_in_every_way() {
    check(Clock::new().command("node").args(["-e", NODE]), 6 * 3);
}

#[test]
fn a_rust_program_waits_for_its_time_in_every_way() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (source, program) = (folder.join("waiting.rs"), folder.join("waiting"));
    std::fs::write(&source, RUST).expect("the test's own folder can be written");
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut compiler = Command::new(compiler);
    compiler.args(["--edition", "2021", "-o"]).args([&program, &source]);
    run(&mut compiler);
    check(&mut Clock::new().command(program), 5 * 2);
}

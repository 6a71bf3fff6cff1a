//! What is drawn of fixed data, at the sizes that people have.

use std::collections::BTreeMap;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Color;

use super::draw;
use super::look::Theme;
use crate::basis::hex::Hex;
use crate::cli::ui::state::{Addresses, View};
use crate::journal::conduct;
use crate::journal::live::{Minute, Second, Took};
use crate::journal::{Entry, Ledger, Record, Trace};
use crate::mock::MockClaude;
use crate::mock::config::Config;
use crate::server::admin::live::{Row, Snapshot};

/// A mock that nobody has asked anything yet.
fn idle() -> View {
    let mock = MockClaude::new(Config::default());
    let snapshot = Snapshot { now_us: 0, ..Snapshot::of(&mock, 0) };
    let api = "http://127.0.0.1:8080".to_owned();
    View {
        addresses: Addresses { api, page: None },
        snapshot,
        conduct: conduct::judge(&[]),
        faults: Vec::new(),
        preset: Some(0),
        is_paused: false,
        shows_help: false,
        notice: None,
    }
}

/// Requests of one client that repeats what failed, without waiting and however often.
fn records() -> Vec<Record> {
    let record = |number: u64| {
        let status = if number % 7 == 6 { 200 } else { 529 };
        let fault = (status == 529).then(|| "overload".to_owned());
        let at_us = 3_723_000_000 + number * 700_000;
        let took_us = if status == 200 { 1_480_000 } else { 21_300 };
        let entry = Entry {
            at_us,
            request_id: format!("req_{number}"),
            tag: None,
            status,
            error: None,
            fault,
            tokens_in: if status == 200 { 12_345 } else { 0 },
            tokens_out: if status == 200 { 640 } else { 0 },
            cost_microusd: 40_000,
        };
        let trace = Trace {
            method: "POST".into(),
            path: "/v1/messages".into(),
            job: number.is_multiple_of(2).then(|| "summarise-the-documentation".to_owned()),
            model: Some("claude-haiku-4-5-20251001".into()),
            subject: Some((number / 7).into()),
            question: Some((number / 7).into()),
            body: number / 7 + 1,
            key: Some(Hex([0x01, 0x23, 0x45, 0x67, 0x89, 0xab])),
            started_us: at_us,
            ended_us: (number != 69).then_some(at_us + took_us),
            client_left: number == 68,
            cut: number == 67,
            ..Trace::default()
        };
        Record { number, entry, trace }
    };
    (0..70).map(record).collect()
}

/// A mock under load.
fn busy() -> View {
    let records = records();
    let second = |number: u64| Second {
        ended: 20 + number % 13 * 9,
        failed: if number.is_multiple_of(5) { 15 } else { 0 },
        tokens_in: 123_456,
        tokens_out: 6_400,
        cost_microusd: 23_456,
    };
    let mut view = idle();
    view.addresses.page = Some("http://127.0.0.1:8081/#token=0123456789abcdef".to_owned());
    view.conduct = conduct::judge(&records);
    view.faults = ["burst", "overload", "stall", "cut", "late"].map(ToOwned::to_owned).to_vec();
    view.preset = Some(6);
    view.snapshot.now_us = 3_779_000_000;
    view.snapshot.in_flight = 17;
    view.snapshot.ledger = Ledger {
        requests: 123_456,
        errors: 4_321,
        tokens_in: 987_654_321,
        tokens_out: 12_345_678,
        cost_microusd: 3_148_000_000,
    };
    view.snapshot.minute = Minute {
        seconds: (0..60).map(second).collect(),
        latency: Some(Took { n: 3_976, p50_us: 812_000, p95_us: 4_600_000, p99_us: 61_000_000 }),
        first_token: Some(Took { n: 950, p50_us: 41_200, p95_us: 730, p99_us: 9_800_000 }),
        statuses: BTreeMap::from([(0, 12), (200, 118_000), (400, 7), (429, 1_437), (529, 4_000)]),
        cut: 95,
    };
    view.snapshot.latest = records.into_iter().rev().map(Row::of).collect();
    view
}

fn drawn(view: &View, columns: u16, lines: u16, colours: bool) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(columns, lines)).unwrap();
    terminal.draw(|frame| draw(frame, view, Theme { colours })).unwrap();
    terminal.backend().buffer().clone()
}

/// The letters of a drawing; a wide one is followed by no space.
fn text(buffer: &Buffer) -> String {
    let lines = buffer.content.chunks(usize::from(buffer.area.width).max(1));
    let line = |cells: &[ratatui::buffer::Cell]| {
        let letters: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
        letters.trim_end().to_owned()
    };
    lines.map(line).collect::<Vec<_>>().join("\n")
}

fn check(view: &View, columns: u16, lines: u16) -> String {
    text(&drawn(view, columns, lines, false))
}

#[test]
fn everything_fits_into_80_by_24() {
    insta::assert_snapshot!(check(&busy(), 80, 24), @"
    mock-claude  http://127.0.0.1:8080  page http://127.0.0.1:8081/       up 1:02:59
    requests a second ──────────────────────────────────────────  all answers ──────
    now 83  mean 71.0  most 128  under way 17  in all 123,456     2xx  118.0k  95.5%
              ▂▅█          ▂▅█          ▂▅█          ▂▅█          4xx       7   0.0%
           ▁▄▇███       ▁▄▇███       ▁▄▇███       ▁▄▇███       ▁  429   1,437   1.1%
        ▁▄▇██████    ▁▄▇██████    ▁▄▇██████    ▁▄▇██████    ▁▄▇█  5xx   4,000   3.2%
     ▁▃▆█████████ ▁▃▆█████████ ▁▃▆█████████ ▁▃▆█████████ ▁▃▆████  none     12   0.0%
    ▆████████████▆████████████▆████████████▆████████████▆███████  cut      95   0.0%
    durations of the last minute ───────────────────  tokens and money ─────────────
                     p50      p95      p99       n    in   987,654,321      7.4M/min
    latency       812 ms    4.6 s   61.0 s   3,976    out   12,345,678    384.0k/min
    first token  41.2 ms   730 µs    9.8 s     950    cost   $3,148.00   $1.4073/min
    clients ────────────────────────────────────────────────  faults in force: 5 ───
    2 wrong in 70 requests, 60 of which failed                burst
    no_backoff: 20 of 20  double the wait with each attempt…  overload
    no_jitter: 50 of 50  take each wait at random from a ra…  and 3 more
    latest requests ────────────────────────────────────────────────────────────────
    UTC      client       model or path         fault            in    out      took
    01:02:51 key 012345   claude-haiku-4-5… 200               12.3k    640         …
    01:02:50 summarise-t… claude-haiku-4-5… 529 left overlo…      0      0   21.3 ms
    01:02:49 key 012345   claude-haiku-4-5… 529 cut overload      0      0   21.3 ms
    01:02:49 summarise-t… claude-haiku-4-5… 529 overload          0      0   21.3 ms
    01:02:48 key 012345   claude-haiku-4-5… 529 overload          0      0   21.3 ms
    q end  c clear faults  1-7 preset  p pause  ? help                 preset stress
    ");
}

#[test]
fn a_larger_terminal_shows_more() {
    insta::assert_snapshot!(check(&busy(), 120, 40), @"
    mock-claude  http://127.0.0.1:8080  page http://127.0.0.1:8081/                                               up 1:02:59
    requests a second ────────────────────────────────────────────────────────────────────────────  all answers ────────────
    now 83  mean 71.0  most 128  under way 17  in all 123,456                                       2xx  118.0k  95.5%
              ▂▅█          ▂▅█          ▂▅█          ▂▅█                                            4xx       7   0.0%
           ▁▄▇███       ▁▄▇███       ▁▄▇███       ▁▄▇███       ▁                                    429   1,437   1.1%
        ▁▄▇██████    ▁▄▇██████    ▁▄▇██████    ▁▄▇██████    ▁▄▇█                                    5xx   4,000   3.2%
     ▁▃▆█████████ ▁▃▆█████████ ▁▃▆█████████ ▁▃▆█████████ ▁▃▆████                                    none     12   0.0%
    ▆████████████▆████████████▆████████████▆████████████▆███████                                    cut      95   0.0%
    durations of the last minute ───────────────────────────────────────────────────────────  tokens and money ─────────────
                     p50      p95      p99       n                                            in   987,654,321      7.4M/min
    latency       812 ms    4.6 s   61.0 s   3,976                                            out   12,345,678    384.0k/min
    first token  41.2 ms   730 µs    9.8 s     950                                            cost   $3,148.00   $1.4073/min
    clients ────────────────────────────────────────────────────────────────────────────────  faults in force: 5 ───────────
    2 wrong in 70 requests, 60 of which failed                                                burst
    no_backoff: 20 of 20  double the wait with each attempt, up to a bound                    overload
    no_jitter: 50 of 50  take each wait at random from a range, so that clients that failed…  stall
    20 questions: 0 answered at the first attempt, 9 after up to 4 attempts, 10 never, 1 not  cut
    over yet; $2.400000 paid for answers that were not whole                                  late

    latest requests ────────────────────────────────────────────────────────────────────────────────────────────────────────
    UTC      client                   model or path                         fault                        in    out      took
    01:02:51 key 012345               claude-haiku-4-5-20251001         200                           12.3k    640         …
    01:02:50 summarise-the-documenta… claude-haiku-4-5-20251001         529 left overload                 0      0   21.3 ms
    01:02:49 key 012345               claude-haiku-4-5-20251001         529 cut overload                  0      0   21.3 ms
    01:02:49 summarise-the-documenta… claude-haiku-4-5-20251001         529 overload                      0      0   21.3 ms
    01:02:48 key 012345               claude-haiku-4-5-20251001         529 overload                      0      0   21.3 ms
    01:02:47 summarise-the-documenta… claude-haiku-4-5-20251001         529 overload                      0      0   21.3 ms
    01:02:47 key 012345               claude-haiku-4-5-20251001         529 overload                      0      0   21.3 ms
    01:02:46 summarise-the-documenta… claude-haiku-4-5-20251001         200                           12.3k    640     1.5 s
    01:02:45 key 012345               claude-haiku-4-5-20251001         529 overload                      0      0   21.3 ms
    01:02:45 summarise-the-documenta… claude-haiku-4-5-20251001         529 overload                      0      0   21.3 ms
    01:02:44 key 012345               claude-haiku-4-5-20251001         529 overload                      0      0   21.3 ms
    01:02:43 summarise-the-documenta… claude-haiku-4-5-20251001         529 overload                      0      0   21.3 ms
    01:02:42 key 012345               claude-haiku-4-5-20251001         529 overload                      0      0   21.3 ms
    01:02:42 summarise-the-documenta… claude-haiku-4-5-20251001         529 overload                      0      0   21.3 ms
    01:02:41 key 012345               claude-haiku-4-5-20251001         200                           12.3k    640     1.5 s
    01:02:40 summarise-the-documenta… claude-haiku-4-5-20251001         529 overload                      0      0   21.3 ms
    01:02:40 key 012345               claude-haiku-4-5-20251001         529 overload                      0      0   21.3 ms
    01:02:39 summarise-the-documenta… claude-haiku-4-5-20251001         529 overload                      0      0   21.3 ms
    q end  c clear faults  1-7 preset  p pause  ? help                                                         preset stress
    ");
}

#[test]
fn a_mock_that_nobody_has_asked_yet_is_drawn_too() {
    insta::assert_snapshot!(check(&idle(), 80, 24), @"
    mock-claude  http://127.0.0.1:8080                                    up 0:00:00
    requests a second ──────────────────────────────────────────  all answers ──────
    now 0  mean 0.0  most 0  under way 0  in all 0                2xx       0   0.0%
                                                                  4xx       0   0.0%
                                                                  429       0   0.0%
                                                                  5xx       0   0.0%
                                                                  none      0   0.0%
                                                                  cut       0   0.0%
    durations of the last minute ───────────────────  tokens and money ─────────────
                     p50      p95      p99       n    in             0         0/min
    latency            –        –        –       0    out            0         0/min
    first token        –        –        –       0    cost   $0.000000 $0.000000/min
    clients ────────────────────────────────────────────────  faults in force: 0 ───
    unproved: 0 requests, and it takes 20 to say anything     none


    latest requests ────────────────────────────────────────────────────────────────
    UTC      client       model or path         fault            in    out      took





    q end  c clear faults  1-7 preset  p pause  ? help                preset instant
    ");
}

#[test]
fn the_help_names_every_key_and_preset() {
    let mut view = busy();
    (view.shows_help, view.is_paused) = (true, true);
    view.notice = Some("preset stress from now on".to_owned());
    insta::assert_snapshot!(check(&view, 80, 24), @"
    mock-claude  http://127.0.0.1:8080  page http://127.0.0.1:…   PAUSED  up 1:02:59
    requests a second ──────────────────────────────────────────  all answers ──────
    now 83  mean 71.0  most 128  under way 17  in all 123,456     2xx  118.0k  95.5%
              ▂▅█          ▂▅█          ▂▅█          ▂▅█          4xx       7   0.0%
      ┌ help ────────────────────────────────────────────────────────────────────┐1%
      │ q, Ctrl-C  stop the mock, with a summary                                 │2%
     ▁│ c          clear the faults                                              │0%
    ▆█│ p          pause what is drawn; the mock goes on                         │0%
    du│ ?          hide this                                                     │──
      │                                                                          │in
    la│ A preset sets latency, limits and faults; the same key takes it back:    │in
    fi│ 1 instant       No waiting at all and nothing in the way: for tests of w…│in
    cl│ 2 healthy       A good day: no limits, no faults, a mid-size model with …│──
    2 │ 3 realistic     An ordinary day in the start tier: generous limits, unev…│
    no│ 4 rate-limited  The evaluation tier, 50 requests a minute, with bursts n…│
    no│ 5 brownout      Slow, and for three minutes from the first request on a …│
    la│ 6 outage        Gone for two minutes from the first request on, then sha…│──
    UT│*7 stress        Everything at once: tight limits, few places, and one at…│ok
    01│                                                                          │ …
    01│ page http://127.0.0.1:8081/#token=0123456789abcdef                       │ms
    01└──────────────────────────────────────────────────────────────────────────┘ms
    01:02:49 summarise-t… claude-haiku-4-5… 529 overload          0      0   21.3 ms
    01:02:48 key 012345   claude-haiku-4-5… 529 overload          0      0   21.3 ms
    q end  c clear faults  1-7 preset  p pause  ? help     preset stress from now on
    ");
}

#[test]
fn nothing_that_was_written_elsewhere_changes_the_terminal() {
    let hostile = "\u{1b}[2J\u{1b}]0;x\u{7}\r\n\u{202e}漢字\u{0}".repeat(9);
    let mut view = busy();
    view.faults = vec![hostile.clone()];
    for row in &mut view.snapshot.latest {
        row.what.job = Some(hostile.clone());
        row.what.model = Some(hostile.clone());
        row.what.fault = Some(hostile.clone());
    }
    let shown = check(&view, 80, 24);
    assert!(shown.contains("\\u{1b}[2J"), "{shown}");
    for (number, line) in shown.lines().enumerate() {
        let is_harmless = |letter: char| !letter.is_control() && letter != '\u{202e}';
        assert!(line.chars().all(is_harmless), "line {number}: {line:?}");
    }
    // The figures stand where they do below an honest name.
    assert!(shown.contains("21.3 ms"), "{shown}");
}

#[test]
fn every_size_can_be_drawn() {
    let mut view = busy();
    for shows_help in [false, true] {
        view.shows_help = shows_help;
        for columns in [0, 1, 20, 49, 50, 51, 79, 81, 200, 500] {
            for lines in [0, 1, 5, 11, 12, 13, 20, 23, 31, 32, 100] {
                check(&view, columns, lines);
            }
        }
    }
    assert!(check(&view, 49, 24).starts_with("too small"));
}

#[test]
fn colours_are_used_only_where_they_are_wanted() {
    let has_colours = |colours| {
        let buffer = drawn(&busy(), 120, 40, colours);
        buffer.content.iter().any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset)
    };
    assert!(has_colours(true) && !has_colours(false));
}

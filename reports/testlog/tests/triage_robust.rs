//! Goal: whatever a log became on its way here, it is read, judged and shown without a panic, and
//! every page is what its format says. Method: logs that runners really wrote are cut, spliced,
//! doubled, shuffled and given the numbers, bytes and marks that parsers trip over; each is read
//! as what it says it is and as something else, and goes through every report.
//! `PROPTEST_CASES=100000` asks for more than a test run has time for.

mod archive;

use std::io::BufReader;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;
use reports::Style;
use reports::text::is_harmful;
use testlog::Format;
use testlog::render::{TRIAGE, json};
use testlog::triage::{Input, RuleFile, Rules, SHIPPED, Triage};

/// Logs of every format, the packed ones first.
static LOGS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let packed = [
        "v90/v-short.log",
        "v74/xdist-v.log",
        "v62/ci-plain.log",
        "v90/colour-plain.log",
        "v84/rerun-v.log",
        "v84/junit.xml",
        "v90/reportlog.jsonl",
    ];
    let mut files = archive::unpacked("suite/pytest.tar.gz");
    let unpacked = packed.into_iter().map(|name| files.remove(name).expect("a log in the archive"));
    let forged = archive::unpacked("forged/logs.tar.gz");
    unpacked.chain(forged.into_values()).collect()
});

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let file: RuleFile = toml::from_str(SHIPPED).expect("the shipped rules");
    Rules::compile(vec![file]).expect("they compile")
});

/// What is put into a log, anywhere.
const NASTY: [&[u8]; 30] = [
    b"99999999999999999999",
    b"18446744073709551615",
    b"-1",
    b"1e308",
    b"0.00000000000000000001",
    b"\0",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xc0\xaf",
    b"\xf4\x90\x80\x80",
    b"\\ud800",
    b"\\u0000",
    b"\\",
    b"\"",
    b"{",
    b"}",
    b"[[[[[[[[",
    b"]",
    b"<",
    b">",
    b"<testcase>",
    b"</testsuite>",
    b"<![CDATA[",
    b"]]>",
    b"&#0;&#xffff;&x;",
    b"\x1b[31m\x1b]0;x",
    b"\r\n",
    "\u{202e}\u{feff}\u{85}\u{2028}".as_bytes(),
    b"=HYPERLINK(\"x\")",
    b"\n\n=== short test summary info ===\n",
];

/// One thing that happens to a log.
#[derive(Debug, Clone)]
enum Damage {
    Cut(Index, Index),
    Double(Index, Index),
    Splice(Index, Index, Index),
    Byte(Index, u8),
    Insert(Index, usize),
    Number(Index, usize),
    Lines(Index, Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    prop_oneof![
        (at(), at()).prop_map(|(from, to)| Damage::Cut(from, to)),
        (at(), at()).prop_map(|(from, to)| Damage::Double(from, to)),
        (at(), at(), at()).prop_map(|(log, from, to)| Damage::Splice(log, from, to)),
        (at(), any::<u8>()).prop_map(|(place, byte)| Damage::Byte(place, byte)),
        (at(), 0..NASTY.len()).prop_map(|(place, which)| Damage::Insert(place, which)),
        (at(), 0..5_usize).prop_map(|(place, which)| Damage::Number(place, which)),
        (at(), at()).prop_map(|(one, other)| Damage::Lines(one, other)),
    ]
}

fn range(from: Index, to: Index, length: usize) -> std::ops::Range<usize> {
    let (from, to) = (from.index(length + 1), to.index(length + 1));
    from.min(to)..from.max(to)
}

fn damaged(mut log: Vec<u8>, damage: &Damage) -> Vec<u8> {
    match *damage {
        Damage::Cut(from, to) => {
            log.drain(range(from, to, log.len()));
        }
        Damage::Double(from, to) => {
            let range = range(from, to, log.len());
            // A few doublings of doublings are enough.
            if range.len() < 20_000 {
                log.extend_from_within(range);
            }
        }
        Damage::Splice(which, from, to) => {
            let other = which.get(&LOGS);
            let piece = &other[range(from, to, other.len())];
            let place = to.index(log.len() + 1);
            log.splice(place..place, piece.iter().copied().take(20_000));
        }
        Damage::Byte(place, byte) if !log.is_empty() => {
            let place = place.index(log.len());
            log[place] = byte;
        }
        Damage::Insert(place, which) => {
            let place = place.index(log.len() + 1);
            log.splice(place..place, NASTY[which].iter().copied());
        }
        Damage::Number(place, which) if !log.is_empty() => {
            // The next number after the place.
            let start = place.index(log.len());
            let digit = |byte: &u8| byte.is_ascii_digit();
            if let Some(first) = log[start..].iter().position(digit).map(|at| start + at) {
                let length = log[first..].iter().take_while(|byte| digit(byte)).count();
                log.splice(first..first + length, NASTY[which].iter().copied());
            }
        }
        Damage::Lines(one, other) => {
            let mut lines: Vec<&[u8]> = log.split(|byte| *byte == b'\n').collect();
            let (one, other) = (one.index(lines.len()), other.index(lines.len()));
            lines.swap(one, other);
            log = lines.join(&b'\n');
        }
        Damage::Byte(..) | Damage::Number(..) => {}
    }
    log
}

/// Every report of some logs, each held against its format.
fn check(logs: Vec<testlog::Log>) {
    let inputs: Vec<Input> =
        logs.into_iter().map(|log| Input { name: "=a\u{202e}\"<log>\n".to_owned(), log }).collect();
    let triage = Triage::new(&inputs, &RULES, true);
    // What broke a run as a whole is a finding where no test is.
    let of_run = |run: &testlog::TestRun| match run.failures().count() {
        0 => usize::from(run.session_error.is_some()),
        failures => failures,
    };
    let failures: usize = inputs.iter().flat_map(|input| &input.log.runs).map(of_run).sum();
    assert_eq!(triage.findings.len(), failures);

    let coloured = Style { colour: true, width: 80, ..Style::PLAIN };
    let page = |word: &str, style: Style| {
        let format = TRIAGE.iter().find(|format| format.format().word == word);
        format.unwrap_or_else(|| panic!("no format {word}")).text(&triage, style)
    };
    let texts = [
        page("text", Style { verbose: true, ..Style::PLAIN }),
        page("txt", Style::PLAIN),
        page("markdown", Style::PLAIN),
        page("matrix", Style::PLAIN),
        page("text", coloured).replace('\u{1b}', ""),
    ];
    for text in texts {
        let harmful = text.chars().find(|found| is_harmful(*found) && *found != '\n');
        assert_eq!(harmful, None, "{text}");
    }

    let csv = page("csv", Style::PLAIN);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<csv::StringRecord> =
        reader.records().map(|row| row.expect("rows of one length")).collect();
    assert_eq!(rows.len(), failures);
    for cell in rows.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "a formula: {cell}");
    }

    let json: json::Report =
        serde_json::from_str(&page("json", Style::PLAIN)).expect("what it says it is");
    assert_eq!(json.failures.len(), failures);
    for (shown, finding) in json.failures.iter().zip(&triage.findings) {
        assert_eq!(shown.message, finding.case.message);
    }

    let xml = page("junit", Style::PLAIN);
    let report = quick_junit::Report::deserialize_from_str(&xml).expect("a JUnit report");
    let suites = report.test_suites.iter();
    let cut = inputs.iter().flat_map(|input| &input.log.runs);
    let cut = cut.filter(|run| !run.completeness.is_complete()).count();
    assert_eq!(suites.map(|suite| suite.failures + suite.errors).sum::<usize>(), failures + cut);
}

fn read(bytes: &[u8], format: Option<Format>) -> testlog::Log {
    // A refused document is an answer as well.
    testlog::read(BufReader::with_capacity(4096, bytes), format).unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(48)
    ))]

    #[test]
    fn a_damaged_log_is_read_judged_and_shown(
        which in any::<Index>(),
        damages in prop::collection::vec(damage(), 1..8),
        other in prop::sample::select(vec![
            Format::Text, Format::Pytest, Format::Cargo, Format::Nextest, Format::Libtest,
            Format::Junit, Format::Reportlog, Format::Go, Format::Jest,
        ]),
        wide in any::<bool>(),
    ) {
        let mut bytes = damages.iter().fold(which.get(&LOGS).clone(), damaged);
        if wide {
            // What Windows' shell makes of it.
            let text = String::from_utf8_lossy(&bytes).into_owned();
            bytes = [0xFF, 0xFE].into_iter()
                .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
                .collect();
        }
        check(vec![read(&bytes, None), read(&bytes, Some(other))]);
    }
}

#[test]
fn every_log_as_it_is_passes_through_every_report() {
    check(LOGS.iter().map(|bytes| read(bytes, None)).collect());
}

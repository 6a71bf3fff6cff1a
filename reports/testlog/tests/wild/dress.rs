//! The same log as other systems would have written it: prefixes, encodings, ends of lines.

/// A way to write a log down, and its name.
pub(crate) type Dress = (&'static str, fn(&[u8]) -> Vec<u8>);

/// Ways to write a log down that change nothing about what it says.
pub(crate) const DRESSES: [Dress; 10] = [
    ("line ends of Windows", |log| each(log, |_, line| [line, b"\r"].concat())),
    ("UTF-16 as PowerShell writes it", utf_16),
    ("GitHub's times", |log| each(log, |at, line| [stamp(at).as_bytes(), b"Z ", line].concat())),
    ("gh run view --log", |log| {
        each(log, |at, line| {
            [b"test (3.11)\tRun tests\t", stamp(at).as_bytes(), b"Z ", line].concat()
        })
    }),
    ("GitLab's times and sections", |log| {
        let inside = each(log, |at, line| [stamp(at).as_bytes(), b"Z 01O ", line].concat());
        let opens =
            b"2026-05-26T20:28:00.000000Z 00O section_start:1779827280:step_script\r\x1b[0K";
        [&opens[..], b"Executing\n", inside.as_slice()].concat()
    }),
    ("a container's build", |log| {
        let inside = each(log, |at, line| {
            [format!("#12 {}.{:03} ", at / 100, at % 1000).as_bytes(), line].concat()
        });
        [b"#1 [internal] load build definition from Dockerfile\n", inside.as_slice()].concat()
    }),
    ("a container's build that failed", |log| {
        // The step's last lines come once more at the end.
        let inside = each(log, |at, line| [format!("#9 {at}.25 ").as_bytes(), line].concat());
        let lines: Vec<&[u8]> = inside.split_inclusive(|byte| *byte == b'\n').collect();
        let again = lines[lines.len().saturating_sub(20)..].concat();
        let said = b"#9 ERROR: process \"/bin/sh -c make test\" did not complete: exit code: 1\n";
        [inside.as_slice(), said, b"------\n > [5/5] RUN make test:\n", &again, b"------\n"]
            .concat()
    }),
    ("one service among others", |log| {
        each(log, |at, line| {
            let other = at % 50 == 49;
            let noise = if other { "db_1     | LOG:  checkpoint starting\n" } else { "" };
            [noise.as_bytes(), b"tests_1  | ", line].concat()
        })
    }),
    ("Jenkins' times", |log| {
        let inside = each(log, |at, line| [format!("[{}Z] ", stamp(at)).as_bytes(), line].concat());
        [b"Started by user admin\n[Pipeline] sh\n", inside.as_slice()].concat()
    }),
    ("GitHub's times around a container's build", |log| {
        each(log, |at, line| {
            [stamp(at).as_bytes(), b"Z #9 ", format!("{at}.5 ").as_bytes(), line].concat()
        })
    }),
];

fn each(log: &[u8], line: impl Fn(usize, &[u8]) -> Vec<u8>) -> Vec<u8> {
    let body = log.strip_suffix(b"\n").unwrap_or(log);
    let mut dressed = Vec::with_capacity(log.len() * 2);
    for (at, bare) in body.split(|byte| *byte == b'\n').enumerate() {
        dressed.extend(line(at, bare));
        dressed.push(b'\n');
    }
    dressed
}

fn stamp(at: usize) -> String {
    format!("2026-05-26T20:{:02}:{:02}.{:07}", at / 3600 % 60, at / 60 % 60, at)
}

fn utf_16(log: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(log).replace('\n', "\r\n");
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

//! Goal: a client's mistakes are on its card, with the grade that they deserve, and no others.
//! Method: diagnose small clients whose conduct is known by heart, and the built-in pipelines in
//! simulated time. The clients are Python's standard library, so that nothing has to be installed.

#![cfg(unix)]

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use std::collections::BTreeMap;

use reports::card::{Card, Criterion, Grade};
use support::{PYTHON_CLIENT, Ran, Sandbox};

/// Asks once and hopes: no retry, no deadline, no look at what comes back.
const NAIVE: &str = "print(ask(open(sys.argv[1]).read())['content'])";

/// The same, and whatever happens, all is well.
const SILENT: &str = "
try: print(ask(open(sys.argv[1]).read())['content'])
except Exception: pass
";

/// A loop around it that hammers.
const HAMMER: &str = "
for attempt in range(40):
    try: print(ask(open(sys.argv[1]).read())['content']); break
    except Exception: pass
else: sys.exit(1)
";

/// Everything that a client can do right for one file.
const CAREFUL: &str = "
import hashlib, http.client, pathlib, random, time
def careful(text):
    for attempt in range(10):
        wait = min(0.5 * 2 ** attempt, 30) * (1 - 0.25 * random.random())
        try:
            answer = ask(text, timeout=170)
            if answer['stop_reason'] == 'end_turn': return answer
            sys.exit('unfinished: ' + str(answer['stop_reason']))
        except urllib.error.HTTPError as error:
            told = error.headers
            if told.get('x-should-retry') == 'false': sys.exit(str(error))
            if error.code in (400, 401, 403, 404, 413) and told.get('x-should-retry') != 'true':
                sys.exit(str(error))
            if told.get('retry-after-ms'): wait = float(told['retry-after-ms']) / 1000
            elif (told.get('retry-after') or '').isdigit(): wait = float(told['retry-after'])
            elif told.get('retry-after'):
                import email.utils
                until = email.utils.parsedate_to_datetime(told['retry-after'])
                wait = until.timestamp() - time.time()
        except (OSError, ValueError, http.client.HTTPException) as error: pass
        time.sleep(max(wait, 0))
    sys.exit('given up')
text = open(sys.argv[1]).read()
kept = pathlib.Path('kept') / hashlib.sha256(text.encode()).hexdigest()
if not kept.exists():
    answers = [careful(text[at:at + 6000])['content'] for at in range(0, len(text), 6000)]
    kept.parent.mkdir(exist_ok=True)
    (new := kept.with_suffix('.' + str(os.getpid()))).write_text(str(answers))
    new.replace(kept)
print(kept.read_text())
";

/// A sandbox with a client that ends like this.
fn sandbox(last_lines: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let client = PYTHON_CLIENT
        .replace("max_tokens=4096):", "max_tokens=4096, timeout=None):")
        .replace("urlopen(request)", "urlopen(request, timeout=timeout)");
    sandbox.write("client.py", format!("{client}\n{last_lines}\n"));
    sandbox
}

fn diagnose(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    let arguments = [&["diagnose", "--quiet"], arguments].concat();
    let mut program = sandbox.command(&arguments);
    // Python has to be found.
    program.env("PATH", std::env::var_os("PATH").expect("a PATH"));
    Ran::of(&mut program)
}

const PYTHON: [&str; 4] = ["--", "python3", "client.py", "{file}"];

/// The card of a client from some of the probes, or from all.
fn card(sandbox: &Sandbox, only: &str) -> Card {
    let only = if only.is_empty() { vec![] } else { vec!["--only", only] };
    let ran = diagnose(sandbox, &[&only[..], &["--format", "json"], &PYTHON].concat());
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stderr))
}

fn grades(card: &Card) -> BTreeMap<Criterion, Option<Grade>> {
    card.rows.iter().map(|row| (row.criterion, row.grade)).collect()
}

#[test]
fn a_client_that_asks_once_has_the_card_of_one() {
    let card = card(&sandbox(NAIVE), "");
    let grades = grades(&card);
    let expected = [
        (Criterion::Reporting, Some(Grade::D)),
        (Criterion::Retries, Some(Grade::F)),
        (Criterion::Backoff, None),
        (Criterion::Jitter, None),
        (Criterion::RetryAfter, None),
        (Criterion::FinalErrors, Some(Grade::A)),
        (Criterion::Timeouts, Some(Grade::F)),
        (Criterion::Streams, Some(Grade::C)),
        (Criterion::Truncation, Some(Grade::F)),
        (Criterion::Cache, Some(Grade::F)),
        (Criterion::Duplicates, Some(Grade::F)),
        (Criterion::Chunking, Some(Grade::F)),
        (Criterion::Resume, None),
    ];
    for (criterion, grade) in expected {
        assert_eq!(grades[&criterion], grade, "{criterion:?}: {:?}", row(&card, criterion));
    }
    assert_eq!(card.probes.len(), scenarios::library::PROBES.len() - 1, "all but `killed`");
    assert!(card.gaps.is_empty(), "{:?}", card.gaps);
}

fn row(card: &Card, criterion: Criterion) -> &reports::card::Row {
    card.rows.iter().find(|row| row.criterion == criterion).expect("a row")
}

#[test]
fn a_careful_client_has_nothing_to_mend_that_one_file_shows() {
    let card = card(&sandbox(CAREFUL), "");
    for criterion in [
        Criterion::Reporting,
        Criterion::Retries,
        Criterion::Backoff,
        Criterion::Jitter,
        Criterion::RetryAfter,
        Criterion::FinalErrors,
        Criterion::Timeouts,
        Criterion::Streams,
        Criterion::Chunking,
    ] {
        let row = row(&card, criterion);
        assert_eq!(row.grade, Some(Grade::A), "{row:#?}");
    }
    let cache = row(&card, Criterion::Cache);
    assert_eq!(cache.grade, Some(Grade::B), "it keeps whole files: {cache:#?}");
}

#[test]
fn a_client_that_hides_its_losses_is_told_so_first() {
    let card = card(&sandbox(SILENT), "overloaded,invalid");
    assert_eq!(card.rows[0].criterion, Criterion::Reporting);
    assert_eq!(card.rows[0].grade, Some(Grade::F));
}

#[test]
fn a_loop_that_hammers_is_seen_in_every_place() {
    let card = card(&sandbox(HAMMER), "overloaded,unavailable,down,invalid,spend-limit,rate-limit");
    let grades = grades(&card);
    assert_eq!(grades[&Criterion::Retries], Some(Grade::C), "it does not give up");
    assert_eq!(grades[&Criterion::Backoff], Some(Grade::F));
    assert_eq!(grades[&Criterion::RetryAfter], Some(Grade::F));
    assert_eq!(grades[&Criterion::FinalErrors], Some(Grade::F));
}

#[test]
fn a_card_is_a_baseline_that_a_worse_client_does_not_pass() {
    let sandbox = sandbox(NAIVE);
    let only = ["--only", "overloaded,cut"];
    diagnose(&sandbox, &[&only[..], &["--out", "card"], &PYTHON].concat()).exits(99);
    assert_eq!(sandbox.names("card"), ["card.html", "card.json", "card.md", "card.txt"]);
    let again = [&only[..], &["--baseline", "card/card.json"], &PYTHON].concat();
    let ran = diagnose(&sandbox, &again).exits(0);
    assert!(
        ran.stdout.contains("grades have to be no worse than the baseline's"),
        "{}",
        ran.stdout
    );
    let client = sandbox.read("client.py").replace(NAIVE, SILENT);
    sandbox.write("client.py", client);
    let ran = diagnose(&sandbox, &again).exits(99);
    assert!(ran.stdout.contains("broken answers F"), "{}", ran.stdout);
    let other = [&["--only", "cut", "--baseline", "card/card.json"], &PYTHON[..]].concat();
    diagnose(&sandbox, &other).exits(99);
}

#[test]
fn a_client_that_fails_where_nothing_is_wrong_gets_no_grades() {
    let ran = diagnose(&sandbox("sys.exit('no such module')"), &PYTHON).exits(4);
    assert!(ran.stderr.contains("it fails where nothing is wrong"), "{}", ran.stderr);
    assert!(ran.stderr.contains("no such module"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
}

#[test]
fn what_cannot_be_diagnosed_is_refused_with_what_to_type() {
    let sandbox = sandbox(NAIVE);
    sandbox.write("card.json", "{}");
    sandbox.write("old.json", r#"{"format": 9}"#);
    let cases: [(&[&str], i32, &str); 5] = [
        (&[], 2, "chaos diagnose -- python pipeline.py {file}"),
        (&["--only", "hangs", "--", "python3", "client.py"], 2, "hang"),
        (&["--baseline", "nowhere.json", "--", "python3", "client.py"], 2, "--out card/"),
        (&["--baseline", "card.json", "--", "python3", "client.py"], 104, "card.json"),
        (&["--http", "http://192.0.2.1/document", "--mock-port", "9"], 2, "--allow-remote"),
    ];
    for (arguments, code, words) in cases {
        let ran = diagnose(&sandbox, arguments).exits(code);
        assert!(ran.stderr.contains(words), "{arguments:?}: {}", ran.stderr);
    }
    let list = diagnose(&sandbox, &["--list"]).exits(0);
    assert!(list.stdout.contains("rate-limit-minute"), "{}", list.stdout);
}

#[test]
fn a_built_in_pipeline_has_the_same_card_twice_and_the_naive_one_the_documents_list() {
    let sandbox = Sandbox::new();
    let ask = |name| diagnose(&sandbox, &["--pipeline", name, "--format", "json"]);
    let (first, second) = (ask("phase1").exits(99), ask("phase1").exits(99));
    assert_eq!(first.stdout, second.stdout, "same seed, same bytes");
    let grades = grades(&serde_json::from_str(&first.stdout).expect("a card"));
    // What the documents say of why it breaks: size, rate limits, repetition, concurrency.
    for criterion in
        [Criterion::Chunking, Criterion::Retries, Criterion::Cache, Criterion::Concurrency]
    {
        assert!(grades[&criterion] >= Some(Grade::D), "{criterion:?}: {:?}", grades[&criterion]);
    }
}

//! Goal: the page is whole, harmless and bounded.
//! Method: render runs whose every outside text is an attack, or that are very large, and look at
//! the markup; what it looks like is `scripts/check-page`'s business.

use proptest::prelude::*;

use super::*;
use crate::fixture;
use crate::judge::judge;
use crate::record::{Attempt, Cause, Fault, Job, Outcome};
use crate::run::Run;

/// Everything that a page, a terminal or an eye could be made to obey.
const ATTACK: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&\u{202e}\u{1b}[3m\n\
    </style></title></svg>javascript:=cmd|' /C calc'!A0\u{0}";

fn page(run: Run) -> String {
    render(&[judge(run).named("out")])
}

/// A run in which every text that comes from outside is the attack.
fn attacked(attack: &str) -> Run {
    let mut run = fixture::concurrent();
    let attack = || attack.to_owned();
    let header = &mut run.header;
    for text in [
        &mut header.scenario,
        &mut header.title,
        &mut header.question,
        &mut header.tool,
        &mut header.scenario_sha256,
        &mut header.input,
        &mut header.currency.code,
        &mut header.currency.symbol,
    ] {
        *text = attack();
    }
    let expectation = header.expect.remove("phase1").unwrap();
    header.expect.insert(attack(), expectation);
    run.pipelines[0].header.name = attack();
    run.pipelines[0].header.config_sha256 = attack();
    header.pipelines[0].name = attack();
    run.pipelines[0].header.description = Some(attack());
    header.pipelines[0].config_sha256 = attack();
    for job in &mut run.pipelines[0].jobs {
        job.pipeline = attack().into();
        job.path = attack();
        job.detail = Some(attack());
    }
    for attempt in &mut run.pipelines[0].attempts {
        attempt.detail = Some(attack());
    }
    for fault in &mut run.pipelines[0].faults {
        fault.name = attack();
    }
    run.pipelines[0].jobs[1].outcome = Outcome::Skipped;
    run
}

#[test]
fn the_page_goes_from_the_verdict_to_the_files() {
    let mut run = fixture::concurrent();
    run.pipelines[0].header.description = Some("the naive one".to_owned());
    let page = page(run);
    let order = [
        "✓ PASS",
        "phase1 vs phase3",
        "↓ broke as expected",
        "✓ good",
        "phase3 documented 6 more of 10 files than phase1",
        "the naive one",
        "Ten files at once",
        "expected 0.35 … 0.45",
        "success rate",
        "Latency over time: phase1",
        "fault: burst_limit",
        "Latency by percentile",
        "Cost over time",
        "Failures by cause",
        "429 rate limit",
        "Files",
        "src/module_03.py",
        "chaos run --scenario concurrent",
    ];
    let mut rest = page.as_str();
    for words in order {
        let place = rest.find(words).unwrap_or_else(|| panic!("`{words}` is missing or too late"));
        rest = &rest[place..];
    }
}

#[test]
fn no_text_from_outside_becomes_markup_or_turns_the_page_around() {
    let page = render(&[judge(attacked(ATTACK)).named(ATTACK)]);
    for harm in ["<script", "<img", "onerror=alert(2)>", "\u{202e}", "\u{1b}", "\u{0}"] {
        assert!(!page.contains(harm), "{harm:?}");
    }
    assert_eq!(page.matches("</style>").count(), 1);
    assert_eq!(page.matches("</svg>").count(), page.matches("<svg ").count());
    assert!(page.contains("&lt;script&gt;alert(1)"), "the text itself is shown");
    // Inside the tags there is nothing of it either: no attribute holds a quote from outside.
    for tag in page.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("a tag ends");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        let outside_of_quotes: String = tag.split('"').step_by(2).collect();
        assert!(!outside_of_quotes.contains("onerror"), "{tag}");
    }
}

/// What text is made of that tries to be more than text.
const PIECES: [&str; 24] = [
    "<",
    ">",
    "\"",
    "'",
    "&",
    "</",
    "/>",
    "<!--",
    "-->",
    "]]>",
    "script",
    "style",
    "svg",
    "title",
    "=",
    " ",
    "x",
    "\n",
    "\u{1b}",
    "\u{202e}",
    "&lt;",
    "&#60;",
    "\u{0}",
    "javascript:",
];

/// The names of all tags in their order, with those of their attributes.
fn tags(page: &str) -> Vec<String> {
    let (_, body) = page.split_once("</style>").unwrap();
    let tags = body.split('<').skip(1).map(|tag| tag.split_once('>').unwrap().0);
    tags.map(|tag| tag.split('"').step_by(2).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_the_text_the_markup_is_that_of_harmless_words(
        pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 1..24)
    ) {
        let text = pieces.concat();
        let of = |text: &str| tags(&render(&[judge(attacked(text)).named(text)]));
        prop_assert_eq!(of(&text), of("words"));
    }
}

#[test]
fn nothing_is_fetched_and_nothing_runs() {
    let page = page(fixture::concurrent());
    assert!(page.contains("default-src 'none'"));
    for reach in ["http://", "https://", "url(", "@import", "src=", "<script", "<iframe", "onload"]
    {
        assert!(!page.contains(reach), "{reach}");
    }
}

#[test]
fn ten_thousand_jobs_stay_far_below_two_megabytes() {
    let mut run = fixture::concurrent();
    for pipeline in &mut run.pipelines {
        let (job, fault) = (pipeline.jobs[2].clone(), pipeline.faults[0].clone());
        let attempt = pipeline.attempts[0].clone();
        pipeline.jobs = (1..=10_000)
            .map(|number| Job {
                job: number,
                path: format!("src/{}/module_{number}.py", "deep/".repeat(20)),
                end_us: number * 777_777,
                outcome: if number % 3 == 0 { Outcome::Failed } else { Outcome::Documented },
                cause: (number % 3 == 0).then_some(Cause::ALL[(number % 20) as usize]),
                detail: Some("words ".repeat(200)),
                ..job.clone()
            })
            .collect();
        pipeline.faults = (0..20_000)
            .map(|n| Fault { at_us: n * 350_000, name: format!("f{}", n % 90), ..fault.clone() })
            .collect();
        pipeline.attempts =
            (0..30_000).map(|n| Attempt { end_us: n * 250_000, ..attempt.clone() }).collect();
    }
    let size = page(run).len();
    assert!(size < 400_000, "{size} bytes");
}

#[test]
fn an_incomplete_run_says_so_at_the_top() {
    let mut records = fixture::records();
    records.truncate(9);
    let run = Run::from_records(records).unwrap();
    let page = page(run);
    let (head, _) = page.split_once("<h2>").unwrap();
    assert!(head.contains("INCONCLUSIVE") && head.contains("it has no footer"), "{head}");
}

#[test]
fn several_runs_have_a_list_with_the_verdict_of_each() {
    let mut other = fixture::concurrent();
    other.header.expect.get_mut("phase3").unwrap().success_rate.as_mut().unwrap().min = None;
    other.header.expect.get_mut("phase3").unwrap().success_rate.as_mut().unwrap().max = Some(0.1);
    let page = render(&[fixture::judged(|_| ()).named("a"), judge(other).named("b")]);
    let (list, _) = page.split_once("</nav>").unwrap();
    assert!(list.contains("✓ PASS") && list.contains("✗ FAIL"), "{list}");
    assert!(list.contains(" s (n=4)</td>"), "a percentile without its n: {list}");
    assert!(list.contains("href=\"#run-2\"") && page.contains("id=\"run-2\""));
}

#[test]
fn a_run_that_is_not_judged_does_not_look_as_if_it_had_passed() {
    let mut run = fixture::concurrent();
    run.header.expect.clear();
    let page = page(run);
    let (head, _) = page.split_once("</h1>").unwrap();
    assert!(head.contains("class=\"verdict unjudged\">– NOT JUDGED"), "{head}");
}

#[test]
fn on_a_telephone_each_cell_of_a_wide_table_says_what_it_is() {
    let page = render(&[judge(fixture::concurrent()), judge(fixture::concurrent())]);
    assert_eq!(page.matches("<table class=\"stack\"").count(), 7, "the runs, failures, files");
    let style = include_str!("page.css");
    assert!(style.contains("content: attr(data-label)"));
    for table in page.split("<table class=\"stack\"").skip(1) {
        let (body, _) = table.split_once("</table>").unwrap();
        assert_eq!(body.matches("<td").count(), body.matches("data-label=").count(), "{body}");
    }
}

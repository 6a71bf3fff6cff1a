//! Goal: what a run writes and prints is complete, the same everywhere, and never in the way.
//! Method: run one scenario in ways that differ only in how its output is asked for, and compare
//! files, screens and folders; rows that tell of the machine are filtered by name.

#[expect(dead_code, reason = "every test file uses its own part of it")]
mod support;

use support::{QUICK, Ran, Sandbox};

/// Runs `concurrent` with more arguments and gives what was printed.
fn check(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    let mut command = vec!["run", "--scenario", "concurrent"];
    command.extend(arguments);
    sandbox.chaos(&command).exits(0)
}

#[test]
fn the_screen_shows_the_verdict_the_figures_and_every_file() {
    let screen = check(&Sandbox::new(), &[]).stdout;
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"(?m)^ wall time .*$", " wall time [of this machine]");
    // Only where pipelines ran one after another, as they do on one core.
    settings.add_filter(r"(?m)^ own memory, .*\n", "");
    settings.add_filter(r"(?m)^run took .*$", "run took [of this machine]");
    let _in_this_test = settings.bind_to_scope();
    insta::assert_snapshot!(screen, @r"
    concurrent: Ten files at the same moment
      phase1: The naive pipeline: the whole file in one call, no retry.
      phase3: The production pipeline of the documents: cache, large files in parts,
        five workers, retries.

    ↓ phase1  success_rate  0.40  (0.4 … 0.4)  broke as expected
    ✓ phase1  calls         10    (≤ 10)
    ✓ phase3  success_rate  1.00  (≥ 1)
    ✓ phase3  calls         27    (≤ 30)

     metric                              phase1               phase3   ratio
    ─────────────────────────────────────────────────────────────────────────
     success rate                 40.0 % (4/10)      100.0 % (10/10)   2.50×
     definition coverage       40.1 % (222/553)    100.0 % (553/553)   2.49×
     failed: 429 rate limit                   6                    0   0.00×
     latency p50                   27.4 s (n=4)        31.8 s (n=10)   1.16×
     latency p95              38.8 s (max, n=4)   49.4 s (max, n=10)   1.27×
     latency p99              38.8 s (max, n=4)   49.4 s (max, n=10)   1.27×
     latency max                   38.8 s (n=4)        49.4 s (n=10)   1.27×
     cost                               $0.1977              $0.4922   2.49×
     cost per success                   $0.0494              $0.0492   1.00×
     wasted cost                          $0.00                $0.00       —
     calls                                   10                   27   2.70×
     retries                                  0                   17       —
     load amplification                   1.00×                2.70×   2.70×
     tokens in                           38,243               95,001   2.48×
     tokens out                           5,532               13,811   2.50×
     cache hits                               0                    0       —
     simulated time                      38.8 s               49.4 s   1.27×
     wall time [of this machine]
     modelled memory                   13.8 MiB             10.0 MiB   0.73×

    phase1
      ✓ File 1/10: documented ($0.0530, 38.8 s)  orders/vendor_tracker.py
      ✓ File 2/10: documented ($0.0509, 34.7 s)  compliance/license_builder.py
      ✓ File 3/10: documented ($0.0467, 27.4 s)  onboarding/product_processor.py
      ✓ File 4/10: documented ($0.0470, 27.0 s)  integrations/profile_monitor.py
      ✗ File 5/10: failed, 429 rate limit  identity/ledger_client.py
      ✗ File 6/10: failed, 429 rate limit  auth/loan_service.py
      ✗ File 7/10: failed, 429 rate limit  reporting/transaction_cache.py
      ✗ File 8/10: failed, 429 rate limit  checkout/claim_repository.py
      ✗ File 9/10: failed, 429 rate limit  analytics/contract_planner.py
      ✗ File 10/10: failed, 429 rate limit  risk/contract_mapper.py

    phase3
      ✓ File 1/10: documented ($0.0526, 38.8 s)  orders/vendor_tracker.py
      ✓ File 2/10: documented ($0.0505, 34.7 s)  compliance/license_builder.py
      ✓ File 3/10: documented ($0.0463, 27.4 s)  onboarding/product_processor.py
      ✓ File 4/10: documented ($0.0466, 27.0 s)  integrations/profile_monitor.py
      ✓ File 5/10: documented ($0.0492, 31.6 s)  identity/ledger_client.py
      ✓ File 6/10: documented ($0.0486, 31.8 s)  auth/loan_service.py
      ✓ File 7/10: documented ($0.0453, 30.0 s)  reporting/transaction_cache.py
      ✓ File 8/10: documented ($0.0500, 39.4 s)  checkout/claim_repository.py
      ✓ File 9/10: documented ($0.0521, 41.6 s)  analytics/contract_planner.py
      ✓ File 10/10: documented ($0.0509, 49.4 s)  risk/contract_mapper.py

    run took [of this machine]
    records and reports: chaos-out/concurrent-001

    PASS  concurrent: phase1 4/10 documented, phase3 10/10 · seed 7
      ↓ phase1 broke as expected: 4 of 10 documented
      ✓ phase3 good: 10 of 10 documented
    phase3 documented 6 more of 10 files than phase1: 1.00× its cost per success,
      1.27× its time.
    ");
}

#[test]
fn another_currency_is_shown_where_it_is_asked_for() {
    let sandbox = Sandbox::new();
    let rupees = |text: &str| text.matches('₹').count();
    assert_eq!(rupees(&check(&sandbox, &["--out", "plain"]).stdout), 0);
    for name in support::RUN_FILES {
        assert_eq!(rupees(&sandbox.read(&format!("plain/{name}"))), 0, "{name}");
    }
    let asked = check(&sandbox, &["--currency", "INR", "--out", "asked"]);
    assert!(asked.stdout.contains("cost in INR"), "{}", asked.stdout);
    for (run, currency, shown) in
        [("plain", "INR", true), ("asked", "USD", false), ("plain", "USD", false)]
    {
        let report = sandbox.chaos(&["report", run, "--currency", currency]).exits(0).stdout;
        assert_eq!(report.contains("cost in INR"), shown, "{run} in {currency}");
    }
    let again = sandbox.chaos(&["report", "asked"]).exits(0).stdout;
    assert!(again.contains("cost in INR"), "what was asked of the run is on record");
    sandbox.write("a.py", "def f():\n    return 1\n");
    let estimate =
        |more: &[&str]| sandbox.chaos(&[&["estimate", "."], more].concat()).exits(0).stdout;
    assert_eq!(rupees(&estimate(&[])), 0);
    assert!(rupees(&estimate(&["--currency", "INR"])) > 0);
}

#[test]
fn a_run_leaves_its_records_and_every_report_and_nothing_else() {
    let sandbox = Sandbox::new();
    check(&sandbox, &["--out", "out"]);
    assert_eq!(sandbox.names("out"), support::RUN_FILES);
    for name in support::RUN_FILES.into_iter().filter(|name| *name != "measured.json") {
        let text = sandbox.read(&format!("out/{name}"));
        for machine in [sandbox.root().to_str().expect("UTF-8"), "wall time", "wall_us", "rss"] {
            assert!(!text.contains(machine), "{name} shows the machine: {machine}");
        }
    }
    assert!(sandbox.read("out/measured.json").contains("wall_us"));
}

#[test]
fn force_replaces_a_run_and_touches_nothing_else() {
    let sandbox = Sandbox::new();
    check(&sandbox, &["--out", "out", "--seed", "1"]);
    sandbox.write("out/thesis.txt", "years of work");
    let first = sandbox.read("out/run.jsonl");
    check(&sandbox, &["--out", "out", "--force", "--seed", "2"]);
    assert_ne!(sandbox.read("out/run.jsonl"), first);
    assert_eq!(sandbox.read("out/thesis.txt"), "years of work");
    // A folder with somebody else's `run.jsonl`, as training loops write it.
    sandbox.write("theirs/run.jsonl", "{\"step\": 1, \"loss\": 0.5}\n");
    sandbox.write("theirs/thesis.txt", "years of work");
    for force in [&[][..], &["--force"]] {
        let command = ["run", "--scenario", "concurrent", "--out", "theirs"];
        let refused = sandbox.chaos(&[&command[..], force].concat()).exits(2);
        refused.says(&["`theirs` holds something that is not a run", "nothing was changed"]);
    }
    assert_eq!(sandbox.names("theirs"), ["run.jsonl", "thesis.txt"]);
}

#[test]
fn the_current_folder_and_those_around_it_are_never_cleared() {
    let sandbox = Sandbox::new();
    check(&sandbox, &["--out", "out"]);
    let before = sandbox.read("out/run.jsonl");
    std::fs::create_dir(sandbox.path("out/below")).expect("a folder");
    for (from, out) in [("out", "."), ("out", "../out"), ("out/below", ".."), ("out/below", "../.")]
    {
        for force in [&[][..], &["--force"]] {
            let command = ["run", "--scenario", "concurrent", "--out", out];
            let mut command = sandbox.command(&[&command[..], force].concat());
            Ran::of(command.current_dir(sandbox.path(from)))
                .exits(2)
                .says(&["is the folder you are in", "nothing was changed"]);
        }
    }
    assert_eq!(sandbox.read("out/run.jsonl"), before);
}

#[test]
fn every_file_that_a_run_writes_is_one_that_force_removes() {
    let sandbox = Sandbox::new();
    let asked = ["--format", "terminal,markdown,json,csv"];
    check(&sandbox, &[&["--out", "out"], &asked[..]].concat());
    let mut written: Vec<&str> = harness::storage::folder::written().collect();
    written.sort_unstable();
    for name in sandbox.names("out") {
        assert!(written.contains(&name.as_str()), "`{name}` is left by --force");
    }
    check(&sandbox, &["--out", "out", "--force"]);
    assert_eq!(sandbox.names("out"), support::RUN_FILES, "nothing of the earlier run is left");
}

#[test]
fn every_failure_is_classified_in_the_csv() {
    let sandbox = Sandbox::new();
    check(&sandbox, &["--out", "out"]);
    let text = sandbox.read("out/failures.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), 6);
    for row in rows {
        let found: Vec<&str> = [12, 14, 3, 4, 6, 7, 9, 15].map(|column| &row[column]).into();
        let expected =
            ["phase1", "rate_limited", "CONFIGURATION", "LOW", "yes", "own-limit", "retry", "429"];
        assert_eq!(found, expected);
    }
}

#[test]
fn quiet_prints_nothing_and_leaves_the_same_files() {
    let sandbox = Sandbox::new();
    let ran = check(&sandbox, &["--quiet", "--out", "quiet"]);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    check(&sandbox, &["--out", "loud"]);
    assert_eq!(sandbox.names("quiet"), sandbox.names("loud"));
    assert_eq!(sandbox.read("quiet/run.jsonl"), sandbox.read("loud/run.jsonl"));
}

#[test]
fn no_progress_is_shown_where_nobody_watches() {
    let sandbox = Sandbox::new();
    assert_eq!(check(&sandbox, &[]).stderr, "");
    let diagnosed = ["diagnose", "--pipeline", "phase3", "--only", "hang"];
    assert_eq!(sandbox.chaos(&diagnosed).stderr, "");
    assert_eq!(sandbox.chaos(&["claims", "--row", "4"]).stderr, "");
}

#[test]
fn verbose_shows_every_file_and_otherwise_what_is_left_out_is_said() {
    let sandbox = Sandbox::new();
    let lines = |more: &str| {
        let run = "run --scenario burst-100 --pipeline phase1 phase3 --out out --force";
        let arguments: Vec<&str> = run.split(' ').chain(more.split_whitespace()).collect();
        let screen = sandbox.chaos(&arguments).exits(0).stdout;
        (screen.matches(" File ").count(), screen.contains("more in jobs.txt"))
    };
    assert_eq!(lines("--verbose"), (200, false));
    assert_eq!(lines(""), (20, true));
}

#[test]
fn neither_a_variable_nor_a_log_puts_escape_codes_into_a_pipe() {
    // Every call of the support module looks for escape codes; this one provokes them.
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["run", "--scenario", "concurrent"]);
    command.env("RUST_LOG", "trace").env("COLORTERM", "truecolor").env("TERM", "xterm-256color");
    let logged = Ran::of(&mut command).exits(0);
    assert!(logged.stderr.contains("request_id"), "nothing was logged, so nothing was shown");
    let mut command = sandbox.command(&["run", "--scenario", "concurrent"]);
    Ran::of(command.env("NO_COLOR", "1")).exits(0);
}

#[test]
fn the_same_command_twice_takes_the_next_folder() {
    let sandbox = Sandbox::new();
    assert!(check(&sandbox, &[]).stdout.contains("chaos-out/concurrent-001"));
    assert!(check(&sandbox, &[]).stdout.contains("chaos-out/concurrent-002"));
    let [first, second] =
        ["001", "002"].map(|n| sandbox.read(&format!("chaos-out/concurrent-{n}/run.jsonl")));
    assert_eq!(first, second);
}

#[test]
fn an_earlier_run_in_the_same_folder_is_kept_unless_it_may_go() {
    let sandbox = Sandbox::new();
    check(&sandbox, &["--out", "out", "--seed", "1"]);
    let first = sandbox.read("out/run.jsonl");
    let second = check(&sandbox, &["--out", "out/", "--seed", "2"]);
    assert!(second.stdout.contains("the run that was there is now in out.1"), "{}", second.stdout);
    assert_eq!(sandbox.read("out.1/run.jsonl"), first);
    check(&sandbox, &["--out", "out", "--seed", "3"]);
    assert_eq!(sandbox.names("."), ["out", "out.1", "out.2"]);
    check(&sandbox, &["--out", "out", "--force"]);
    assert_eq!(sandbox.names("."), ["out", "out.1", "out.2"]);
    assert_eq!(sandbox.read("out.1/run.jsonl"), first);
}

#[test]
fn several_scenarios_each_get_a_folder_and_the_worst_exit_code_counts() {
    let sandbox = Sandbox::new();
    let impossible = format!("{QUICK}\n[expect.phase1]\ncalls = {{ max = 0 }}\n");
    sandbox.write("quick.toml", QUICK);
    sandbox.write("impossible.toml", impossible);
    let command = ["run", "--out", "out", "--scenario", "impossible.toml", "quick.toml"];
    sandbox.chaos(&command).exits(99);
    assert_eq!(sandbox.names("out"), ["impossible", "quick"]);
}

#[test]
fn a_report_of_an_old_run_is_the_text_of_that_run() {
    let sandbox = Sandbox::new();
    let ran = check(&sandbox, &["--out", "out"]);
    let again = sandbox.chaos(&["report", "out"]).exits(0);
    // A run says besides where everything is, before what it comes to.
    let (figures, conclusion) = again.stdout.split_once("\nPASS  ").expect("it passes");
    assert!(ran.stdout.starts_with(figures), "{}", again.stdout);
    assert!(ran.stdout.ends_with(&format!("\nPASS  {conclusion}")), "{}", again.stdout);
}

#[test]
fn list_and_show_tell_what_ships() {
    let sandbox = Sandbox::new();
    let list = sandbox.chaos(&["list"]).exits(0).stdout;
    for name in ["concurrent", "nested", "large-file-50k", "phase1", "phase3"] {
        assert!(list.contains(name), "{list}");
        let shown = sandbox.chaos(&["show", name]).exits(0).stdout;
        assert!(shown.contains("format = 1"), "{shown}");
    }
    assert!(list.lines().all(|line| line.chars().count() <= 100), "{list}");
    let json = sandbox.chaos(&["list", "--json"]).exits(0).stdout;
    let listed: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(listed["scenarios"].as_array().map(Vec::len), Some(scenarios::library::ALL.len()));
    assert_eq!(listed["pipelines"][0]["name"], "phase1");
    sandbox.write("mine.toml", sandbox.chaos(&["show", "concurrent"]).exits(0).stdout);
    sandbox.chaos(&["run", "--scenario", "mine.toml"]).exits(0);
    sandbox.chaos(&["show", "concurent"]).exits(2).says(&["did you mean `concurrent`?"]);
}

#[test]
#[cfg(target_os = "linux")]
fn each_pipeline_s_own_memory_is_measured_and_never_recorded() {
    let sandbox = Sandbox::new();
    let measured = |threads: &str| {
        check(&sandbox, &["--out", "out", "--force", "--threads", threads]);
        reports::Measured::read(&sandbox.read("out/measured.json")).expect("measured")
    };
    assert!(measured("2").pipelines_peak_rss_kb.is_empty(), "nobody can tell them apart");
    let measured = measured("1");
    let pipelines: Vec<&String> = measured.pipelines_peak_rss_kb.keys().collect();
    assert_eq!(pipelines, ["phase1", "phase3"]);
    let greatest = measured.pipelines_peak_rss_kb.values().max().copied();
    assert!(measured.peak_rss_kb >= greatest && greatest > Some(1_024));
    assert!(!sandbox.read("out/run.jsonl").contains("rss"));
}

#[test]
fn a_break_that_a_check_expects_is_known_to_people_and_programs() {
    let sandbox = Sandbox::new();
    let limits = "pipelines = [\"phase1\"]\n[limits]\nconcurrent_requests = 2\n";
    let expect = "[expect.phase1]\nchecks = [\"failed > 0\", \"documented >= 1\"]\n";
    let (head, rest) = QUICK.split_once('\n').expect("lines");
    let (pipelines, limits) = limits.split_once('\n').expect("lines");
    sandbox.write("b.toml", format!("{head}\n{pipelines}\n{rest}\n{limits}{expect}"));
    let screen = sandbox.chaos(&["run", "b.toml", "--out", "out"]).exits(0).stdout;
    assert!(screen.contains("↓ phase1  failed      4  (> 0)   broke as expected"), "{screen}");
    assert!(screen.contains("↓ phase1 broke as expected: 2 of 6 documented"), "{screen}");
    for (format, words) in [
        ("json", "\"standing\": \"broke_as_expected\""),
        ("junit", "<property name=\"standing\" value=\"broke_as_expected\"/>"),
        ("github", "::notice title=b.toml%3A phase1::broke as expected: 2 of 6 documented"),
    ] {
        let page = sandbox.chaos(&["report", "out", "--format", format]).exits(0).stdout;
        assert!(page.contains(words), "{format}: {page}");
        assert!(!page.contains("::error"), "{page}");
    }
}

#[test]
fn colours_are_for_terminals_and_for_whoever_forces_them() {
    let sandbox = Sandbox::new();
    check(&sandbox, &["--out", "out"]);
    let coloured = |variables: &[(&str, &str)]| {
        let mut command = sandbox.command(&["report", "out"]);
        let output = command.envs(variables.iter().copied()).output().expect("the binary starts");
        String::from_utf8(output.stdout).expect("text").contains('\u{1b}')
    };
    assert!(!coloured(&[]), "a pipe is no terminal");
    assert!(coloured(&[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "0")]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

#[test]
fn completions_and_man_pages_know_every_command() {
    let sandbox = Sandbox::new();
    sandbox.chaos(&["man", "man"]).exits(0);
    let pages = sandbox.names("man");
    for shell in ["bash", "zsh", "fish"] {
        let script = sandbox.chaos(&["completions", shell]).exits(0).stdout;
        for command in ["run", "gate", "init", "classify", "mock"] {
            assert!(script.contains(command), "{shell} does not know `{command}`");
            assert!(pages.contains(&format!("chaos-{command}.1")), "{pages:?}");
        }
    }
    assert!(!pages.contains(&"chaos-guard.1".to_owned()), "what is hidden has no page");
    assert!(sandbox.read("man/chaos-gate.1").contains("\\-\\-baseline"));
}

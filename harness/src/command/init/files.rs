//! The files that `chaos init` writes.

use super::Answers;
use crate::args::Ci;
use crate::command::schema;

/// One file, below the current folder.
pub(super) struct Written {
    pub(super) name: &'static str,
    pub(super) text: String,
}

const SCENARIO: &str = "chaos-scenario.toml";
const PIPELINE: &str = "chaos-pipeline.toml";

pub(super) fn files(answers: &Answers) -> Vec<Written> {
    let mut files = vec![
        Written { name: SCENARIO, text: scenario(answers.scenario.text) },
        Written { name: PIPELINE, text: pipeline(&answers.argv) },
    ];
    match answers.ci {
        Ci::Github => {
            let name = ".github/workflows/chaos.yml";
            files.push(Written { name, text: GITHUB.to_owned() });
        }
        Ci::Gitlab => {
            files.push(Written { name: "chaos.gitlab-ci.yml", text: GITLAB.to_owned() });
        }
        Ci::None => {}
    }
    files
}

/// A shipped scenario for the user's own pipeline: without what it expects of built-in ones.
fn scenario(shipped: &str) -> String {
    let kept: Vec<&str> = shipped
        .lines()
        .filter(|line| !line.starts_with("#:schema"))
        .take_while(|line| !line.starts_with("[expect"))
        .collect();
    // The comment above what is left out goes with it.
    let comment = |line: &&&str| line.starts_with('#') || line.is_empty();
    let kept = &kept[..kept.len() - kept.iter().rev().take_while(comment).count()];
    let lines: Vec<String> = kept
        .iter()
        .map(|line| {
            let ours = line.starts_with("pipelines =");
            if ours { format!("pipelines = [\"{PIPELINE}\"]") } else { (*line).to_owned() }
        })
        .collect();
    let rest = format!(
        "# What has to hold, or the run is red (exit code 99). Others: \"p95(latency) < 30s\",\n\
         # \"cost_per_success < $0.10\", \"wasted_cost == $0\", \"retries < 20\",\n\
         # \"amplification < 1.5\".\n\
         [expect.\"{PIPELINE}\"]\nchecks = [\"failed == 0\"]\n"
    );
    schema::line("scenario") + &lines.join("\n") + "\n\n" + &rest
}

fn pipeline(argv: &[String]) -> String {
    let argv = toml::Value::from(argv.to_vec());
    let schema = schema::line("target");
    format!(
        "{schema}\
         # Your own pipeline, started in this folder. It finds the mock in ANTHROPIC_BASE_URL.\n\
         format = 1\n\n[command]\nargv = {argv}\n\n\
         [limits]\n# A job that takes longer is killed and counts as failed.\ntime_s = 300\n\n\
         # Besides its exit status, a check of the work, where the command writes to {{out}}:\n\
         # [[judge]]\n# kind = \"file\"\n# path = \"{{out}}\"\n# matches = \"(?m)^# \"\n"
    )
}

const GITHUB: &str = "\
# Runs your pipeline under trouble on each pull request; red where the scenario's checks fail.
# It builds `chaos`; the archive of a release in its place saves the minutes that this takes.
name: chaos
on: [pull_request]
jobs:
  chaos:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: cargo install --locked --git https://github.com/OWNER/chaos harness
      # What your own pipeline needs comes here: a language, its packages.
      - run: chaos run chaos-scenario.toml --out chaos-out/ci --format github
      - if: always()
        run: chaos report chaos-out/ci --format markdown >> \"$GITHUB_STEP_SUMMARY\" || true
      - if: always()
        uses: actions/upload-artifact@v4
        with:
          name: chaos
          path: chaos-out/ci
";

const GITLAB: &str = "\
# Runs your pipeline under trouble on each merge request; red where the scenario's checks fail.
# Include it (`include: chaos.gitlab-ci.yml`) with an image that has the binary `chaos`.
chaos:
  rules:
    - if: $CI_PIPELINE_SOURCE == 'merge_request_event'
  script:
    - chaos run chaos-scenario.toml --format terminal,junit --out chaos-out/ci
  artifacts:
    when: always
    paths: [chaos-out/ci]
    reports:
      junit: chaos-out/ci/junit.xml
";

#[cfg(test)]
mod tests {
    use super::*;
    use scenarios::{Scenario, library};

    #[test]
    fn every_shipped_scenario_is_one_for_a_pipeline_of_the_users() {
        for shipped in &library::ALL {
            let text = scenario(shipped.text);
            let read = Scenario::parse(shipped.name, &text);
            let read = read.unwrap_or_else(|invalid| panic!("{}: {invalid}\n{text}", shipped.name));
            assert_eq!(read.pipelines, [PIPELINE], "{}", shipped.name);
            let expected: Vec<&String> = read.expect.keys().collect();
            assert_eq!(expected, [PIPELINE], "{}", shipped.name);
        }
    }
}

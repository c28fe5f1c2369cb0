//! `cargo xtask test`: everything that proves the project, one step after the other, up to the first that fails.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::arguments::Arguments;
use crate::failure::{Failure, Result, failed};
use crate::process::Process;
use crate::servers::{self, Search};
use crate::style::{self, Style};
use crate::{demo, room, tidy, vectors, workspace};

/// Test programs read it, and run laws, sequences and histories a hundred times as long.
const LONG: &str = "TESTKIT_LONG";

struct Step {
    name: &'static str,
    action: Action,
}

enum Action {
    Cargo(&'static [&'static str]),
    /// What is drawn at random, a hundred times as long, compiled for speed: with `--long` alone.
    Long(&'static [&'static str]),
    /// Documentation, in which a broken link is an error.
    Docs(&'static [&'static str]),
    /// Licences, bans and sources, where cargo-deny is installed.
    Deny,
    /// The programs without which some of the others fail.
    Servers,
    Verb(&'static str, fn() -> Result),
}

const STEPS: &[Step] = &[
    Step { name: "servers", action: Action::Servers },
    Step { name: "format", action: Action::Cargo(&["fmt", "--all", "--check"]) },
    Step {
        name: "lints",
        action: Action::Cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--",
            "-D",
            "warnings",
        ]),
    },
    Step {
        name: "core alone",
        action: Action::Cargo(&["check", "--package", "limiter-core", "--no-default-features"]),
    },
    Step {
        name: "factory bare",
        action: Action::Cargo(&["check", "--package", "limiter-factory", "--no-default-features"]),
    },
    Step { name: "docs", action: Action::Docs(&["doc", "--workspace", "--no-deps", "--all-features"]) },
    Step { name: "tests", action: Action::Cargo(&["test", "--workspace", "--all-features"]) },
    Step {
        name: "long",
        action: Action::Long(&[
            "test",
            "--profile",
            "long",
            "--package",
            "limiter-core",
            "--package",
            "limiter-testkit",
            "--package",
            "limiter-memory",
            "--test",
            "properties",
            "--test",
            "model",
            "--test",
            "forgetting",
            "--test",
            "suite",
        ]),
    },
    Step { name: "vectors", action: Action::Verb("vectors", vectors::replay_all) },
    Step { name: "tidy", action: Action::Verb("tidy", tidy::check) },
    Step { name: "deny", action: Action::Deny },
    Step { name: "demo", action: Action::Verb("demo --backend memory", || demo::walk_on("memory")) },
    Step { name: "demo on redis", action: Action::Verb("demo --backend redis", || demo::walk_on("redis")) },
    Step {
        name: "demo on postgres",
        action: Action::Verb("demo --backend postgres", || demo::walk_on("postgres")),
    },
    Step {
        name: "demo on sqlite",
        action: Action::Verb("demo --backend sqlite", || demo::walk_on("sqlite")),
    },
    Step { name: "demo on mixed", action: Action::Verb("demo --backend mixed", || demo::walk_on("mixed")) },
];

/// How a step ended.
#[derive(Debug, PartialEq, Eq)]
enum Ending {
    Passed,
    LeftOut(&'static str),
    Failed(String),
}

pub(crate) fn run(mut arguments: Arguments) -> Result {
    let long = arguments.switch("--long");
    arguments.end()?;
    room::check()?;
    let started = Instant::now();
    let steps: Vec<&Step> = STEPS.iter().filter(|step| long || !step.is_long()).collect();
    let done = up_to_a_failure(&steps, |step| {
        println!("\n{} {}", Style::of_stdout().bold(&format!("── {}:", step.name)), step.command());
        step.take()
    });
    print!("\n{}", table(&steps, &done));
    conclude(&steps, &done, started.elapsed())
}

/// Takes the steps one after the other; the first failure is the last that is taken.
fn up_to_a_failure(steps: &[&Step], take: impl Fn(&Step) -> Ending) -> Vec<(Ending, Duration)> {
    let mut done = Vec::new();
    for step in steps {
        let begun = Instant::now();
        let ending = take(step);
        let failed = matches!(ending, Ending::Failed(_));
        done.push((ending, begun.elapsed()));
        if failed {
            break;
        }
    }
    done
}

impl Step {
    const fn is_long(&self) -> bool {
        matches!(self.action, Action::Long(_))
    }

    /// What it runs, as one would type it.
    fn command(&self) -> String {
        match self.action {
            Action::Long(words) => format!("{LONG}=1 cargo {}", words.join(" ")),
            Action::Cargo(words) => format!("cargo {}", words.join(" ")),
            Action::Docs(words) => format!("RUSTDOCFLAGS='-D warnings' cargo {}", words.join(" ")),
            Action::Deny => format!("cargo {}", DENY.join(" ")),
            Action::Servers => "cargo xtask servers".to_owned(),
            Action::Verb(verb, _) => format!("cargo xtask {verb}"),
        }
    }

    fn take(&self) -> Ending {
        let outcome = match self.action {
            Action::Long(words) => cargo(workspace::cargo(words).env(LONG, "1")),
            Action::Cargo(words) => cargo(&mut workspace::cargo(words)),
            Action::Docs(words) => cargo(workspace::cargo(words).env("RUSTDOCFLAGS", "-D warnings")),
            Action::Deny if !deny_is_installed() => {
                return Ending::LeftOut("cargo-deny is not installed (cargo install --locked cargo-deny)");
            }
            Action::Deny => cargo(&mut workspace::cargo(DENY)),
            Action::Servers => return ending_of(servers::search()),
            Action::Verb(_, verb) => verb(),
        };
        match outcome {
            Ok(()) => Ending::Passed,
            Err(Failure::Shown) => Ending::Failed("what failed stands above".to_owned()),
            Err(Failure::Usage(why) | Failure::Failed(why)) => Ending::Failed(why),
        }
    }
}

fn ending_of(search: Search) -> Ending {
    match search {
        Search::Found => Ending::Passed,
        Search::InVain => Ending::LeftOut("a server is missing, why stands above; what needs it fails"),
        Search::Failed(why) => Ending::Failed(why),
    }
}

/// Advisories are left out: a database that changes daily says nothing about this commit.
const DENY: &[&str] = &["deny", "check", "licenses", "bans", "sources"];

fn deny_is_installed() -> bool {
    let mut version = workspace::cargo(&["deny", "--version"]);
    let answer = version.stdout(Stdio::null()).stderr(Stdio::null()).status();
    answer.is_ok_and(|status| status.success())
}

/// Runs cargo, its output going straight to the terminal.
fn cargo(command: &mut Command) -> Result {
    let status = Process::spawn(command)?.wait()?;
    if status.success() {
        return Ok(());
    }
    failed(format!("cargo ended with {status}"))
}

/// Each step with how it ended and how long it took, those after a failure included.
fn table(steps: &[&Step], done: &[(Ending, Duration)]) -> String {
    let rows = steps.iter().enumerate().map(|(index, step)| {
        let row = match done.get(index) {
            Some((Ending::Passed, took)) => format!("{:<8} {:>12}", "passed", style::duration(*took)),
            Some((Ending::LeftOut(why), _)) => format!("left out: {why}"),
            Some((Ending::Failed(_), took)) => format!("{:<8} {:>12}", "FAILED", style::duration(*took)),
            None => "not run".to_owned(),
        };
        format!("  {:<16} {row}\n", step.name)
    });
    rows.collect()
}

fn conclude(steps: &[&Step], done: &[(Ending, Duration)], took: Duration) -> Result {
    let took = style::duration(took);
    if let (Some((Ending::Failed(why), _)), Some(step)) = (done.last(), steps.get(done.len() - 1)) {
        println!("test: FAILED at `{}` after {took}: {why}. That step alone: {}", step.name, step.command());
        return Err(Failure::Shown);
    }
    let passed = done.iter().filter(|(ending, _)| *ending == Ending::Passed).count();
    let left_out = match done.len() - passed {
        0 => String::new(),
        some => format!(", {some} left out"),
    };
    println!("test: {passed} of {} steps passed in {took}{left_out}, none failed", done.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn steps() -> Vec<&'static Step> {
        STEPS.iter().collect()
    }

    #[test]
    fn the_table_shows_what_passed_what_failed_and_what_was_not_reached() {
        let done = [(Ending::Passed, SECOND), (Ending::Failed("why".to_owned()), SECOND)];
        let table = table(&steps()[..3], &done);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].contains("servers") && lines[0].contains("passed") && lines[0].contains("1.0 s"));
        assert!(lines[1].contains("FAILED"));
        assert!(lines[2].contains("not run"));
    }

    #[test]
    fn nothing_is_taken_after_a_failure() {
        let take = |step: &Step| match step.name {
            "lints" => Ending::LeftOut("why"),
            "docs" => Ending::Failed("why".to_owned()),
            _ => Ending::Passed,
        };
        let done = up_to_a_failure(&steps(), take);
        assert_eq!(STEPS.get(done.len() - 1).map(|step| step.name), Some("docs"));
        assert!(done.len() > 2);
    }

    #[test]
    fn a_failed_last_step_fails_the_whole() {
        assert!(conclude(&steps(), &[(Ending::Passed, SECOND)], SECOND).is_ok());
        assert!(conclude(&steps(), &[(Ending::LeftOut("why"), SECOND)], SECOND).is_ok());
        let failed = [(Ending::Passed, SECOND), (Ending::Failed("why".to_owned()), SECOND)];
        assert_eq!(conclude(&steps(), &failed, SECOND), Err(Failure::Shown));
    }

    #[test]
    fn a_server_that_is_missing_is_no_success() {
        assert_eq!(ending_of(Search::Found), Ending::Passed);
        assert!(matches!(ending_of(Search::InVain), Ending::LeftOut(_)));
        assert_eq!(ending_of(Search::Failed("why".to_owned())), Ending::Failed("why".to_owned()));
    }

    #[test]
    fn a_cargo_that_fails_fails_its_step() {
        assert!(cargo(Command::new("true").stdout(Stdio::null())).is_ok());
        assert!(cargo(Command::new("false").stdout(Stdio::null())).is_err());
    }
}

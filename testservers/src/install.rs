//! Programs that the system's package manager installs.

use std::env;
use std::ffi::{OsStr, OsString};
use std::process::{Command, Stdio};

use crate::unavailable::Unavailable;

/// A program that may have to be installed.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// In words: `a Redis server`.
    pub(crate) what: &'static str,
    /// For each manager the packages that bring it, the better ones first: what a system doesn't have under one name
    /// it may have under another.
    pub(crate) packages: &'static [(Manager, &'static [&'static [&'static str]])],
}

/// A package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manager {
    Apt,
    Dnf,
    Apk,
    Pacman,
    Zypper,
    Brew,
}

/// What this process may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Root,
    /// `sudo` asks for no password.
    Sudo,
    Ordinary,
}

/// What there is to install with.
#[derive(Debug)]
struct System {
    standing: Standing,
    path: OsString,
}

/// In the order in which they are looked for. Brew last: where there is another, it is the system's own.
const MANAGERS: [Manager; 6] =
    [Manager::Apt, Manager::Dnf, Manager::Apk, Manager::Pacman, Manager::Zypper, Manager::Brew];

/// Installs it, with what the manager prints going to the terminal. `say` hears each command before it is run.
///
/// # Errors
/// There is no manager, or this process may not install, or installing failed; the text says what to run by hand.
pub(crate) fn install(wanted: &Wanted, say: &mut dyn FnMut(&str)) -> Result<(), Unavailable> {
    let path = env::var_os("PATH").unwrap_or_default();
    System { standing: Standing::of_this_process(&path), path }.install(wanted, say)
}

impl Manager {
    const fn program(self) -> &'static str {
        match self {
            Self::Apt => "apt-get",
            Self::Dnf => "dnf",
            Self::Apk => "apk",
            Self::Pacman => "pacman",
            Self::Zypper => "zypper",
            Self::Brew => "brew",
        }
    }

    /// What brings its lists up to date, where installing doesn't do so by itself: fresh systems have none.
    const fn refresh(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Apt => Some(&["apt-get", "update"]),
            _ => None,
        }
    }

    /// The words before the packages' names: ask nothing, bring nothing else along, start no service.
    const fn install(self) -> &'static [&'static str] {
        match self {
            Self::Apt => &[
                "env",
                "DEBIAN_FRONTEND=noninteractive",
                // With these the package's scripts don't start a server of their own.
                "SYSTEMD_OFFLINE=1",
                "RUNLEVEL=1",
                "apt-get",
                "install",
                "--yes",
                "--no-install-recommends",
                "--option=DPkg::Lock::Timeout=120",
            ],
            Self::Dnf => &["dnf", "install", "--assumeyes", "--setopt=install_weak_deps=False"],
            Self::Apk => &["apk", "add", "--no-cache"],
            Self::Pacman => &["pacman", "--sync", "--refresh", "--needed", "--noconfirm"],
            Self::Zypper => &["zypper", "--non-interactive", "install", "--no-recommends"],
            Self::Brew => &["brew", "install"],
        }
    }

    /// Brew belongs to a user and refuses to work for root; the others belong to root.
    fn may(self, standing: Standing) -> bool {
        if self == Self::Brew { standing != Standing::Root } else { standing != Standing::Ordinary }
    }

    /// A command as this process has to give it.
    fn command(self, words: &[&str], standing: Standing) -> Vec<String> {
        let sudo: &[&str] =
            if standing == Standing::Sudo && self != Self::Brew { &["sudo", "-n"] } else { &[] };
        sudo.iter().chain(words).map(|word| (*word).to_owned()).collect()
    }
}

impl Standing {
    fn of_this_process(path: &OsStr) -> Self {
        let id = Command::new("id").arg("-u").env("PATH", path).stderr(Stdio::null()).output();
        if id.is_ok_and(|id| id.stdout.trim_ascii() == b"0") {
            return Self::Root;
        }
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "true"]).env("PATH", path);
        let answer = sudo.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if answer.is_ok_and(|status| status.success()) { Self::Sudo } else { Self::Ordinary }
    }
}

impl System {
    fn install(&self, wanted: &Wanted, say: &mut dyn FnMut(&str)) -> Result<(), Unavailable> {
        let (manager, choices) = self.choose(wanted)?;
        if let Some(refresh) = manager.refresh() {
            // A list that can't be had needn't be the one with the package.
            self.run(&manager.command(refresh, self.standing), say).ok();
        }
        let mut told = Vec::new();
        for packages in choices {
            let command = manager.command(&[manager.install(), packages].concat(), self.standing);
            match self.run(&command, say) {
                Ok(()) => return Ok(()),
                Err(why) => told.push(why),
            }
        }
        let (what, told) = (wanted.what, told.join("; "));
        Err(Unavailable::new(format!("{what} couldn't be installed: {told}. What it said stands above")))
    }

    /// The first manager there is that this process may use and that has the package.
    fn choose(&self, wanted: &Wanted) -> Result<(Manager, &'static [&'static [&'static str]]), Unavailable> {
        let there = MANAGERS.iter().filter(|manager| self.has(manager.program()));
        let known: Vec<_> = there
            .filter_map(|manager| wanted.packages.iter().find(|(named, _)| named == manager).copied())
            .collect();
        match known.iter().find(|(manager, _)| manager.may(self.standing)) {
            Some(&(manager, choices)) => Ok((manager, choices)),
            None => Err(refusal(wanted, known.first().copied(), self.standing)),
        }
    }

    fn has(&self, program: &str) -> bool {
        env::split_paths(&self.path).any(|folder| folder.join(program).is_file())
    }

    fn run(&self, words: &[String], say: &mut dyn FnMut(&str)) -> Result<(), String> {
        let shown = words.join(" ");
        say(&shown);
        let Some((program, arguments)) = words.split_first() else { return Ok(()) };
        let status =
            Command::new(program).args(arguments).env("PATH", &self.path).stdin(Stdio::null()).status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("`{shown}` ended with {status}")),
            Err(error) => Err(format!("`{shown}` can't be run: {error}")),
        }
    }
}

/// Why nothing can be installed, and what somebody else could run.
fn refusal(wanted: &Wanted, first: Option<(Manager, &[&[&str]])>, standing: Standing) -> Unavailable {
    let what = wanted.what;
    let Some((manager, choices)) = first else {
        let known = MANAGERS.map(Manager::program).join(", ");
        return Unavailable::new(format!("{what} can't be installed: none of {known} is in PATH"));
    };
    let program = manager.program();
    let by_hand = choices.first().map_or_else(String::new, |packages| packages.join(" "));
    let why = match standing {
        Standing::Root => "refuses to work for root".to_owned(),
        _ => format!(
            "needs root, and `sudo` asks for a password here. By hand: `sudo {program} install {by_hand}`"
        ),
    };
    Unavailable::new(format!("{what} can't be installed: {program} {why}"))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;

    use super::*;

    const WANTED: Wanted = Wanted {
        what: "a thing",
        packages: &[
            (Manager::Apt, &[&["thing-server", "thing-cli"], &["thing2"]]),
            (Manager::Brew, &[&["thing"]]),
        ],
    };

    /// A system of these programs, each a script of this text, which can also use `echo` and `env`.
    fn system(standing: Standing, programs: &[&str], script: &str) -> (System, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        for program in programs {
            let file = folder.path().join(program);
            fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let path =
            env::join_paths([folder.path().as_os_str(), "/usr/bin".as_ref(), "/bin".as_ref()]).unwrap();
        (System { standing, path }, folder)
    }

    fn alone(standing: Standing, programs: &[&str]) -> (System, TempDir) {
        let (system, folder) = system(standing, programs, "");
        (System { path: folder.path().as_os_str().to_owned(), ..system }, folder)
    }

    fn install(system: &System) -> (Result<(), String>, Vec<String>) {
        let mut said = Vec::new();
        let outcome = system.install(&WANTED, &mut |words| said.push(words.to_owned()));
        (outcome.map_err(|why| why.to_string()), said)
    }

    #[test]
    fn the_systems_own_manager_is_chosen_where_it_may_be_used() {
        let cases = [
            (Standing::Root, &["apt-get", "brew"][..], Some(Manager::Apt)),
            (Standing::Sudo, &["brew", "apt-get"][..], Some(Manager::Apt)),
            (Standing::Ordinary, &["brew", "apt-get"][..], Some(Manager::Brew)),
            (Standing::Sudo, &["brew"][..], Some(Manager::Brew)),
            (Standing::Root, &["brew"][..], None),
            (Standing::Ordinary, &["apt-get"][..], None),
            // There, but the thing has no package for it.
            (Standing::Root, &["dnf"][..], None),
            (Standing::Root, &[][..], None),
        ];
        for (standing, programs, manager) in cases {
            let (system, _folder) = alone(standing, programs);
            let chosen = system.choose(&WANTED).ok().map(|(manager, _)| manager);
            assert_eq!(chosen, manager, "{standing:?} with {programs:?}");
        }
    }

    #[test]
    fn who_may_not_install_is_told_why_and_what_to_run() {
        let told = |standing, programs: &[&str]| {
            let (system, _folder) = alone(standing, programs);
            install(&system).0.unwrap_err()
        };
        let why = told(Standing::Ordinary, &["apt-get"]);
        assert!(
            why.contains("needs root") && why.contains("sudo apt-get install thing-server thing-cli"),
            "{why}"
        );
        assert!(told(Standing::Root, &["brew"]).contains("refuses to work for root"));
        let why = told(Standing::Root, &[]);
        assert!(why.contains("zypper") && why.starts_with("a thing can't be installed"), "{why}");
    }

    #[test]
    fn lists_are_refreshed_and_other_names_tried() {
        let script = r#"[ "$1" = update ] || for word; do [ "$word" = thing2 ] && exit 0; done; exit 100"#;
        let (system, _folder) = system(Standing::Root, &["apt-get"], script);
        let (outcome, said) = install(&system);
        assert_eq!(outcome, Ok(()));
        assert_eq!(said.len(), 3, "{said:?}");
        assert_eq!(said[0], "apt-get update");
        assert!(said[1].ends_with("thing-server thing-cli") && said[2].ends_with(" thing2"), "{said:?}");
        assert!(
            said[1].contains("DEBIAN_FRONTEND=noninteractive") && said[1].contains("--no-install-recommends")
        );
    }

    #[test]
    fn root_is_asked_for_through_sudo_where_that_asks_nobody() {
        let (system, _folder) = system(Standing::Sudo, &["apt-get", "sudo"], "exit 0");
        let (outcome, said) = install(&system);
        assert_eq!(outcome, Ok(()));
        assert!(said.len() == 2 && said.iter().all(|words| words.starts_with("sudo -n ")), "{said:?}");
    }

    #[test]
    fn a_failure_names_every_command_that_failed() {
        let (system, _folder) = system(Standing::Root, &["apt-get"], "exit 7");
        let why = install(&system).0.unwrap_err();
        assert!(why.contains("thing-cli` ended with") && why.contains("thing2` ended with"), "{why}");
        assert!(why.contains("exit status: 7"), "{why}");
    }
}

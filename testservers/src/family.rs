//! The processes that a server has started.

#[cfg(not(target_os = "linux"))]
use std::process::{Command, Stdio};

/// All that it has started and that they have started, as far as they are still there.
///
/// Held (SIGSTOP) while this is asked, it starts no more, and none of these numbers becomes another's.
pub(crate) fn descendants(process: u32) -> Vec<u32> {
    let parents = parents();
    let mut found = vec![process];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
        next += 1;
    }
    found.split_off(1)
}

/// Whether it has ended, be it that nobody has asked how.
#[cfg(target_os = "linux")]
pub(crate) fn is_gone(process: u32) -> bool {
    stat(process).is_none_or(|(state, _)| matches!(state, 'Z' | 'X'))
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn is_gone(process: u32) -> bool {
    !parents().iter().any(|(number, _)| *number == process)
}

/// Whether it is held (SIGSTOP). Where the system doesn't say, it is taken for held at once.
pub(crate) fn is_held(process: u32) -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    stat(process).is_none_or(|(state, _)| matches!(state, 'T' | 't' | 'Z' | 'X'))
}

/// Each process and its parent.
#[cfg(target_os = "linux")]
fn parents() -> Vec<(u32, u32)> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers.filter_map(|number| Some((number, stat(number)?.1))).collect()
}

#[cfg(not(target_os = "linux"))]
fn parents() -> Vec<(u32, u32)> {
    let listed = Command::new("ps").args(["-axo", "pid=,ppid="]).stderr(Stdio::null()).output();
    let listed =
        listed.map(|listed| String::from_utf8_lossy(&listed.stdout).into_owned()).unwrap_or_default();
    let pair = |line: &str| {
        let mut words = line.split_whitespace().map(str::parse);
        Some((words.next()?.ok()?, words.next()?.ok()?))
    };
    listed.lines().filter_map(pair).collect()
}

/// Its state and its parent.
fn stat(process: u32) -> Option<(char, u32)> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // Its name, in parentheses, may hold anything.
    let mut words = stat.rsplit_once(") ")?.1.split(' ');
    Some((words.next()?.chars().next()?, words.next()?.parse().ok()?))
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::*;
    use crate::patience::until;

    #[test]
    fn children_and_theirs_are_found_until_they_are_gone() {
        let mut shell = Command::new("sh");
        let mut shell = shell.args(["-c", "sh -c 'sleep 60; true'; true"]).spawn().unwrap();
        let both = || Some(descendants(shell.id())).filter(|found| found.len() == 2).ok_or(());
        let found = until(Duration::from_secs(10), Duration::from_millis(5), both).unwrap();
        assert!(found.iter().all(|process| !is_gone(*process)) && !is_held(found[0]));
        for process in &found {
            Command::new("kill").args(["-KILL", &process.to_string()]).status().unwrap();
        }
        shell.wait().unwrap();
        let gone = || if found.iter().all(|process| is_gone(*process)) { Ok(()) } else { Err(()) };
        until(Duration::from_secs(10), Duration::from_millis(5), gone).unwrap();
        assert!(descendants(shell.id()).is_empty());
    }
}

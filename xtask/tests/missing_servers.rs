//! What happens where no server program is found: on a system of scripts, which has a package manager and little else.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test stops when anything is off")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// Prints its words; installing puts links to the real programs where they are looked for.
const APT: &str = "\
echo apt-get \"$@\"
case \" $* \" in *' install '*)
    ln -s \"$REAL_SERVER\" \"$PATH/redis-server\" && ln -s \"$REAL_CLI\" \"$PATH/redis-cli\" ;;
esac
";

struct System {
    folder: TempDir,
}

impl System {
    /// A user of this number, and these scripts besides.
    fn new(user: u32, scripts: &[(&str, &str)]) -> Self {
        let system = Self { folder: tempfile::tempdir().unwrap() };
        for program in ["sh", "env", "ln", "setpriv"] {
            let path = std::env::var_os("PATH").unwrap();
            let found =
                std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file());
            if let Some(found) = found {
                symlink(found, system.path(program)).unwrap();
            }
        }
        system.script("id", &format!("echo {user}"));
        for (name, text) in scripts {
            system.script(name, text);
        }
        system
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn script(&self, name: &str, text: &str) {
        let sh = self.path("sh");
        fs::write(self.path(name), format!("#!{}\n{text}\n", sh.display())).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// How it ended and what it said, with this in its environment. PostgreSQL is there.
    fn xtask(&self, verb: &str, variables: &[(&str, &str)]) -> (Option<i32>, String) {
        let real = testservers::redis::find().unwrap();
        let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
        for variable in ["CI", "REDIS_URL", "DATABASE_URL", "TESTKIT_REDIS_SERVER"] {
            xtask.env_remove(variable);
        }
        let postgres = testservers::postgres::find().unwrap().server();
        xtask.env("TESTKIT_POSTGRES_BIN", postgres.parent().unwrap());
        xtask.arg(verb).env("PATH", self.folder.path()).env("CARGO", self.path("cargo"));
        xtask.env("REAL_SERVER", real.server()).env("REAL_CLI", real.cli()).envs(variables.iter().copied());
        let output = xtask.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    }
}

#[test]
fn root_installs_what_is_missing_and_says_what_it_runs() {
    let system = System::new(0, &[("apt-get", APT)]);
    let (code, said) = system.xtask("servers", &[]);
    assert_eq!(code, Some(0), "{said}");
    for expected in ["installing: apt-get update", "redis-server redis-tools", "version ", "pgbouncer"] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let (_, again) = system.xtask("servers", &[]);
    assert!(!again.contains("installing") && again.contains("version "), "{again}");
}

#[test]
fn an_ordinary_user_is_told_what_to_run() {
    let system = System::new(1000, &[("apt-get", APT)]);
    let (code, said) = system.xtask("servers", &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("sudo apt-get install redis-server redis-tools"), "{said}");
    assert!(!system.path("redis-server").exists());
}

#[test]
fn a_named_program_that_is_missing_is_never_replaced_by_another() {
    let system = System::new(0, &[("apt-get", APT)]);
    let (code, said) = system.xtask("servers", &[("TESTKIT_REDIS_SERVER", "/nowhere/redis-server")]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("TESTKIT_REDIS_SERVER=/nowhere/redis-server") && !said.contains("installing"),
        "{said}"
    );
}

#[test]
fn a_server_that_is_too_old_is_refused() {
    let old = "echo Redis server v=6.0.16 sha=00000000:0";
    let system = System::new(0, &[("redis-server", old), ("redis-cli", "")]);
    let (code, said) = system.xtask("servers", &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("too old") && said.contains("6.0.16") && said.contains("6.2"), "{said}");
}

#[test]
fn in_ci_a_test_run_without_servers_ends_there() {
    let system = System::new(1000, &[("cargo", "echo cargo was run; exit 1")]);
    let (code, said) = system.xtask("test", &[("CI", "true")]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("FAILED at `servers`") && !said.contains("cargo was run"), "{said}");
}

#[test]
fn elsewhere_it_says_so_and_goes_on_to_what_fails() {
    let system = System::new(1000, &[("cargo", "echo cargo was run; exit 1")]);
    let (code, said) = system.xtask("test", &[("REDIS_URL", "redis://127.0.0.1:1")]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("left out") && said.contains("FAILED at `format`"), "{said}");
    assert!(said.contains("tests that start, kill and restart servers can't"), "{said}");
}

/// A system with a Redis, and with a folder of programs that stand for PostgreSQL's.
fn with_redis(postgres: &str) -> System {
    let system = System::new(0, &[("apt-get", APT)]);
    let redis = testservers::redis::find().unwrap();
    symlink(redis.server(), system.path("redis-server")).unwrap();
    symlink(redis.cli(), system.path("redis-cli")).unwrap();
    fs::create_dir(system.path("bin")).unwrap();
    for program in ["initdb", "postgres", "psql", "pg_basebackup"] {
        system.script(&format!("bin/{program}"), postgres);
    }
    system
}

#[test]
fn postgres_that_is_too_old_or_something_else_is_refused_and_the_rest_still_looked_for() {
    for said in ["postgres (PostgreSQL) 12.22 (Debian 12.22-1)", "mysqld 8.0"] {
        let system = with_redis(&format!("echo '{said}'"));
        let bin = system.path("bin");
        let (code, told) = system.xtask("servers", &[("TESTKIT_POSTGRES_BIN", bin.to_str().unwrap())]);
        assert_eq!(code, Some(1), "{told}");
        assert!(told.contains(said) && told.contains("wanted PostgreSQL 13 or newer"), "{told}");
        assert!(told.contains("servers: ") && told.contains("pgbouncer"), "{told}");
    }
}

#[test]
fn a_named_folder_without_postgres_is_never_replaced_by_another() {
    let system = with_redis("");
    let (code, said) = system.xtask("servers", &[("TESTKIT_POSTGRES_BIN", "/nowhere")]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("TESTKIT_POSTGRES_BIN=/nowhere") && !said.contains("installing"), "{said}");
}

#[test]
fn a_test_run_without_postgres_ends_there_in_ci_and_elsewhere_says_what_fails() {
    let system = with_redis("");
    system.script("cargo", "echo cargo was run; exit 1");
    let nowhere = ("TESTKIT_POSTGRES_BIN", "/nowhere");
    let (code, said) = system.xtask("test", &[nowhere, ("CI", "true")]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("FAILED at `servers`") && !said.contains("cargo was run"), "{said}");

    let (code, said) = system.xtask("test", &[nowhere, ("DATABASE_URL", "postgres://127.0.0.1:1/a")]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("left out") && said.contains("FAILED at `format`"), "{said}");
    assert!(said.contains("what DATABASE_URL names, but tests that start, kill"), "{said}");
}

//! Servers that verbs start: handed to the program that needs them, and gone with the verb, however it ends.
//!
//! A script stands for cargo, and another for the gateway and the replay: what they do with the server is not the
//! matter here.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test stops when anything is off")]

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);

/// A backend, the variable that names its server, and how to ask that for a PONG.
#[derive(Clone, Copy)]
struct Kind {
    backend: &'static str,
    variable: &'static str,
    ask: &'static str,
}

const REDIS: Kind =
    Kind { backend: "redis", variable: "REDIS_URL", ask: r#"exec "$TOLD.cli" -u "$REDIS_URL" PING"# };
const POSTGRES: Kind = Kind {
    backend: "postgres",
    variable: "DATABASE_URL",
    ask: r#"exec "$TOLD.cli" -X -A -t -d "$DATABASE_URL" -c "select 'PONG'""#,
};
const KINDS: [Kind; 2] = [REDIS, POSTGRES];

/// Tells where its counts would be and whether anybody answers there, then runs as the test wants it to: no longer
/// than the test.
const PROGRAM: &str = r#"#!/bin/sh
trap 'sleep 0.4; "$TOLD.ask" > "$TOLD.last" 2>&1; echo drained; exit 0' TERM
url="$REDIS_URL$DATABASE_URL"
pong=$("$TOLD.ask" 2>&1)
printf '%s %s\n' "$url" "$pong" > "$TOLD.new" && mv "$TOLD.new" "$TOLD"
"#;
const LISTEN: &str = "echo 'listening on http://127.0.0.1:9'\nwhile [ -e \"$TOLD\" ]; do sleep 0.02; done\n";
const SAY_NOTHING: &str = "while [ -e \"$TOLD\" ]; do sleep 0.02; done\n";
const REPLAY: &str = "echo '5 passed, 0 failed'\n";

struct Stage {
    folder: TempDir,
}

impl Stage {
    fn new(kind: Kind, program: &str) -> Self {
        let stage = Self { folder: tempfile::tempdir().unwrap() };
        stage.script("program", &format!("{PROGRAM}{program}"));
        let built = stage.path("program");
        let message = format!(
            r#"{{"reason":"compiler-artifact","target":{{"name":"gateway"}},"executable":"{}"}}"#,
            built.display()
        );
        let cargo = format!(
            "#!/bin/sh\nif [ \"$1\" = build ]; then echo '{message}'; else exec '{}'; fi\n",
            built.display()
        );
        stage.script("cargo", &cargo);
        stage.script("told.ask", &format!("#!/bin/sh\n{}\n", kind.ask));
        let cli = match kind.backend {
            "redis" => testservers::redis::find().unwrap().cli().to_owned(),
            _ => testservers::postgres::find().unwrap().psql(),
        };
        symlink(cli, stage.path("told.cli")).unwrap();
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn script(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A `PATH` with the programs that the scripts need, and servers.
    fn few_programs(&self) -> String {
        let few = self.path("few");
        fs::create_dir(&few).unwrap();
        let servers = testservers::redis::find().unwrap();
        for program in [servers.server(), servers.cli()] {
            symlink(program, few.join(program.file_name().unwrap())).unwrap();
        }
        for program in ["sh", "cat", "cp", "rm", "mv", "sleep"] {
            let folders = ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(program));
            symlink(folders.iter().find(|file| file.exists()).unwrap(), few.join(program)).unwrap();
        }
        few.to_str().unwrap().to_owned()
    }

    /// In a process group of its own, as a shell starts what is to hear of Ctrl-C.
    fn xtask(&self, words: &[&str], variables: &[(&str, &str)]) -> Child {
        let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
        for variable in ["REDIS_URL", "DATABASE_URL", "RATE_LIMITER"] {
            xtask.env_remove(variable);
        }
        xtask.args(words).envs(variables.iter().copied());
        xtask.env("CARGO", self.path("cargo")).env("TOLD", self.path("told")).process_group(0);
        xtask.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The server that the program was handed, once it has been asked whether it is there.
    fn told(&self) -> Told {
        let text = wait_for("the program to tell", || fs::read_to_string(self.path("told")).ok());
        let (url, pong) = text.trim().split_once(' ').unwrap();
        Told { url: url.to_owned(), pong: pong.to_owned() }
    }
}

struct Told {
    url: String,
    pong: String,
}

impl Told {
    fn address(&self) -> SocketAddr {
        let place = self.url.split("//").nth(1).unwrap().split('/').next().unwrap();
        place.rsplit('@').next().unwrap().parse().unwrap()
    }

    fn must_have_answered_and_be_gone(&self) {
        assert_eq!(self.pong, "PONG", "{}", self.url);
        assert!(TcpStream::connect(self.address()).is_err(), "{} outlived the verb", self.url);
    }
}

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(begun.elapsed() < PATIENCE, "waiting for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// As a terminal does it: the whole group hears of it.
fn send(xtask: &Child, what: Signal) {
    signal::killpg(Pid::from_raw(xtask.id().try_into().unwrap()), what).unwrap();
}

fn ended(xtask: Child) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = xtask.wait_with_output().unwrap();
    (status.code(), format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)))
}

#[test]
fn a_served_gateways_store_ends_after_it_on_ctrl_c_and_sigterm() {
    for (kind, what) in [(REDIS, Signal::SIGINT), (REDIS, Signal::SIGTERM), (POSTGRES, Signal::SIGINT)] {
        let stage = Stage::new(kind, LISTEN);
        let mut xtask = stage.xtask(&["demo", "--backend", kind.backend, "--serve"], &[]);
        let told = stage.told();
        assert!(TcpStream::connect(told.address()).is_ok());
        thread::sleep(Duration::from_millis(200));
        assert!(xtask.try_wait().unwrap().is_none());
        send(&xtask, what);
        let (code, said) = ended(xtask);
        assert_eq!(code, Some(0), "{what}: {said}");
        let private = format!("`{}`, a private server on {}", kind.backend, told.address());
        assert!(said.contains(&private) && said.contains("drained"), "{said}");
        let last = fs::read_to_string(stage.path("told.last")).unwrap();
        assert_eq!(last.trim(), "PONG", "the server ended before the gateway");
        told.must_have_answered_and_be_gone();
    }
}

#[test]
fn an_interrupt_half_way_ends_the_server_at_once() {
    for (kind, what) in [(REDIS, Signal::SIGINT), (REDIS, Signal::SIGTERM), (POSTGRES, Signal::SIGTERM)] {
        let stage = Stage::new(kind, SAY_NOTHING);
        // Without setpriv, which would end the server as well.
        let few = stage.few_programs();
        let xtask = stage.xtask(&["demo"], &[("RATE_LIMITER", kind.backend), ("PATH", &few)]);
        let told = stage.told();
        assert!(TcpStream::connect(told.address()).is_ok());
        send(&xtask, what);
        let (code, said) = ended(xtask);
        assert_eq!(code, Some(130), "{what}: {said}");
        told.must_have_answered_and_be_gone();
    }
}

#[test]
fn a_failed_walk_ends_its_server() {
    for kind in KINDS {
        let stage = Stage::new(kind, LISTEN);
        // Nobody listens on port 9, where this gateway says it does.
        let (code, said) = ended(stage.xtask(&["demo", "--backend", kind.backend], &[]));
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("The walk ended early"), "{said}");
        stage.told().must_have_answered_and_be_gone();
    }
}

#[test]
fn a_server_dies_with_a_killed_verb() {
    for kind in KINDS {
        let stage = Stage::new(kind, SAY_NOTHING);
        let mut xtask = stage.xtask(&["demo", "--backend", kind.backend], &[]);
        let told = stage.told();
        xtask.kill().unwrap();
        xtask.wait().unwrap();
        wait_for("the server's end", || TcpStream::connect(told.address()).is_err().then_some(()));
    }
}

#[test]
fn a_server_that_is_given_is_handed_on_and_its_secret_is_not_shown() {
    let redis = testservers::redis::Redis::start().unwrap();
    let postgres = testservers::postgres::Postgres::start().unwrap();
    let urls = [
        format!("redis://default:s3cret@{}", redis.address()),
        postgres.url_as("postgres", "s3cret", "postgres"),
    ];
    for (kind, url) in KINDS.iter().zip(urls) {
        for verb in ["demo", "vectors"] {
            let stage = Stage::new(*kind, if verb == "demo" { LISTEN } else { REPLAY });
            let xtask = stage.xtask(&[verb, "--backend", kind.backend], &[(kind.variable, &url)]);
            let (_, said) = ended(xtask);
            assert_eq!(stage.told().url, url);
            let given = format!("the server that {} names", kind.variable);
            assert!(said.contains(&given) && !said.contains("s3cret"), "{said}");
        }
    }
    assert_eq!(redis.cli(&["PING"]).unwrap(), "PONG");
    assert_eq!(postgres.psql("postgres", &["-c", "select 1"]).unwrap(), "1");
}

#[test]
fn vectors_are_replayed_on_a_private_server() {
    for kind in KINDS {
        let stage = Stage::new(kind, REPLAY);
        let xtask = stage.xtask(&["vectors", "--backend", kind.backend], &[(kind.variable, "")]);
        let (code, said) = ended(xtask);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("5 passed, 0 failed"), "{said}");
        stage.told().must_have_answered_and_be_gone();
    }
}

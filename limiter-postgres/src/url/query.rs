//! The parameters behind the `?`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use limiter_remote::quoted;
use limiter_remote::url::Fault;

use super::percent::decode;
use crate::encryption::{Encryption, Mode};
use crate::options::{TIMEOUTS, timeout_in_range};
use crate::target::Place;

pub(super) const SSLMODE: &str = "sslmode";
pub(super) const SSLROOTCERT: &str = "sslrootcert";
pub(super) const SSLCERT: &str = "sslcert";
pub(super) const SSLKEY: &str = "sslkey";
pub(super) const HOST: &str = "host";
pub(super) const APPLICATION_NAME: &str = "application_name";
pub(super) const CONNECT_TIMEOUT: &str = "connect_timeout";
pub(super) const RESPONSE_TIMEOUT: &str = "response_timeout";

const KNOWN: [&str; 8] =
    [SSLMODE, SSLROOTCERT, SSLCERT, SSLKEY, HOST, APPLICATION_NAME, CONNECT_TIMEOUT, RESPONSE_TIMEOUT];

/// What the server calls its connections where the URL doesn't say.
const DEFAULT_NAME: &str = "limiter";
const LONGEST_APPLICATION_NAME: usize = 63;
/// libpq's word for the certificates that the system trusts.
const SYSTEM: &str = "system";

/// The parameters that were given and haven't been taken yet.
#[derive(Default)]
pub(super) struct Query(BTreeMap<&'static str, String>);

impl Query {
    /// Reads every parameter, all of which must be known.
    pub(super) fn read(query: Option<&str>) -> Result<Self, Fault> {
        let mut read = Self::default();
        for pair in query.into_iter().flat_map(|query| query.split('&')) {
            let (name, value) = known(pair)?;
            let part = format!("the parameter {name}");
            if value.is_empty() {
                return Err(Fault::new(format!("{part} is empty"), "a value, or no such parameter"));
            }
            if read.0.insert(name, decode(value, &part)?).is_some() {
                return Err(Fault::new(format!("{part} stands there twice"), "it once"));
            }
        }
        Ok(read)
    }

    /// As [`Self::response_timeout`], and seconds without a unit too, as libpq has them.
    pub(super) fn connect_timeout(&mut self) -> Result<Option<Duration>, Fault> {
        let seconds = |text: &str| digits(text).map(Duration::from_secs);
        self.timeout(CONNECT_TIMEOUT, |text| duration(text).or_else(|| seconds(text)))
    }

    pub(super) fn response_timeout(&mut self) -> Result<Option<Duration>, Fault> {
        self.timeout(RESPONSE_TIMEOUT, duration)
    }

    fn timeout(
        &mut self,
        name: &'static str,
        read: impl Fn(&str) -> Option<Duration>,
    ) -> Result<Option<Duration>, Fault> {
        let Some(value) = self.0.remove(name) else { return Ok(None) };
        let timeout = read(&value).filter(|timeout| timeout_in_range(*timeout));
        timeout.map(Some).ok_or_else(|| {
            let accepted = format!("{TIMEOUTS}, such as 500ms or 2s");
            Fault::held(&format!("the parameter {name}"), &value, &accepted)
        })
    }

    /// The folder of a socket.
    pub(super) fn socket(&mut self) -> Result<Option<PathBuf>, Fault> {
        match self.0.remove(HOST) {
            Some(folder) if folder.starts_with('/') => Ok(Some(folder.into())),
            Some(other) => {
                let accepted = "the folder of a socket, from / on (any other host stands before the path)";
                Err(Fault::held("the parameter host", &other, accepted))
            }
            None => Ok(None),
        }
    }

    pub(super) fn application_name(&mut self) -> Result<String, Fault> {
        let name = self.0.remove(APPLICATION_NAME).unwrap_or_else(|| DEFAULT_NAME.to_owned());
        let printable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        if name.len() <= LONGEST_APPLICATION_NAME && name.bytes().all(printable) {
            return Ok(name);
        }
        let accepted = format!("1 to {LONGEST_APPLICATION_NAME} printable ASCII characters");
        Err(Fault::held("the parameter application_name", &name, &accepted))
    }

    /// Encryption of the way to a place: as strict as can be where nothing is said, but where nothing leaves this
    /// machine.
    pub(super) fn encryption(&mut self, place: &Place) -> Result<Encryption, Fault> {
        let names_files = [SSLROOTCERT, SSLCERT, SSLKEY].iter().any(|name| self.0.contains_key(name));
        let default = if place.is_local() && !names_files { Mode::Disable } else { Mode::VerifyFull };
        let mode = self.mode()?.unwrap_or(default);
        if matches!(place, Place::Socket(_)) && mode >= Mode::Require {
            let what = format!("the parameter sslmode is {:?}", mode.name());
            return Err(Fault::new(what, "disable for a socket, or no such parameter"));
        }
        Ok(Encryption { mode, root: self.root(mode)?, client: self.client(mode)? })
    }

    fn mode(&mut self) -> Result<Option<Mode>, Fault> {
        let Some(value) = self.0.remove(SSLMODE) else { return Ok(None) };
        let named = Mode::NAMED.iter().find(|(name, _)| *name == value);
        named.map(|(_, mode)| Some(*mode)).ok_or_else(|| {
            let accepted = Mode::NAMED.map(|(name, _)| name).join(", ");
            Fault::held("the parameter sslmode", &value, &accepted)
        })
    }

    fn root(&mut self, mode: Mode) -> Result<Option<PathBuf>, Fault> {
        let Some(root) = self.0.remove(SSLROOTCERT) else { return Ok(None) };
        let (least, accepted) = if root == SYSTEM {
            (Mode::VerifyFull, "sslrootcert=system with sslmode=verify-full only")
        } else {
            (Mode::Require, "sslrootcert with an sslmode of require, verify-ca or verify-full")
        };
        if mode < least {
            return Err(Fault::new(set_with(SSLROOTCERT, mode), accepted));
        }
        Ok((root != SYSTEM).then(|| root.into()))
    }

    fn client(&mut self, mode: Mode) -> Result<Option<(PathBuf, PathBuf)>, Fault> {
        let alone = |name, other| {
            Fault::new(format!("the parameter {name} stands without {other}"), "both or neither")
        };
        match (self.0.remove(SSLCERT), self.0.remove(SSLKEY)) {
            (Some(_), Some(_)) if mode == Mode::Disable => {
                Err(Fault::new(set_with(SSLCERT, mode), "sslcert with another sslmode than disable"))
            }
            (Some(cert), Some(key)) => Ok(Some((cert.into(), key.into()))),
            (None, None) => Ok(None),
            (Some(_), None) => Err(alone(SSLCERT, SSLKEY)),
            (None, Some(_)) => Err(alone(SSLKEY, SSLCERT)),
        }
    }
}

fn set_with(name: &str, mode: Mode) -> String {
    format!("the parameter {name} is set, and sslmode is {}", mode.name())
}

/// The name of a parameter, if it is one, and its value as it was written.
fn known(pair: &str) -> Result<(&'static str, &str), Fault> {
    let Some((given, value)) = pair.split_once('=') else {
        let accepted = format!("name=value, several joined by &, of {}", KNOWN.join(", "));
        return Err(Fault::new("a parameter has no value", &accepted));
    };
    if let Some(name) = KNOWN.into_iter().find(|name| *name == given) {
        return Ok((name, value));
    }
    let nearest = nearest(given).map_or(String::new(), |name| format!("; the nearest is {name}"));
    let what = format!("the parameter {} is unknown{nearest}", quoted(given));
    Err(Fault::new(what, &KNOWN.join(", ")))
}

/// The parameter that was probably meant: a third of its letters may be wrong.
fn nearest(given: &str) -> Option<&'static str> {
    let given = given.to_lowercase();
    let distances = KNOWN.into_iter().map(|name| (strsim::damerau_levenshtein(&given, name), name));
    let near = distances.filter(|(distance, name)| *distance <= name.len() / 3);
    near.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// `500ms` or `2s`.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let number = digits(number)?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        _ => None,
    }
}

fn digits(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

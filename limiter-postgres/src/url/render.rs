//! Writes a target as a URL that anybody may see.

use std::path::Path;

use limiter_remote::url::encode;

use super::query::{
    APPLICATION_NAME, CONNECT_TIMEOUT, HOST, RESPONSE_TIMEOUT, SSLCERT, SSLKEY, SSLMODE, SSLROOTCERT,
};
use super::scheme::WRITTEN;
use crate::encryption::Encryption;
use crate::options::Options;
use crate::target::{Place, REDACTED, Target};

/// The URL of a target and its timeouts, with [`REDACTED`] for the password. Read again, it is the same target but
/// for the password.
pub(crate) fn render(target: &Target, options: &Options) -> String {
    let password = target.password.as_ref().map_or(String::new(), |_| format!(":{REDACTED}"));
    let place = match &target.place {
        Place::Host(_) => target.to_string(),
        Place::Socket(_) => format!(":{}", target.port),
    };
    let (user, database) = (encode(&target.user), encode(&target.database));
    format!("{WRITTEN}://{user}{password}@{place}/{database}?{}", query(target, options))
}

fn query(target: &Target, options: &Options) -> String {
    let mut parameters = Vec::new();
    if let Place::Socket(folder) = &target.place {
        parameters.push((HOST, path(folder)));
    }
    parameters.push((SSLMODE, target.encryption.mode.name().to_owned()));
    parameters.extend(files(&target.encryption));
    parameters.extend([
        (APPLICATION_NAME, encode(&target.application_name).to_string()),
        (CONNECT_TIMEOUT, format!("{}ms", options.connect_timeout().as_millis())),
        (RESPONSE_TIMEOUT, format!("{}ms", options.response_timeout().as_millis())),
    ]);
    parameters.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn files(encryption: &Encryption) -> impl Iterator<Item = (&'static str, String)> {
    let (cert, key) = encryption.client.as_ref().map(|(cert, key)| (cert, key)).unzip();
    let named = [(SSLROOTCERT, encryption.root.as_ref()), (SSLCERT, cert), (SSLKEY, key)].into_iter();
    named.filter_map(move |(name, file)| file.map(|file| (name, path(file))))
}

fn path(path: &Path) -> String {
    encode(&path.to_string_lossy()).to_string()
}

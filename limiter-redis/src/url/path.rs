//! Database and service.

use limiter_remote::url::{Fault, decode};

const DATABASES: &str = "a number, 0 to 2147483647";
const OF_SENTINEL: &str = "redis+sentinel://host,host/service or …/service/database";

/// The database number of `[/[number]]`.
pub(super) fn database(path: Option<&str>) -> Result<i64, Fault> {
    match path {
        None | Some("") => Ok(0),
        Some(text) => number(text),
    }
}

/// The same for a cluster, which has no database but the first.
pub(super) fn of_cluster(path: Option<&str>) -> Result<i64, Fault> {
    match path {
        None | Some("" | "0") => Ok(0),
        Some(text) => Err(Fault::held("the database", text, "0, the only one that a cluster has")),
    }
}

/// The service and the database number of `/service[/number]`.
pub(super) fn of_sentinel(path: Option<&str>) -> Result<(String, i64), Fault> {
    let path = path.unwrap_or_default();
    let (service, database) = path.split_once('/').map_or((path, None), |(first, last)| (first, Some(last)));
    if service.is_empty() {
        return Err(Fault::new("the service is empty", OF_SENTINEL));
    }
    Ok((decode(service, "the service")?, database.map_or(Ok(0), number)?))
}

fn number(text: &str) -> Result<i64, Fault> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<i32>().ok().filter(|_| digits).map(i64::from);
    number.ok_or_else(|| Fault::held("the database", text, DATABASES))
}

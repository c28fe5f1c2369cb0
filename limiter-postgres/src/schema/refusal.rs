//! What to tell a person whose schema can't be used.

use limiter_core::{Error, ErrorKind};

use super::identifier::quoted;
use super::migration::needed;
use crate::error::kind_of;

const BY_OTHERS: &str = "one start with migrate `auto` as that role does it, or the SQL of \
                         `limiter_postgres::migrations()`";

/// What to tell a person whose schema can't be used: by which role, where.
pub(super) struct Refusals {
    schema: String,
    role: String,
    database: String,
}

impl Refusals {
    pub(super) fn new(schema: &str, role: &str, database: &str) -> Self {
        Self { schema: quoted(schema), role: quoted(role), database: quoted(database) }
    }

    /// It isn't there, or too old, and this program isn't to make it.
    pub(super) fn not_to_be_made(&self, there: u32) -> Error {
        let Self { schema, database, .. } = self;
        let what = if there == 0 {
            format!("the database {database} has no schema {schema} of the limiter")
        } else {
            format!("the schema {schema} is of version {there}, and this program needs {}", needed())
        };
        config(format!("{what}, and migrate is `check`: a role that may must make it; {BY_OTHERS}"))
    }

    /// The role may not use what is there.
    pub(super) fn no_rights(&self) -> Error {
        let Self { schema, role, .. } = self;
        config(format!("the role {role} may not use the schema {schema}; {}", self.grants()))
    }

    /// Something is gone.
    pub(super) fn lost(&self, names: &[&str]) -> Error {
        let Self { schema, .. } = self;
        config(format!(
            "the schema {schema} has lost {}: somebody has dropped it, or restored a part; restore the whole, or drop the \
             schema and what it counted, and start again",
            names.join(", ")
        ))
    }

    /// There is something else in it.
    pub(super) fn not_ours(&self, something: &str) -> Error {
        let Self { schema, .. } = self;
        config(format!(
            "the schema {schema} holds something else, or was made only in part: there is {something}, and no function \
             version() of the limiter's; name another schema, or drop this one"
        ))
    }

    /// Its owner could make the functions' owner do things.
    pub(super) fn owned_by(&self, owner: &str) -> Error {
        let Self { schema, role, .. } = self;
        config(format!(
            "the schema {schema} belongs to the role {}, who may not act as {role}, as whom the functions would run; \
             migrate as its owner, or drop the schema",
            quoted(owner)
        ))
    }

    /// It took too long.
    pub(super) fn slow(&self) -> Error {
        let text =
            format!("the server takes too long to tell about the schema {}, or to make it", self.schema);
        Error::new(ErrorKind::Timeout, text).with_operation("migrate")
    }

    /// Something that the server says.
    pub(super) fn failed(&self, error: &sqlx::Error) -> Error {
        let Self { schema, role, database } = self;
        let Some(said) = error.as_database_error() else {
            let text = format!("the connection was lost while the schema {schema} was looked at or made");
            return Error::new(ErrorKind::Unavailable, text).with_operation("migrate");
        };
        let code = said.code().unwrap_or_default();
        let (kind, text) = match code.as_ref() {
            "42501" => {
                let text = format!(
                    "the role {role} may not make or change the schema {schema} in the database {database} (42501): a role \
                     that may must do it; {BY_OTHERS}; then {}",
                    self.grants()
                );
                (ErrorKind::Config, text)
            }
            // Where it can't be promised that it does.
            "25006" | "0A000" => (
                ErrorKind::Unavailable,
                "the server takes no writes: is it a standby? name the primary".to_owned(),
            ),
            "55P03" | "57014" => {
                let text = format!(
                    "somebody else has been migrating the schema {schema}, or locking it, for too long"
                );
                (ErrorKind::Timeout, text)
            }
            // Nothing that was sent holds a secret.
            code => {
                let text =
                    format!("the schema {schema} can't be looked at or made ({code}): {}", said.message());
                (passing(code).unwrap_or(ErrorKind::Config), text)
            }
        };
        Error::new(kind, text).with_operation("migrate")
    }

    fn grants(&self) -> String {
        let Self { schema, role, .. } = self;
        format!(
            "its owner must run: grant usage on schema {schema} to {role}; grant execute on all functions in schema {schema} \
             to {role}"
        )
    }
}

/// What a code means that says nothing against the schema, and may not come again.
fn passing(code: &str) -> Option<ErrorKind> {
    let kind = kind_of(code);
    matches!(kind, ErrorKind::Unavailable | ErrorKind::Capacity | ErrorKind::Timeout).then_some(kind)
}

fn config(text: String) -> Error {
    Error::new(ErrorKind::Config, text).with_operation("migrate")
}

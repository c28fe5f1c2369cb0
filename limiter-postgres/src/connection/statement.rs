//! Calls as statements.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use limiter_core::ErrorKind;
use sqlx::postgres::PgArguments;
use sqlx::{Arguments as _, AssertSqlSafe, SqlSafeStr as _, SqlStr};

use crate::call::{Argument, Call};
use crate::error::Failure;
use crate::literal;

/// What is sent for a call.
pub(super) enum Statement {
    /// Prepared on its connection at first use; arguments apart.
    Prepared(SqlStr, PgArguments),
    /// One message with everything in it: the only one that is safe where a pooler gives the next message to another
    /// session.
    Simple(SqlStr),
}

/// Makes statements of calls.
pub(super) struct Statements {
    /// `"schema".`
    schema: String,
    simple: bool,
    /// By function. A function takes so many arguments, always.
    prepared: RwLock<HashMap<&'static str, SqlStr>>,
}

impl Statements {
    pub(super) fn new(schema: &str, simple: bool) -> Self {
        let schema = format!("\"{}\".", schema.replace('"', "\"\""));
        Self { schema, simple, prepared: RwLock::default() }
    }

    pub(super) fn of(&self, call: &Call) -> Result<Statement, Failure> {
        if self.simple {
            return self.with_literals(call).map(Statement::Simple);
        }
        let mut arguments = PgArguments::default();
        for argument in call.arguments() {
            add(&mut arguments, argument)?;
        }
        Ok(Statement::Prepared(self.with_places(call), arguments))
    }

    fn with_places(&self, call: &Call) -> SqlStr {
        let known = self.prepared.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = known.get(call.function()) {
            return text.clone();
        }
        drop(known);
        let places: Vec<_> = (1..=call.arguments().len()).map(|place| format!("${place}")).collect();
        let text = format!("{}({})", self.front(call), places.join(","));
        let text = AssertSqlSafe(Arc::<str>::from(text)).into_sql_str();
        let mut known = self.prepared.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(call.function(), text.clone());
        text
    }

    fn front(&self, call: &Call) -> String {
        let select = if call.returns_rows() { "select * from " } else { "select " };
        format!("{select}{}{}", self.schema, call.function())
    }

    fn with_literals(&self, call: &Call) -> Result<SqlStr, Failure> {
        let mut text = format!("{}(", self.front(call));
        for (place, argument) in call.arguments().iter().enumerate() {
            if place > 0 {
                text.push(',');
            }
            literal::write(&mut text, argument)
                .map_err(|refused| Failure::unsent(ErrorKind::InvalidRequest, refused))?;
        }
        text.push(')');
        Ok(AssertSqlSafe(text).into_sql_str())
    }
}

fn add(arguments: &mut PgArguments, argument: &Argument) -> Result<(), Failure> {
    let added = match argument {
        Argument::Key(key) => arguments.add(key.as_slice()),
        Argument::Keys(keys) => arguments.add(keys.as_slice()),
        Argument::Number(number) => arguments.add(number),
        Argument::Numbers(numbers) => arguments.add(numbers.as_slice()),
        Argument::Id(id) => arguments.add(id.as_str()),
        Argument::Ids(ids) => arguments.add(ids.as_slice()),
        Argument::Flag(flag) => arguments.add(flag),
    };
    added.map_err(|_| Failure::unsent(ErrorKind::InvalidRequest, "an argument is too long to be sent"))
}

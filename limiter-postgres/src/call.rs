//! One call of a function on the server.

/// One call of a function on the server, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    function: &'static str,
    operation: &'static str,
    changes: bool,
    rows: bool,
    arguments: Vec<Argument>,
}

/// What a function is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    Key(Vec<u8>),
    Keys(Vec<Vec<u8>>),
    /// `None` is `null`.
    Number(Option<i64>),
    Numbers(Vec<i64>),
    /// Ids: letters, digits, `_` and `-`.
    Id(String),
    Ids(Vec<String>),
    Flag(bool),
}

impl Call {
    /// A call of a function. `operation` is its name in errors; `changes` says whether the store may be another after
    /// it.
    pub(crate) const fn new(function: &'static str, operation: &'static str, changes: bool) -> Self {
        Self { function, operation, changes, rows: true, arguments: Vec::new() }
    }

    /// The same for a function that returns a value. Asked for as a column and not as a table, it spares the server
    /// the making of one.
    pub(crate) const fn of_value(function: &'static str, operation: &'static str, changes: bool) -> Self {
        let mut call = Self::new(function, operation, changes);
        call.rows = false;
        call
    }

    /// The same call with one more argument.
    #[must_use]
    pub(crate) fn with(mut self, argument: Argument) -> Self {
        self.arguments.push(argument);
        self
    }

    /// The function's name.
    pub(crate) const fn function(&self) -> &'static str {
        self.function
    }

    /// Its name in errors.
    pub(crate) const fn operation(&self) -> &'static str {
        self.operation
    }

    /// Whether the store may be another after it.
    pub(crate) const fn changes(&self) -> bool {
        self.changes
    }

    /// Whether it returns rows, and not one value.
    pub(crate) const fn returns_rows(&self) -> bool {
        self.rows
    }

    /// What the function is given, in order.
    pub(crate) fn arguments(&self) -> &[Argument] {
        &self.arguments
    }
}

impl Argument {
    /// The type of the parameter that takes it.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Key(_) => "bytea",
            Self::Keys(_) => "bytea[]",
            Self::Number(_) => "bigint",
            Self::Numbers(_) => "bigint[]",
            Self::Id(_) => "text",
            Self::Ids(_) => "text[]",
            Self::Flag(_) => "boolean",
        }
    }

    /// A number that is.
    pub(crate) const fn number(number: u64) -> Self {
        Self::Number(Some(number.cast_signed()))
    }
}

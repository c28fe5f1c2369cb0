//! In place of RocksDB, which takes ten minutes to build: limitador's storage in Redis doesn't compile without the one
//! on disk, and doesn't use it. Only the shapes are here; nothing can be opened.
#![allow(missing_docs, reason = "it stands for another crate")]

use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    TimedOut,
    TryAgain,
    NotSupported,
}

#[derive(Clone, Debug)]
pub struct Error(ErrorKind);

#[derive(Clone, Copy, Debug)]
pub enum CompactionDecision {
    Keep,
    Remove,
}

#[derive(Clone, Copy, Debug)]
pub enum DBCompressionType {
    None,
    Bz2,
}

#[derive(Clone, Copy, Debug)]
pub enum IteratorMode {
    Start,
}

#[derive(Debug)]
pub struct MultiThreaded;

#[derive(Debug)]
pub enum Never {}

#[derive(Debug)]
pub struct DBWithThreadMode<T>(Never, PhantomData<T>);

pub type DB = DBWithThreadMode<MultiThreaded>;

#[derive(Debug, Default)]
pub struct Options(());

#[derive(Debug)]
pub struct MergeOperands(Never);

type Bytes = Box<[u8]>;
type Entries = std::iter::Empty<Result<(Bytes, Bytes), Error>>;

impl Error {
    pub fn kind(&self) -> ErrorKind {
        self.0.clone()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no RocksDB in this program")
    }
}

impl std::error::Error for Error {}

impl Options {
    pub fn create_if_missing(&mut self, _: bool) {}

    pub fn set_compression_type(&mut self, _: DBCompressionType) {}

    pub fn set_compaction_filter(&mut self, _: &str, _: impl FnMut(u32, &[u8], &[u8]) -> CompactionDecision) {
    }

    pub fn set_merge_operator_associative(
        &mut self,
        _: &str,
        _: impl Fn(&[u8], Option<&[u8]>, &MergeOperands) -> Option<Vec<u8>>,
    ) {
    }
}

impl<'a> IntoIterator for &'a MergeOperands {
    type Item = &'a [u8];
    type IntoIter = std::iter::Empty<&'a [u8]>;

    fn into_iter(self) -> Self::IntoIter {
        match self.0 {}
    }
}

impl<T> DBWithThreadMode<T> {
    pub fn open(_: &Options, _: impl AsRef<Path>) -> Result<Self, Error> {
        Err(Error(ErrorKind::NotSupported))
    }

    pub fn get(&self, _: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>, Error> {
        match self.0 {}
    }

    pub fn delete(&self, _: impl AsRef<[u8]>) -> Result<(), Error> {
        match self.0 {}
    }

    pub fn merge(&self, _: impl AsRef<[u8]>, _: impl AsRef<[u8]>) -> Result<(), Error> {
        match self.0 {}
    }

    pub fn iterator(&self, _: IteratorMode) -> Entries {
        match self.0 {}
    }

    pub fn prefix_iterator(&self, _: impl AsRef<[u8]>) -> Entries {
        match self.0 {}
    }
}

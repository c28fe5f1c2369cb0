//! Several processes on one store: copies of the test program.
//!
//! A count that several processes share can't be proven by one. A [`Crowd`] starts copies of the test program itself,
//! each of which runs one test of it and nothing else; in there a [`Member`] finds out that it is a copy, reaches the
//! store of the test that started it ([`store`]), and does what it is told. It works under `cargo test` and under
//! runners that start a process for each test. Copies never outlive the test.
//!
//! The cases of the suite that need several processes do all that by themselves, given
//! [`Candidate::with_store`](crate::Candidate::with_store) and a function that looks at [`store`] first. A test of
//! one's own looks like this:
//!
//! ```no_run
//! use limiter_testkit::processes::{Crowd, Member};
//!
//! # async fn count_to(_store: &str, _most: u64) -> u64 { 0 }
//! # async fn start_store() -> String { String::new() }
//! #[tokio::test]
//! async fn four_processes_count_together() -> std::io::Result<()> {
//!     if let Some(mut member) = Member::here() {
//!         member.ready()?;
//!         loop {
//!             let most: u64 = member.work().await?;
//!             member.tell(&count_to(member.store(), most).await)?;
//!         }
//!     }
//!     let store = start_store().await;
//!     let mut crowd = Crowd::start("four_processes_count_together", &store, 4).await?;
//!     crowd.tell_all(&1000).await?;
//!     let counted: Vec<u64> = crowd.one_each().await?;
//!     assert_eq!(counted.iter().sum::<u64>(), 1000);
//!     crowd.end().await
//! }
//! ```

mod crowd;
mod line;
mod member;
mod part;
pub(crate) mod work;

pub use crowd::Crowd;
pub use member::{Member, is_copy, store};
pub use part::take_part;

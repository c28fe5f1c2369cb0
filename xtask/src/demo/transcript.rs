//! What the walk prints: each request on a line, beside it what was expected of it, met or missed.

use crate::style::Style;

/// Widths of the columns: the request, who called, what came back.
const REQUEST: usize = 26;
const CALLER: usize = 10;
const SEEN: usize = 42;

/// One line: what was asked by whom, what was seen, and what was promised.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) request: &'a str,
    pub(crate) caller: &'a str,
    pub(crate) seen: &'a str,
    pub(crate) promise: &'a str,
}

/// Prints as it goes, and counts.
#[derive(Debug)]
pub(crate) struct Transcript {
    style: Style,
    met: usize,
    missed: usize,
}

impl Transcript {
    pub(crate) const fn new(style: Style) -> Self {
        Self { style, met: 0, missed: 0 }
    }

    /// A scenario begins.
    pub(crate) fn scenario(&self, title: &str, shows: &str) {
        println!("\n{}\n   {shows}\n", self.style.bold(title));
    }

    /// Something about the walk itself.
    pub(crate) fn note(&self, text: &str) {
        println!("   {}", self.style.faint(&format!("({text})")));
    }

    /// A promise was put to the test; without misses it was kept.
    pub(crate) fn line(&mut self, line: &Line<'_>, misses: &[String]) {
        let mark = if misses.is_empty() {
            self.met += 1;
            self.style.good("✓")
        } else {
            self.missed += 1;
            self.style.bad("✗")
        };
        println!("   {}{mark} {}", left(line), line.promise);
        for miss in misses {
            println!("        {}", self.style.bad(miss));
        }
    }

    /// Whether every promise was kept so far.
    pub(crate) const fn clean(&self) -> bool {
        self.missed == 0
    }

    /// The last line of a walk.
    pub(crate) fn summary(&self) -> String {
        format!("demo: {} expectations met, {} missed", self.met, self.missed)
    }
}

/// The columns before the mark. A line about nothing that was asked is blank there.
fn left(line: &Line<'_>) -> String {
    let arrow = if line.seen.is_empty() { " " } else { "→" };
    format!("{:<REQUEST$} {:<CALLER$} {arrow} {:<SEEN$} ", line.request, line.caller, line.seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: Line<'_> = Line { request: "GET /health", caller: "", seen: "200", promise: "it lives" };

    #[test]
    fn lines_are_aligned() {
        let other = Line { request: "POST /chat/message", caller: "ada", seen: "5 × 200", promise: "" };
        let blank = Line { request: "", caller: "", seen: "", promise: "" };
        let width = left(&LINE).chars().count();
        assert_eq!(left(&other).chars().count(), width);
        assert_eq!(left(&blank).trim(), "");
        assert_eq!(left(&blank).chars().count(), width);
    }

    #[test]
    fn promises_are_counted() {
        let mut transcript = Transcript::new(Style::plain());
        transcript.line(&LINE, &[]);
        assert!(transcript.clean());
        transcript.line(&LINE, &["status: wanted 200, got 500".to_owned()]);
        assert!(!transcript.clean());
        assert_eq!(transcript.summary(), "demo: 1 expectations met, 1 missed");
    }
}

//! The code spans and links of a Markdown text, outside of its code blocks.

/// A piece of a text, and the line it stands on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    pub(crate) text: &'a str,
    pub(crate) line: usize,
}

/// What stands between backticks.
pub(crate) fn code_spans(text: &str) -> Vec<Piece<'_>> {
    let spans = prose(text).flat_map(|(line, prose)| {
        split_code(prose)
            .filter(|(_, is_code)| *is_code)
            .map(move |(text, _)| Piece { text: text.trim(), line })
    });
    spans.collect()
}

/// Where links and images lead: `[text](target)` and `[name]: target`.
pub(crate) fn links(text: &str) -> Vec<Piece<'_>> {
    let links = prose(text).flat_map(|(line, prose)| {
        let inline =
            split_code(prose).filter(|(_, is_code)| !is_code).flat_map(|(text, _)| inline_targets(text));
        inline.chain(definition(prose)).map(move |text| Piece { text, line })
    });
    links.collect()
}

/// The lines outside of fenced code blocks, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fence: Option<&str> = None;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let marker = ["```", "~~~"].into_iter().find(|marker| line.trim_start().starts_with(marker));
        match (fence, marker) {
            (Some(open), Some(found)) if open == found => fence = None,
            (None, Some(found)) => fence = Some(found),
            (None, None) => return Some((index + 1, line)),
            _ => {}
        }
        None
    })
}

/// The parts of a line, and whether each is code: what stands between two runs of as many backticks.
fn split_code(line: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut rest = line;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (part, is_code, length) = next_part(rest);
        rest = &rest[length..];
        Some((part, is_code))
    })
}

fn next_part(rest: &str) -> (&str, bool, usize) {
    let ticks = rest.len() - rest.trim_start_matches('`').len();
    if ticks == 0 {
        let end = rest.find('`').unwrap_or(rest.len());
        return (&rest[..end], false, end);
    }
    let (mark, after) = rest.split_at(ticks);
    match after.find(mark) {
        Some(end) => (&after[..end], true, end + 2 * ticks),
        None => (rest, false, rest.len()),
    }
}

/// A link's text may itself hold code: its target then starts a part with `](`.
fn inline_targets(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next())
}

fn definition(line: &str) -> Option<&str> {
    let (name, target) = line.trim_start().strip_prefix('[')?.split_once("]: ")?;
    (!name.contains(']')).then(|| target.split(' ').next()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(pieces: Vec<Piece<'_>>) -> Vec<(&str, usize)> {
        pieces.into_iter().map(|piece| (piece.text, piece.line)).collect()
    }

    #[test]
    fn code_spans_are_found_outside_of_blocks() {
        let text = "A `b` and ``c ` d``.\n```rust\nlet x = `not this`;\n```\n[`e`](f.md) `open\n";
        assert_eq!(texts(code_spans(text)), [("b", 1), ("c ` d", 1), ("e", 5)]);
    }

    #[test]
    fn links_of_both_forms_are_found() {
        let text =
            "[a](b.md#c) ![d](e.svg \"title\") `[no](link)` [`f`](g.md)\n[h]: i.md\n~~~\n[j](k.md)\n~~~\n";
        assert_eq!(texts(links(text)), [("b.md#c", 1), ("e.svg", 1), ("g.md", 1), ("i.md", 2)]);
    }
}

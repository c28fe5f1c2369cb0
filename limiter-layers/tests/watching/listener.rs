//! Writes down what is traced.

use std::collections::HashMap;
use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// A subscriber of one test.
#[derive(Clone, Debug)]
pub(crate) struct Listener(Arc<Heard>);

#[derive(Debug)]
struct Heard {
    most: Level,
    spans: Mutex<HashMap<u64, String>>,
    /// Which spans are entered, innermost last.
    entered: Mutex<Vec<u64>>,
    lines: Mutex<Vec<String>>,
    next: AtomicU64,
}

impl Listener {
    /// Hears what is at least as important as that.
    pub(crate) fn of(most: Level) -> Self {
        Self(Arc::new(Heard {
            most,
            spans: Mutex::default(),
            entered: Mutex::default(),
            lines: Mutex::default(),
            next: AtomicU64::new(1),
        }))
    }

    /// Events, and spans that have closed: level, name or `event`, the span it is in, fields.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lines.lock().unwrap().clone()
    }

    /// How many spans are entered.
    pub(crate) fn depth(&self) -> usize {
        self.0.entered.lock().unwrap().len()
    }
}

/// Fields as text.
struct Text<'a>(&'a mut String);

impl Visit for Text<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= &self.0.most && metadata.target().starts_with("limiter")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let id = self.0.next.fetch_add(1, Ordering::SeqCst);
        let mut text = format!("{} {}", span.metadata().level(), span.metadata().name());
        span.record(&mut Text(&mut text));
        self.0.spans.lock().unwrap().insert(id, text);
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut spans = self.0.spans.lock().unwrap();
        values.record(&mut Text(spans.get_mut(&span.into_u64()).unwrap()));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let inside = self.0.entered.lock().unwrap().last().copied();
        let spans = self.0.spans.lock().unwrap();
        let inside = inside.and_then(|id| spans[&id].split(' ').nth(1)).unwrap_or("nothing");
        let mut text = format!("{} event in {inside}", event.metadata().level());
        event.record(&mut Text(&mut text));
        self.0.lines.lock().unwrap().push(text);
    }

    fn enter(&self, span: &Id) {
        self.0.entered.lock().unwrap().push(span.into_u64());
    }

    fn exit(&self, span: &Id) {
        assert_eq!(self.0.entered.lock().unwrap().pop(), Some(span.into_u64()));
    }

    fn clone_span(&self, span: &Id) -> Id {
        let mut spans = self.0.spans.lock().unwrap();
        spans.get_mut(&span.into_u64()).unwrap().push('\u{1}');
        span.clone()
    }

    /// Closed with its last handle.
    fn try_close(&self, span: Id) -> bool {
        let mut spans = self.0.spans.lock().unwrap();
        let text = spans.get_mut(&span.into_u64()).unwrap();
        if let Some(clone) = text.find('\u{1}') {
            text.remove(clone);
            return false;
        }
        let text = spans.remove(&span.into_u64()).unwrap();
        self.0.lines.lock().unwrap().push(text);
        true
    }
}

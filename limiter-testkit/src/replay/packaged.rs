//! The traces that come with this package.

macro_rules! traces {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../vectors/", $name)))),*]
    };
}

/// The traces that come with this package, as file name and text: what every backend is held to.
pub fn packaged() -> impl ExactSizeIterator<Item = (&'static str, &'static str)> {
    TRACES.iter().copied()
}

const TRACES: &[(&str, &str)] = traces![
    "quotas-00.jsonl",
    "quotas-01.jsonl",
    "quotas-02.jsonl",
    "quotas-03.jsonl",
    "quotas-04.jsonl",
    "quotas-05.jsonl",
    "quotas-06.jsonl",
    "quotas-07.jsonl",
    "quotas-08.jsonl",
    "quotas-09.jsonl",
    "quotas-10.jsonl",
    "quotas-11.jsonl",
    "rates-00.jsonl",
    "rates-01.jsonl",
    "rates-02.jsonl",
    "rates-03.jsonl",
    "rates-04.jsonl",
    "rates-05.jsonl",
    "rates-06.jsonl",
    "rates-07.jsonl",
    "rates-08.jsonl",
    "rates-09.jsonl",
    "rates-10.jsonl",
    "rates-11.jsonl",
    "rates-extreme-00.jsonl",
    "rates-extreme-01.jsonl",
    "rates-extreme-02.jsonl",
    "rates-extreme-03.jsonl",
    "rates-extreme-04.jsonl",
    "rates-extreme-05.jsonl",
    "rates-extreme-06.jsonl",
    "rates-extreme-07.jsonl",
    "rates-extreme-08.jsonl",
    "rates-extreme-09.jsonl",
    "rates-extreme-10.jsonl",
    "rates-extreme-11.jsonl",
    "slots-00.jsonl",
    "slots-01.jsonl",
    "slots-02.jsonl",
    "slots-03.jsonl",
    "slots-04.jsonl",
    "slots-05.jsonl",
    "slots-06.jsonl",
    "slots-07.jsonl",
    "slots-08.jsonl",
    "slots-09.jsonl",
    "slots-10.jsonl",
    "slots-11.jsonl",
];

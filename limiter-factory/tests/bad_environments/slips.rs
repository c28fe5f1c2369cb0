//! Slips of the pen, all that there are of some kinds.

use std::collections::BTreeSet;

use limiter_factory::{ConfigProblem, Factory, Variable, from_vars};

use super::MEMORY;

/// A text with a letter left out, written twice, swapped with the next, or in the wrong case.
fn slips(text: &str) -> BTreeSet<String> {
    let mut slips = BTreeSet::new();
    for at in 0..text.len() {
        let (before, behind) = text.split_at(at);
        let (letter, rest) = behind.split_at(1);
        slips.insert(format!("{before}{rest}"));
        slips.insert(format!("{before}{letter}{letter}{rest}"));
        slips.insert(format!("{before}{}{rest}", letter.to_lowercase()));
        slips.insert(format!("{before}{}{rest}", letter.to_uppercase()));
        if !rest.is_empty() {
            let (next, rest) = rest.split_at(1);
            slips.insert(format!("{before}{next}{letter}{rest}"));
        }
    }
    slips.remove(text);
    slips
}

/// Those that begin with `LIMITER_`, and so are nobody else's.
fn ours() -> Vec<Variable> {
    let mut all = Factory::new().variables();
    all.retain(|variable| variable.name().starts_with("LIMITER_"));
    all
}

#[tokio::test]
async fn no_misspelt_choice_starts() {
    for variable in ["RATE_LIMITER", "SLOT_LIMITER", "QUOTA_TRACKER"] {
        for value in slips("memory").into_iter().chain(slips("memory://")) {
            let mut vars = vec![("RATE_LIMITER", "memory")];
            vars.retain(|(name, _)| *name != variable);
            vars.push((variable, &value));
            let errors = from_vars(vars).await.unwrap_err();
            assert!(errors.to_string().starts_with(&format!("{variable} is ")), "{value}: {errors}");
        }
    }
}

#[tokio::test]
async fn no_choice_by_a_misspelt_variable_starts() {
    for (name, backend) in [("SLOT_LIMITER", "memory"), ("QUOTA_TRACKER", "memory://")] {
        for slip in slips(name) {
            let errors = from_vars([MEMORY, (&slip, backend)]).await.unwrap_err();
            let error = errors.iter().next().unwrap();
            assert_eq!((error.variable(), error.nearest()), (&*slip, Some(name)));
        }
    }
    for slip in slips("RATE_LIMITER") {
        let errors = from_vars([(slip.as_str(), "memory")]).await.unwrap_err();
        let error = errors.iter().next().unwrap();
        assert_eq!((error.variable(), error.problem()), ("RATE_LIMITER", ConfigProblem::Unset));
        assert_eq!(error.nearest(), Some(&*format!("{slip}, which is set")));
    }
}

#[tokio::test]
async fn no_misspelt_setting_starts() {
    let names: BTreeSet<_> = ours().iter().map(|variable| variable.name().to_owned()).collect();
    for name in &names {
        // Every fourth: each is compared with all names there are.
        for slip in slips(name).difference(&names).step_by(4) {
            let Err(errors) = from_vars([MEMORY, (slip, "5")]).await else {
                assert!(!slip.to_uppercase().starts_with("LIMITER_"), "{slip} starts");
                continue;
            };
            let error = errors.iter().next().unwrap();
            assert_eq!((error.variable(), error.problem()), (&**slip, ConfigProblem::UnknownVariable));
            assert!(error.nearest().is_some(), "{slip}");
        }
    }
}

#[tokio::test]
async fn no_setting_takes_nothing_or_nonsense() {
    for variable in ours() {
        for (value, problem) in
            [("", ConfigProblem::Empty), (" \t", ConfigProblem::Empty), ("?!", ConfigProblem::Malformed)]
        {
            let errors = from_vars([MEMORY, (variable.name(), value)]).await.unwrap_err();
            let error = errors.iter().next().unwrap();
            assert_eq!((error.variable(), error.problem()), (variable.name(), problem));
            assert!(error.to_string().contains("; accepted: "), "{error}");
        }
    }
}

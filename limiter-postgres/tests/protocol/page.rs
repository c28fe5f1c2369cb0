//! docs/postgres-protocol.md does what it says: its examples run, in their order, on one database.

use crate::database::Database;

const PAGE: &str = include_str!("../../../docs/postgres-protocol.md");

/// How the part begins that makes a schema of its own.
const ROLES: &str = "Whom the server lets in";

/// The blocks of SQL, and what stands in the block of text that follows each at once. With roles, or everything else.
fn examples(of_roles: bool) -> Vec<(String, Option<String>)> {
    let mut examples: Vec<(String, Option<String>)> = Vec::new();
    for part in PAGE.split("\n## ").filter(|part| part.starts_with(ROLES) == of_roles) {
        let mut lines = part.lines();
        while let Some(line) = lines.next() {
            if line != "```sql" && line != "```text" {
                continue;
            }
            let block: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            let block = block.join("\n");
            match examples.last_mut() {
                Some((_, told @ None)) if line == "```text" => *told = Some(block),
                _ if line == "```sql" => examples.push((block, None)),
                _ => {}
            }
        }
    }
    examples
}

fn trimmed(text: &str) -> String {
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn every_example_answers_what_stands_beside_it() {
    let (database, _backend) = Database::new().await;
    let examples = examples(false);
    assert!(examples.iter().filter(|(_, told)| told.is_some()).count() > 10, "{examples:#?}");
    for (statements, told) in examples {
        let shown = trimmed(&database.shown(&statements));
        match told {
            Some(told) if told.starts_with("ERROR:") => {
                assert!(shown.contains(&told), "{statements}\n{shown}");
            }
            Some(told) => assert_eq!(shown, trimmed(&told), "{statements}\n{shown}"),
            None => assert!(!shown.contains("ERROR:"), "{statements}\n{shown}"),
        }
    }
}

/// What a role says to a statement.
fn told_to(database: &Database, role: &str, statement: &str) -> String {
    trimmed(&database.shown(&format!("set role {role}; {statement}")))
}

#[tokio::test]
async fn the_roles_it_makes_may_do_what_they_need_and_no_more() {
    let database = Database::empty();
    let [make, grant] = examples(true).try_into().unwrap();
    database.sql(&make.0);
    let hit =
        "select allowed from limiter.hit(array[limiter.key('chat', '')], '{fixed_window}', '{1}', '{1}')";
    drop(database.client_as("limiter_owner").await);
    assert!(told_to(&database, "limiter_app", hit).contains("permission denied for schema limiter"));
    database.sql(&format!("set role limiter_owner; {}", grant.0));
    assert!(told_to(&database, "limiter_app", hit).ends_with("\n t"));
    drop(database.client_as("limiter_app").await);
    for statement in
        ["select * from limiter.rate", "create table limiter.t ()", "drop schema limiter cascade"]
    {
        let said = told_to(&database, "limiter_app", statement);
        assert!(said.contains("permission denied") || said.contains("must be owner"), "{statement}: {said}");
    }
    database.sql(
        "set role limiter_owner; create function limiter.later() returns int language sql as 'select 1'",
    );
    assert!(told_to(&database, "limiter_app", "select limiter.later()").ends_with(" 1"));
}

#[tokio::test]
async fn every_function_is_told_of() {
    let (database, _backend) = Database::new().await;
    let functions = "select distinct proname from pg_proc where pronamespace = 'limiter'::regnamespace";
    for function in database.sql(functions).lines() {
        assert!(PAGE.contains(&format!("`{function}`")), "the page doesn't tell of {function}");
    }
    let parameters = "select distinct name from pg_proc, unnest(proargnames) name
        where pronamespace = 'limiter'::regnamespace
          and proname in ('hit', 'peek', 'refund', 'reset', 'key', 'acquire', 'renew', 'release', 'in_use', 'leases',
            'check', 'record', 'reserve', 'settle', 'reset_quota', 'sweep')";
    for name in database.sql(parameters).lines() {
        assert!(PAGE.contains(&format!("`{name}`")), "the page doesn't tell of {name}");
    }
}

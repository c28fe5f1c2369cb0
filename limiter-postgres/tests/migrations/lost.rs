//! Schemas of which something is gone.

use crate::database::{Database, refused, start, start_checking};

/// What stands in the schema: its name, what takes it away, and what brings it back.
fn things(database: &Database) -> Vec<[String; 3]> {
    let all = database.sql(
        "select format('%1$s|alter table limiter.%1$I rename to away|alter table limiter.away rename to %1$I', relname)
           from pg_class where relnamespace = 'limiter'::regnamespace and relkind = 'r'
         union all
         select format('%1$s|alter function limiter.%1$I(%2$s) rename to away|alter function limiter.away(%2$s) rename to %1$I',
           proname, pg_get_function_identity_arguments(oid))
           from pg_proc where pronamespace = 'limiter'::regnamespace and proname <> 'version' order by 1",
    );
    let thing = |line: &str| {
        let mut parts = line.split('|').map(str::to_owned);
        [parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap()]
    };
    all.lines().map(thing).collect()
}

#[tokio::test]
async fn whatever_is_lost_is_named() {
    let database = Database::new();
    drop(start(&database.url()).await.unwrap());
    let things = things(&database);
    assert!(things.len() > 15, "{things:?}");
    for [name, take_away, bring_back] in &things {
        database.sql(take_away);
        for started in [start(&database.url()).await, start_checking(&database.url()).await] {
            let text = refused(started);
            assert!(text.contains(&format!("the schema \"limiter\" has lost {name}:")), "{text}");
        }
        database.sql(bring_back);
    }
    drop(start(&database.url()).await.unwrap());
}

#[tokio::test]
async fn a_schema_that_lost_its_version_is_not_made_anew() {
    let database = Database::new();
    drop(start(&database.url()).await.unwrap());
    database.sql("drop function limiter.version()");
    let text = refused(start(&database.url()).await);
    assert!(text.contains("made only in part"), "{text}");
    let text = refused(start_checking(&database.url()).await);
    assert!(text.contains("has no schema \"limiter\" of the limiter"), "{text}");
}

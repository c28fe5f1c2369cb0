//! A caller's session, in which everything is called as what the functions use: it changes nothing.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _};

use crate::database::Database;

/// Functions and operators that stand before the server's own, and say something else.
const EVIL: &str = "
    create schema evil;
    create function evil.clock_timestamp() returns timestamptz language sql as $$ select timestamptz 'epoch' $$;
    create function evil.floor(numeric) returns numeric language sql as $$ select 0::numeric $$;
    create function evil.floor(double precision) returns double precision language sql as $$ select 0::float8 $$;
    create function evil.cardinality(anyarray) returns int language sql as $$ select 0 $$;
    create function evil.array_length(anyarray, int) returns int language sql as $$ select 0 $$;
    create function evil.unnest(bytea[]) returns setof bytea language sql as $$ select null::bytea where false $$;
    create function evil.set_config(text, text, boolean) returns text language sql as $$ select 'evil' $$;
    create function evil.current_setting(text) returns text language sql as $$ select 'evil' $$;
    create function evil.convert_to(text, name) returns bytea language sql as $$ select ''::bytea $$;
    create function evil.no(bytea, bytea) returns boolean language sql as $$ select false $$;
    create function evil.no(bigint, bigint) returns boolean language sql as $$ select false $$;
    create operator evil.= (leftarg = bytea, rightarg = bytea, function = evil.no);
    create operator evil.<= (leftarg = bigint, rightarg = bigint, function = evil.no);
    create operator evil.> (leftarg = bigint, rightarg = bigint, function = evil.no);
    create domain evil.bigint as text;
    set search_path = evil, pg_temp, limiter, pg_catalog";

struct Session(PgConnection);

impl Session {
    async fn hijacked(database: &Database) -> Self {
        let mut session = Self(PgConnection::connect(&database.url_as(&database.app)).await.unwrap());
        let columns = "string_agg(format('%I pg_catalog.%I', a.attname, t.typname), ', ')";
        for table in database.tables() {
            let columns = database.sql(&format!(
                "select {columns} from pg_attribute a join pg_type t on t.oid = a.atttypid
                   where a.attrelid = 'limiter.{table}'::regclass and a.attnum > 0 and not a.attisdropped"
            ));
            session
                .run(&format!("create temp table {table} ({columns}); grant all on {table} to public"))
                .await;
        }
        session.run(EVIL).await;
        session
    }

    async fn run(&mut self, statements: &str) {
        self.0.execute(sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))).await.unwrap();
    }

    async fn ask(&mut self, question: &str) -> String {
        let question = format!("select pg_catalog.format('%s', ({question}))");
        self.0.fetch_one(sqlx::raw_sql(AssertSqlSafe(question))).await.unwrap().try_get(0).unwrap()
    }
}

const KEY: &str = "limiter.key('rights', 'u1')";
const LEASE: &str = "select granted from limiter.acquire";
const RESERVATION: &str = "select bool_and(allowed) from limiter.reserve";

/// Each twice: what fits once and no second time.
fn calls() -> [(String, [&'static str; 2]); 5] {
    let hit = |kind: u8| {
        format!(
            "select (limiter.hit_one(limiter.rate_key({KEY}, {kind}, 86400000), {kind}, 1, 86400000, 1, 1))[4] = -1"
        )
    };
    [
        (hit(1), ["t", "f"]),
        (hit(3), ["t", "f"]),
        (format!("{LEASE}('ID', array[{KEY}], array[1], 1, 60000)"), ["t", "f"]),
        (
            format!("{RESERVATION}('ID', array[{KEY}], array[2], array[0], array[1], array[1], 60000)"),
            ["t", "f"],
        ),
        (format!("select used from limiter.record({KEY}, 4, 0, 10, 1)"), ["1", "2"]),
    ]
}

#[tokio::test]
async fn a_session_full_of_lookalikes_changes_nothing() {
    let database = Database::new().await;
    database.sql(&format!("grant create on database {} to {}", database.name(), database.app));
    let mut session = Session::hijacked(&database).await;
    for (call, expected) in calls() {
        for (time, expected) in expected.into_iter().enumerate() {
            let answer = session.ask(&call.replace("ID", &format!("id{time}"))).await;
            assert_eq!(answer, expected, "{call}, time {time}");
        }
    }
    for table in database.tables() {
        let there = session.ask(&format!("select pg_catalog.count(*) from pg_temp.{table}")).await;
        assert_eq!(there, "0", "{table} of the session");
    }
    for table in ["rate", "rate_log", "lease", "held", "quota"] {
        assert_ne!(database.sql(&format!("select count(*) from limiter.{table}")), "0", "{table}");
    }
}

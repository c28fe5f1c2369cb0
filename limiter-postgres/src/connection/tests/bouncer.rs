//! Through PgBouncer in transaction mode.

use super::*;
use testservers::postgres::PgBouncer;
use tokio::task::JoinSet;

const CLIENTS: u64 = 64;

fn through(bouncer: &PgBouncer, database: &Database, pgbouncer: bool) -> Config {
    let options = Options { pgbouncer, pool_size: 64, response_timeout: Duration::from_secs(5), ..options() };
    database.config_at(bouncer.address()).with_options(options)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_many_clients_gets_the_answers_to_its_own_calls() {
    let database = Database::new();
    let bouncer = PgBouncer::before(&SERVER, 4).unwrap();
    let connection = Connection::connect(&through(&bouncer, &database, true)).await.unwrap();
    let text = "create function limiter.echo(a bytea, b bytea[], c bigint, d bigint[], e text, f text[], g boolean, h bigint) \
                returns table (a bytea, b bytea[], c bigint, d bigint[], e text, f text[], g boolean, h bigint) \
                language sql as $$ select a, b, c, d, e, f, g, h $$";
    SERVER.psql(&database.name, &["-c", text]).unwrap();
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let connection = connection.clone();
        clients.spawn(async move {
            for turn in 0..100_u64 {
                if (client + turn).is_multiple_of(3) {
                    let deadline = Instant::now() + Duration::from_secs(5);
                    let rows = connection.run(counting(&format!("k{client}")), deadline).await.unwrap();
                    assert_eq!(rows[0].try_get::<i64, _>("n").unwrap(), i64::try_from(1 + turn / 3).unwrap());
                } else {
                    echoed(&connection, client, turn).await;
                }
            }
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }
    let servers = "select count(*) from pg_stat_activity where application_name = 'limiter' and datname = current_database()";
    let servers: u32 = SERVER.psql(&database.name, &["-c", servers]).unwrap().parse().unwrap();
    assert!((1..=4).contains(&servers), "{servers}");
}

async fn echoed(connection: &Connection, client: u64, turn: u64) {
    let (key, number) = (client.to_be_bytes().to_vec(), (client * 1000 + turn).cast_signed());
    let (keys, id) = (vec![key.clone(), vec![b'\'', b'\\', 0]], format!("id-{client}_{turn}"));
    let call = Call::new("echo", "peek", false)
        .with(Argument::Key(key.clone()))
        .with(Argument::Keys(keys.clone()))
        .with(Argument::Number(Some(-number)))
        .with(Argument::Numbers(vec![number, i64::MIN]))
        .with(Argument::Id(id.clone()))
        .with(Argument::Ids(vec![id.clone()]))
        .with(Argument::Flag(turn.is_multiple_of(2)))
        .with(Argument::Number(None));
    let rows = connection.run(call, Instant::now() + Duration::from_secs(5)).await.unwrap();
    let row = &rows[0];
    assert_eq!(row.try_get::<Vec<u8>, _>("a").unwrap(), key);
    assert_eq!(row.try_get::<Vec<Vec<u8>>, _>("b").unwrap(), keys);
    assert_eq!(row.try_get::<i64, _>("c").unwrap(), -number);
    assert_eq!(row.try_get::<Vec<i64>, _>("d").unwrap(), [number, i64::MIN]);
    assert_eq!(row.try_get::<String, _>("e").unwrap(), id);
    assert_eq!(row.try_get::<Vec<String>, _>("f").unwrap(), [id]);
    assert_eq!(row.try_get::<bool, _>("g").unwrap(), turn.is_multiple_of(2));
    assert_eq!(row.try_get::<Option<i64>, _>("h").unwrap(), None);
}

#[tokio::test]
async fn who_doesnt_say_that_there_is_a_pgbouncer_is_told_how_to() {
    let database = Database::new();
    let bouncer = PgBouncer::before(&SERVER, 4).unwrap();
    let error = Connection::connect(&through(&bouncer, &database, false)).await.unwrap_err();
    assert!(error.to_string().contains("LIMITER_PGBOUNCER=true"), "{error}");
}

#[tokio::test]
async fn nothing_is_prepared_through_a_pgbouncer() {
    let database = Database::new();
    let bouncer = PgBouncer::before(&SERVER, 1).unwrap();
    let connection = Connection::connect(&through(&bouncer, &database, true)).await.unwrap();
    count(&connection, "k").await.unwrap();
    connection.ask("select 1", "ping").await.unwrap();
    let text = "create function limiter.prepared() returns table (n bigint) language sql as $$ \
                select count(*) from pg_prepared_statements $$";
    SERVER.psql(&database.name, &["-c", text]).unwrap();
    assert_eq!(run(&connection, Call::new("prepared", "peek", false)).await.unwrap(), 0);
    let mut apart = connection.apart().await.unwrap();
    sqlx::Executor::fetch_one(&mut apart, sqlx::raw_sql("select 1")).await.unwrap();
}

#[tokio::test]
async fn a_server_that_goes_behind_a_pgbouncer_is_found_again() {
    let server = Postgres::start().unwrap();
    let database = Database::on(&server);
    let bouncer = PgBouncer::before(&server, 4).unwrap();
    let config = database.config_at(bouncer.address()).with_options(Options { pgbouncer: true, ..options() });
    let connection = Connection::connect(&config).await.unwrap();
    count(&connection, "k").await.unwrap();
    server.kill();
    count(&connection, "k").await.unwrap_err();
    server.start_again().unwrap();
    until_it_works(&connection, "k", Duration::from_secs(20)).await;
}

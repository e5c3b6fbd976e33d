//! A panic, a lost connection: what broke is told, and the next one is served.

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::sql_types::Integer;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use postern::storage::{AnyConnection, StorageError, accounts};

use super::{Storage, create};

#[actix_web::test]
async fn a_panic_costs_one_answer_and_leaves_no_transaction_open() {
    let storage = Storage::fresh().await;
    // More often than there are connections.
    for _ in 0..20 {
        let panicked: Result<(), StorageError> = storage
            .db
            .write(|tx| {
                create(tx, "ada").unwrap();
                panic!("on purpose")
            })
            .await;
        assert!(matches!(panicked, Err(StorageError::Broken(_))), "{panicked:?}");
        let panicked: Result<(), StorageError> = storage.db.read(|_| panic!("on purpose")).await;
        assert!(matches!(panicked, Err(StorageError::Broken(_))), "{panicked:?}");
    }
    let ada = storage.person("ada").await;
    assert!(storage.find(&ada).await.is_some());
}

#[derive(QueryableByName)]
struct Backend {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

fn backend(conn: &mut AnyConnection) -> i32 {
    let AnyConnection::Postgres(conn) = conn else { panic!("on PostgreSQL only") };
    sql_query("SELECT pg_backend_pid() AS pid").get_result::<Backend>(conn).unwrap().pid
}

/// Ends connections of this database from outside, as a server does that is restarted.
fn terminate(storage: &Storage, which: &str) {
    let Ok(AnyConnection::Postgres(mut server)) = storage.database.location().connect() else { panic!() };
    let others = "datname = current_database() AND pid <> pg_backend_pid()";
    let statement =
        format!("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE {others} AND {which}");
    server.batch_execute(&statement).unwrap();
}

#[actix_web::test]
async fn a_connection_lost_between_two_requests_is_replaced() {
    let storage = Storage::fresh().await;
    if !storage.database.is_postgres() {
        return;
    }
    let ada = storage.person("ada").await;
    for _ in 0..3 {
        terminate(&storage, "true");
        assert!(storage.find(&ada).await.is_some());
        let this = ada.clone();
        storage.db.write(move |tx| accounts::end_sessions(tx, &this)).await.unwrap();
    }
    assert_eq!(storage.find(&ada).await.unwrap().epochs.session, 4);
}

#[actix_web::test]
async fn a_connection_lost_in_the_middle_of_a_write_takes_everything_back() {
    let storage = Arc::new(Storage::fresh().await);
    if !storage.database.is_postgres() {
        return;
    }
    let ada = storage.person("ada").await;
    let (this, outside) = (ada.clone(), Arc::clone(&storage));
    let lost = storage.db.write(move |tx| {
        accounts::end_sessions(tx, &this)?;
        terminate(&outside, &format!("pid = {}", backend(tx)));
        accounts::end_sessions(tx, &this)
    });
    let lost = lost.await;
    assert!(matches!(lost, Err(StorageError::Unavailable)), "{lost:?}");

    // The same at the last moment: the commit itself finds nobody.
    let (this, outside) = (ada.clone(), Arc::clone(&storage));
    let lost = storage.db.write(move |tx| {
        let epoch = accounts::end_sessions(tx, &this)?;
        terminate(&outside, &format!("pid = {}", backend(tx)));
        Ok::<_, StorageError>(epoch)
    });
    let lost = lost.await;
    assert!(matches!(lost, Err(StorageError::Unavailable)), "{lost:?}");
    assert_eq!(storage.find(&ada).await.unwrap().epochs.session, 1);
    assert!(storage.db.read(accounts::any).await.unwrap());
}

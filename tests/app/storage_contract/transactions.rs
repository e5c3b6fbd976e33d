//! One closure, one transaction.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use postern::storage::{Patience, StorageError, Taken, Tx, accounts};
use tokio::task::JoinSet;

use super::{Storage, create, now};

fn broken() -> StorageError {
    StorageError::Broken("on purpose".to_owned())
}

fn counted(count: &AtomicUsize) {
    count.fetch_add(1, Ordering::SeqCst);
}

#[actix_web::test]
async fn an_error_takes_everything_back() {
    let storage = Storage::fresh().await;
    let ada = storage.person("ada").await;
    let this = ada.clone();
    let failed: Result<(), _> = storage
        .db
        .write(move |tx| {
            create(tx, "grace")?;
            accounts::end_sessions(tx, &this)?;
            Err(broken())
        })
        .await;
    assert!(matches!(failed, Err(StorageError::Broken(_))));
    assert_eq!(storage.find(&ada).await.unwrap().epochs.session, 1);
    storage.person("grace").await;
}

#[actix_web::test]
async fn what_a_write_reads_is_what_it_wrote() {
    let storage = Storage::fresh().await;
    let ada = storage.person("ada").await;
    let epochs = storage.db.write(move |tx| {
        let epoch = accounts::end_sessions(tx, &ada)?;
        let seen = accounts::find(tx, &ada, now())?.unwrap().epochs.session;
        Ok::<_, StorageError>((epoch, seen))
    });
    assert_eq!(epochs.await.unwrap(), (2, 2));
}

#[actix_web::test]
async fn what_waits_for_the_commit_is_done_after_it_and_in_order() {
    let storage = Storage::fresh().await;
    let (said, heard) = mpsc::channel();
    let write = storage.db.write(move |tx| {
        let (first, second) = (said.clone(), said.clone());
        tx.after_commit(move || first.send("first").unwrap());
        tx.after_commit(move || second.send("second").unwrap());
        said.send("inside").unwrap();
        create(tx, "ada")
    });
    write.await.unwrap();
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), ["inside", "first", "second"]);
}

#[actix_web::test]
async fn what_waits_for_the_commit_is_never_done_after_a_rollback() {
    let storage = Storage::fresh().await;
    storage.person("ada").await;
    let done = Arc::new(AtomicUsize::new(0));
    let counts = |tx: &mut Tx<'_>, done: &Arc<AtomicUsize>| {
        let done = Arc::clone(done);
        tx.after_commit(move || counted(&done));
    };
    let this = Arc::clone(&done);
    let failed: Result<(), _> = storage
        .db
        .write(move |tx| {
            counts(tx, &this);
            Err(broken())
        })
        .await;
    failed.unwrap_err();
    let this = Arc::clone(&done);
    let taken = storage.db.write(move |tx| {
        counts(tx, &this);
        create(tx, "ada")
    });
    assert!(matches!(taken.await, Err(StorageError::Taken(Taken::Username))));
    let this = Arc::clone(&done);
    let panicked: Result<(), StorageError> = storage
        .db
        .write(move |tx| {
            counts(tx, &this);
            panic!("on purpose")
        })
        .await;
    panicked.unwrap_err();
    assert_eq!(done.load(Ordering::SeqCst), 0);
}

/// PostgreSQL undoes the whole transaction after a failed statement, whatever the closure makes of it; SQLite does not.
#[actix_web::test]
async fn an_error_that_a_closure_swallows_is_never_taken_for_a_commit() {
    let storage = Storage::fresh().await;
    let ada = storage.person("ada").await;
    let (this, done) = (ada.clone(), Arc::new(AtomicUsize::new(0)));
    let after = Arc::clone(&done);
    let swallowed = storage.db.write(move |tx| {
        tx.after_commit(move || counted(&after));
        accounts::end_sessions(tx, &this)?;
        create(tx, "ada").unwrap_err();
        Ok::<_, StorageError>(())
    });
    let swallowed = swallowed.await;
    let epoch = storage.find(&ada).await.unwrap().epochs.session;
    let ran = done.load(Ordering::SeqCst);
    match swallowed {
        Ok(()) => assert_eq!((epoch, ran), (2, 1), "it said that it committed"),
        Err(_) => assert_eq!((epoch, ran), (1, 0), "it said that it did not commit"),
    }
}

#[actix_web::test]
async fn who_reads_is_not_held_up_by_who_writes_and_sees_nothing_half_done() {
    let storage = Storage::fresh().await;
    let ada = storage.person("ada").await;
    let (go_on, wait) = mpsc::channel::<()>();
    let (this, db) = (ada.clone(), storage.db.clone());
    let (is_half_done, half_done) = tokio::sync::oneshot::channel();
    let write = actix_web::rt::spawn(async move {
        db.write(move |tx| {
            accounts::end_sessions(tx, &this)?;
            is_half_done.send(()).unwrap();
            wait.recv().unwrap();
            Ok::<_, StorageError>(())
        })
        .await
    });
    half_done.await.unwrap();
    assert_eq!(storage.find(&ada).await.unwrap().epochs.session, 1);
    let this = ada.clone();
    let glanced = storage.db.glance(move |conn| accounts::find(conn, &this, now())).await.unwrap();
    assert_eq!(glanced.unwrap().epochs.session, 1);
    go_on.send(()).unwrap();
    write.await.unwrap().unwrap();
    assert_eq!(storage.find(&ada).await.unwrap().epochs.session, 2);
}

#[actix_web::test]
async fn more_readers_than_connections_are_all_served() {
    let storage = Storage::fresh().await;
    let ada = storage.person("ada").await;
    let mut all = JoinSet::new();
    for _ in 0..64 {
        let (db, ada) = (storage.db.clone(), ada.clone());
        all.spawn(
            async move { db.read(move |conn| accounts::find(conn, &ada, now())).await.unwrap().is_some() },
        );
    }
    assert!(all.join_all().await.into_iter().all(|found| found));
}

#[actix_web::test]
async fn a_write_whose_browser_went_away_is_finished_before_the_next_begins() {
    // Without patience for a lock: were the second to begin meanwhile, it would fail.
    let none = Patience { lock: Duration::ZERO, ..Patience::default() };
    let storage = Storage::with(none).await;
    let ada = storage.person("ada").await;
    let (go_on, wait) = mpsc::channel::<()>();
    let (this, db) = (ada.clone(), storage.db.clone());
    let (has_begun, begun) = tokio::sync::oneshot::channel();
    let first = actix_web::rt::spawn(async move {
        db.write(move |tx| {
            accounts::lock(tx, &this)?;
            has_begun.send(()).unwrap();
            wait.recv().unwrap();
            accounts::end_sessions(tx, &this)
        })
        .await
    });
    begun.await.unwrap();
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let this = ada.clone();
    let second = storage.db.write(move |tx| accounts::end_sessions(tx, &this));
    let release = async move { go_on.send(()).unwrap() };
    if storage.database.is_postgres() {
        // There the row's lock keeps them apart; the first has it.
        release.await;
        while storage.find(&ada).await.unwrap().epochs.session == 1 {}
        assert_eq!(second.await.unwrap(), 3);
    } else {
        let (epoch, ()) = tokio::join!(second, release);
        assert_eq!(epoch.unwrap(), 3);
    }
}

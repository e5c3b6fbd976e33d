//! Every connection to the database is in use.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use postern::storage::{Patience, StorageError};
use tokio::task::JoinSet;

use crate::support::test_app::{Deeds, TestApp};

/// How many there are, and how many people come meanwhile: more than a process has threads for.
const CONNECTIONS: usize = 8;
const PEOPLE: usize = 600;

#[derive(Default)]
struct Gate {
    state: Mutex<(usize, bool)>,
    rung: Condvar,
}

impl Gate {
    /// Waits at the gate until it is opened.
    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.0 += 1;
        self.rung.notify_all();
        drop(self.rung.wait_while(state, |(_, is_open)| !*is_open).unwrap());
    }

    fn wait_for(&self, waiting: usize) {
        drop(self.rung.wait_while(self.state.lock().unwrap(), |(here, _)| *here < waiting).unwrap());
    }

    fn open(&self) {
        self.state.lock().unwrap().1 = true;
        self.rung.notify_all();
    }
}

#[actix_web::test]
async fn a_pool_that_is_dry_asks_for_patience_keeps_no_thread_and_fills_again() {
    let patience = Patience { connection: Duration::from_millis(300), ..Patience::default() };
    let app = TestApp::with_patience(patience).await;
    app.person("ada").await;
    let home = app.browser();
    assert_eq!(home.log_in("ada").await.path(), "/profile");
    let (gate, db) = (Arc::new(Gate::default()), app.app.services().db.clone());
    let mut held = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (db, gate) = (db.clone(), Arc::clone(&gate));
        held.spawn(async move {
            db.read(move |_| {
                gate.pass();
                Ok::<_, StorageError>(())
            })
            .await
        });
    }
    let all_here = Arc::clone(&gate);
    tokio::task::spawn_blocking(move || all_here.wait_for(CONNECTIONS)).await.unwrap();

    let mut people = JoinSet::new();
    for _ in 0..PEOPLE {
        let db = db.clone();
        people.spawn(async move { db.read(|_| Ok::<_, StorageError>(())).await });
    }
    let page = home.get("/profile").await.expect(503);
    assert_eq!(page.header("retry-after"), Some("2"));
    let ready = home.get("/readyz").await;
    assert_eq!((ready.status(), ready.html()), (503, "the database does not answer\n"));
    assert_eq!(home.get("/healthz").await.status(), 200);
    // Whatever needs a thread and no connection finds one.
    tokio::task::spawn_blocking(|| ()).await.unwrap();
    for answer in people.join_all().await {
        assert!(matches!(answer, Err(StorageError::Unavailable)), "{answer:?}");
    }

    gate.open();
    for done in held.join_all().await {
        done.unwrap();
    }
    assert_eq!(home.get("/profile").await.status(), 200);
    assert_eq!(home.get("/readyz").await.status(), 200);
    assert_eq!(app.browser().log_in("ada").await.path(), "/profile");
}

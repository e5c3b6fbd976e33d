//! What storage promises, the same on both databases.

mod faults;
mod transactions;

use chrono::{DateTime, TimeDelta, Utc};
use postern::domain::account::{Account, Role};
use postern::domain::challenge::{Challenge, Purpose, TRIES};
use postern::domain::email::EmailAddress;
use postern::domain::ids::Id;
use postern::domain::keys::Keys;
use postern::domain::link::{Link, LinkPurpose};
use postern::domain::second_factor::Destination;
use postern::domain::secret::Secret;
use postern::domain::username::Username;
use postern::storage::accounts::{self, NewAccount};
use postern::storage::second_factors::Sealer;
use postern::storage::{Db, Patience, StorageError, Taken, Tx, challenges, links, migrate};
use tokio::task::JoinSet;

use crate::support::database::TestDatabase;

/// A migrated database, and the way in.
struct Storage {
    db: Db,
    /// Dropped after the pool.
    database: TestDatabase,
}

impl Storage {
    async fn fresh() -> Self {
        Self::with(Patience::default()).await
    }

    async fn with(patience: Patience) -> Self {
        let database = TestDatabase::fresh();
        let db = Db::open(database.location(), patience).unwrap();
        migrate::run(&db).await.unwrap();
        Self { db, database }
    }

    /// The same database, as another process opens it.
    fn another(&self) -> Db {
        Db::open(self.database.location(), Patience::default()).unwrap()
    }

    async fn person(&self, name: &'static str) -> Id<Account> {
        self.db.write(move |tx| create(tx, name)).await.unwrap()
    }

    async fn find(&self, id: &Id<Account>) -> Option<Account> {
        let id = id.clone();
        self.db.read(move |conn| accounts::find(conn, &id, now())).await.unwrap()
    }

    /// Does the same sixteen times at once, half of it as another process does.
    async fn sixteen<T: Send + 'static>(
        &self,
        act: impl Fn(&mut Tx<'_>) -> Result<T, StorageError> + Clone + Send + 'static,
    ) -> Vec<T> {
        let other = self.another();
        let mut all = JoinSet::new();
        for number in 0..16 {
            let db = if number % 2 == 0 { self.db.clone() } else { other.clone() };
            let act = act.clone();
            all.spawn(async move { db.write(act).await.unwrap() });
        }
        all.join_all().await
    }
}

fn now() -> DateTime<Utc> {
    "2026-11-24T15:42:00.123456Z".parse().unwrap()
}

fn id<K>() -> Id<K> {
    Id::new(now(), &rand::random())
}

fn create(tx: &mut Tx<'_>, name: &str) -> Result<Id<Account>, StorageError> {
    create_as(tx, name, &id())
}

fn create_as(tx: &mut Tx<'_>, name: &str, id: &Id<Account>) -> Result<Id<Account>, StorageError> {
    let (username, email) = (Username::parse(name).unwrap(), EmailAddress::parse("ada@example.com").unwrap());
    let new = NewAccount { id, username: &username, email: &email, role: Role::Person, password: None };
    accounts::create(tx, &new, now())?;
    Ok(id.clone())
}

fn keys() -> Keys {
    Keys::derive(&Secret::new(vec![7; 32]), None).unwrap()
}

async fn open_challenge(storage: &Storage) -> Id<Challenge> {
    let account = storage.person("ada").await;
    let challenge = Challenge {
        id: id(),
        purpose: Purpose::Login,
        account,
        owner: "somebody".to_owned(),
        destination: Destination::Email(EmailAddress::parse("ada@example.com").unwrap()),
        asks_every_login: false,
        key_id: keys().current_id().to_owned(),
        generation: 0,
        code_ends_at: None,
        previous_ends_at: None,
        tries: 0,
        sends: 0,
        sent_at: None,
        resend_at: now(),
        opened_at: now(),
        expires_at: now() + TimeDelta::minutes(30),
        used_at: None,
        ended_at: None,
    };
    let opened = challenge.id.clone();
    let open = move |tx: &mut Tx<'_>| {
        challenges::open(tx, &challenge, "a browser", &Sealer { keys: &keys(), nonce: [7; 24] })
    };
    storage.db.write(open).await.unwrap();
    opened
}

fn an_invitation(account: Id<Account>, made_at: DateTime<Utc>) -> Link {
    Link {
        id: id(),
        purpose: LinkPurpose::Invitation,
        account,
        key_id: "00000000".to_owned(),
        address: None,
        event: None,
        made_at,
        expires_at: made_at + TimeDelta::hours(72),
        used_at: None,
    }
}

#[actix_web::test]
async fn a_name_that_is_taken_is_told_from_anything_else_that_is() {
    let storage = Storage::fresh().await;
    let ada = storage.person("ada").await;
    for name in ["ada", "ADA", "Ada"] {
        let again = storage.db.write(move |tx| create(tx, name)).await;
        assert!(matches!(again, Err(StorageError::Taken(Taken::Username))), "{name}: {again:?}");
    }
    let same_id = storage.db.write(move |tx| create_as(tx, "grace", &ada)).await;
    assert!(matches!(same_id, Err(StorageError::Taken(Taken::Other))), "{same_id:?}");
}

#[actix_web::test]
async fn of_sixteen_with_one_name_one_gets_it() {
    let storage = Storage::fresh().await;
    let other = storage.another();
    let mut all = JoinSet::new();
    for number in 0..16 {
        let db = if number % 2 == 0 { storage.db.clone() } else { other.clone() };
        all.spawn(async move { db.write(|tx| create(tx, "ada")).await });
    }
    let made = all.join_all().await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1, "{made:?}");
    let taken = |made: &&Result<_, _>| matches!(made, Err(StorageError::Taken(Taken::Username)));
    assert_eq!(made.iter().filter(taken).count(), 15, "{made:?}");
}

#[actix_web::test]
async fn a_try_is_spent_by_the_row_it_touches_and_five_are_all_there_are() {
    let storage = Storage::fresh().await;
    let challenge = open_challenge(&storage).await;
    let spend = move |tx: &mut Tx<'_>| Ok(challenges::spend_try(tx, &challenge, now())?.is_some());
    let spent = storage.sixteen(spend).await;
    assert_eq!(u32::try_from(spent.into_iter().filter(|spent| *spent).count()).unwrap(), TRIES);
}

#[actix_web::test]
async fn what_is_used_up_once_touches_one_row_for_one_of_sixteen() {
    let storage = Storage::fresh().await;
    let challenge = open_challenge(&storage).await;
    let rows = storage.sixteen(move |tx: &mut Tx<'_>| challenges::use_up(tx, &challenge, now())).await;
    assert_eq!(rows.iter().sum::<usize>(), 1, "{rows:?}");

    let invitation = an_invitation(storage.person("grace").await, now());
    let used = invitation.id.clone();
    storage.db.write(move |tx| links::put(tx, &invitation)).await.unwrap();
    let wins = storage.sixteen(move |tx: &mut Tx<'_>| links::use_up(tx, &used, now())).await;
    assert_eq!(wins.iter().filter(|won| **won).count(), 1, "{wins:?}");
}

#[actix_web::test]
async fn nothing_is_spent_or_used_when_its_time_is_over() {
    let storage = Storage::fresh().await;
    let challenge = open_challenge(&storage).await;
    let late = now() + TimeDelta::minutes(30);
    let this = challenge.clone();
    let spent = storage.db.write(move |tx| challenges::spend_try(tx, &this, late)).await.unwrap();
    assert!(spent.is_none());
    let this = challenge.clone();
    let spent =
        storage.db.write(move |tx| challenges::spend_try(tx, &this, late - TimeDelta::microseconds(1)));
    assert!(spent.await.unwrap().is_some());
}

#[actix_web::test]
async fn sixteen_who_read_and_then_write_lose_nothing_and_are_never_told_of_a_lock() {
    let storage = Storage::fresh().await;
    let ada = storage.person("ada").await;
    let this = ada.clone();
    let read_then_write = move |tx: &mut Tx<'_>| {
        accounts::lock(tx, &this)?;
        let name = accounts::find(tx, &this, now())?.unwrap().display_name;
        let longer = format!("{name}+");
        accounts::rename(tx, &this, &longer, "UTC")?;
        Ok(())
    };
    storage.sixteen(read_then_write).await;
    let name = storage.find(&ada).await.unwrap().display_name;
    assert_eq!(name, format!("ada{}", "+".repeat(16)));
}

#[actix_web::test]
async fn times_come_back_to_the_microsecond() {
    let storage = Storage::fresh().await;
    let account = storage.person("ada").await;
    for time in [
        "2026-11-24T15:42:00.123456Z",
        "2026-11-24T15:42:00.000001Z",
        "1970-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59.999999Z",
    ] {
        let made_at: DateTime<Utc> = time.parse().unwrap();
        let mut invitation = an_invitation(account.clone(), made_at);
        invitation.expires_at = made_at;
        let wanted = invitation.id.clone();
        storage.db.write(move |tx| links::put(tx, &invitation)).await.unwrap();
        let found = storage.db.read(move |conn| links::find(conn, &wanted)).await.unwrap().unwrap();
        assert_eq!((found.made_at, found.expires_at, found.used_at), (made_at, made_at, None));
    }
}

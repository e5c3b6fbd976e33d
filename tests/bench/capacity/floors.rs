//! What everything is held against, on the same cores in the same run: a bare answer of actix, the same with one read of
//! SQLite, and the password function on memory that is kept.

use std::cell::RefCell;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use chrono::DateTime;
use postern::domain::password::{Area, Cost, PasswordInput, hash};
use postern::domain::secret::Secret;
use postern::domain::token::Token;
use postern::storage::{AnyConnection, Location, sessions};

use crate::PASSWORD;
use crate::process::Process;

/// Starts this benchmark as the server of the floors.
pub const FLOORS: &str = "floors";
/// A page of the size of the bare minimum.
const HELLO: &str = "<!doctype html><title>Hello</title><h1>Hello, world</h1>";

/// The floors as a process of their own, so that their processor time is theirs.
pub struct Floors {
    child: Child,
    pub address: String,
}

impl Floors {
    /// With the read, where there is a file to read from.
    pub fn start(database: Option<&Path>) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg(FLOORS)
            .args(database)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { child, address: address.trim().to_owned() }
    }

    pub fn process(&self) -> Process {
        Process(self.child.id())
    }
}

impl Drop for Floors {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Serves them: `/hello`, and `/row/{token}` with the read that finds whose session it is. Never returns by itself.
pub async fn serve(database: Option<&Path>) {
    let database = database.map(|file| Location::Sqlite(file.to_owned()));
    let server = HttpServer::new(move || {
        let conn = database.as_ref().map(|place| RefCell::new(place.connect().unwrap()));
        App::new()
            .app_data(web::Data::new(conn))
            .route("/hello", web::get().to(|| async { HttpResponse::Ok().body(HELLO) }))
            .route("/row/{token}", web::get().to(row))
    });
    let server = server.bind("127.0.0.1:0").unwrap();
    println!("{}", server.addrs()[0]);
    server.run().await.unwrap();
}

async fn row(req: HttpRequest, conn: web::Data<Option<RefCell<AnyConnection>>>) -> HttpResponse {
    let token = Token::parse(req.match_info().query("token")).unwrap();
    let mut conn = conn.get_ref().as_ref().expect("a file to read from").borrow_mut();
    match sessions::find(&mut conn, &token.hash(), DateTime::UNIX_EPOCH).unwrap() {
        Some(_) => HttpResponse::Ok().body(HELLO),
        None => HttpResponse::NotFound().finish(),
    }
}

/// What hashing costs when every core hashes.
pub struct HashFloor {
    /// Processor time of one, in milliseconds.
    pub cost: f64,
    /// How many a second, all cores together.
    pub rate: f64,
}

/// Hashes for two seconds.
pub fn hashing() -> HashFloor {
    let cores = thread::available_parallelism().unwrap().get();
    let (began, before) = (Instant::now(), Process::own().time());
    let work = |_| {
        thread::spawn(move || {
            let (mut area, input, mut done) = (Area::for_cost(Cost::POLICY), password(), 0_u32);
            while began.elapsed() < Duration::from_secs(2) {
                hash(&input, &Cost::POLICY, &[7; 16], &mut area).unwrap();
                done += 1;
            }
            done
        })
    };
    let threads: Vec<_> = (0..cores).map(work).collect();
    let done: u32 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    let cost = (Process::own().time() - before).as_secs_f64() * 1_000.0 / f64::from(done);
    HashFloor { cost, rate: f64::from(done) / began.elapsed().as_secs_f64() }
}

pub fn password() -> PasswordInput {
    PasswordInput::from_typed(Secret::new(PASSWORD.to_owned()))
}

//! A small HTTP server in this process: it keeps what is posted to it, and answers what a test wants.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};

/// A request that was read.
#[derive(Clone, Debug)]
pub struct Posted {
    pub headers: HashMap<String, String>,
    pub body: String,
}

#[derive(Default)]
struct Shared {
    answers: Mutex<VecDeque<(u16, &'static str)>>,
    posted: Mutex<Vec<Posted>>,
}

/// A running server. It ends when it is dropped.
pub struct Sink {
    /// Where it is.
    pub url: String,
    shared: Arc<Shared>,
    handle: ServerHandle,
}

impl Sink {
    pub async fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let data = Data::from(Arc::clone(&shared));
        let app = move || App::new().app_data(data.clone()).default_service(web::to(take));
        let server = HttpServer::new(app).workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/texts", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { url, shared, handle }
    }

    /// The next request is answered so; with none left, 202.
    pub fn next(&self, status: u16, body: &'static str) {
        self.shared.answers.lock().unwrap().push_back((status, body));
    }

    /// What was posted, oldest first.
    pub fn posted(&self) -> Vec<Posted> {
        self.shared.posted.lock().unwrap().clone()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

async fn take(request: HttpRequest, body: Bytes, shared: Data<Shared>) -> HttpResponse {
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect();
    shared.posted.lock().unwrap().push(Posted { headers, body: text(&body) });
    let (status, answer) = shared.answers.lock().unwrap().pop_front().unwrap_or((202, ""));
    HttpResponse::build(StatusCode::from_u16(status).unwrap()).body(answer)
}

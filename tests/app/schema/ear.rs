//! Hears the statements that the program sends to its database.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

/// The statements heard on each database that is listened to, by its path or address, with what was bound to them.
type Heard = Mutex<BTreeMap<String, Arc<Mutex<BTreeSet<String>>>>>;

fn heard() -> &'static Heard {
    static HEARD: OnceLock<Heard> = OnceLock::new();
    HEARD.get_or_init(Heard::default)
}

/// Notes the statements of one connection, if it is one to a database that is listened to.
#[derive(Default)]
struct Ear(Option<Arc<Mutex<BTreeSet<String>>>>);

impl Instrumentation for Ear {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartEstablishConnection { url, .. } = event {
            // A connection adds parameters of its own to a server's address.
            let heard = heard().lock().unwrap();
            self.0 = heard.iter().find(|(place, _)| url.starts_with(*place)).map(|(_, heard)| heard.clone());
        } else if let InstrumentationEvent::StartQuery { query, .. } = event
            && let Some(statements) = &self.0
        {
            statements.lock().unwrap().insert(query.to_string());
        }
    }
}

/// From now on every new connection to this file, or to the database at this address, is listened to.
pub fn listen(path: &str) -> Arc<Mutex<BTreeSet<String>>> {
    // The same function each time: other tests' connections get an ear that hears nothing.
    set_default_instrumentation(|| Some(Box::new(Ear::default()))).unwrap();
    heard().lock().unwrap().entry(path.to_owned()).or_default().clone()
}

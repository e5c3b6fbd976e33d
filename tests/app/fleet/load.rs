//! People at work, at a pace that leaves the machine room for everybody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{interval, timeout};

use crate::support::browser::{Browser, Page};
use crate::support::event::PATIENCE;

/// How long each of them looks at a page.
const PACE: Duration = Duration::from_millis(100);

/// What they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Open pages.
    Reading,
    /// Save something, every third time.
    Writing,
}

/// What became of it.
#[derive(Default)]
struct Seen {
    answers: AtomicUsize,
    posts: AtomicUsize,
    is_over: AtomicBool,
}

/// People who are logged in, each going on until the end. Whoever gets no answer at all, panics.
pub struct Load {
    seen: Arc<Seen>,
    people: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    /// They begin.
    pub fn begin(browsers: Vec<Browser>, work: Work) -> Self {
        let seen = Arc::new(Seen::default());
        let people = browsers
            .into_iter()
            .map(|browser| actix_web::rt::spawn(person(browser, work, Arc::clone(&seen))));
        Self { people: people.collect(), seen: Arc::clone(&seen) }
    }

    /// Waits until they have got so many answers more.
    pub async fn goes_on_for(&self, answers: usize) {
        let enough = self.seen.answers.load(Ordering::SeqCst) + answers;
        let mut looks = interval(PACE);
        let waiting = async {
            while self.seen.answers.load(Ordering::SeqCst) < enough {
                looks.tick().await;
            }
        };
        timeout(PATIENCE, waiting).await.expect("nobody is answered any more");
    }

    /// They end. How many answers they got, and how many to something they had sent.
    pub async fn all_well(self) -> (usize, usize) {
        self.seen.is_over.store(true, Ordering::SeqCst);
        let mut failed = Vec::new();
        for person in self.people {
            failed.extend(person.await.unwrap());
        }
        let answers = self.seen.answers.load(Ordering::SeqCst);
        assert!(failed.is_empty(), "{} of {answers} failed:\n{}", failed.len(), failed.join("\n"));
        (answers, self.seen.posts.load(Ordering::SeqCst))
    }
}

/// Goes on until it is over; what went wrong.
async fn person(browser: Browser, work: Work, seen: Arc<Seen>) -> Vec<String> {
    let (mut failed, mut pace) = (Vec::new(), interval(PACE));
    let mut note = |page: &Page, status: u16| {
        seen.answers.fetch_add(1, Ordering::SeqCst);
        let is_well = page.status() == status;
        if !is_well {
            failed.push(page.describe());
        }
        is_well
    };
    for turn in 0_usize.. {
        pace.tick().await;
        if seen.is_over.load(Ordering::SeqCst) {
            break;
        }
        let page = browser.get("/profile").await;
        if note(&page, 200) && work == Work::Writing && turn % 3 == 0 {
            let form = page.form("Save").fill("display_name", &format!("Ada the {turn}th"));
            note(&form.submit().await, 303);
            seen.posts.fetch_add(1, Ordering::SeqCst);
        }
    }
    failed
}

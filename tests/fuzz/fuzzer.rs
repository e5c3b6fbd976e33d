//! A small fuzzer. It bends samples that are kept in `tests/fuzz/corpus`, one a line, and keeps for further bending whatever came
//! to something new. What a target may never do, its function asserts; what breaks it is printed as a line for the corpus.
//!
//! It knows nothing of branches: instrumented builds need another compiler, or minutes of building for every run. What an
//! input *came to* (a fault, a shape of the answer) takes their place.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// How long a target is fuzzed in the ordinary run: time on a core, not on the wall.
const BRIEFLY: Duration = Duration::from_secs(30);
/// How long in a long one.
const LONG: Duration = Duration::from_secs(15 * 60);
/// So many inputs go by between two looks at the clock.
const BETWEEN_LOOKS: u64 = 64;
/// Inputs do not grow beyond this; forms are refused at 16 KiB.
const LONGEST: usize = 20_000;

/// Pieces that mean something to one parser or another.
const PIECES: [&[u8]; 40] = [
    b"=",
    b"&",
    b"%",
    b"%00",
    b"%0d%0a",
    b"%zz",
    b"+",
    b";",
    b",",
    b" ",
    b"\r\n",
    b"\0",
    b"@",
    b".",
    b"..",
    b"-",
    b"\"",
    b"'",
    b"<",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"://",
    b"$",
    b"0",
    b"1",
    b"9",
    b"null",
    b"-1",
    b"18446744073709551616",
    b"::ffff:127.0.0.1",
    b"10.0.0.1",
    b"\xef\xbc\x91",
    b"\xc2\xa0",
    b"\xe2\x80\xae",
    b"\xd9\xa3",
    b"\xff\xfe",
    b"\xc3\xa9",
];

/// Bends a corpus for a while. `try_out` panics where something does not hold, and answers what the input came to.
pub fn fuzz(corpus: &str, try_out: impl Fn(&[u8]) -> String) {
    let mut pool: Vec<Vec<u8>> = corpus.lines().filter(|line| !line.is_empty()).map(unescaped).collect();
    assert!(pool.len() >= 5, "a corpus of {} says little", pool.len());
    let mut seen = HashSet::new();
    for sample in &pool {
        seen.insert(watched(sample, &try_out));
    }
    let patience = if std::env::var_os("POSTERN_TEST_LONG").is_some() { LONG } else { BRIEFLY };
    let seed = std::env::var("POSTERN_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut dice = StdRng::seed_from_u64(seed);
    let mut tries = 0_u64;
    let clock = CoreClock::start();
    while !tries.is_multiple_of(BETWEEN_LOOKS) || clock.elapsed() < patience {
        let input = bent(&pool, &mut dice);
        tries += 1;
        if seen.insert(watched(&input, &try_out)) {
            pool.push(input);
        }
    }
    println!("{tries} inputs came to {} different ends", seen.len());
}

/// The time this thread has had a core to itself: what the kernel says of it, or time as it goes by where it says nothing.
struct CoreClock {
    began: Instant,
    had: Option<Duration>,
}

impl CoreClock {
    fn start() -> Self {
        Self { began: Instant::now(), had: Self::had() }
    }

    fn elapsed(&self) -> Duration {
        match (self.had, Self::had()) {
            (Some(before), Some(now)) => now - before,
            _ => self.began.elapsed(),
        }
    }

    /// The first figure of `schedstat`, in nanoseconds.
    fn had() -> Option<Duration> {
        let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        schedule.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
    }
}

fn watched(input: &[u8], try_out: &impl Fn(&[u8]) -> String) -> String {
    catch_unwind(AssertUnwindSafe(|| try_out(input))).unwrap_or_else(|panic| {
        eprintln!("for the corpus:\n{}", input.escape_ascii());
        resume_unwind(panic)
    })
}

fn bent(pool: &[Vec<u8>], dice: &mut StdRng) -> Vec<u8> {
    let mut input = pool[dice.random_range(0..pool.len())].clone();
    for _ in 0..dice.random_range(1..=6) {
        let at = dice.random_range(0..=input.len());
        let to = dice.random_range(at..=input.len().min(at + 16));
        match dice.random_range(0..8) {
            0 if at < input.len() => input[at] ^= 1 << dice.random_range(0..8),
            1 if at < input.len() => input[at] = dice.random(),
            2 | 3 => drop(input.splice(at..at, PIECES[dice.random_range(0..PIECES.len())].iter().copied())),
            4 => drop(input.drain(at..to)),
            5 => {
                let again = input[at..to].repeat(dice.random_range(1..40));
                drop(input.splice(at..at, again));
            }
            6 => {
                let other = &pool[dice.random_range(0..pool.len())];
                let from = dice.random_range(0..=other.len());
                drop(input.splice(at.., other[from..].iter().copied()));
            }
            _ => drop(input.splice(at..to, PIECES[dice.random_range(0..PIECES.len())].iter().copied())),
        }
    }
    input.truncate(LONGEST);
    input
}

/// A line of a corpus as bytes: as `u8::escape_ascii` writes them.
fn unescaped(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line.bytes();
    while let Some(byte) = rest.next() {
        let escaped = if byte == b'\\' { rest.next() } else { None };
        bytes.push(match (byte, escaped) {
            (b'\\', Some(b'r')) => b'\r',
            (b'\\', Some(b'n')) => b'\n',
            (b'\\', Some(b't')) => b'\t',
            (b'\\', Some(b'x')) => {
                let digits = [rest.next(), rest.next()].map(|digit| digit.expect("two digits after \\x"));
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            (b'\\', Some(other)) => other,
            (plain, _) => plain,
        });
    }
    bytes
}

#[test]
fn a_line_of_a_corpus_is_what_was_printed() {
    let all: Vec<u8> = (0..=255).collect();
    assert_eq!(unescaped(&all.escape_ascii().to_string()), all);
}

#[test]
#[should_panic(expected = "too long")]
fn what_does_not_hold_is_found() {
    fuzz("a\nb\nc\nd\ne\n", |input| {
        assert!(input.len() < 100, "too long");
        input.len().to_string()
    });
}

//! Goals, the table of them, and the same as JSON.

use serde_json::{Value, json};

/// A figure of several rounds: the middle one, and between which it lay.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    pub middle: f64,
    pub lowest: f64,
    pub highest: f64,
}

/// How a figure is judged.
#[derive(Clone, Copy)]
pub enum Bound {
    AtMost(f64),
    AtLeast(f64),
    /// Only told: it hangs on what else the machine does, or it is for scale.
    Told,
}

/// All that was measured.
#[derive(Default)]
pub struct Report {
    rows: Vec<Value>,
    failed: usize,
}

impl Figure {
    pub fn of(mut rounds: Vec<f64>) -> Self {
        rounds.sort_by(f64::total_cmp);
        Self { middle: rounds[rounds.len() / 2], lowest: rounds[0], highest: rounds[rounds.len() - 1] }
    }

    /// The same over another, with the widest spread that the two may have.
    pub fn over(self, floor: Self) -> Self {
        Self {
            middle: self.middle / floor.middle,
            lowest: self.lowest / floor.highest,
            highest: self.highest / floor.lowest,
        }
    }
}

impl From<f64> for Figure {
    fn from(once: f64) -> Self {
        Self::of(vec![once])
    }
}

impl Report {
    /// Begins a part of the table.
    pub fn heading(&self, words: &str) {
        println!("\n{words}");
    }

    /// Adds a row, and prints it at once.
    pub fn row(&mut self, place: &str, goal: &str, name: &str, figure: impl Into<Figure>, bound: Bound) {
        let figure = figure.into();
        let (is_met, limit, sign) = match bound {
            Bound::AtMost(most) => (Some(figure.middle <= most), Some(most), "<="),
            Bound::AtLeast(least) => (Some(figure.middle >= least), Some(least), ">="),
            Bound::Told => (None, None, ""),
        };
        let verdict = match is_met {
            Some(true) => "PASS",
            Some(false) => "FAIL",
            None => "    ",
        };
        self.failed += usize::from(is_met == Some(false));
        let spread = match figure.lowest < figure.highest {
            true => format!("{} to {}", short(figure.lowest), short(figure.highest)),
            false => String::new(),
        };
        let limit_words = limit.map_or_else(String::new, |limit| format!("{sign} {}", short(limit)));
        println!("{verdict} {goal:<4} {name:<66} {:>9}  {spread:<18} {limit_words}", short(figure.middle));
        self.rows.push(json!({
            "place": place, "goal": goal, "name": name, "value": figure.middle, "lowest": figure.lowest,
            "highest": figure.highest, "bound": limit, "is_met": is_met,
        }));
    }

    /// All rows.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(&self.rows).unwrap()
    }

    /// How many goals were not met.
    pub fn failed(&self) -> usize {
        self.failed
    }
}

/// Three figures that mean something.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

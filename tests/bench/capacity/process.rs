//! What the kernel says of a process: processor time and memory.

use std::fs;
use std::time::Duration;

/// A process of this machine.
#[derive(Clone, Copy)]
pub struct Process(pub u32);

impl Process {
    /// This benchmark itself.
    pub fn own() -> Self {
        Self(std::process::id())
    }

    /// Processor time so far, of all its threads, ended ones too.
    pub fn time(self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).expect("Linux's accounting");
        let (_, fields) = stat.rsplit_once(") ").expect("a name in brackets");
        let ticks: u64 = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        // In hundredths of a second (proc(5), as USER_HZ is everywhere).
        Duration::from_millis(ticks * 10)
    }

    /// Resident memory, in MiB.
    pub fn memory(self) -> f64 {
        self.kib("VmRSS:") / 1_024.0
    }

    /// The most that it ever was, in MiB.
    pub fn peak_memory(self) -> f64 {
        self.kib("VmHWM:") / 1_024.0
    }

    /// Counts the most from here on.
    pub fn forget_peak(self) {
        fs::write(format!("/proc/{}/clear_refs", self.0), "5").expect("Linux's accounting");
    }

    fn kib(self, name: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).expect("Linux's accounting");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("this line");
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

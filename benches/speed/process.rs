//! What the operating system says about this process. Linux only; elsewhere the parts that need it say so.

use std::fs;
use std::time::Duration;

use crate::Outcome;

/// Whether this system tells.
pub fn tells() -> bool {
    cfg!(target_os = "linux")
}

/// The memory that is resident, in bytes.
pub fn resident_bytes() -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}

/// The processor time of this process so far, ended threads included.
pub fn cpu_time() -> Outcome<Duration> {
    Ok(Duration::try_from(rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime))?)
}

//! What a process took of the machine.

use crate::support::Tested;
use crate::support::postgres::children;

/// The kernel tells times of processes in hundredths of a second, on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// The CPU time of processes and of all that they started, user and system, in seconds.
pub(crate) fn cpu_of(pids: &[i32]) -> Tested<f64> {
    let mut ticks = 0.0;
    let mut left = pids.to_vec();
    while let Some(pid) = left.pop() {
        left.extend(children(pid));
        // One that has ended counts with its parent.
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        let (_, fields) = stat.rsplit_once(')').ok_or("odd stat")?;
        // utime, stime, and of those it has waited for cutime and cstime: see proc(5).
        for field in fields.split_whitespace().skip(11).take(4) {
            ticks += field.parse::<f64>()?;
        }
    }
    Ok(ticks / TICKS_PER_SECOND)
}

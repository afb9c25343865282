//! Which process holds a lease, and whether it is provably gone.
//!
//! Rules: only a process of the same boot, process-id namespace and user can be judged (others may be hidden from us), and only if it left
//! its mark in the temporary folder that we see too: clones of one virtual machine share all ids, but not a file with a random name.
//! Anything unknown means "not provably gone": then the lease is watched instead.

use super::model::{Claim, Machine};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// A file that says: the run of this name lives, or died, on this machine. Removed when dropped, unless it is needed.
#[derive(Debug)]
pub(super) struct Mark {
    path: PathBuf,
    needed: AtomicBool,
}

impl Mark {
    /// Leaves the mark of `run`; `None` where no file can be made: then nobody can judge us, and everybody watches.
    pub(super) fn leave(run: &str) -> Option<Self> {
        let path = path(run);
        fs::OpenOptions::new().write(true).create_new(true).open(&path).ok()?;
        Some(Self { path, needed: AtomicBool::new(false) })
    }

    /// Whether a lease may have been taken under this mark that nobody would give back if the run ended here.
    pub(super) fn is_needed(&self, needed: bool) {
        self.needed.store(needed, Ordering::SeqCst);
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        if !self.needed.load(Ordering::SeqCst) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn path(run: &str) -> PathBuf {
    std::env::temp_dir().join(format!("landfall-run-{run}"))
}

/// This process, where the system tells (Linux).
pub(super) fn here() -> Option<Machine> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().to_owned();
    let pid_namespace = fs::read_link("/proc/self/ns/pid").ok()?.to_str()?.to_owned();
    let uid = fs::metadata("/proc/self").ok()?.uid();
    Some(Machine { boot, pid_namespace, started: process(std::process::id())?.started, uid })
}

/// Whether the process of `claim` is provably gone.
pub(super) fn is_dead(claim: &Claim) -> bool {
    let (Some(theirs), Some(ours)) = (&claim.machine, here()) else { return false };
    is_named_safely(&claim.run) && path(&claim.run).exists() && same_place(theirs, &ours) && is_gone(claim.pid, theirs.started)
}

/// Removes the mark of a run that was judged dead.
pub(super) fn forget(run: &str) {
    if is_named_safely(run) {
        let _ = fs::remove_file(path(run));
    }
}

/// The name comes from a table: it must not lead out of the folder.
fn is_named_safely(run: &str) -> bool {
    !run.is_empty() && run.len() <= 64 && run.bytes().all(|b| b.is_ascii_hexdigit())
}

fn same_place(theirs: &Machine, ours: &Machine) -> bool {
    (&theirs.boot, &theirs.pid_namespace, theirs.uid) == (&ours.boot, &ours.pid_namespace, ours.uid)
}

fn is_gone(pid: u32, started: u64) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(text) => Process::parse(&text).is_some_and(|now| now.started != started || now.is_a_corpse),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

fn process(pid: u32) -> Option<Process> {
    Process::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// What the kernel says of a process.
#[derive(Debug, PartialEq, Eq)]
struct Process {
    started: u64,
    /// Ended, and not yet waited for by its parent.
    is_a_corpse: bool,
}

impl Process {
    /// Reads `/proc/PID/stat` (`proc_pid_stat(5)`): field 3 is the state, 20 the number of threads, 22 the start; the name in field 2 may
    /// hold anything, so fields are counted after its last `)`.
    fn parse(stat: &str) -> Option<Self> {
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let threads: u64 = fields.get(17)?.parse().ok()?;
        let is_a_corpse = matches!(*fields.first()?, "Z" | "X") && threads <= 1;
        Some(Self { started: fields.get(19)?.parse().ok()?, is_a_corpse })
    }
}

/// `user@host`'s halves, for people.
pub(super) fn who() -> (String, String) {
    let variable = |names: &[&str]| names.iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    let uid = || fs::metadata("/proc/self").map_or_else(|_| "unknown".to_owned(), |m| format!("uid {}", m.uid()));
    let host = fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|h| h.trim().to_owned()).filter(|h| !h.is_empty());
    let host = host.or_else(|| variable(&["HOSTNAME", "HOST"])).unwrap_or_else(|| "unknown".to_owned());
    (variable(&["USER", "LOGNAME"]).unwrap_or_else(uid), host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn claim(run: &str, pid: u32, machine: Option<Machine>) -> Claim {
        Claim { run: run.into(), user: "u".into(), host: "h".into(), pid, verb: "apply".into(), since_ms: 0, machine }
    }

    #[test]
    fn a_killed_process_is_gone_and_a_running_one_is_not() {
        let mut child = Command::new("sleep").arg("60").spawn().expect("sleep");
        let machine = Machine { started: process(child.id()).expect("it runs").started, ..here().expect("Linux") };
        let run = format!("{:032x}", fastrand::u128(..));
        let mark = Mark::leave(&run).expect("a temporary file");
        let claim = claim(&run, child.id(), Some(machine.clone()));
        assert!(!is_dead(&claim));
        child.kill().expect("killed");
        // Not waited for yet: a corpse, and then nothing.
        while !is_dead(&claim) {
            std::thread::yield_now();
        }
        child.wait().expect("a child");
        assert!(is_dead(&claim));
        let others = [
            Machine { boot: "another".into(), ..machine.clone() },
            Machine { pid_namespace: "pid:[1]".into(), ..machine.clone() },
            Machine { uid: machine.uid + 1, ..machine.clone() },
        ];
        for other in others {
            assert!(!is_dead(&Claim { machine: Some(other), ..claim.clone() }));
        }
        assert!(!is_dead(&Claim { machine: None, ..claim.clone() }));
        mark.is_needed(true);
        drop(mark);
        assert!(is_dead(&claim), "its lease was on its way when it was stopped");
        forget(&run);
        assert!(!is_dead(&claim), "without its mark it may have died on a clone of this machine, or not at all");
    }

    #[test]
    fn a_reused_process_id_is_another_process() {
        let machine = here().expect("Linux");
        let run = format!("{:032x}", fastrand::u128(..));
        let _mark = Mark::leave(&run).expect("a temporary file");
        assert!(!is_dead(&claim(&run, std::process::id(), Some(machine.clone()))));
        let earlier = Machine { started: machine.started - 1, ..machine };
        assert!(is_dead(&claim(&run, std::process::id(), Some(earlier))));
    }

    #[test]
    fn a_process_may_be_called_anything() {
        let rest = "1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4242 0";
        assert_eq!(Process::parse(&format!("7 (a) Z 9) S {rest}")), Some(Process { started: 4242, is_a_corpse: false }));
        assert_eq!(Process::parse(&format!("7 (x) Z {rest}")), Some(Process { started: 4242, is_a_corpse: true }));
        assert_eq!(Process::parse("nonsense"), None);
    }

    #[test]
    fn a_run_from_a_table_never_leads_out_of_the_folder() {
        for name in ["", "../x", "a/b", "g", &"a".repeat(65)] {
            assert!(!is_named_safely(name), "{name}");
        }
    }

    #[test]
    fn what_is_outside_of_the_folder_is_neither_believed_nor_removed() {
        let stem = format!("{:032x}", fastrand::u128(..));
        let (folder, file) = (path(&stem), std::env::temp_dir().join(format!("{stem}-theirs")));
        fs::create_dir(&folder).expect("a temporary folder");
        fs::write(&file, "theirs").expect("a temporary file");
        let run = format!("{stem}/../{stem}-theirs");
        assert!(path(&run).exists());
        forget(&run);
        let gone = Machine { started: here().expect("Linux").started - 1, ..here().expect("Linux") };
        let believed = is_dead(&claim(&run, std::process::id(), Some(gone)));
        assert!(file.exists() && !believed);
        fs::remove_file(&file).and_then(|()| fs::remove_dir(&folder)).expect("removed");
    }
}

//! How many bytes the library has, and whose they are: every function and constant that has a name goes to its crate,
//! or to the C library whose archive defines it.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Outcome, optional, output_of};

/// What the stripped library may have.
const MAX: u64 = 10_000_000;
/// How many owners are told, the heaviest first.
const TOLD: usize = 12;

/// Makes a copy without names, as the release profile makes it.
pub fn strip(built: &Path, copy: &Path) -> Outcome<()> {
    fs::copy(built, copy).map_err(|error| format!("{}: {error}", built.display()))?;
    if optional::has("strip", "the size of the stripped library") {
        output_of(Command::new("strip").arg(copy))?;
    }
    Ok(())
}

pub fn tell(built: &Path, stripped: &Path) -> Outcome<()> {
    let size = fs::metadata(stripped)?.len();
    let sections = output_of(Command::new("size").arg("-A").arg(stripped))?;
    let section = |name: &str| {
        let line = sections.lines().find(|line| line.split_whitespace().next() == Some(name))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    for (name, what) in [
        (".text", "code"),
        (".rodata", "constants"),
        (".eh_frame", "unwinding"),
        (".gcc_except_table", "unwinding, what is dropped"),
        (".rela.dyn", "relocations"),
    ] {
        println!("{:>9} {what} ({name})", section(name).unwrap_or_default());
    }
    let mut owners: Vec<(String, u64)> = weights(built)?.into_iter().collect();
    owners.sort_by_key(|(name, bytes)| (std::cmp::Reverse(*bytes), name.clone()));
    if owners.is_empty() {
        println!(
            "the library beside this benchmark was stripped since it was built: touch src/lib.rs to have it named"
        );
    }
    for (name, bytes) in owners.iter().take(TOLD) {
        println!("{bytes:>9} {name}");
    }
    let rest: u64 = owners.iter().skip(TOLD).map(|(_, bytes)| bytes).sum();
    println!("{rest:>9} {} others", owners.len().saturating_sub(TOLD));
    let heaviest: Vec<String> =
        owners.iter().take(3).map(|(name, bytes)| format!("{name} {:.1}", *bytes as f64 / 1e6)).collect();
    println!("size        {:.2} MB stripped, of {} MB; {}", size as f64 / 1e6, MAX / 1_000_000, heaviest.join(", "));
    if size > MAX { Err(format!("{size} bytes are over {MAX}").into()) } else { Ok(()) }
}

/// The bytes of code and constants of each owner.
fn weights(built: &Path) -> Outcome<HashMap<String, u64>> {
    let c_libraries = c_libraries(built)?;
    // Both list the same symbols in the same order, once as the linker knows them and once as people write them.
    let names = output_of(Command::new("nm").args(["-S", "-n"]).arg(built))?;
    let written = output_of(Command::new("nm").args(["-S", "-n", "-C"]).arg(built))?;
    let mut weights = HashMap::new();
    let mut counted = HashSet::new();
    for (name, written) in names.lines().zip(written.lines()) {
        let Some((address, size, kind, name)) = symbol(name) else { continue };
        // Several names may share a place, and what is zero at the start takes no room in the file.
        if kind.eq_ignore_ascii_case("b") || !counted.insert(address) {
            continue;
        }
        let written = written.splitn(4, ' ').nth(3).unwrap_or_default();
        *weights.entry(owner(name, written, &c_libraries)).or_default() += size;
    }
    Ok(weights)
}

/// A line of `nm -S`: address, size, kind and name. Those without a size are no function and no constant.
fn symbol(line: &str) -> Option<(&str, u64, &str, &str)> {
    let mut words = line.split_whitespace();
    let (address, size, kind, name) = (words.next()?, words.next()?, words.next()?, words.next()?);
    Some((address, u64::from_str_radix(size, 16).ok()?, kind, name))
}

fn owner(name: &str, written: &str, c_libraries: &[(&'static str, HashSet<String>)]) -> String {
    let plain = name.split('.').next().unwrap_or(name);
    let c_library = c_libraries.iter().find(|(_, names)| names.contains(name) || names.contains(plain));
    if let Some((c_library, _)) = c_library {
        return (*c_library).to_owned();
    }
    if name.starts_with("tieback_") {
        return "tieback".to_owned();
    }
    first_crate(written).unwrap_or("others in C").to_owned()
}

/// The first crate in a path such as `<hyper::Error as core::fmt::Debug>::fmt`: whose code it is, or for whom it was
/// made.
fn first_crate(written: &str) -> Option<&str> {
    let (before, _) = written.split_once("::")?;
    let name = before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
    if name.is_empty() { first_crate(written.split_once("::")?.1) } else { Some(name) }
}

/// The names that each library in C defines, from the archives that its crate has built.
fn c_libraries(built: &Path) -> Outcome<Vec<(&'static str, HashSet<String>)>> {
    let folder = built.parent().and_then(Path::parent).ok_or("a library is in a folder")?.join("build");
    let mut libraries = Vec::new();
    for (crate_name, library) in [("aws-lc-sys-", "aws-lc"), ("libsqlite3-sys-", "SQLite")] {
        let mut names = HashSet::new();
        for archive in archives(&folder, crate_name)? {
            let listing = output_of(Command::new("nm").arg(archive))?;
            let defined = listing.lines().filter_map(|line| line.split_whitespace().nth(2));
            names.extend(defined.map(str::to_owned));
        }
        libraries.push((library, names));
    }
    Ok(libraries)
}

fn archives(folder: &Path, crate_name: &str) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let out = entry.path().join("out");
        if entry.file_name().to_string_lossy().starts_with(crate_name) && out.is_dir() {
            for file in fs::read_dir(out)? {
                let path = file?.path();
                found.extend(path.extension().is_some_and(|ending| ending == "a").then_some(path));
            }
        }
    }
    Ok(found)
}

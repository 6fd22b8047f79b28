//! Trees that `make install` has made, in folders that go with the test.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// Where the trees would be in earnest. Their files must not know that they are elsewhere.
pub const PREFIX: &str = "/opt/tieback";

/// What is installed from.
#[derive(Clone, Copy)]
pub enum Built {
    /// The libraries and the command that cargo has built together with this test.
    Whole,
    /// Files of the same names without content, where only the names matter.
    Hollow,
}

/// A folder that stands for `/`, and what to install into it.
pub struct Stage {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Stage {
    /// The tree that the programs are built from, with nothing but the defaults.
    pub fn whole() -> &'static Stage {
        static WHOLE: OnceLock<Stage> = OnceLock::new();
        WHOLE.get_or_init(|| {
            let stage = Stage::empty(Built::Whole, &[]);
            expect_done(&stage.make("install"));
            stage
        })
    }

    /// A tree with nothing in it yet.
    pub fn empty(built: Built, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("built");
        fs::create_dir(&from).unwrap();
        fs::create_dir(folder.path().join("root")).unwrap();
        let library = if cfg!(target_os = "macos") { "libtieback.dylib" } else { "libtieback.so" };
        let beside = env::current_exe().unwrap().parent().unwrap().to_owned();
        let command = PathBuf::from(env!("CARGO_BIN_EXE_tieback"));
        for file in [beside.join(library), beside.join("libtieback.a"), command] {
            let name = from.join(file.file_name().unwrap());
            match built {
                Built::Whole => symlink(&file, name).unwrap(),
                Built::Hollow => fs::write(name, "").unwrap(),
            }
        }
        let own = [("BUILT", text(&from)), ("DESTDIR", text(&folder.path().join("root")))];
        let own = own.map(|(name, value)| (name.to_owned(), value));
        let mut all = vec![("PREFIX".to_owned(), PREFIX.to_owned())];
        all.extend(own);
        all.extend(variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())));
        Self { folder, variables: all }
    }

    /// The folder that stands for `/`.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// The folder that stands for the prefix.
    pub fn prefix(&self) -> PathBuf {
        self.root().join(&PREFIX[1..])
    }

    /// Runs a target of the Makefile with the stage's variables.
    pub fn make(&self, target: &str) -> Output {
        let mut command = Command::new("make");
        command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["--no-print-directory", target]);
        command.args(self.variables.iter().map(|(name, value)| format!("{name}={value}")));
        // The make that runs this test has variables of its own.
        for variable in ["MAKEFLAGS", "MFLAGS", "MAKELEVEL", "BINDIR", "LIBDIR", "INCLUDEDIR", "DOCDIR"] {
            command.env_remove(variable);
        }
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// Every path below the root: folders end in `/`, links say where they lead.
    pub fn tree(&self) -> Vec<String> {
        let mut found = Vec::new();
        walk(&self.root(), "", &mut found);
        found
    }
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<String>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.push(format!("{name}/"));
            walk(&entry.path(), &format!("{name}/"), found);
        } else if kind.is_symlink() {
            found.push(format!("{name} -> {}", fs::read_link(entry.path()).unwrap().display()));
        } else {
            found.push(name);
        }
    }
}

/// What the shared library's name ends in.
pub fn abi() -> String {
    match env!("CARGO_PKG_VERSION_MAJOR") {
        "0" => concat!("0.", env!("CARGO_PKG_VERSION_MINOR")).to_owned(),
        major => major.to_owned(),
    }
}

/// What a program links after the static library on this system.
pub fn static_libs() -> &'static str {
    let system = if cfg!(target_os = "macos") { "macos " } else { "linux " };
    include_str!("../../build/static-libs.txt").lines().find_map(|line| line.strip_prefix(system)).unwrap()
}

/// Compiles and links a program of tests/install.
pub fn compile(source: &str, flags: &[String], program: &Path) {
    let (variable, compiler, standard) =
        if source.ends_with(".cpp") { ("CXX", "c++", "c++17") } else { ("CC", "cc", "c99") };
    let mut command = Command::new(env::var(variable).unwrap_or_else(|_| compiler.to_owned()));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).arg(format!("-std={standard}"));
    command.args(["-Wall", "-Wextra", "-pedantic", "-Werror", source, "-o"]).arg(program).args(flags);
    expect_done(&command.output().unwrap());
}

/// Runs a program of tests/install, which opens an engine and closes it; it must find the library by itself, or in this
/// folder.
pub fn run(program: &Path, libraries: Option<&Path>) {
    let store = tempfile::tempdir().unwrap();
    let mut command = Command::new(program);
    command.arg(store.path().join("store.db")).env_remove("LD_LIBRARY_PATH").env_remove("DYLD_LIBRARY_PATH");
    if let Some(folder) = libraries {
        command.env("LD_LIBRARY_PATH", folder).env("DYLD_LIBRARY_PATH", folder);
    }
    let output = command.output().unwrap();
    expect_done(&output);
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), concat!("tieback ", env!("CARGO_PKG_VERSION")));
}

pub fn expect_done(output: &Output) {
    assert!(output.status.success(), "{}\n{}", output.status, said(output));
}

/// All that a program has printed.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

//! Compiles and runs programs against the libraries that cargo has built together with the tests.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::optional;

/// The system libraries that a static Rust library needs (`rustc --print native-static-libs`).
const SYSTEM: [&str; 7] = ["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc"];

/// Warnings that are errors, for every program.
const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-pedantic", "-Werror"];

#[derive(Clone, Copy, PartialEq)]
pub enum Language {
    C,
    Cxx,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Library {
    Shared,
    Static,
}

/// A folder for what is built and written, which goes with the test.
pub struct Workshop {
    folder: tempfile::TempDir,
    stores: AtomicU32,
}

impl Workshop {
    pub fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // A program asks for the library by its ABI's name, under which a build does not keep it.
        let version: Vec<&str> = env!("CARGO_PKG_VERSION").split('.').collect();
        let abi = if version[0] == "0" { format!("0.{}", version[1]) } else { version[0].to_owned() };
        for name in ["libtieback.so".to_owned(), format!("libtieback.so.{abi}")] {
            std::os::unix::fs::symlink(library("libtieback.so"), folder.path().join(name)).unwrap();
        }
        Self { folder, stores: AtomicU32::new(0) }
    }

    /// The path of a store that is not there yet.
    pub fn store(&self) -> String {
        let number = self.stores.fetch_add(1, Ordering::Relaxed);
        self.folder.path().join(format!("store-{number}.db")).to_str().unwrap().to_owned()
    }

    /// Writes a source.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Compiles a source without linking it.
    pub fn compile(&self, source: &Path, language: Language, standard: &str, flags: &[&str]) {
        let object = self.folder.path().join("compiled.o");
        let output = compiler(language, standard).args(flags).arg("-c").arg(source).arg("-o").arg(object).output();
        expect_done(&format!("{} as {standard}", source.display()), &output.unwrap());
    }

    /// Compiles and links a program.
    pub fn build(&self, source: &Path, library: Library, flags: &[&str]) -> PathBuf {
        let language =
            if source.extension().is_some_and(|ending| ending == "cpp") { Language::Cxx } else { Language::C };
        let program = self.folder.path().join(source.file_name().unwrap()).with_extension(match language {
            Language::C => "c.out",
            Language::Cxx => "cpp.out",
        });
        let standard = if language == Language::C { "c99" } else { "c++17" };
        let mut command = compiler(language, standard);
        command.args(flags).arg(source).arg("-o").arg(&program);
        match library {
            Library::Shared => command.arg("-L").arg(self.folder.path()).args(["-ltieback", "-lpthread"]),
            Library::Static => command.arg(self::library("libtieback.a")).args(SYSTEM),
        };
        expect_done(&source.display().to_string(), &command.output().unwrap());
        program
    }

    /// Whether the compiler has what these flags need; if not, the caller skips `what`.
    pub fn can_build(&self, source: &Path, flags: &[&str], what: &str) -> bool {
        let program = self.folder.path().join("trial");
        let output = compiler(Language::C, "c99").args(flags).arg(source).arg("-o").arg(&program).output().unwrap();
        output.status.success() || optional::has("a compiler with -fsanitize=address,undefined", what)
    }

    /// Runs a program, behind a runner such as valgrind; it must end well. Gives what it printed.
    pub fn run(&self, program: &Path, runner: &[&str], arguments: &[&str]) -> String {
        finish(program, self.start(program, runner, arguments))
    }

    /// Starts a program, to be ended by [`finish`].
    pub fn start(&self, program: &Path, runner: &[&str], arguments: &[&str]) -> Child {
        let words: Vec<OsString> = runner.iter().map(OsString::from).chain([program.as_os_str().to_owned()]).collect();
        Command::new(&words[0])
            .args(&words[1..])
            .args(arguments)
            .env("LD_LIBRARY_PATH", self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// Waits for the end of a program, which must be a good one. Gives what it printed.
pub fn finish(program: &Path, started: Child) -> String {
    let output = started.wait_with_output().unwrap();
    expect_done(&program.display().to_string(), &output);
    String::from_utf8(output.stdout).unwrap()
}

/// Whether there is a C++ compiler; if not, the caller skips the C++ part of `what`. The C compiler must be there: Rust
/// links with it.
pub fn has_cxx(what: &str) -> bool {
    optional::has(&tool(Language::Cxx), what)
}

fn tool(language: Language) -> String {
    let (variable, default) = match language {
        Language::C => ("CC", "cc"),
        Language::Cxx => ("CXX", "c++"),
    };
    env::var(variable).unwrap_or_else(|_| default.to_owned())
}

fn compiler(language: Language, standard: &str) -> Command {
    let mut command = Command::new(tool(language));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).arg(format!("-std={standard}")).args(STRICT);
    command.args(["-I", "include", "-I", "tests/c"]);
    command
}

/// A library that cargo has built together with this test, beside it.
fn library(name: &str) -> PathBuf {
    let path = env::current_exe().unwrap().parent().unwrap().join(name);
    assert!(path.exists(), "{} is not there: `cargo build --lib` makes it", path.display());
    path
}

fn expect_done(what: &str, output: &Output) {
    assert!(
        output.status.success(),
        "{what}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

//! What lies where after `make install`, and after `make uninstall`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::stage::{Built, Stage, abi, expect_done, said};

/// The tree below the prefix, by the defaults.
fn expected() -> Vec<String> {
    let version = env!("CARGO_PKG_VERSION");
    let abi = abi();
    let (full, named, plain) = if cfg!(target_os = "macos") {
        (format!("libtieback.{version}.dylib"), format!("libtieback.{abi}.dylib"), "libtieback.dylib")
    } else {
        (format!("libtieback.so.{version}"), format!("libtieback.so.{abi}"), "libtieback.so")
    };
    let mut paths: Vec<String> = [
        "bin/",
        "bin/tieback",
        "include/",
        "lib/",
        "lib/cmake/",
        "lib/cmake/tieback/",
        "lib/cmake/tieback/tiebackConfig.cmake",
        "lib/cmake/tieback/tiebackConfigVersion.cmake",
        "lib/libtieback.a",
        "lib/pkgconfig/",
        "lib/pkgconfig/tieback.pc",
        "share/",
        "share/doc/",
        "share/doc/tieback/",
        "share/doc/tieback/CHANGELOG.md",
        "share/doc/tieback/LICENSE-APACHE",
        "share/doc/tieback/LICENSE-MIT",
    ]
    .map(str::to_owned)
    .to_vec();
    paths.extend([format!("lib/{full}"), format!("lib/{named} -> {full}"), format!("lib/{plain} -> {named}")]);
    for (folder, below) in [("include", ""), ("include/tieback", "tieback/")] {
        for header in fs::read_dir(format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap() {
            let header = header.unwrap();
            let end = if header.path().is_dir() { "/" } else { "" };
            paths.push(format!("include/{below}{}{end}", header.file_name().to_str().unwrap()));
        }
    }
    assert!(paths.contains(&"include/tieback.h".to_owned()));
    paths.sort();
    paths
}

/// The tree below the prefix, as it is.
fn below_prefix(stage: &Stage) -> Vec<String> {
    let mut paths: Vec<String> =
        stage.tree().iter().filter_map(|path| path.strip_prefix("opt/tieback/")).map(str::to_owned).collect();
    paths.retain(|path| !path.is_empty());
    paths.sort();
    paths
}

#[test]
fn install_puts_everything_in_its_place_and_a_second_time_changes_nothing() {
    let stage = Stage::empty(Built::Hollow, &[]);
    for _ in 0..2 {
        expect_done(&stage.make("install"));
        assert_eq!(below_prefix(&stage), expected());
    }
    let mode = |path: &str| fs::metadata(stage.prefix().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("bin/tieback"), 0o755);
    for path in ["include/tieback.h", "lib/libtieback.a", "lib/pkgconfig/tieback.pc"] {
        assert_eq!(mode(path), 0o644, "{path}");
    }
}

#[test]
fn uninstall_leaves_nothing_behind() {
    for variables in [&[][..], &[("LIBDIR", "/opt/tieback/lib/aarch64-linux-gnu"), ("INCLUDEDIR", "/usr/include/x")]] {
        let stage = Stage::empty(Built::Hollow, variables);
        expect_done(&stage.make("install"));
        assert!(stage.tree().len() > 20);
        expect_done(&stage.make("uninstall"));
        assert_eq!(stage.tree(), [] as [String; 0]);
        // And where nothing is, there is nothing to complain of.
        expect_done(&stage.make("uninstall"));
    }
}

#[test]
fn uninstall_leaves_what_others_have_put_there() {
    let stage = Stage::empty(Built::Hollow, &[]);
    expect_done(&stage.make("install"));
    for path in ["lib/libother.so", "include/other.h", "lib/pkgconfig/other.pc"] {
        fs::write(stage.prefix().join(path), "").unwrap();
    }
    expect_done(&stage.make("uninstall"));
    assert_eq!(
        below_prefix(&stage),
        ["include/", "include/other.h", "lib/", "lib/libother.so", "lib/pkgconfig/", "lib/pkgconfig/other.pc"]
    );
}

#[test]
fn empty_folders_of_the_system_stay() {
    // As on a machine: nothing stands before the prefix, which is one of the system's. Only its own two folders may go.
    let script = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/install.sh")).unwrap();
    let begin = script.find("may_go() {").unwrap();
    let function = &script[begin..begin + script[begin..].find("\n}\n").unwrap() + 2];
    let goes = |prefix: &str, folder: &str| {
        let program = format!("{function}\nmay_go {folder}");
        let mut command = std::process::Command::new("sh");
        command.args(["-euc", &program]).env("DESTDIR", "").env("PREFIX", prefix);
        command
            .env("INCLUDEDIR", format!("{prefix}/include"))
            .env("LIBDIR", format!("{prefix}/lib"))
            .env("DOCDIR", format!("{prefix}/share/doc/tieback"));
        command.status().unwrap().success()
    };
    for folder in ["/usr/local/lib/cmake/tieback", "/usr/local/share/doc/tieback"] {
        assert!(goes("/usr/local", folder), "{folder}");
    }
    for folder in ["/usr/local/lib/cmake", "/usr/local/bin", "/usr/local", "/usr"] {
        assert!(!goes("/usr/local", folder), "{folder}");
    }
    assert!(goes("/opt/tieback", "/opt/tieback/lib") && goes("/opt/tieback", "/opt/tieback"));
    assert!(!goes("/opt/tieback", "/opt"));
}

#[test]
fn installed_files_do_not_know_the_folder_that_they_were_staged_in() {
    let stage = Stage::empty(Built::Hollow, &[]);
    expect_done(&stage.make("install"));
    let staged = stage.root();
    for path in below_prefix(&stage).iter().filter(|path| path.ends_with(".pc") || path.ends_with(".cmake")) {
        let text = fs::read_to_string(stage.prefix().join(path)).unwrap();
        assert!(!text.contains(staged.to_str().unwrap()), "{path}: {text}");
        assert!(!text.contains('@') || cfg!(target_os = "macos"), "{path} is not filled in: {text}");
    }
}

#[test]
fn variables_that_cannot_be_used_are_refused_before_anything_is_written() {
    for (name, value, word) in
        [("PREFIX", "opt/tieback", "absolute"), ("LIBDIR", "/opt/a b", "blank"), ("BUILT", "target/none", "make build")]
    {
        let stage = Stage::empty(Built::Hollow, &[(name, value)]);
        let output = stage.make("install");
        assert!(!output.status.success(), "{name}={value}");
        assert!(said(&output).contains(word), "{name}={value}: {}", said(&output));
        assert_eq!(stage.tree(), [] as [String; 0]);
    }
    assert!(!Path::new("opt/tieback").exists());
}

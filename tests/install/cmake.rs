//! Programs that find the library through CMake.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::optional;
use crate::stage::{Stage, abi, expect_done, run, said};

fn cmake(arguments: &[&str]) -> Output {
    Command::new("cmake").args(arguments).output().unwrap()
}

#[test]
fn programs_link_both_libraries_by_find_package() {
    if !optional::has("cmake", "programs that find the library by CMake") {
        return;
    }
    let stage = Stage::whole();
    let built = tempfile::tempdir().unwrap();
    let built = built.path().to_str().unwrap();
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/install/project");
    let prefix = format!("-DCMAKE_PREFIX_PATH={}", stage.prefix().display());
    let version = concat!("-DWANTED=", env!("CARGO_PKG_VERSION"));
    let has_cxx = optional::has("c++", "a C++ program that finds the library by CMake");
    let cxx = if has_cxx { "-DWITH_CXX=ON" } else { "-DWITH_CXX=OFF" };
    expect_done(&cmake(&["-S", source, "-B", built, &prefix, version, cxx]));
    expect_done(&cmake(&["--build", built]));
    let programs =
        if has_cxx { &["c-shared", "c-static", "cxx-shared", "cxx-static"][..] } else { &["c-shared", "c-static"] };
    for program in programs {
        // CMake itself has written where the shared library is into those that want it.
        run(&Path::new(built).join(program), None);
    }
}

/// Whether a project that says `find_package(tieback REQUEST REQUIRED)` gets it, and what CMake says.
fn is_found(stage: &Stage, request: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let project = format!(
        "cmake_minimum_required(VERSION 3.13)\nproject(asks NONE)\nfind_package(tieback {request} REQUIRED CONFIG)\n"
    );
    fs::write(folder.path().join("CMakeLists.txt"), project).unwrap();
    let (source, built) = (folder.path().to_str().unwrap(), folder.path().join("built"));
    let prefix = format!("-DCMAKE_PREFIX_PATH={}", stage.prefix().display());
    let output = cmake(&["-S", source, "-B", built.to_str().unwrap(), &prefix]);
    (output.status.success(), said(&output))
}

#[test]
fn find_package_refuses_what_is_not_there() {
    if !optional::has("cmake", "what find_package refuses") {
        return;
    }
    let stage = Stage::whole();
    let [major, minor, patch] =
        [env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"), env!("CARGO_PKG_VERSION_PATCH")]
            .map(|number| number.parse::<u32>().unwrap());
    let own = env!("CARGO_PKG_VERSION");
    for request in ["", &abi(), own, &format!("{own} EXACT"), &format!("{own} COMPONENTS tieback static")] {
        let (found, said) = is_found(stage, request);
        assert!(found, "{request}: {said}");
    }
    for request in [
        format!("{major}.{minor}.{}", patch + 1),
        format!("{major}.{}", minor + 1),
        format!("{}", major + 1),
        format!("{own} COMPONENTS shared"),
    ] {
        let (found, said) = is_found(stage, &request);
        assert!(!found, "{request}");
        // It says why, and does so for this package and not for want of any.
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(own) || said.contains("there are tieback and static"), "{request}: {said}");
    }
}

#[test]
fn cmake_takes_versions_of_the_same_abi_that_are_not_newer() {
    if !optional::has("cmake", "the rule of versions in CMake") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (version, abi, compatible, other) in [
        (
            "0.3.2",
            "0.3",
            &["0.3", "0.3.0", "0.3.2", "0"][..],
            &["0.3.3", "0.4", "0.2", "0.30", "1", "0.0.9", "0.3.2.1"][..],
        ),
        ("2.4.1", "2", &["2", "2.0", "2.3.9", "2.4.1"], &["2.4.2", "2.5", "1", "1.9", "3", "0", "20"]),
    ] {
        let template = include_str!("../../packaging/tiebackConfigVersion.cmake.in");
        let filled = template.replace("@VERSION@", version).replace("@ABI@", abi).replace("@POINTER_BYTES@", "8");
        let judge = folder.path().join("judge.cmake");
        fs::write(folder.path().join("version.cmake"), filled).unwrap();
        let asks = [("PACKAGE_FIND_VERSION", compatible, "TRUE"), ("PACKAGE_FIND_VERSION", other, "FALSE")];
        for (variable, wanted, verdict) in asks {
            for wanted in wanted {
                let program = format!(
                    "set({variable} {wanted})\ninclude(${{CMAKE_CURRENT_LIST_DIR}}/version.cmake)\n\
                     message(\"${{PACKAGE_VERSION_COMPATIBLE}} ${{PACKAGE_VERSION_EXACT}}\")\n"
                );
                fs::write(&judge, program).unwrap();
                let exact = if *wanted == version { "TRUE" } else { "FALSE" };
                let output = cmake(&["-P", judge.to_str().unwrap()]);
                assert_eq!(said(&output).trim(), format!("{verdict} {exact}"), "{version} for {wanted}");
            }
        }
        for (least, most, end, verdict) in [
            ("0.1", "3", "INCLUDE", "TRUE"),
            (version, "9", "INCLUDE", "TRUE"),
            ("0.1", version, "INCLUDE", "TRUE"),
            ("0.1", version, "EXCLUDE", "FALSE"),
            ("3", "9", "INCLUDE", "FALSE"),
            ("0.1", "0.2", "INCLUDE", "FALSE"),
        ] {
            let program = format!(
                "set(PACKAGE_FIND_VERSION_RANGE {least}...{most})\nset(PACKAGE_FIND_VERSION_MIN {least})\n\
                 set(PACKAGE_FIND_VERSION_MAX {most})\nset(PACKAGE_FIND_VERSION_RANGE_MAX {end})\n\
                 include(${{CMAKE_CURRENT_LIST_DIR}}/version.cmake)\nmessage(\"${{PACKAGE_VERSION_COMPATIBLE}}\")\n"
            );
            fs::write(&judge, program).unwrap();
            let output = cmake(&["-P", judge.to_str().unwrap()]);
            assert_eq!(said(&output).trim(), verdict, "{version} for {least}...{most}, {end}");
        }
        // A program with other pointers.
        fs::write(
            &judge,
            "set(CMAKE_SIZEOF_VOID_P 4)\ninclude(${CMAKE_CURRENT_LIST_DIR}/version.cmake)\n\
            message(\"${PACKAGE_VERSION_UNSUITABLE}\")\n",
        )
        .unwrap();
        assert_eq!(said(&cmake(&["-P", judge.to_str().unwrap()])).trim(), "TRUE");
    }
}

//! Runs cbindgen over `src/capi`, and over nothing else: what the rest of the crate has is not part of the ABI.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::version::{Version, number};

/// Writes `tieback.h` into OUT_DIR and tells the tests where it is.
pub fn generate(root: &Path, version: &Version) {
    println!("cargo::rerun-if-changed=src/capi");
    println!("cargo::rerun-if-changed=cbindgen.toml");

    let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml"))
        .unwrap_or_else(|error| panic!("cbindgen.toml cannot be used: {error}"));
    let front = config.header.take().unwrap_or_default();
    config.header = Some(front.replace("@STATIC_LIBS@", &static_libs(root)));
    // The macros that begin structs follow; cbindgen.toml has them.
    let struct_macros = config.after_includes.take().unwrap_or_default();
    config.after_includes = Some(version_macros(version) + &struct_macros);

    // A single source, whose modules cbindgen follows in the order of their declaration.
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src(root.join("src/capi/mod.rs"))
        .generate()
        .unwrap_or_else(|error| panic!("src/capi has no C header: {error}"));

    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("tieback.h");
    bindings.write_to_file(&out);
    println!("cargo::rustc-env=TIEBACK_GENERATED_HEADER={}", out.display());
}

/// What a program links after the static library on Linux.
fn static_libs(root: &Path) -> String {
    let path = root.join("build/static-libs.txt");
    let list = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let line = list.lines().find_map(|line| line.strip_prefix("linux "));
    line.unwrap_or_else(|| panic!("{} has no line for linux", path.display())).to_owned()
}

fn version_macros(version: &Version) -> String {
    let Version { major, minor } = version;
    let patch = number("CARGO_PKG_VERSION_PATCH");
    let text = env!("CARGO_PKG_VERSION");
    let combined = major << 16 | minor << 8 | patch;
    let abi = version.abi_number();
    format!(
        r#"
/**
 * The version of this header, as text. `tieback_version()` gives the library's.
 */
#define TIEBACK_VERSION "{text}"

/**
 * The version's first number.
 */
#define TIEBACK_VERSION_MAJOR {major}

/**
 * The version's second number.
 */
#define TIEBACK_VERSION_MINOR {minor}

/**
 * The version's third number.
 */
#define TIEBACK_VERSION_PATCH {patch}

/**
 * The version as one number that grows, 0xMMNNPP: for `#if TIEBACK_VERSION_NUMBER >= 0x000100`.
 */
#define TIEBACK_VERSION_NUMBER 0x{combined:06x}

/**
 * The ABI that this header describes. A library fits when its `tieback_abi_version()` is the same.
 */
#define TIEBACK_ABI_VERSION {abi}"#
    )
}

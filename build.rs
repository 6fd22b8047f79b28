//! Names the shared library, tells dependants where the header is and, with the feature `header`, generates the header.
//!
//! The header goes into OUT_DIR and never into the tree: `include/tieback.h` is committed, `make header` copies the
//! generated one over it, and `tests/header.rs` compares the two.

use std::env;
use std::path::PathBuf;

#[path = "build/version.rs"]
mod version;

#[cfg(feature = "header")]
#[path = "build/header.rs"]
mod header;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");

    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let version = version::Version::of_package();

    for argument in linker_arguments(&version) {
        println!("cargo::rustc-cdylib-link-arg={argument}");
    }
    println!("cargo::rustc-env=TIEBACK_ABI_VERSION={}", version.abi_number());
    let target = env::var("TARGET").expect("cargo sets TARGET");
    println!("cargo::rustc-env=TIEBACK_TARGET={target}");
    // A dependant's build script reads this as DEP_TIEBACK_INCLUDE.
    println!("cargo::metadata=include={}", root.join("include").display());

    #[cfg(feature = "header")]
    header::generate(&root, &version);
}

/// What the linker is told of the shared library.
///
/// Its own name, so that programs linked against one ABI never load another. Windows has no such name.
///
/// And that `dlclose` leaves it mapped, where the linker knows that. Unloaded, it would leave behind whatever Rust and
/// its libraries make once and never end: each time some memory and one of the process's 1024 keys for thread-local
/// values, and without a free key the next use aborts the host. Loaded again it finds all of it as it was, so that
/// nothing grows.
fn linker_arguments(version: &version::Version) -> Vec<String> {
    let abi = version.abi();
    match env::var("CARGO_CFG_TARGET_OS").expect("cargo sets CARGO_CFG_TARGET_OS").as_str() {
        "windows" => vec![],
        "macos" | "ios" => vec![format!("-Wl,-install_name,@rpath/libtieback.{abi}.dylib")],
        _ => vec![format!("-Wl,-soname,libtieback.so.{abi}"), "-Wl,-z,nodelete".to_owned()],
    }
}

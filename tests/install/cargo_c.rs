//! What Cargo.toml tells cargo-c, which packagers build with: it makes the same tree as `make install`.

use std::env;
use std::process::Command;

use serde_json::Value;

/// The package as cargo reads it.
fn package() -> Value {
    let mut command = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    command.args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"]);
    let output = command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().iter().find(|package| package["name"] == "tieback").unwrap().clone()
}

#[test]
fn cargo_c_installs_the_committed_headers() {
    let package = package();
    let capi = &package["metadata"]["capi"];
    // cargo-c builds with this feature, and passes packages without it over.
    assert!(package["features"]["capi"].is_array());
    // Its own run of cbindgen would make another header than build.rs does.
    assert_eq!(capi["header"]["generation"], false);
    assert_eq!(capi["header"]["subdirectory"], "");
    let assets = capi["install"]["include"]["asset"].as_array().unwrap();
    let assets: Vec<_> = assets.iter().map(|asset| (asset["from"].as_str(), asset["to"].as_str())).collect();
    assert_eq!(
        assets,
        [(Some("include/tieback.*"), Some("")), (Some("include/tieback/*"), Some("tieback"))],
        "as scripts/install.sh has them"
    );
    // A crate from the registry has them too.
    let packaged = include_str!("../../Cargo.toml").split("include = [").nth(1).unwrap().split(']').next().unwrap();
    assert!(packaged.contains("\"/include/**\""), "{packaged}");
}

#[test]
fn cargo_c_gives_the_library_the_same_names() {
    let package = package();
    let capi = &package["metadata"]["capi"];
    assert_eq!(capi["library"]["name"], "tieback");
    assert_eq!(capi["library"]["versioning"], true);
    // Its own rule is 0.MINOR, from 1.0 on MAJOR: the one of build/version.rs. A fixed number of components would be
    // wrong on one side of 1.0, and so would a version apart from the package's.
    assert!(capi["library"]["version_suffix_components"].is_null());
    assert!(capi["library"]["version"].is_null() && capi["pkg_config"]["version"].is_null());
    // Except below 0.1, where it takes all three.
    let version = package["version"].as_str().unwrap();
    assert!(!version.starts_with("0.0."), "cargo-c would call {version} another ABI than build/version.rs does");
    assert_eq!(capi["pkg_config"]["name"], "tieback");
    assert_eq!(capi["pkg_config"]["filename"], "tieback");
    let template = include_str!("../../packaging/tieback.pc.in");
    let description = capi["pkg_config"]["description"].as_str().unwrap();
    assert!(template.contains(&format!("Description: {description}\n")), "{template}");
}

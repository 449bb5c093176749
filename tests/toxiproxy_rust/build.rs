//! Names the program under test: the one of the same build, since cargo names the programs of the same package only.

use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // OUT_DIR is target/PROFILE/build/PACKAGE/out.
    let out = std::env::var_os("OUT_DIR").map(PathBuf::from);
    let profile = out.as_deref().and_then(|out| out.ancestors().nth(3)).expect("OUT_DIR is four folders deep");
    println!("cargo:rustc-env=CARGO_BIN_EXE_quietdown={}", profile.join("quietdown").display());
}

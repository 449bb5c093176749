//! How the program is linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // It is started several times in every run: at a fixed address nothing has to be relocated then.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}

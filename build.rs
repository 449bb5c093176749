//! How the program is linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // It is started several times in every run: at a fixed address nothing has to be relocated then.
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|known| known == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}

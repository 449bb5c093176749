//! Which frames are those of the application: not of the language's own library, not of a package.

use super::super::{Language, Traceback};

/// Takes note of a frame where the innermost comes first.
pub(super) fn note(traceback: &mut Traceback, place: &str, function: &str) {
    if traceback.application.is_none() && !is_library(traceback.language, place, function) {
        traceback.application = Some(super::clip(place, 512).to_owned());
    }
}

/// Whether a frame is of a library, as far as its place and its function say.
pub(super) fn is_library(language: Language, place: &str, function: &str) -> bool {
    let within = |folders: &[&str]| folders.iter().any(|folder| place.contains(folder));
    let called = |names: &[&str]| names.iter().any(|name| function.starts_with(name));
    match language {
        Language::Python => {
            let path = place.replace('\\', "/");
            const FOLDERS: [&str; 7] = [
                "/site-packages/",
                "/dist-packages/",
                "/lib/python",
                "/lib64/python",
                "<frozen ",
                "/Lib/",
                "/pythonhosted/",
            ];
            // What an installer has put beside the interpreter only calls a package.
            let script = path.rsplit_once("/bin/").is_some_and(|(_, name)| !name.contains(['/', '.']));
            script || FOLDERS.iter().any(|folder| path.contains(folder))
        }
        Language::Rust => {
            const OF_RUST: [&str; 9] = [
                "/rustc/",
                "/registry/src/",
                "/cargo/",
                ".cargo/git/",
                "/rust-buildbot/",
                "libcore/",
                "libstd/",
                "library/core/",
                "library/std/",
            ];
            within(&OF_RUST) || called(&RUST)
        }
        Language::Go => {
            within(&["/pkg/mod/", "/usr/local/go/src/", "/usr/lib/go", "/libexec/src/", "/vendor/", "/go/src/runtime/"])
                || within(&["/hostedtoolcache/go/", "/sdk/go1"])
                || is_goroot(function)
                || !place.starts_with(['/', '.']) && is_goroot(place)
        }
        Language::Java => called(&JAVA),
        Language::Node => {
            within(&["node_modules/", "node_modules\\", "node:", "internal/"]) || !place.contains(['/', '\\'])
        }
        Language::DotNet => called(&DOTNET),
        Language::Ruby => within(&["/gems/", "/lib/ruby/", "<internal:", "/rubygems/", "/bundler/"]),
        Language::Php => within(&["/vendor/", "[internal function]", "/wp-includes/"]),
        Language::Elixir => {
            called(&ELIXIR) || place.ends_with(".erl") && called(&["gen_", "proc_lib", "erl_", "timer:"])
        }
        Language::Dart => {
            place.starts_with("dart:") || within(&["package:flutter/", "org-dartlang-sdk:", "/.pub-cache/"])
        }
        Language::Swift => {
            place.starts_with("Swift/")
                || within(&["/swift/stdlib/", "/usr/lib/swift", "/.build/checkouts/", "<compiler-generated>"])
        }
        Language::Native => {
            within(&[
                "libsanitizer/",
                "/sysdeps/",
                "../csu/",
                "./nptl/",
                "/nptl/",
                "./stdlib/",
                "/libcxx",
                "/libstdc++",
            ]) || called(&["__", "std::", "raise", "abort", "gsignal", "?? ()"])
        }
    }
}

const RUST: [&str; 24] = [
    "std::",
    "core::",
    "alloc::",
    "__rustc",
    "rust_",
    "anyhow::",
    "eyre::",
    "backtrace::",
    "<std::",
    "<core::",
    "<alloc::",
    "<anyhow",
    "<E as anyhow",
    "<T as anyhow",
    "tokio::",
    "<tokio",
    "hyper::",
    "tower::",
    "<tower",
    "<F as ",
    "futures_",
    "<futures",
    "tracing::",
    "color_eyre::",
];

/// Packages of the Java platform, and of what nearly every program is built with.
const JAVA: [&str; 62] = [
    "java.",
    "javax.",
    "jdk.",
    "sun.",
    "com.sun.",
    "jakarta.",
    "kotlin.",
    "kotlinx.",
    "scala.",
    "groovy.",
    "org.codehaus.groovy.",
    "clojure.",
    "org.springframework.",
    "org.apache.",
    "org.hibernate.",
    "org.junit.",
    "junit.",
    "org.eclipse.jetty.",
    "io.netty.",
    "io.undertow.",
    "com.fasterxml.",
    "com.google.common.",
    "com.google.inject.",
    "com.google.gson.",
    "org.jboss.",
    "io.quarkus.",
    "io.vertx.",
    "reactor.",
    "io.reactivex.",
    "rx.",
    "okhttp3.",
    "retrofit2.",
    "com.zaxxer.",
    "org.postgresql.",
    "com.mysql.",
    "oracle.",
    "org.slf4j.",
    "ch.qos.logback.",
    "org.gradle.",
    "org.aspectj.",
    "net.bytebuddy.",
    "net.sf.cglib.",
    "com.mongodb.",
    "redis.clients.",
    "io.lettuce.",
    "io.grpc.",
    "feign.",
    "org.mockito.",
    "android.",
    "com.android.",
    "dalvik.",
    "androidx.",
    "akka.",
    "org.eclipse.",
    "org.glassfish.",
    "org.quartz.",
    "org.h2.",
    "com.microsoft.sqlserver.",
    "io.micrometer.",
    "org.wildfly.",
    "org.objectweb.",
    "jenkins.util.",
];

const DOTNET: [&str; 18] = [
    "System.",
    "Microsoft.",
    "MS.",
    "Npgsql.",
    "MongoDB.",
    "StackExchange.",
    "Newtonsoft.",
    "Grpc.",
    "Serilog.",
    "Castle.",
    "NUnit.",
    "Xunit.",
    "lambda_method",
    "Polly.",
    "AutoMapper.",
    "Dapper.",
    "MySql.",
    "MediatR.",
];

/// Applications of Erlang and Elixir, and of what nearly every program there is built with.
const ELIXIR: [&str; 26] = [
    "elixir ",
    "stdlib ",
    "kernel ",
    "erts ",
    "logger ",
    "mix ",
    "iex ",
    "ex_unit ",
    "phoenix ",
    "phoenix_live_view ",
    "plug ",
    "plug_cowboy ",
    "cowboy ",
    "ranch ",
    "bandit ",
    "thousand_island ",
    "ecto ",
    "ecto_sql ",
    "db_connection ",
    "postgrex ",
    "telemetry ",
    "oban ",
    "finch ",
    "mint ",
    "absinthe ",
    "compiler ",
];

/// Whether a function or a file belongs to Go's own library: the first part of its path has no dot, and is one of these.
fn is_goroot(path: &str) -> bool {
    const PACKAGES: [&str; 34] = [
        "archive",
        "bufio",
        "bytes",
        "compress",
        "container",
        "context",
        "crypto",
        "database",
        "debug",
        "embed",
        "encoding",
        "errors",
        "flag",
        "fmt",
        "go",
        "hash",
        "html",
        "image",
        "internal",
        "io",
        "log",
        "math",
        "mime",
        "net",
        "os",
        "path",
        "reflect",
        "regexp",
        "runtime",
        "sort",
        "strings",
        "sync",
        "syscall",
        "testing",
    ];
    let first = path.split(['/', '.', '(']).next().unwrap_or_default();
    path == "panic" || PACKAGES.contains(&first) || first == "time" && path.starts_with("time.")
}

/// The innermost frame of those that have one of these texts in them, as the lines of the traceback say.
pub(in super::super) fn by_prefix(traceback: &Traceback, prefixes: &[String]) -> Option<String> {
    let ours = |line: &&String| prefixes.iter().any(|prefix| line.contains(prefix.as_str()));
    let place = |line: &String| super::place_of(traceback.language, line);
    match traceback.language {
        // Only Python has the innermost at the end.
        Language::Python => traceback.lines.iter().rev().filter(ours).find_map(place),
        Language::Go => {
            // The function stands in the line before its place.
            let lines = &traceback.lines;
            let ours = |at: usize| ours(&&lines[at]) || at > 0 && ours(&&lines[at - 1]);
            (0..lines.len()).filter(|at| ours(*at)).find_map(|at| place(&lines[at]))
        }
        _ => traceback.lines.iter().filter(ours).find_map(place),
    }
}

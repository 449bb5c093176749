//! The role that every system has: the HTTP client of the harness itself.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::{OptionRule, Role, RoleKind, Stop};

/// Its name: of the role, and of the process that a call with `client = "http"` means.
pub const HTTP: &str = "http";

/// Its option: how long a call waits for the whole of its answer.
pub const HTTP_TIMEOUT: &str = "timeout";

/// Its option: whether connections are kept between calls.
pub const HTTP_KEEP_ALIVE: &str = "keep-alive";

pub(super) static ROLE: LazyLock<Role> = LazyLock::new(|| Role {
    kind: RoleKind::Http,
    command: Vec::new(),
    env: BTreeMap::new(),
    folder: None,
    zygote: None,
    log: None,
    ready: None,
    stop: Stop::default(),
    // It is no process and does not end.
    exit: crate::file::Spanned::new(0..0, String::new()),
    lifecycle: Vec::new(),
    transcript_targets: None,
    options: BTreeMap::from([
        (
            HTTP_KEEP_ALIVE.to_owned(),
            OptionRule {
                summary: "whether connections are kept between calls, and used again".to_owned(),
                args: Vec::new(),
                env: BTreeMap::new(),
                default: Some(toml::Value::Boolean(false)),
            },
        ),
        (
            HTTP_TIMEOUT.to_owned(),
            OptionRule {
                summary: "how long a call waits for the whole of its answer, such as \"300ms\"".to_owned(),
                args: Vec::new(),
                env: BTreeMap::new(),
                default: Some(toml::Value::String("5s".to_owned())),
            },
        ),
    ]),
    parts: BTreeMap::new(),
});

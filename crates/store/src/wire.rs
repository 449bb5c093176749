//! What server and client agree on beyond HTTP itself.

/// The prefix of every route.
pub const PREFIX: &str = "/v1/agl";

/// The prefix of the routes of OpenTelemetry's protocol.
pub const OTLP_PREFIX: &str = "/v1";

/// The header that says what the server is about, on every response while it is stopping; its value is [`DRAINING`].
///
/// On a 503 it is the draining marker: the request was refused because of the stop, and had no effect. On any other
/// response it announces the stop.
pub const STATE_HEADER: &str = "x-store-state";

/// The value of [`STATE_HEADER`] while the server is stopping.
pub const DRAINING: &str = "draining";

/// The header that makes a write safe to repeat: the server applies a key once and repeats its answer.
pub const IDEMPOTENCY_HEADER: &str = "idempotency-key";

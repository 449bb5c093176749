//! Asking for the server's health, when a request has failed and there is no flag to say why.

use std::time::Duration;

use tracing::debug;

use super::Client;
use super::classify::{Failure, Health};
use super::connection::{Connection, within};
use super::report::ReportSubject;
use super::request::StoreRequest;
use crate::logging::CLIENT;

impl Client {
    /// Resolves when the server answers a health probe. For whoever has just started it.
    pub async fn wait_until_online(&self) {
        const PAUSE: Duration = Duration::from_millis(10);
        // Nothing tells a process without the flag that a socket is listened to: it has to be asked.
        while self.probe().await != Health::Answers {
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Asks by the probe schedule until there is an answer.
    pub(super) async fn health(&self, subject: ReportSubject) -> Health {
        for pause in &self.config.probe.0 {
            tokio::time::sleep(*pause).await;
            let health = self.probe().await;
            let outcome = match health {
                Health::Answers => "answers",
                Health::Draining => "draining",
                Health::Gone | Health::Unasked => "gone",
            };
            let ReportSubject { op, call } = subject;
            debug!(target: CLIENT, %op, call, outcome, "health probe");
            if health != Health::Gone {
                return health;
            }
        }
        Health::Gone
    }

    /// Asks once, on a connection of its own. Any HTTP answer shows that the server is there.
    pub(super) async fn probe(&self) -> Health {
        let asked = within(Some(self.config.probe_timeout), async {
            let mark = self.announcement.mark();
            let mut connection = Connection::open(&self.config.server, None, None).await?;
            let head = connection.send(self.http(&StoreRequest::read("/health"))?).await?;
            self.announcement.response(head.draining, mark);
            Ok::<_, Failure>(head.draining)
        });
        match asked.await {
            Ok(Ok(true)) => Health::Draining,
            Ok(Ok(false)) => Health::Answers,
            Ok(Err(_)) | Err(_) => Health::Gone,
        }
    }
}

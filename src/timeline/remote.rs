//! Links on a Toxiproxy server that somebody else runs: only toxics can be had there.

use std::sync::atomic::{AtomicU64, Ordering};

use super::HarnessError;
use super::world::World;

impl World<'_> {
    /// Makes a proxy for each process that has a link, where the plan names a server for them.
    pub async fn open_remotes(&mut self) -> Result<(), HarnessError> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let Some(server) = &self.plan.toxiproxy else { return Ok(()) };
        let upstream = self.server_addr();
        for actor in self.actors.iter_mut().filter(|actor| actor.instance.linked) {
            // Others may use the server, too.
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("quietdown-{}-{number}-{}", std::process::id(), actor.instance.name);
            actor.remote = Some(server.create(&name, upstream).await?);
        }
        Ok(())
    }

    /// Takes over what the server says its toxics have hit. Toxiproxy's own does not say it.
    pub async fn take_remote_hits(&mut self) {
        let now = self.now();
        for index in 0..self.actors.len() {
            let Some(remote) = &self.actors[index].remote else { continue };
            let Some(hits) = remote.hits().await else {
                self.settle_unknown_toxics(index);
                continue;
            };
            let known = self.observed.hits.iter().filter(|(actor, ..)| *actor == index).count();
            self.observed.hits.extend(hits.into_iter().skip(known).map(|hit| (index, now, hit)));
        }
    }

    /// Takes every toxic away.
    pub async fn lift_remote_toxics(&mut self) {
        for index in 0..self.actors.len() {
            if let Some(remote) = &self.actors[index].remote
                && let Err(why) = remote.clear_toxics().await
            {
                self.observed.notes.push(why.to_string());
            }
        }
    }

    /// Leaves nothing behind on the server.
    pub async fn close_remotes(&mut self) {
        for index in 0..self.actors.len() {
            if let Some(remote) = self.actors[index].remote.take()
                && let Err(why) = remote.delete().await
            {
                self.observed.notes.push(why.to_string());
            }
        }
    }
}

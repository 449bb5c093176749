//! Actions on connections of the harness's own client.

use tokio::net::TcpStream;

use crate::evidence::StepFailure;
use crate::scenario::ConnectAction;
use crate::timeline::client::Silent;
use crate::timeline::observed::Progress;
use crate::timeline::wait::Bound;
use crate::timeline::world::World;

impl World<'_> {
    /// Opens a connection, and waits until the server was connected to, or a gate stops it before that.
    pub(super) async fn open_connection(&mut self, it: &ConnectAction, bound: Bound) -> Result<(), StepFailure> {
        let name = it.name.as_ref();
        let actor = self.actor(it.who().map_or("", |who| who.as_ref().as_str()), bound)?;
        let addr = self.address_of(actor);
        let deadline = tokio::time::Instant::from_std(bound.deadline);
        let opened = match tokio::time::timeout_at(deadline, TcpStream::connect(addr)).await {
            Ok(Ok(stream)) => stream.local_addr().map(|own| (own, stream)),
            Ok(Err(why)) => Err(why),
            Err(late) => Err(late.into()),
        };
        let (own, stream) = opened
            .map_err(|why| self.failed(bound.step, format!("the connection `{name}` cannot be opened: {why}")))?;
        self.connections.silent.insert(name.clone(), Silent::new(stream));
        if self.actors[actor].link.is_none() {
            return Ok(());
        }
        let what = format!("the connection `{name}` to reach the server");
        let arrived = |world: &mut Self| match world.observed.progress(actor, own) {
            Progress::OnItsWay => None,
            Progress::Arrived => Some(true),
            Progress::Closed => Some(false),
        };
        match self.await_for(bound, &what, arrived).await? {
            true => Ok(()),
            false => {
                let why = format!("the connection `{name}` was closed before it had reached the server");
                Err(self.failed(bound.step, why))
            }
        }
    }

    pub(super) fn close_connection(&mut self, name: &str, bound: Bound) -> Result<(), StepFailure> {
        let closed = self.connections.silent.remove(name).map(drop);
        closed.ok_or_else(|| self.failed(bound.step, format!("no connection `{name}` is open")))
    }
}

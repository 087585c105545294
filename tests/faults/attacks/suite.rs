//! A run of cases on one world. All of them run; at the end the failed ones are named.

use crate::support::{Tested, ensure, tell};

use super::world::World;

/// Cases of one kind.
pub(super) struct Suite {
    pub(super) world: World,
    failed: Vec<String>,
    run: usize,
}

impl Suite {
    pub(super) async fn new() -> Tested<Self> {
        Ok(Self { world: World::new().await?, failed: Vec::new(), run: 0 })
    }

    /// Runs one case. What it promises is that the attack does not work.
    pub(super) async fn case(&mut self, id: &str, attack: &str, defended: impl AsyncFnOnce(&mut World) -> Tested) {
        self.run += 1;
        if let Err(error) = defended(&mut self.world).await {
            tell(&format!("{id} {attack}: {error}"));
            self.failed.push(format!("{id} {attack}: {error}"));
        }
    }

    /// Ends the world; fails when a case did, or when a node died or failed meanwhile.
    pub(super) async fn finish(self) -> Tested {
        let Self { world, failed, run } = self;
        world.finish().await?;
        tell(&format!("attacks: {run} cases, {} failed", failed.len()));
        ensure(failed.is_empty(), || failed.join("\n"))
    }
}

//! The threads of a server end one after another when it stops, each with its runtime, while others still have requests to
//! finish.

use std::sync::Arc;
use std::time::Duration;

use domain::directory::Kind;
use domain::ids::ResourceId;
use domain::store::{Store as _, TenantTx};
use domain::tenant::TenantScope;
use futures_util::future::join;
use storage::{SqlStore, Timing};
use testkit::World;
use testkit::db::TIMING;
use tokio::sync::oneshot;

use crate::raw::Raw;

/// Two connections for transactions, of which connecting opens one, and others for single statements.
const FEW: Timing = Timing { max_connections: 8, ..TIMING };

/// A person, and a store of few connections.
#[derive(Clone)]
struct Scene {
    store: Arc<SqlStore>,
    scope: TenantScope,
    person: ResourceId,
}

impl Scene {
    async fn set(world: &World) -> Self {
        let cx = world.cx(&world.tenant("acme").await);
        let person = world.user(&cx, "ada").await.stored.id;
        Self { store: Arc::new(SqlStore::connect(world.target(), FEW).await.unwrap()), scope: cx.scope, person }
    }

    async fn begin(&self) -> Box<dyn TenantTx> {
        self.store.write(&self.scope).await.unwrap()
    }

    /// Has both connections at once.
    async fn begin_both(&self) -> [Box<dyn TenantTx>; 2] {
        join(self.begin(), self.begin()).await.into()
    }

    async fn find(self) {
        let mut read = self.store.read(&self.scope).await.unwrap();
        assert!(read.find(&Kind::USER, self.person, false).await.unwrap().is_some());
    }
}

/// A thread with a runtime of its own.
struct Thread {
    ended: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Thread {
    /// One that has done this.
    async fn that<F: Future<Output = ()> + Send + 'static>(does: F) -> Self {
        let ((ended, end), (done, did)) = (oneshot::channel::<()>(), oneshot::channel());
        let life = async move {
            does.await;
            done.send(()).unwrap();
            drop(end.await);
        };
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(life);
        });
        did.await.unwrap();
        Self { ended, thread }
    }

    fn end(self) {
        drop(self.ended);
        self.thread.join().unwrap();
    }
}

async fn commit_both(scene: Scene) {
    for tx in scene.begin_both().await {
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_transaction_outlives_the_thread_that_opened_its_connection() {
    let world = World::postgres().await;
    let scene = Scene::set(&world).await;
    let thread = Thread::that(commit_both(scene.clone())).await;
    let both = scene.begin_both().await;
    thread.end();
    for tx in both {
        tx.commit().await.unwrap();
    }
    commit_both(scene).await;
}

#[tokio::test]
async fn a_statement_outlives_the_thread_that_opened_its_connection() {
    let world = World::postgres().await;
    let (scene, raw) = (Scene::set(&world).await, Raw::of(&world).await);
    let thread = Thread::that(scene.clone().find()).await;
    let lock = raw.hold("LOCK TABLE resource IN ACCESS EXCLUSIVE MODE").await;
    let under_way = tokio::spawn(scene.clone().find());
    while raw.number("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'resource'::regclass").await == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    thread.end();
    lock.commit().await.unwrap();
    under_way.await.unwrap();
    scene.find().await;
}

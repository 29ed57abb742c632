//! Many who refresh and revoke at the same time, in any order.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};

use auth_service::store::{RevocationReason, Rotation};

use super::*;

/// A page that is open in 64 tabs: one of them rotates, all get the same successor, and nobody is logged out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_refreshes_at_once_have_one_successor() {
    let scene = Scene::new().await;
    scene.client("app").await;
    let family = scene.opened("app", "alice").await;
    for generation in 0..5 {
        let refreshes = (0..64).map(|_| {
            let (store, id) = (scene.store.clone(), family.id);
            tokio::spawn(async move { refresh(&store, id, generation).await })
        });
        let results = futures::future::join_all(refreshes).await;
        let (rotations, successors): (Vec<_>, Vec<_>) = results.into_iter().map(Result::unwrap).unzip();
        assert_eq!(rotations.into_iter().filter(|rotated| *rotated).count(), 1);
        assert_eq!(successors, vec![generation + 1; 64]);
    }
    let found = scene.store.families.find(family.id).await.unwrap().unwrap();
    assert_eq!((found.generation, found.revoked), (5, None));
}

/// Whether it rotated, and the generation it got.
async fn refresh(store: &Store, id: Uuid, presented: i64) -> (bool, i64) {
    match store
        .families
        .rotate(id, presented, after(presented))
        .await
        .unwrap()
    {
        Rotation::Rotated(family) => (true, family.generation),
        Rotation::Unchanged(family) => (false, family.generation),
        Rotation::Unknown => panic!("the family is gone"),
    }
}

/// What a task did, and between which ticks of the history's clock.
#[derive(Debug)]
enum Deed {
    /// A generation of a family began: the first by its login, the others by rotation.
    Begun { family: Uuid, generation: i64 },
    /// These families are dead.
    Killed { families: Vec<Uuid> },
}

#[derive(Debug)]
struct Event {
    begun: u64,
    ended: u64,
    deed: Deed,
}

/// Families of two people and two clients, and everything that can happen to them.
struct World {
    scene: Scene,
    families: Vec<Family>,
    ticks: AtomicU64,
}

const CLIENTS: [&str; 2] = ["app", "tablet"];
const PEOPLE: [&str; 2] = ["alice", "bob"];

impl World {
    async fn new() -> Self {
        let scene = Scene::new().await;
        for client in CLIENTS {
            scene.client(client).await;
        }
        let mut families = Vec::new();
        for number in 0..16 {
            families.push(scene.opened(CLIENTS[number % 2], PEOPLE[number / 2 % 2]).await);
        }
        Self {
            scene,
            families,
            ticks: AtomicU64::new(1),
        }
    }

    fn tick(&self) -> u64 {
        self.ticks.fetch_add(1, Ordering::SeqCst)
    }

    /// One step of a task, chosen by `dice`.
    async fn step(&self, dice: u32) -> Vec<Event> {
        let family = &self.families[(dice >> 8) as usize % self.families.len()];
        match dice % 1000 {
            0..780 => self.rotate(family).await,
            780..980 => self.login(family).await,
            980..995 => self.kill(Kill::One(family.id)).await,
            995..998 => self.kill(Kill::Subject(&family.subject)).await,
            _ => self.kill(Kill::Client(&family.client_id)).await,
        }
    }

    fn begun(&self, begun: u64, family: Uuid, generation: i64) -> Vec<Event> {
        let deed = Deed::Begun { family, generation };
        let ended = self.tick();
        vec![Event { begun, ended, deed }]
    }

    async fn rotate(&self, family: &Family) -> Vec<Event> {
        let begun = self.tick();
        let id = family.id;
        let families = &self.scene.store.families;
        let presented = families.find(id).await.unwrap().unwrap().generation;
        match families.rotate(id, presented, noon()).await.unwrap() {
            Rotation::Rotated(rotated) => self.begun(begun, id, rotated.generation),
            _ => Vec::new(),
        }
    }

    /// A login of the same person at the same client, from the code on.
    async fn login(&self, like: &Family) -> Vec<Event> {
        let begun = self.tick();
        let (client, subject) = (&like.client_id, &like.subject);
        let (code, family) = (code(client, subject), super::family(client, subject));
        let store = &self.scene.store;
        store.codes.save(&code).await.unwrap();
        let redeemed = store.codes.redeem(&code.digest, family.id, noon()).await.unwrap();
        let opens = matches!(redeemed, Redemption::First(_))
            && store.families.open(&family, &code.digest).await.unwrap();
        if opens {
            self.begun(begun, family.id, 0)
        } else {
            Vec::new()
        }
    }

    async fn kill(&self, kill: Kill<'_>) -> Vec<Event> {
        let begun = self.tick();
        let store = &self.scene.store.families;
        match kill {
            Kill::One(id) => store
                .kill(id, RevocationReason::TokenRevoked, noon())
                .await
                .unwrap(),
            Kill::Subject(subject) => store
                .kill_of_subject(subject, RevocationReason::Logout, noon())
                .await
                .unwrap(),
            Kill::Client(id) => store
                .kill_of_client(id, RevocationReason::ClientDisabled, noon())
                .await
                .unwrap(),
        };
        let killed = self.families.iter().filter(|family| kill.concerns(family));
        let families = killed.map(|family| family.id).collect();
        vec![Event {
            begun,
            ended: self.tick(),
            deed: Deed::Killed { families },
        }]
    }
}

#[derive(Clone, Copy)]
enum Kill<'a> {
    One(Uuid),
    Subject(&'a str),
    Client(&'a str),
}

impl Kill<'_> {
    fn concerns(self, family: &Family) -> bool {
        match self {
            Self::One(id) => family.id == id,
            Self::Subject(subject) => family.subject == subject,
            Self::Client(id) => family.client_id == id,
        }
    }
}

/// A sequence that looks random (Knuth's MMIX): the steps of a task, the same in each run.
fn dice(seed: u64) -> impl Iterator<Item = u32> {
    let next = |state: &u64| {
        Some(
            state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407),
        )
    };
    std::iter::successors(Some(seed), next)
        .skip(3)
        .map(|state| (state >> 33) as u32)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_outlives_a_kill_in_any_history() {
    for round in 0..6 {
        let world = Arc::new(World::new().await);
        let tasks = (0..12).map(|task| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let mut events = Vec::new();
                for dice in dice(round * 1000 + task).take(40) {
                    events.extend(world.step(dice).await);
                }
                events
            })
        });
        let events = futures::future::join_all(tasks).await;
        let history: Vec<_> = events.into_iter().flat_map(Result::unwrap).collect();
        assert_safe(&world, &history).await;
    }
}

async fn assert_safe(world: &World, history: &[Event]) {
    let mut dead_since = HashMap::new();
    for event in history {
        if let Deed::Killed { families } = &event.deed {
            for family in families {
                let since = dead_since.entry(*family).or_insert(event.ended);
                *since = event.ended.min(*since);
            }
        }
    }
    assert!(!dead_since.is_empty(), "nothing was killed");
    let mut generations = HashSet::new();
    let (mut revoked, mut valid) = (0, 0);
    for event in history {
        let Deed::Begun { family, generation } = event.deed else {
            continue;
        };
        let killed_before = dead_since.get(&family).is_some_and(|dead| *dead < event.begun);
        assert!(!killed_before, "begun after the kill had returned: {event:?}");
        assert!(
            generations.insert((family, generation)),
            "two successors: {event:?}"
        );
        let found = world.scene.store.families.find(family).await.unwrap().unwrap();
        let is_dead = found.revoked.is_some();
        assert_eq!(world.scene.is_revoked(family).await, is_dead, "{event:?}");
        if is_dead { revoked += 1 } else { valid += 1 }
    }
    assert!(revoked > 0, "no token was revoked: this history shows nothing");
    println!(
        "{} events: {revoked} tokens revoked, {valid} valid",
        history.len()
    );
}

//! Random histories of one child against a model of the API server and its watch.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The service is reconciled. Between an apply and its answer somebody may interfere, and `early` events arrive.
    Pass {
        meanwhile: Option<Interference>,
        early: usize,
    },
    /// The spec changes: another desired object, with other fields.
    Wish(u64),
    /// Somebody changes a field that is not ours, or a status.
    ForeignField,
    /// Somebody does something to what is ours.
    Interfere(Interference),
    /// So many events arrive.
    Deliver(usize),
    /// The watch breaks: what was under way is lost, and a fresh list is.
    Relist,
}

/// What others can do to the object.
#[derive(Clone, Copy, Debug)]
enum Interference {
    /// Change a field of ours.
    OurField,
    /// Delete it.
    Delete,
    /// Delete it and make another of that name.
    Replace,
}

fn benign() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..4usize).prop_map(|early| Step::Pass {
            meanwhile: None,
            early
        }),
        (1..4u64).prop_map(Step::Wish),
        Just(Step::ForeignField),
        (1..4usize).prop_map(Step::Deliver),
        Just(Step::Relist),
    ]
}

fn interference() -> impl Strategy<Value = Interference> {
    prop_oneof![
        Just(Interference::OurField),
        Just(Interference::Delete),
        Just(Interference::Replace)
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    let disturbed = (interference(), 0..4usize).prop_map(|(what, early)| Step::Pass {
        meanwhile: Some(what),
        early,
    });
    prop_oneof![
        4 => benign(),
        2 => disturbed,
        2 => interference().prop_map(Step::Interfere),
    ]
}

enum News {
    Saw(Sighting),
    Deleted(String),
    Listed(Option<Sighting>),
}

/// The API server with one object, its watch, and the operator.
struct World {
    ledger: Ledger,
    object: Option<Sighting>,
    version: u64,
    objects: u64,
    wanted: u64,
    under_way: VecDeque<News>,
    woken: bool,
    repairs: usize,
}

impl World {
    fn new() -> Self {
        Self {
            ledger: Ledger::default(),
            object: None,
            version: 0,
            objects: 0,
            wanted: 1,
            under_way: VecDeque::new(),
            woken: true,
            repairs: 0,
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Pass { meanwhile, early } => self.pass(meanwhile, early),
            Step::Wish(wanted) => (self.wanted, self.woken) = (wanted, true),
            Step::ForeignField => self.write(|object| object.other = Some("other".into())),
            Step::Interfere(what) => self.interfere(what),
            Step::Deliver(events) => self.deliver(events),
            Step::Relist => {
                self.under_way.clear();
                self.under_way.push_back(News::Listed(self.object.clone()));
            }
        }
    }

    fn interfere(&mut self, what: Interference) {
        match what {
            Interference::OurField => self.write(|object| object.owned = Some(0)),
            Interference::Delete => self.delete(),
            Interference::Replace => {
                self.delete();
                self.create(Some(0));
            }
        }
    }

    fn write(&mut self, change: impl FnOnce(&mut Sighting)) {
        let Some(object) = self.object.as_mut() else {
            return;
        };
        self.version += 1;
        change(object);
        object.resource_version = self.version;
        self.under_way.push_back(News::Saw(object.clone()));
    }

    fn create(&mut self, owned: Option<u64>) {
        (self.version, self.objects) = (self.version + 1, self.objects + 1);
        let object = Sighting {
            uid: format!("object-{}", self.objects),
            resource_version: self.version,
            owned,
            other: None,
        };
        self.under_way.push_back(News::Saw(object.clone()));
        self.object = Some(object);
    }

    fn delete(&mut self) {
        if let Some(object) = self.object.take() {
            self.version += 1;
            self.under_way.push_back(News::Deleted(object.uid));
        }
    }

    /// How the child stands after the look at what is new or out of sight.
    fn examine(&self) -> Standing {
        let standing = self.ledger.standing(&key(), self.wanted);
        if matches!(standing, Standing::Unknown | Standing::Gone)
            && let Some(object) = &self.object
        {
            self.ledger.saw(&key(), object.clone());
            return self.ledger.standing(&key(), self.wanted);
        }
        standing
    }

    /// What `Applier` does, the ownership rules aside.
    fn pass(&mut self, meanwhile: Option<Interference>, early: usize) {
        self.woken = false;
        let standing = self.examine();
        self.repairs += usize::from(matches!(standing, Standing::Changed { .. } | Standing::Gone));
        let uid = match standing {
            Standing::Intact => return,
            Standing::Unknown | Standing::Gone => None,
            Standing::Outdated { uid } | Standing::Changed { uid, .. } => Some(uid),
        };
        self.ledger.expect(&key(), SERVICE);
        let Some(answer) = self.apply(uid) else {
            self.ledger.forget(&key());
            self.woken = true;
            return;
        };
        if let Some(what) = meanwhile {
            self.interfere(what);
        }
        self.deliver(early);
        self.ledger.record(&key(), self.wanted, answer);
    }

    /// The answer to an apply, none when the object with that uid is not there. An apply that changes nothing
    /// leaves the version.
    fn apply(&mut self, uid: Option<String>) -> Option<Sighting> {
        let fields = Some(100 + self.wanted);
        match (&self.object, uid) {
            (Some(object), Some(uid)) if object.uid != uid => return None,
            (None, Some(_)) => return None,
            (None, None) => self.create(fields),
            (Some(object), _) if object.owned == fields => {}
            (Some(_), _) => self.write(|object| object.owned = fields),
        }
        self.object.clone()
    }

    fn deliver(&mut self, events: usize) {
        for _ in 0..events {
            let Some(news) = self.under_way.pop_front() else {
                return;
            };
            let woken = match news {
                News::Saw(sighting) => self.ledger.saw(&key(), sighting).is_some(),
                News::Deleted(uid) => self.ledger.deleted(&key(), &uid).is_some(),
                News::Listed(found) => {
                    let present = found.iter().map(|_| key()).collect();
                    let drifted = found
                        .and_then(|sighting| self.ledger.saw(&key(), sighting))
                        .is_some();
                    !self.ledger.listed(ChildKind::Service, None, &present).is_empty() || drifted
                }
            };
            self.woken |= woken;
        }
    }

    /// Everything arrives, and whoever was woken works, until nothing happens any more.
    fn settle(&mut self) {
        for _ in 0..20 {
            self.deliver(self.under_way.len());
            if !self.woken {
                return;
            }
            self.pass(None, 0);
        }
        panic!("the operator never comes to rest");
    }

    fn is_as_wanted(&self) -> bool {
        self.object
            .as_ref()
            .is_some_and(|object| object.owned == Some(100 + self.wanted))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Echoes of our own writes, changes of other people's fields and interrupted watches never look like a change
    /// of ours.
    #[test]
    fn echoes_and_foreign_fields_are_no_drift(steps in prop::collection::vec(benign(), 0..30)) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        world.settle();
        prop_assert_eq!(world.ledger.standing(&key(), world.wanted), Standing::Intact);
        prop_assert!(world.is_as_wanted());
        prop_assert_eq!(world.repairs, 0);
    }

    /// Whatever happens in whatever order, the events alone lead back to what is wanted, and then to rest.
    #[test]
    fn every_history_ends_as_wanted(steps in prop::collection::vec(any_step(), 0..30)) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        world.settle();
        prop_assert!(world.is_as_wanted(), "{:?}", world.object);
        prop_assert_eq!(world.ledger.standing(&key(), world.wanted), Standing::Intact);
    }

    /// A change of ours after our last write is always seen.
    #[test]
    fn every_change_of_ours_is_seen(steps in prop::collection::vec(benign(), 0..30)) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        world.settle();
        world.interfere(Interference::OurField);
        world.deliver(world.under_way.len());
        prop_assert!(world.woken);
        let standing = world.ledger.standing(&key(), world.wanted);
        prop_assert!(matches!(standing, Standing::Changed { .. }), "{standing:?}");
    }
}

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
    /// Another process takes over, with nothing but the status and a fresh list.
    Restart,
    /// Another process leads, and puts the object right. It may end before it tells so in the status.
    Elsewhere { told: bool },
}

/// What others can do to the object.
#[derive(Clone, Copy, Debug)]
enum Interference {
    /// Change a field of ours.
    OurField,
    /// Add something.
    Addition,
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
        Just(Step::Restart),
    ]
}

fn interference() -> impl Strategy<Value = Interference> {
    prop_oneof![
        Just(Interference::OurField),
        Just(Interference::Addition),
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

/// What happens while this process stands by.
fn standing_by() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => any::<bool>().prop_map(|told| Step::Elsewhere { told }),
        2 => interference().prop_map(Step::Interfere),
        2 => (1..4usize).prop_map(Step::Deliver),
        1 => (1..4u64).prop_map(Step::Wish),
        1 => Just(Step::ForeignField),
        2 => Just(Step::Relist),
    ]
}

enum News {
    Saw(Sighting),
    Deleted(String),
    Listed(Option<Sighting>),
}

/// What a finished pass wrote.
struct Status {
    generation: u64,
    uid: String,
    left: Fingerprint,
}

/// The API server with one object, its watch, and the operator.
struct World {
    ledger: Ledger,
    object: Option<Sighting>,
    version: u64,
    objects: u64,
    wanted: u64,
    /// Of what we own: a change of it alone leaves our set of fields as it is.
    value: u64,
    generation: u64,
    status: Option<Status>,
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
            value: 0,
            generation: 1,
            status: None,
            under_way: VecDeque::new(),
            woken: true,
            repairs: 0,
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Pass { meanwhile, early } => self.pass(meanwhile, early),
            Step::Wish(wanted) => {
                (self.wanted, self.woken) = (wanted, true);
                self.generation += 1;
            }
            Step::ForeignField => self.write(|object| object.other = Some("other".into())),
            Step::Interfere(what) => self.interfere(what),
            Step::Deliver(events) => self.deliver(events),
            Step::Relist => {
                self.under_way.clear();
                self.under_way.push_back(News::Listed(self.object.clone()));
            }
            Step::Restart => self.restart(),
            Step::Elsewhere { told } => self.elsewhere(told),
        }
    }

    fn elsewhere(&mut self, told: bool) {
        let fields = 100 + self.wanted / 2;
        if self.object.is_none() {
            self.create(Some(fields));
        } else if !self.is_as_wanted() {
            let since = self.version.try_into().unwrap();
            self.write(|object| {
                (object.owned, object.since) = (Some(fields), since);
                object.added.clear();
            });
        }
        self.value = self.wanted;
        if let Some(object) = self.object.as_ref().filter(|_| told) {
            self.status = Some(Status {
                generation: self.generation,
                uid: object.uid.clone(),
                left: Fingerprint {
                    desired: self.wanted,
                    owned: fields,
                    since: object.since,
                    added: digest_of_additions(&object.added),
                    template: object.template,
                },
            });
        }
    }

    fn restart(&mut self) {
        self.ledger = Ledger::default();
        self.under_way.clear();
        self.under_way.push_back(News::Listed(self.object.clone()));
        self.deliver(1);
        self.woken = true;
    }

    fn interfere(&mut self, what: Interference) {
        match what {
            Interference::OurField => self.write(|object| object.owned = Some(0)),
            Interference::Addition => self.write(|object| object.added = with_sidecar(1).added),
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
            since: 0,
            template: 0,
            added: Vec::new(),
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

    fn recall(&self) {
        if let Some(status) = &self.status {
            let is_observed = status.generation == self.generation;
            let desired = if is_observed { status.left.desired } else { 0 };
            let left = Fingerprint {
                desired,
                ..status.left
            };
            self.ledger.adopt(&key(), SERVICE, &status.uid, left);
        }
    }

    /// What `Applier` does, the ownership rules aside.
    fn pass(&mut self, meanwhile: Option<Interference>, early: usize) {
        self.woken = false;
        self.recall();
        let standing = self.ledger.standing(&key(), self.wanted);
        self.repairs += usize::from(standing == Standing::Gone && self.object.is_none());
        let done = match (standing, self.object.clone()) {
            (Standing::Absent | Standing::Gone, None) => self.apply(None, meanwhile, early),
            (Standing::Absent | Standing::Gone | Standing::Unproven, Some(found)) => {
                let uid = found.uid.clone();
                self.ledger.saw(&key(), found);
                match self.ledger.standing(&key(), self.wanted) {
                    Standing::Intact => true,
                    Standing::Disturbed(disturbance) => self.repair(&disturbance, meanwhile, early),
                    _ => self.apply(Some(uid), meanwhile, early),
                }
            }
            (Standing::Unproven, None) => false,
            (Standing::Intact, _) => true,
            (Standing::Outdated { uid }, _) => self.apply(Some(uid), meanwhile, early),
            (Standing::Disturbed(disturbance), _) => self.repair(&disturbance, meanwhile, early),
        };
        if !done {
            self.ledger.forget(&key());
            self.woken = true;
        } else if let (Some(uid), Some(left)) = (self.ledger.uid(&key()), self.ledger.fingerprint(&key())) {
            let generation = self.generation;
            self.status = Some(Status {
                generation,
                uid,
                left,
            });
        }
    }

    fn repair(&mut self, disturbance: &Disturbance, meanwhile: Option<Interference>, early: usize) -> bool {
        self.repairs += 1;
        let uid = &disturbance.uid;
        if self.object.as_ref().is_none_or(|object| object.uid != *uid) {
            return false;
        }
        if !disturbance.added.is_empty() {
            self.write(|object| object.added.clear());
            if self.restored() {
                return true;
            }
        }
        self.apply(Some(uid.clone()), meanwhile, early)
    }

    /// An apply and what happens before its answer. False when the object with that uid is not there. One that changes
    /// nothing leaves the version.
    fn apply(&mut self, uid: Option<String>, meanwhile: Option<Interference>, early: usize) -> bool {
        self.ledger.expect(&key(), SERVICE);
        let fields = Some(100 + self.wanted / 2);
        match (&self.object, uid) {
            (Some(object), Some(uid)) if object.uid != uid => return false,
            (None, Some(_)) => return false,
            (None, None) => self.create(fields),
            (Some(object), _) if object.owned == fields && self.value == self.wanted => {}
            (Some(_), _) => {
                let since = self.version.try_into().unwrap();
                self.write(|object| (object.owned, object.since) = (fields, since));
            }
        }
        self.value = self.wanted;
        let answer = self.object.clone().unwrap();
        if let Some(what) = meanwhile {
            self.interfere(what);
        }
        self.deliver(early);
        let added = digest_of_additions(&answer.added);
        let tolerated = self.ledger.fingerprint(&key()).map_or(0, |left| left.added);
        self.ledger.record(&key(), self.wanted, &answer, tolerated);
        if added == tolerated {
            return true;
        }
        // Found by the answer: taken out at once, if it still is that object.
        if self.object.as_ref().is_none_or(|object| object.uid != answer.uid) {
            return false;
        }
        self.write(|object| object.added.clear());
        self.restored();
        true
    }

    /// What follows from the answer to a removal: true when nothing is left to be applied.
    fn restored(&mut self) -> bool {
        let (answer, left) = (
            self.object.clone().unwrap(),
            self.ledger.fingerprint(&key()).unwrap(),
        );
        let is_whole = answer.owned == Some(left.owned) && left.desired == self.wanted;
        if is_whole {
            self.ledger.record(&key(), self.wanted, &answer, 0);
        }
        is_whole
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
            .is_some_and(|object| object.owned == Some(100 + self.wanted / 2) && object.added.is_empty())
            && self.value == self.wanted
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

    /// A standby remembers what the status told when it began; what the leader wrote since it reads when it leads.
    #[test]
    fn every_standby_leads_to_what_is_wanted(steps in prop::collection::vec(standing_by(), 0..30)) {
        let mut world = World::new();
        world.elsewhere(true);
        world.restart();
        world.recall();
        for step in steps {
            world.take(step);
        }
        world.woken = true;
        world.settle();
        prop_assert!(world.is_as_wanted(), "{:?}", world.object);
        prop_assert_eq!(world.ledger.standing(&key(), world.wanted), Standing::Intact);
    }

    /// A change of ours, or an addition, after our last write is always seen.
    #[test]
    fn every_change_of_ours_is_seen(steps in prop::collection::vec(benign(), 0..30), added: bool) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        world.settle();
        world.interfere(if added { Interference::Addition } else { Interference::OurField });
        world.deliver(world.under_way.len());
        prop_assert!(world.woken);
        let standing = world.ledger.standing(&key(), world.wanted);
        prop_assert!(matches!(standing, Standing::Disturbed(_)), "{standing:?}");
    }
}

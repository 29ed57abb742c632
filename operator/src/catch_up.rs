//! What a process reads before its first pass: which services there are now. I/O.

use std::collections::HashSet;
use std::time::Duration;

use healthcare_crds::HealthcareService;
use kube::api::{ListParams, PartialObjectMeta};
use kube::{Client, ResourceExt};

use crate::context::Context;
use crate::generations::{Generations, generation};
use crate::queue::Key;
use crate::scoped::scoped;
use crate::services::Services;

/// Services in an answer.
const PAGE: u32 = 500;

/// Pause after a failure.
const AGAIN: Duration = Duration::from_secs(1);

/// Learns which services have a later spec than the watch shows, or are gone: another process may have acted on that already,
/// and the watch may be down. Their passes wait for it. Tries until it succeeds.
pub async fn catch_up(ctx: &Context, namespaces: &[Option<String>]) {
    for namespace in namespaces {
        let known = Known {
            services: &ctx.services,
            generations: &ctx.generations,
        };
        while let Err(error) = known.compare(&ctx.client, namespace.as_deref()).await {
            tracing::warn!(%error, "cannot list HealthcareServices; trying again");
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// What the watch shows, and what is later than that.
struct Known<'a> {
    services: &'a Services,
    generations: &'a Generations,
}

impl Known<'_> {
    async fn compare(&self, client: &Client, namespace: Option<&str>) -> kube::Result<()> {
        let api = scoped::<HealthcareService>(client, namespace);
        let mut unlisted: HashSet<Key> = self.services.keys().into_iter().collect();
        unlisted.retain(|key| namespace.is_none_or(|name| name == &*key.namespace));
        let mut page = ListParams::default().limit(PAGE);
        loop {
            // Without a version: the answer is as new as etcd.
            let answer = api.list_metadata(&page).await?;
            for listed in &answer.items {
                self.compare_one(listed, &mut unlisted);
            }
            match answer.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => page = page.continue_token(&token),
                None => break,
            }
        }
        for gone in unlisted.iter().filter_map(|key| self.services.get(key)) {
            self.generations.learn_gone(&gone);
        }
        Ok(())
    }

    fn compare_one(&self, listed: &PartialObjectMeta<HealthcareService>, unlisted: &mut HashSet<Key>) {
        let key = Key::new(&listed.namespace().unwrap_or_default(), &listed.name_any());
        let shown = self.services.get(&key);
        // One of another uid was deleted and made again.
        let Some(shown) = shown.filter(|shown| shown.metadata.uid == listed.metadata.uid) else {
            return;
        };
        unlisted.remove(&key);
        if generation(listed) > generation(&shown) {
            self.generations.learn(listed);
        }
    }
}

#[cfg(test)]
mod tests;

//! Issuing and introspecting access tokens, beside what a bare signature and its bare check cost with the same key.
//!
//! Criterion measures the rules alone, without network, database and audit log. The table after it measures rules and bare
//! cryptography in turns, so that its ratios hold on a busy machine too; and requests to the whole service, all layers, a real
//! PostgreSQL and the audit log, in turns with the bare signature, both in processor time of this process, which is also the client
//! (PostgreSQL's own is not in it).
//!
//! Introspection is of tokens that were not looked at before, and of the same one again, whose signature is known then to be good.
//!
//! Targets: HS256 and ES256 10,000 tokens in a second of processor time, RS256 80 % of the signing limit, introspection 20,000.

use std::hint::black_box;
use std::io::Write;

use anyhow::Context as _;
use criterion::Criterion;
use service_kit::auth::Algorithm;
use service_kit::testing::{Operation, in_turns};

mod bare;
mod rules;
mod whole;

use bare::Bare;
use rules::Rules;
use whole::Whole;

const ISSUER: &str = "https://auth.example.org";
const CLIENT: &str = "first";
const SECRET: &str = "a secret of the first client, 32 bytes or more";
const ALGORITHMS: [Algorithm; 4] = [
    Algorithm::Hs256,
    Algorithm::Es256,
    Algorithm::EdDsa,
    Algorithm::Rs256,
];

/// How often the table measures each operation of the rules, and how many of them each time.
const ROUNDS: usize = 300;
const TOKENS: u32 = 5;

/// Everything about one algorithm.
struct Subject {
    algorithm: Algorithm,
    bare: Bare,
    rules: Rules,
}

impl Subject {
    fn new(algorithm: Algorithm) -> anyhow::Result<Self> {
        let rules = Rules::new(algorithm)?;
        let (message, _) = rules
            .token()
            .rsplit_once('.')
            .context("a token has a signature")?;
        Ok(Self {
            algorithm,
            bare: Bare::new(algorithm, rules.key(), message)?,
            rules,
        })
    }

    fn operations(&self) -> [Operation<'_>; 5] {
        let introspect = |token| black_box(&self.rules).introspect(token).is_some();
        [
            ("sign", Box::new(|| black_box(&self.bare).sign().is_some())),
            ("issue", Box::new(|| black_box(&self.rules).issue().is_some())),
            ("verify", Box::new(|| black_box(&self.bare).verify())),
            (
                "introspect",
                Box::new(move || introspect(self.rules.another_token())),
            ),
            ("again", Box::new(move || introspect(self.rules.token()))),
        ]
    }
}

fn table(subjects: &[Subject]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "\nin a second of processor time; of whole requests: with all layers, PostgreSQL and the audit log"
    )?;
    writeln!(
        out,
        "algorithm     sign    issue  issue:sign     sign  token requests  :sign   verify  introspect    again  introspect requests    again"
    )?;
    for subject in subjects {
        let times = in_turns(&subject.operations(), ROUNDS, TOKENS);
        let rates: Vec<_> = times.into_iter().map(f64::recip).collect();
        let [sign, issue, verify, introspect, again] = rates.as_slice() else {
            continue;
        };
        let whole = Whole::start(subject.algorithm)?.measure(&subject.bare)?;
        writeln!(
            out,
            "{:<9} {sign:>8.0} {issue:>8.0} {:>10.0}% {:>8.0} {:>15.0} {:>5.0}% {verify:>8.0} {introspect:>11.0} {again:>8.0} {:>20.0} {:>8.0}",
            subject.algorithm.name(),
            100.0 * issue / sign,
            whole.signatures,
            whole.tokens,
            100.0 * whole.tokens / whole.signatures,
            whole.introspections,
            whole.again,
        )?;
    }
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let subjects: Vec<_> = ALGORITHMS
        .into_iter()
        .map(Subject::new)
        .collect::<Result<_, _>>()?;
    let mut criterion = Criterion::default().configure_from_args();
    for subject in &subjects {
        let mut group = criterion.benchmark_group(subject.algorithm.name());
        for (name, operation) in subject.operations() {
            anyhow::ensure!(operation(), "{name} fails");
            group.bench_function(name, |bencher| bencher.iter(&operation));
        }
        group.finish();
    }
    criterion.final_summary();
    table(&subjects)
}

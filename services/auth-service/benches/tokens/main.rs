//! Issuing and introspecting access tokens, beside what a bare signature and its bare check cost with the same key.
//!
//! Criterion measures the rules alone, without network, database and audit log. The table after it measures rules and bare
//! cryptography in turns, so that its ratios hold on a busy machine too, and the whole service: all layers, a real PostgreSQL and
//! the audit log, in processor time of this process, which is also the client (PostgreSQL's own is not in it).
//!
//! Introspection is of tokens that were not looked at before, and of the same one again, whose signature is known then to be good.
//!
//! Targets: HS256 and ES256 10,000 tokens in a second of processor time, RS256 80 % of the signing limit, introspection 20,000.

use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use anyhow::Context as _;
use criterion::Criterion;
use service_kit::auth::Algorithm;

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

/// A name, and what is measured.
type Operation<'a> = (&'static str, Box<dyn Fn() -> bool + 'a>);

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

/// Each operation in a second: of the fastest tenth of its turns, which other processes did not interrupt.
fn in_turns(subject: &Subject) -> Vec<f64> {
    let operations = subject.operations();
    let mut times = vec![Vec::with_capacity(ROUNDS); operations.len()];
    for _ in 0..ROUNDS {
        for ((_, operation), times) in operations.iter().zip(&mut times) {
            let started = Instant::now();
            for _ in 0..TOKENS {
                black_box(operation());
            }
            times.push(started.elapsed().as_secs_f64() / f64::from(TOKENS));
        }
    }
    times.into_iter().map(fastest_tenth).map(f64::recip).collect()
}

fn fastest_tenth(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 10).copied().unwrap_or(f64::NAN)
}

fn table(subjects: &[Subject]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "\nin a second of processor time; of whole requests: with all layers, PostgreSQL and the audit log"
    )?;
    writeln!(
        out,
        "algorithm     sign    issue  issue:sign  token requests  :sign   verify  introspect    again  introspect requests    again"
    )?;
    for subject in subjects {
        let rates = in_turns(subject);
        let [sign, issue, verify, introspect, again] = rates.as_slice() else {
            continue;
        };
        let whole = Whole::start(subject.algorithm)?.measure()?;
        writeln!(
            out,
            "{:<9} {sign:>8.0} {issue:>8.0} {:>10.0}% {:>15.0} {:>5.0}% {verify:>8.0} {introspect:>11.0} {again:>8.0} {:>20.0} {:>8.0}",
            subject.algorithm.name(),
            100.0 * issue / sign,
            whole.tokens,
            100.0 * whole.tokens / sign,
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

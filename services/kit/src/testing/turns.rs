use std::hint::black_box;
use std::time::Instant;

/// A name, and what is measured: whether it succeeded.
pub type Operation<'a> = (&'static str, Box<dyn Fn() -> bool + 'a>);

/// Seconds that each operation takes: the fastest tenth of its turns, which other processes did not interrupt. They take turns, so
/// that ratios between them hold on a busy machine too. Each of the `rounds` does each operation `times` times.
pub fn in_turns(operations: &[Operation<'_>], rounds: usize, times: u32) -> Vec<f64> {
    let mut taken = vec![Vec::with_capacity(rounds); operations.len()];
    for _ in 0..rounds {
        for ((_, operation), taken) in operations.iter().zip(&mut taken) {
            let started = Instant::now();
            for _ in 0..times {
                black_box(operation());
            }
            taken.push(started.elapsed().as_secs_f64() / f64::from(times));
        }
    }
    taken.into_iter().map(fastest_tenth).collect()
}

fn fastest_tenth(mut taken: Vec<f64>) -> f64 {
    taken.sort_by(f64::total_cmp);
    taken.get(taken.len() / 10).copied().unwrap_or(f64::NAN)
}

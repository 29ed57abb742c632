//! The figures as a table in Markdown.

use std::fmt::Write;

use crate::meter::Phase;
use crate::run::Figures;

/// One table of sizes, and one of phases for each.
pub(crate) fn table(all: &[Figures]) -> String {
    let mut text = String::from(
        "| services | floor s | floor, children s | converged s | ratio | to children | at rest, requests | CPU at rest % | MiB | restart s (min to max) | writes | fail-over s |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for figures in all {
        text.push_str(&summary(figures));
    }
    for figures in all {
        text.push_str(&phases(figures));
    }
    text
}

fn measured(figure: Option<f64>, digits: usize) -> String {
    figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.digits$}"))
}

fn summary(figures: &Figures) -> String {
    let phase = |name: &str| figures.phases.iter().find(|phase| phase.name == name);
    let (converge, rest, restart) = (phase("converge"), phase("rest"), phase("restart"));
    format!(
        "| {} | {} | {} | {:.1} | {} | {} | {} | {:.3} | {:.0} | {:.1} ({:.1} to {:.1}) | {} | {:.1} |\n",
        figures.services,
        measured(figures.floor_seconds, 1),
        measured(figures.floor_children_seconds, 1),
        converge.map_or(0.0, |phase| phase.seconds),
        measured(figures.ratio, 2),
        measured(figures.ratio_to_children, 2),
        rest.map_or(0, Phase::all_requests),
        rest.map_or(0.0, |phase| phase.cpu_seconds / phase.seconds * 100.0),
        rest.map_or(0.0, |phase| phase.resident_mib),
        restart.map_or(0.0, |phase| phase.seconds),
        figures.restart_seconds.first().unwrap_or(&0.0),
        figures.restart_seconds.last().unwrap_or(&0.0),
        restart.map_or(0, Phase::writes),
        figures.failover_seconds,
    )
}

fn phases(figures: &Figures) -> String {
    let mut text = format!(
        "\n{} services:\n\n| phase | s | p50 ms | p95 ms | p99 ms | writes | requests | CPU s | MiB | peak MiB |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
        figures.services
    );
    for phase in &figures.phases {
        let times = phase.milliseconds.as_ref();
        let time = |of| measured(of, 0);
        // Writing to a String cannot fail.
        let _written = writeln!(
            text,
            "| {} | {:.1} | {} | {} | {} | {} | {} | {:.2} | {:.0} | {:.0} |",
            phase.name,
            phase.seconds,
            time(times.map(|times| times.p50)),
            time(times.map(|times| times.p95)),
            time(times.map(|times| times.p99)),
            phase.writes(),
            phase.all_requests(),
            phase.cpu_seconds,
            phase.resident_mib,
            phase.peak_mib,
        );
    }
    text
}

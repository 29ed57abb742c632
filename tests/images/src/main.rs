//! The command line.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use image_builder::image::Image;
use image_builder::workspace::Workspace;
use image_builder::{COMPONENTS, Component, archive, binary, compile, push};
use jiff::Timestamp;

/// What an image may hold at most, bytes.
const LIMIT: u64 = 25_000_000;

/// Static binaries as OCI images, without a Docker engine.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Compile, and write one archive for each image
    Build(Build),
    /// Push the archives to a registry, by crane
    Push(Push),
}

#[derive(Debug, clap::Args)]
struct Build {
    /// Directory for the archives
    #[arg(long, default_value = "target/images")]
    out: PathBuf,

    /// Tag of the images [default: the version of the package]
    #[arg(long)]
    tag: Option<String>,

    /// First part of the images' names
    #[arg(long, default_value = "registry.local/gitops-health")]
    repository: String,

    /// Directory with static binaries; compiled when not given
    #[arg(long)]
    binaries: Option<PathBuf>,

    /// Time of everything in the images, seconds since 1970 (reproducible-builds.org)
    #[arg(long, env = "SOURCE_DATE_EPOCH", default_value = "0")]
    source_date_epoch: i64,
}

#[derive(Debug, clap::Args)]
struct Push {
    /// Where to, such as registry.example.org/team
    #[arg(long)]
    registry: String,

    /// Directory with the archives
    #[arg(long, default_value = "target/images")]
    from: PathBuf,

    /// Tag of the images [default: the version of the package]
    #[arg(long)]
    tag: Option<String>,
}

fn main() -> Result<()> {
    let workspace = Workspace::of(Path::new("."))?;
    match Cli::parse().action {
        Action::Build(options) => build(&workspace, &options),
        Action::Push(options) => push_all(&workspace, &options),
    }
}

fn build(workspace: &Workspace, options: &Build) -> Result<()> {
    let binaries = match &options.binaries {
        Some(directory) => directory.clone(),
        None => compile::compile(workspace)?,
    };
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("{} could not be created", options.out.display()))?;
    let created =
        Timestamp::from_second(options.source_date_epoch).context("SOURCE_DATE_EPOCH is out of range")?;
    COMPONENTS
        .iter()
        .try_for_each(|component| build_one(workspace, options, &binaries, *component, created))
}

fn build_one(
    workspace: &Workspace,
    options: &Build,
    binaries: &Path,
    component: Component,
    created: Timestamp,
) -> Result<()> {
    let package = workspace.package(component.package)?;
    let path = binaries.join(component.package);
    let binary = std::fs::read(&path).with_context(|| format!("{} could not be read", path.display()))?;
    binary::check_static(&binary).with_context(|| format!("{} cannot go into an image", path.display()))?;
    let image = Image::new(component, package, binary, created);
    if image.size() > LIMIT {
        bail!(
            "{} is {} bytes, more than the {LIMIT} allowed",
            image.name,
            image.size()
        );
    }
    let tag = options.tag.as_ref().unwrap_or(&package.version);
    let reference = format!("{}/{}:{tag}", options.repository, image.name);
    let output = options.out.join(format!("{}.tar", image.name));
    let unfinished = output.with_extension("tar.part");
    let file = File::create(&unfinished)
        .with_context(|| format!("{} could not be created", unfinished.display()))?;
    archive::write(&image, &reference, BufWriter::new(file))?;
    // Whoever looks at the name meanwhile finds the old archive or the new one, never half of one.
    std::fs::rename(&unfinished, &output)
        .with_context(|| format!("{} could not be replaced", output.display()))?;
    report(&reference, &output, image.size())
}

fn push_all(workspace: &Workspace, options: &Push) -> Result<()> {
    COMPONENTS.iter().try_for_each(|component| {
        let package = workspace.package(component.package)?;
        let tag = options.tag.as_ref().unwrap_or(&package.version);
        let archive = options.from.join(format!("{}.tar", component.package));
        push::push(
            &archive,
            &format!("{}/{}:{tag}", options.registry, component.package),
        )
    })
}

#[expect(clippy::print_stdout, reason = "the answer of a command line")]
#[expect(clippy::cast_precision_loss, reason = "for people, to a tenth")]
fn report(reference: &str, output: &Path, unpacked: u64) -> Result<()> {
    let packed = std::fs::metadata(output)?.len();
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    println!(
        "{reference}  {:.1} MB, {:.1} MB packed  {}",
        megabytes(unpacked),
        megabytes(packed),
        output.display()
    );
    Ok(())
}

//! A report as one HTML page that needs nothing else: no script, no font, no address outside.

use std::fmt::{self, Display, Write};

use healthcare_crds::v1alpha1::Framework;

use super::control::Enforcement;
use super::evidence::Evidence;
use super::report::{Finding, Report, State};

/// Text as it may stand in an element or a quoted attribute.
struct Escaped<T>(T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(out), "{}", self.0)
    }
}

struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '<' => self.0.write_str("&lt;")?,
                '>' => self.0.write_str("&gt;")?,
                '&' => self.0.write_str("&amp;")?,
                '"' => self.0.write_str("&quot;")?,
                '\'' => self.0.write_str("&#39;")?,
                other => self.0.write_char(other)?,
            }
        }
        Ok(())
    }
}

const STYLE: &str = include_str!("html/style.css");

/// One page with every report.
pub fn page(reports: &[Report]) -> String {
    let sections: Vec<_> = reports
        .iter()
        .zip(1..)
        .map(|(report, number)| {
            let objects = report.evidence();
            Section {
                report,
                number,
                objects,
            }
            .text()
        })
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Controls supported by HealthcareServices</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>Controls supported by HealthcareServices</h1>\n\
         <p>Evidence of what was seen in specifications and Kubernetes objects. Whether the organisation complies is for its \
         assessors. Inherited controls are not verified here.</p>\n{}{}</main>\n</body>\n</html>\n",
        overview(reports),
        sections.concat()
    )
}

/// One line for each service, where there are several.
fn overview(reports: &[Report]) -> String {
    if reports.len() < 2 {
        return String::new();
    }
    let rows: String = reports.iter().zip(1..).map(overview_row).collect();
    format!(
        "<div class=\"scroll\" role=\"region\" aria-label=\"Overview\" tabindex=\"0\"><table>\n<thead><tr><th scope=\"col\">Service</th>{}</tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table></div>\n",
        ["Met", "Violated", "Exempted", "Emergency", "Inherited"]
            .map(|name| format!("<th scope=\"col\" class=\"number\">{name}</th>"))
            .concat()
    )
}

fn overview_row((report, number): (&Report, usize)) -> String {
    let counts = report.counts;
    let all = [
        counts.met,
        counts.violated,
        counts.exempted,
        counts.break_glass,
        counts.inherited,
    ];
    format!(
        "<tr><th scope=\"row\"><a href=\"#service-{number}\">{}/{}</a></th>{}</tr>\n",
        Escaped(&report.namespace),
        Escaped(&report.name),
        all.map(|count| format!("<td class=\"number\">{count}</td>"))
            .concat()
    )
}

/// One service on the page.
struct Section<'a> {
    report: &'a Report,
    number: usize,
    objects: Vec<&'a Evidence>,
}

impl Section<'_> {
    fn text(&self) -> String {
        let Self { report, number, .. } = self;
        let frameworks = report.frameworks.iter();
        let tables: String = frameworks.map(|framework| self.table(*framework)).collect();
        format!(
            "<section aria-labelledby=\"service-{number}\">\n<h2 id=\"service-{number}\">{}/{}</h2>\n{}{}{}{tables}{}</section>\n",
            Escaped(&report.namespace),
            Escaped(&report.name),
            summary(report),
            self.not_met(),
            notices(report),
            self.evidence(),
        )
    }

    /// What needs somebody, before everything that does not.
    fn not_met(&self) -> String {
        let is_open = |state: &State| matches!(state, State::Violated { .. } | State::BreakGlass { .. });
        let findings = self.report.findings.iter().enumerate();
        let open: String = findings
            .filter(|(_, finding)| is_open(&finding.state))
            .map(|(position, finding)| self.open_item(position, finding))
            .collect();
        if open.is_empty() {
            open
        } else {
            format!("<h3>Not met</h3>\n<ul>\n{open}</ul>\n")
        }
    }

    fn open_item(&self, position: usize, Finding { control, .. }: &Finding) -> String {
        format!(
            "<li><a href=\"#control-{}-{position}\">{}</a>: {}</li>\n",
            self.number,
            Escaped(control.id),
            Escaped(control.title)
        )
    }

    fn table(&self, framework: Framework) -> String {
        let findings = self.report.findings.iter().enumerate();
        let rows: String = findings
            .filter(|(_, finding)| finding.control.framework == framework)
            .map(|(position, finding)| self.row(position, finding))
            .collect();
        // Roles, as a narrow screen shows the cells below each other.
        format!(
            "<h3>{}</h3>\n<table class=\"controls\" role=\"table\">\n<thead role=\"rowgroup\"><tr role=\"row\">\
             <th scope=\"col\" role=\"columnheader\">Control</th><th scope=\"col\" role=\"columnheader\">State</th>\
             <th scope=\"col\" role=\"columnheader\">What was seen</th></tr></thead>\n\
             <tbody role=\"rowgroup\">\n{rows}</tbody>\n</table>\n",
            name(framework)
        )
    }

    fn row(&self, position: usize, finding: &Finding) -> String {
        let word = finding.state.word();
        let control = finding.control;
        format!(
            "<tr id=\"control-{}-{position}\" role=\"row\"><th scope=\"row\" role=\"rowheader\"><code>{}</code><br>{}<br>\
             <span class=\"small\">{} · {}</span></th>\
             <td role=\"cell\"><span class=\"state {}\">{word}</span></td><td role=\"cell\">{}{}</td></tr>\n",
            self.number,
            Escaped(control.id),
            Escaped(control.title),
            Escaped(control.citation),
            by(control.enforcement),
            word.to_lowercase(),
            Escaped(finding.state.text()),
            self.looked_at(finding)
        )
    }

    /// Which objects a control was judged by; what they were is told once, below.
    fn looked_at(&self, finding: &Finding) -> String {
        let links: Vec<_> = finding
            .evidence
            .iter()
            .map(|evidence| {
                let position = self.objects.iter().position(|known| *known == evidence);
                format!(
                    "<a href=\"#object-{}-{}\">{} {}</a>",
                    self.number,
                    position.unwrap_or_default(),
                    Escaped(evidence.kind),
                    Escaped(&evidence.name)
                )
            })
            .collect();
        if links.is_empty() {
            return String::new();
        }
        format!("<br><span class=\"small\">Evidence: {}</span>", links.join(", "))
    }

    fn evidence(&self) -> String {
        let rows: String = self
            .objects
            .iter()
            .enumerate()
            .map(|(n, object)| self.object(n, object))
            .collect();
        if rows.is_empty() {
            return rows;
        }
        format!(
            "<h3>Evidence: objects that were looked at</h3>\n\
             <div class=\"scroll\" role=\"region\" aria-label=\"Evidence\" tabindex=\"0\"><table>\n<thead><tr><th scope=\"col\">Object</th>\
             <th scope=\"col\">Identity</th><th scope=\"col\">SHA-256</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n"
        )
    }

    fn object(&self, position: usize, evidence: &Evidence) -> String {
        let identity = match (&evidence.uid, &evidence.resource_version) {
            (Some(uid), Some(version)) => format!(
                "<code>{}</code><br>resource version {}",
                Escaped(uid),
                Escaped(version)
            ),
            (Some(uid), None) => format!("<code>{}</code>", Escaped(uid)),
            (None, _) => "rendered, not read from a cluster".to_owned(),
        };
        format!(
            "<tr id=\"object-{}-{position}\"><th scope=\"row\">{} {}</th><td>{identity}</td><td><code>{}</code></td></tr>\n",
            self.number,
            Escaped(evidence.kind),
            Escaped(&evidence.name),
            Escaped(&evidence.digest)
        )
    }
}

fn summary(report: &Report) -> String {
    let version = report
        .resource_version
        .as_ref()
        .map_or_else(String::new, |version| {
            format!(", resource version {}", Escaped(version))
        });
    let frameworks: Vec<_> = report.frameworks.iter().map(|f| name(*f)).collect();
    let counts = report.counts;
    format!(
        "<p><strong>{}</strong> checked controls met or exempted: {} met, {} exempted, {} violated, {} under emergency access. \
         {} more are inherited.<br>\n<span class=\"small\">{} · data {:?} · generation {}{version} · {:.0}<br>{}</span></p>\n",
        report.summary(),
        counts.met,
        counts.exempted,
        counts.violated,
        counts.break_glass,
        counts.inherited,
        if frameworks.is_empty() {
            "no framework applies".to_owned()
        } else {
            frameworks.join(", ")
        },
        report.data_classification,
        report.generation,
        report.time,
        report.based_on(),
    )
}

fn notices(report: &Report) -> String {
    let emergency = report.break_glass.as_ref().map(|emergency| {
        format!(
            "<li><strong>Emergency access</strong> until {}, opened by {}, ticket {}: {}</li>\n",
            Escaped(&emergency.until),
            Escaped(&emergency.opened_by),
            Escaped(&emergency.ticket),
            Escaped(&emergency.reason)
        )
    });
    let idle = report.notices.iter().map(|notice| {
        format!(
            "<li><code>{}</code>: {}</li>\n",
            Escaped(&notice.subject),
            Escaped(&notice.message)
        )
    });
    let all: String = emergency.into_iter().chain(idle).collect();
    if all.is_empty() {
        all
    } else {
        format!("<h3>To know</h3>\n<ul>\n{all}</ul>\n")
    }
}

fn by(enforcement: Enforcement) -> &'static str {
    match enforcement {
        Enforcement::RenderedDefault => "rendered so by default",
        Enforcement::CelRule => "enforced by a rule of the CRD",
        Enforcement::GeneratedChild => "by a generated object",
        Enforcement::Declared => "declared in the spec",
        Enforcement::Inherited => "inherited",
    }
}

fn name(framework: Framework) -> &'static str {
    match framework {
        Framework::Hipaa => "HIPAA Security Rule",
        Framework::PciDss => "PCI DSS v4.0.1",
        Framework::Sox => "SOX IT general controls",
        Framework::Part11 => "21 CFR Part 11",
    }
}

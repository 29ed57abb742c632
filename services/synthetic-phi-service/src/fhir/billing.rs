//! Who pays, and what for.

use serde_json::{Value, json};

use super::{Kind, Record, coded, hl7, reference, resource, set, with};
use crate::domain::{Claim, Payer, Setting};

/// Those for an encounter, counted from 0.
pub(super) fn claims(record: Record<'_>, encounter: usize) -> impl Iterator<Item = Value> {
    let claims = record.chart.claims.iter().enumerate();
    claims
        .filter(move |(_, item)| item.encounter == encounter)
        .filter_map(move |(number, item)| claim(record, number, item))
}

pub(super) fn coverage(record: Record<'_>) -> Value {
    let item = &record.chart.coverage;
    let (code, display) = match item.kind {
        Payer::Medicare => ("PUBLICPOL", "public healthcare"),
        Payer::Medicaid => ("SUBSIDIZ", "subsidized health program"),
        Payer::Commercial => ("EHCPOL", "extended healthcare"),
    };
    let mut period = json!({ "start": item.start_date });
    if let Some(end) = record.patient.death_date {
        set(&mut period, "end", json!(end));
    }
    with(
        resource(record.patient, Kind::Coverage, 0, "Coverage", None),
        json!({
            "status": if record.patient.death_date.is_some() { "cancelled" } else { "active" },
            "type": hl7("v3-ActCode", code, display),
            "subscriberId": item.subscriber_id,
            "beneficiary": record.subject(),
            "relationship": hl7("subscriber-relationship", "self", "Self"),
            "period": period,
            "payor": [reference(record.patient, Kind::Payer, 0)],
        }),
    )
}

fn claim(record: Record<'_>, number: usize, item: &Claim) -> Option<Value> {
    let encounter = record.chart.encounters.get(item.encounter)?;
    let (code, display) = match encounter.setting {
        Setting::Ambulatory => ("professional", "Professional"),
        Setting::Inpatient => ("institutional", "Institutional"),
    };
    let mut value = with(
        resource(record.patient, Kind::Claim, number, "Claim", None),
        json!({
            "status": "active",
            "type": hl7("claim-type", code, display),
            "use": "claim",
            "patient": record.subject(),
            "billablePeriod": { "start": encounter.date, "end": encounter.date },
            "created": item.date,
            "insurer": reference(record.patient, Kind::Payer, 0),
            "provider": reference(record.patient, Kind::Hospital, 0),
            "priority": hl7("processpriority", "normal", "Normal"),
            "insurance": [{
                "sequence": 1,
                "focal": true,
                "coverage": reference(record.patient, Kind::Coverage, 0),
            }],
            "item": [{
                "sequence": 1,
                "productOrService": coded(&encounter.r#type),
                "encounter": [reference(record.patient, Kind::Encounter, item.encounter)],
            }],
            "total": { "value": f64::from(item.total_cents) / 100.0, "currency": "USD" },
        }),
    );
    let reason = encounter
        .reason_code
        .and_then(|code| record.condition(code, encounter.date));
    if let Some(reason) = reason {
        set(
            &mut value,
            "diagnosis",
            json!([{ "sequence": 1, "diagnosisReference": reason }]),
        );
    }
    Some(value)
}

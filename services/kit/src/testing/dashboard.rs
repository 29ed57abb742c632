use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

/// Columns of Grafana's grid.
const COLUMNS: u64 = 24;

/// The panels of a Grafana dashboard are told apart, say in which unit they show what, and lie side by side in the grid.
///
/// # Errors
/// When a panel does not, or two do not.
pub fn check_panels(panels: &[Value]) -> Result<()> {
    let mut ids = BTreeSet::new();
    let mut places: Vec<Place> = Vec::new();
    for panel in panels {
        let panel = Panel::deserialize(panel).with_context(|| format!("a panel is not complete: {panel}"))?;
        let (title, place) = (panel.title, panel.grid_pos);
        ensure!(!title.is_empty(), "panel {} has no title", panel.id);
        ensure!(ids.insert(panel.id), "{title} has the id of another panel");
        ensure!(place.x + place.w <= COLUMNS, "{title} is too wide");
        let is_free = places.iter().all(|other| place.is_beside(other));
        ensure!(is_free, "{title} lies on another panel");
        places.push(place);
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Panel {
    id: u64,
    title: String,
    grid_pos: Place,
    #[serde(rename = "fieldConfig")]
    _fields: Fields,
}

#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "defaults")]
    _defaults: Defaults,
}

#[derive(Deserialize)]
struct Defaults {
    #[serde(rename = "unit")]
    _unit: String,
}

#[derive(Deserialize)]
struct Place {
    x: u64,
    y: u64,
    w: u64,
    h: u64,
}

impl Place {
    const fn is_beside(&self, other: &Self) -> bool {
        self.x + self.w <= other.x
            || other.x + other.w <= self.x
            || self.y + self.h <= other.y
            || other.y + other.h <= self.y
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check_panels;

    fn panel(id: u64, x: u64, y: u64) -> Value {
        json!({
            "id": id, "title": format!("Panel {id}"),
            "fieldConfig": {"defaults": {"unit": "s"}},
            "gridPos": {"x": x, "y": y, "w": 12, "h": 8},
        })
    }

    #[test]
    fn panels_that_lie_side_by_side_pass() {
        let panels = [panel(1, 0, 0), panel(2, 12, 0), panel(3, 0, 8)];
        assert!(check_panels(&panels).is_ok());
    }

    #[test]
    fn what_is_wrong_with_a_panel_is_found() {
        let without = |pointer: &str| {
            let mut panel = panel(2, 12, 0);
            *panel.pointer_mut(pointer).unwrap() = Value::Null;
            panel
        };
        let wrong = [
            without("/title"),
            without("/fieldConfig/defaults/unit"),
            without("/gridPos"),
            panel(1, 12, 0),
            panel(2, 13, 0),
            panel(2, 11, 7),
        ];
        for panel_2 in wrong {
            let panels = [panel(1, 0, 0), panel_2];
            assert!(check_panels(&panels).is_err(), "{panels:?}");
        }
    }
}

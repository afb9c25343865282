//! Column names to positions, once per run; an unknown name gets the nearest one that there is.
//!
//! Rules: names are compared as the catalogue spells them; a name that a query has twice cannot be chosen between.
//! Called by `shape`, `condition` and `children`.

use super::{Row, Template, Unmappable};
use jiff::tz::TimeZone;

/// Where the template's columns are, in its order.
pub(super) fn positions(template: &Template, columns: &[String]) -> Result<Vec<usize>, Unmappable> {
    template.columns().map(|column| position(column, columns)).collect()
}

/// Where `column` is; it must be there exactly once.
pub(super) fn position(column: &str, columns: &[String]) -> Result<usize, Unmappable> {
    let mut found = columns.iter().enumerate().filter(|(_, name)| *name == column).map(|(at, _)| at);
    match (found.next(), found.next()) {
        (Some(at), None) => Ok(at),
        (Some(_), Some(_)) => {
            Err(Unmappable::because(format!("the relation has two columns named `{column}`; give one another name (`as`) in the query")))
        }
        (None, _) => Err(Unmappable::because(format!("the relation has no column `{column}`{}", hint(column, columns)))),
    }
}

fn hint(column: &str, columns: &[String]) -> String {
    let wanted = column.to_lowercase();
    let likeness = |name: &String| strsim::jaro_winkler(&name.to_lowercase(), &wanted);
    match columns.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b))) {
        Some(nearest) if likeness(nearest) > 0.7 => format!("; did you mean `{nearest}`?"),
        Some(_) => format!("; it has {}", columns.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
        None => "; it has none at all".to_owned(),
    }
}

/// The template's text for `row`; `at` are its columns' positions.
pub(super) fn compose(template: &Template, at: &[usize], row: &Row, zone: Option<&TimeZone>) -> Result<Option<String>, Unmappable> {
    template.render_with(zone, |nth, _| at.get(nth).and_then(|at| row.values.get(*at)))
}

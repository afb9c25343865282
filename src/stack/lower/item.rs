//! Attribute rules and the `"*"` rule: an item's syntax to a [`Shape`].

use super::columns;
use crate::mapping::Number;
use crate::mapping::rule::{As, AttributeRule, OnEmpty, OnNull, Rest, Shape};
use crate::mapping::template::{Part, Template};
use crate::stack::finding::Findings;
use crate::stack::lint::name;
use crate::stack::syntax::item::{self as syntax, Case, Item, Rule, RuleTable, RuleType};
use crate::stack::syntax::span::At;
use crate::stack::syntax::union::{Scalar, Union};

/// Every rule, and the rest. An item without any attribute is an error.
pub(super) fn shape(at: &At<Item>, whose: &str, found: &mut Findings<'_>) -> Shape {
    let item = &at.value;
    if item.rules.is_empty() && item.rest.is_none() {
        found.error_with(
            &at.span,
            format!("the item of {whose} has no attribute"),
            "name attributes, or write \"*\" = \"same\" for all columns",
        );
    }
    let mut shape = Shape::default();
    for (attribute, written) in &item.rules {
        if let Err(reason) = name::attribute(&attribute.value, false) {
            found.error(&attribute.span, reason);
        }
        if let Some(rule) = rule(written, &attribute.value, found) {
            shape.rules.insert(attribute.value.clone(), rule);
        }
    }
    if let Some(written) = &item.rest {
        (shape.rest, shape.except) = rest(&written.value, found);
    }
    shape
}

fn rest(written: &syntax::Rest, found: &mut Findings<'_>) -> (Option<Rest>, Vec<String>) {
    match written {
        Union::Short(word) => (Some(case(*word)), Vec::new()),
        Union::Long(table) => (table.case.map(case), columns::list(&table.except, "`except`", found)),
    }
}

fn case(case: Case) -> Rest {
    match case {
        Case::Same => Rest::Same,
        Case::Camel => Rest::CamelCase,
        Case::Pascal => Rest::PascalCase,
        Case::Snake => Rest::SnakeCase,
    }
}

fn rule(written: &At<Rule>, attribute: &str, found: &mut Findings<'_>) -> Option<AttributeRule> {
    match &written.value {
        Union::Short(Scalar::Text(text)) => {
            let from = template(&At { span: written.span.clone(), value: text.clone() }, found)?;
            Some(plain(from, None))
        }
        Union::Short(Scalar::Integer(number)) => Some(plain(constant(number.to_string()), Some(As::N))),
        Union::Short(Scalar::Bool(flag)) => Some(plain(constant(flag.to_string()), Some(As::Bool))),
        Union::Long(table) => full(table, attribute, found),
    }
}

fn constant(text: String) -> Template {
    Template { parts: vec![Part::Text(text)] }
}

fn plain(from: Template, kind: Option<As>) -> AttributeRule {
    AttributeRule { from, kind, on_null: OnNull::default(), on_empty: OnEmpty::default(), when: None }
}

fn full(table: &RuleTable, attribute: &str, found: &mut Findings<'_>) -> Option<AttributeRule> {
    let from = table.from.as_ref().and_then(|from| template(from, found));
    let when = table.when.as_ref().map(|w| columns::when(w, found));
    let from = from?;
    let kind = table.kind.as_ref().map(|k| kind(k.value));
    if let (Some(kind), Some(place)) = (kind, &table.kind)
        && let Err(reason) = possible(kind, &from)
    {
        found.error(&place.span, format!("`{attribute}` cannot have type {}: {reason}", word(kind)));
        return None;
    }
    let on_null = match table.null.as_ref().map(|n| n.value) {
        Some(syntax::OnNull::Null) => OnNull::Null,
        Some(syntax::OnNull::Omit) | None => OnNull::Omit,
    };
    let on_empty = match table.empty.as_ref().map(|e| e.value) {
        Some(syntax::OnEmpty::Omit) => OnEmpty::Omit,
        Some(syntax::OnEmpty::Keep) | None => OnEmpty::Keep,
    };
    Some(AttributeRule { from, kind, on_null, on_empty, when: when.flatten() })
}

/// What a template can be read as: composed text is text (and its bytes), or a number if it spells one.
fn possible(kind: As, from: &Template) -> Result<(), String> {
    let lone = from.lone_column().is_some();
    let literal = from.is_constant().then(|| text_of(from));
    match (kind, literal) {
        (As::N, Some(text)) if Number::parse(&text).is_none_or(|n| !n.fits()) => {
            Err("the constant is no number that DynamoDB holds".to_owned())
        }
        (As::Bool, Some(text)) if !["true", "false"].contains(&text.as_str()) => Err("the constant is neither true nor false".to_owned()),
        (As::M | As::L, Some(text)) if crate::mapping::json::Json::parse(&text).is_err() => Err("the constant is no JSON".to_owned()),
        (As::S | As::B | As::N, _) | (As::Bool | As::M | As::L, Some(_)) => Ok(()),
        _ if lone => Ok(()),
        _ => Err("the template must be one column, as in \"{column}\"".to_owned()),
    }
}

fn text_of(template: &Template) -> String {
    template.parts.iter().map(|p| if let Part::Text(t) = p { t.as_str() } else { "" }).collect()
}

/// Reads a template; the caret stands under the slip itself where the literal has no escapes.
pub(super) fn template(at: &At<String>, found: &mut Findings<'_>) -> Option<Template> {
    match Template::parse(&at.value) {
        Ok(template) => Some(template),
        Err((offset, reason)) => {
            let literal = found.source.get(at.span.clone()).unwrap_or_default();
            let verbatim = literal.find(&at.value).filter(|_| literal.len() <= at.value.len() + 6);
            let span = match verbatim {
                Some(start) if offset < at.value.len() => at.span.start + start + offset..at.span.end - start,
                _ => at.span.clone(),
            };
            found.error_with(&span, reason, "a template is text with {column} placeholders; {{ and }} are braces");
            None
        }
    }
}

fn kind(kind: RuleType) -> As {
    match kind {
        RuleType::S => As::S,
        RuleType::N => As::N,
        RuleType::B => As::B,
        RuleType::Bool => As::Bool,
        RuleType::M => As::M,
        RuleType::L => As::L,
        RuleType::Ss => As::Ss,
        RuleType::Ns => As::Ns,
        RuleType::Epoch => As::Epoch,
    }
}

/// A type as the stack file spells it.
pub(crate) fn word(kind: As) -> &'static str {
    match kind {
        As::S => "S",
        As::N => "N",
        As::B => "B",
        As::Bool => "BOOL",
        As::M => "M",
        As::L => "L",
        As::Ss => "SS",
        As::Ns => "NS",
        As::Epoch => "epoch",
    }
}

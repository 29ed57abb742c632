//! Whether an expression is PromQL that any Prometheus from 2.42 on evaluates without feature flags.

use std::panic;

use promql_parser::parser::token::{T_LIMIT_RATIO, T_LIMITK, TokenType};
use promql_parser::parser::value::ValueType;
use promql_parser::parser::{BinModifier, Expr, VectorSelector, parse};
use promql_parser::util::{ExprVisitor, walk_expr};

mod literals;

/// Most operators and brackets in one expression. Each may be a level of recursion in the parser, whose stack
/// must hold.
const MAX_OPERATORS: usize = 256;

/// What may be a level of recursion: brackets, and operators by their first character or by name.
const SYMBOLS: &str = "([{+-*/%^=<>!@";
const WORDS: [&str; 5] = ["and", "atan2", "offset", "or", "unless"];

/// Parses an expression.
///
/// # Errors
/// The problem, in words that complete "rule X: …".
pub fn check(expression: &str) -> Result<(), String> {
    if operators(expression) > MAX_OPERATORS {
        return Err(format!(
            "the expression has more than {MAX_OPERATORS} operators and brackets"
        ));
    }
    let plain = literals::without_raw(expression);
    let parsed = panic::catch_unwind(|| parse(&plain))
        .map_err(|_| "the expression holds a number or duration out of range".to_owned())??;
    let _all = walk_expr(&mut Portable, &parsed)?;
    match parsed.value_type() {
        ValueType::Vector | ValueType::Scalar => Ok(()),
        other => Err(format!(
            "the expression gives a {other}, and a rule needs an instant vector"
        )),
    }
}

fn operators(expression: &str) -> usize {
    let code = literals::code(expression).to_ascii_lowercase();
    let symbols = code.chars().filter(|&c| SYMBOLS.contains(c)).count();
    let words = code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    symbols + words.filter(|word| WORDS.contains(word)).count()
}

/// Refuses what the parser knows and a plain Prometheus does not.
struct Portable;

impl ExprVisitor for Portable {
    type Error = String;

    fn pre_visit(&mut self, expression: &Expr) -> Result<bool, String> {
        match expression {
            Expr::VectorSelector(selector) => one_set_of_matchers(selector)?,
            Expr::MatrixSelector(matrix) => one_set_of_matchers(&matrix.vs)?,
            Expr::Call(call) if call.func.experimental => return Err(experimental(call.func.name)),
            Expr::Binary(binary) => no_fill(binary.modifier.as_ref())?,
            Expr::Aggregate(aggregate) => stable(aggregate.op)?,
            _ => {}
        }
        Ok(true)
    }
}

fn one_set_of_matchers(selector: &VectorSelector) -> Result<(), String> {
    if selector.matchers.or_matchers.is_empty() {
        return Ok(());
    }
    Err("'or' between matchers is not PromQL; join two selectors with 'or'".to_owned())
}

fn no_fill(modifier: Option<&BinModifier>) -> Result<(), String> {
    let fill = modifier.map(|m| &m.fill_values);
    if fill.is_some_and(|f| f.lhs.is_some() || f.rhs.is_some()) {
        Err(experimental("fill"))
    } else {
        Ok(())
    }
}

fn stable(op: TokenType) -> Result<(), String> {
    if [T_LIMITK, T_LIMIT_RATIO].contains(&op.id()) {
        Err(experimental(&op.to_string()))
    } else {
        Ok(())
    }
}

fn experimental(name: &str) -> String {
    format!("{name} is experimental, and Prometheus refuses it unless a feature flag is set")
}

#[cfg(test)]
mod tests;

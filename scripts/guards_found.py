"""Finds the guards of Rust source, and how each is rewritten so that it can be switched off while the program runs.

Not found: what stands in tests, in a `const fn` or in a macro; `let … else` and other checks whose value is needed. Called by `guards`.
"""
import re

# What a refusal looks like, and the types that a function returns which says why not.
REFUSES = re.compile(r"\bErr\(|[Rr]efus|\binvalid\(|\b(Fault|Failure|Error|Stop)::|\bfault\(|Exit::(?!Pass)|Inconclusive|\bunsupported\(")
WHY_NOT = re.compile(r"(Option|Vec)<[^>]*(Reason|Refusal|Fault|Problem|Finding|Failure|Error|Stop)\b")
ACTS = re.compile(r"\.(error|error_with|warn|refuse|wait|sleep|push|store)\(|\bsleep\(|_millis\(")

# Read once per process: which guard is off, and where to note. Children are started with a clean environment, so ancestors are asked.
SWITCH = r'''
//! Which guard is off.
#![allow(missing_docs, unreachable_pub)]
use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

struct Run { off: usize, notes: Option<std::fs::File>, seen: Vec<AtomicU8> }
static RUN: OnceLock<Run> = OnceLock::new();

fn told() -> Option<String> {
    let mut pid = "self".to_owned();
    for _ in 0..32 {
        let all = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
        let found = all.split(|b| *b == 0).find_map(|v| v.strip_prefix(b"LANDFALL_GUARD="));
        if let Some(found) = found { return Some(String::from_utf8_lossy(found).into_owned()); }
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        pid = stat.rsplit(')').next()?.split_whitespace().nth(1)?.to_owned();
    }
    None
}

fn run() -> &'static Run {
    RUN.get_or_init(|| {
        let told = told().unwrap_or_default();
        let (off, test) = told.split_once(' ').unwrap_or(("", ""));
        let path = format!("@NOTES@/{test}.{}", std::process::id());
        let notes = (!test.is_empty()).then(|| std::fs::OpenOptions::new().create(true).append(true).open(path).ok()).flatten();
        Run { off: off.parse().unwrap_or(usize::MAX), notes, seen: (0..@COUNT@).map(|_| AtomicU8::new(0)).collect() }
    })
}

fn note(run: &Run, guard: usize, bit: u8) {
    if let Some(mut notes) = run.notes.as_ref().filter(|_| run.seen[guard].fetch_or(bit, Ordering::Relaxed) & bit == 0) {
        let _ = notes.write_all(format!("{guard} {bit}\n").as_bytes());
    }
}

pub fn on(guard: usize) -> bool {
    let run = run();
    note(run, guard, 1);
    run.off != guard
}

pub trait Answer { fn is_no(&self) -> bool; }
impl<T, E> Answer for Result<T, E> { fn is_no(&self) -> bool { self.is_err() } }
impl<T> Answer for Option<T> { fn is_no(&self) -> bool { self.is_none() } }

pub fn seen<A: Answer>(guard: usize, answer: A) -> A {
    if answer.is_no() { note(run(), guard, 2); }
    answer
}
'''


class Guard:
    """One check: where it stands, and how it is rewritten. `forms`: from the best to the last resort, (before, after) with @ for its number."""

    def __init__(self, path, source, node, kind, forms):
        self.path, self.kind, self.forms = path, kind, forms
        self.start, self.end = node.start_byte, node.end_byte
        self.line = source[: self.start].count(b"\n") + 1
        self.text = source.splitlines()[self.line - 1].decode().strip()
        self.form, self.key = 0, None

    def place(self):
        return f"{self.path}:{self.line}"


class Finder:
    """The guards of one file."""

    def __init__(self, path, source, tree):
        self.path, self.source, self.found = path, source, []
        self.walk(tree.root_node, None)

    def text(self, node):
        return self.source[node.start_byte : node.end_byte].decode() if node else ""

    def add(self, node, kind, *forms):
        self.found.append(Guard(self.path, self.source, node, kind, forms))

    def walk(self, node, function):
        test = False
        for child in node.named_children:
            if child.type == "attribute_item":
                test = test or bool(re.search(r"\bcfg\(test\)|\btest\b", self.text(child)))
                continue
            if child.type in ("line_comment", "block_comment"):
                continue
            if not test and not self.is_const(child):
                self.visit(child, child if child.type == "function_item" else function)
            test = False

    def is_const(self, node):
        modifiers = [self.text(c) for c in node.children if c.type == "function_modifiers"]
        return node.type in ("const_item", "static_item", "macro_definition") or any("const" in m.split() for m in modifiers)

    def visit(self, node, function):
        handler = getattr(self, "on_" + node.type, None)
        if handler and function:
            handler(node, function)
        self.walk(node, function)

    # What stands in a branch.

    def last(self, node):
        """A block's last expression; the node itself where it is no block."""
        if node is None or node.type != "block":
            return node
        parts = [c for c in node.named_children if not c.type.endswith("comment")]
        last = parts[-1] if parts else None
        return last.named_children[0] if last is not None and last.type == "expression_statement" and last.named_children else last

    def refuses(self, node, function):
        last = self.last(node)
        if last is None:
            return False
        if last.type in ("return_expression", "break_expression", "continue_expression"):
            return True
        text = self.text(last)
        says = WHY_NOT.search(self.text(function.child_by_field_name("return_type"))) and re.match(r"Some\(|vec!|\(", text)
        return bool(REFUSES.search(text) or says) and last.type not in ("match_expression", "if_expression")

    # The rewritings. Behind the condition, so that a switch is asked only where the check refuses; before it, where that moves a value.

    def refusing(self, cond, kind):
        if cond.type in ("let_condition", "let_chain"):
            return self.add(cond, kind, ("", " && crate::guard::on(@)"), ("crate::guard::on(@) && ", ""))
        for part in self.parts(cond, "||"):
            self.add(part, kind, ("((", ") && crate::guard::on(@))"))

    def passing(self, cond, kind):
        if cond.type not in ("let_condition", "let_chain"):
            for part in self.parts(cond, "&&"):
                self.add(part, kind, ("((", ") || !crate::guard::on(@))"))

    def parts(self, cond, operator):
        if cond.type == "parenthesized_expression":
            return self.parts(cond.named_children[0], operator)
        if cond.type == "binary_expression" and self.text(cond.child_by_field_name("operator")) == operator:
            return self.parts(cond.child_by_field_name("left"), operator) + self.parts(cond.child_by_field_name("right"), operator)
        return [cond]

    def on_if_expression(self, node, function):
        cond, then = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
        other = node.child_by_field_name("alternative")
        other = other.named_children[0] if other is not None else None
        if self.refuses(then, function) or (other is None and ACTS.search(self.text(then))):
            self.refusing(cond, "if")
        elif other is not None and self.refuses(other, function):
            self.passing(cond, "else")

    def on_while_expression(self, node, function):
        cond = node.child_by_field_name("condition")
        if cond.type not in ("let_condition", "let_chain"):
            self.refusing(cond, "while")

    def on_match_arm(self, node, function):
        pattern, value = node.child_by_field_name("pattern"), node.child_by_field_name("value")
        cond = pattern.child_by_field_name("condition")
        if cond is not None:
            (self.refusing if self.refuses(value, function) else self.passing)(cond, "arm")

    def on_call_expression(self, node, function):
        callee, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments").named_children
        if callee.type != "field_expression" or not arguments:
            return
        name, value, first = self.text(callee.child_by_field_name("field")), callee.child_by_field_name("value"), arguments[0]
        if name in ("then", "then_some"):
            says = WHY_NOT.search(self.text(function.child_by_field_name("return_type")))
            if says or REFUSES.search(self.text(first)):
                self.refusing(value, "then")
        elif name in ("filter", "retain", "take_while"):
            self.filter(first)
        elif name == "map_or" and self.text(first) == "Ok(())":
            self.add(value, "map_or", ("", ".filter(|_| crate::guard::on(@))"))

    def filter(self, test):
        if test.type == "closure_expression" and test.child_by_field_name("return_type") is None:
            self.passing(test.child_by_field_name("body"), "filter")
        elif test.type in ("identifier", "scoped_identifier", "generic_function"):
            self.add(test, "filter", ("|x| (", ")(x) || !crate::guard::on(@)"))

    def on_expression_statement(self, node, function):
        tried = node.named_children[0] if node.named_children else None
        if tried is not None and tried.type == "try_expression" and self.text(node).endswith(";"):
            inner = tried.named_children[0]
            if inner.type in ("call_expression", "await_expression"):
                self.add(node, "check", ("if crate::guard::on(@) { ", " }"))

    def on_function_item(self, node, function):
        last = self.last(node.child_by_field_name("body"))
        unit = re.match(r"Result<\(\)", self.text(node.child_by_field_name("return_type")))
        # A call to AWS is no check.
        if unit and last is not None and last.type in ("call_expression", "await_expression") and not re.search(r"^(Ok|Err|sent)\b|\.send\(", self.text(last)):
            self.add(last, "tail", ("if crate::guard::on(@) { crate::guard::seen(@, ", ") } else { Ok(()) }"))


def parser():
    import tree_sitter
    import tree_sitter_rust

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_rust.language()))

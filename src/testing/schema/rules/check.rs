//! What is wrong with an expression before it is evaluated: names and fields that are not there, types that do not fit.
//!
//! Not here: what it would cost.

use std::mem;

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr, operators};

use super::{
    library,
    signature::{Signature, is_lacking, ways},
    types::{METADATA, Type},
};

/// What came to light of an expression.
#[derive(Debug)]
pub(super) struct Findings<'e> {
    /// What it gives.
    pub(super) gives: Type<'e>,
    /// What is wrong, and with which part.
    pub(super) problems: Vec<(u64, String)>,
    /// A function in it that a real server has and this one has not.
    pub(super) lacking: Option<&'e str>,
    pub(super) uses_old: bool,
}

/// Looks through an expression about a value of a type.
pub(super) fn check<'e>(expression: &'e IdedExpr, this: &Type<'e>, optional_old: bool) -> Findings<'e> {
    let old = if optional_old { Type::optional(this.clone()) } else { this.clone() };
    let mut check = Check {
        names: vec![("self", this.clone()), ("oldSelf", old)],
        problems: Vec::new(),
        lacking: None,
        uses_old: false,
        mixes: false,
    };
    let gives = check.look(expression);
    Findings { gives, problems: check.problems, lacking: check.lacking, uses_old: check.uses_old }
}

struct Check<'e> {
    /// What names mean; the last of a name counts.
    names: Vec<(&'e str, Type<'e>)>,
    problems: Vec<(u64, String)>,
    lacking: Option<&'e str>,
    uses_old: bool,
    /// Whether things of several types may stand in a list.
    mixes: bool,
}

impl<'e> Check<'e> {
    fn look(&mut self, expression: &'e IdedExpr) -> Type<'e> {
        match &expression.expr {
            Expr::Literal(literal) => of_literal(literal),
            Expr::Ident(name) => self.name(name, expression.id),
            Expr::Select(select) => self.select(select, expression.id),
            Expr::Call(call) => self.call(call, expression.id),
            Expr::List(list) => {
                let mut item = None;
                for element in &list.elements {
                    let found = self.look(element);
                    self.alike(&mut item, found, element.id);
                }
                item.map_or_else(Type::empty_list, Type::list)
            }
            Expr::Map(map) => {
                let (mut key, mut value) = (None, None);
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        let found = self.look(&entry.key);
                        self.alike(&mut key, found, entry.key.id);
                        let found = self.look(&entry.value);
                        self.alike(&mut value, found, entry.value.id);
                    }
                }
                let any = Type::dynamic;
                // Nothing else can be a key, and types of types would grow without end.
                let key = key.filter(|key| matches!(key, Type::Named(_, of) if of.is_empty()));
                Type::Named("map", vec![key.unwrap_or_else(any), value.unwrap_or_else(any)])
            }
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Struct(object) => {
                self.undeclared(&object.type_name, expression.id);
                Type::dynamic()
            }
            Expr::Unspecified => Type::dynamic(),
        }
    }

    fn problem(&mut self, at: u64, what: String) -> Type<'e> {
        self.problems.push((at, what));
        Type::dynamic()
    }

    fn undeclared(&mut self, name: &str, at: u64) -> Type<'e> {
        self.problem(at, format!("undeclared reference to '{name}' (in container '')"))
    }

    /// What stands together in a list or a map is of one type.
    fn alike(&mut self, all: &mut Option<Type<'e>>, one: Type<'e>, at: u64) {
        match all {
            None => *all = Some(one),
            Some(first) if self.mixes || first.takes(&one, &mut Vec::new()) => {}
            Some(first) => {
                self.mismatch(first, &one, at);
            }
        }
    }

    fn mismatch(&mut self, wanted: &Type<'_>, found: &Type<'_>, at: u64) -> Type<'e> {
        self.problem(at, format!("expected type '{wanted}' but found '{found}'"))
    }

    fn name(&mut self, name: &'e str, at: u64) -> Type<'e> {
        const TYPES: [&str; 10] =
            ["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"];
        self.uses_old |= name == "oldSelf";
        match self.names.iter().rev().find(|(known, _)| *known == name) {
            Some((_, found)) => found.clone(),
            None if TYPES.contains(&name) => Type::Named("type", vec![Type::simple(name)]),
            None => self.undeclared(name, at),
        }
    }

    fn select(&mut self, select: &'e SelectExpr, at: u64) -> Type<'e> {
        let spelled = spelled(&select.operand).map(|name| format!("{name}.{}", select.field));
        if spelled.is_some_and(|name| ["google.protobuf.Timestamp", "google.protobuf.Duration"].contains(&&*name)) {
            return Type::Named("type", vec![Type::dynamic()]);
        }
        let of = self.look(&select.operand);
        let found = self.field(&of, &select.field, at);
        if select.test { Type::simple("bool") } else { found }
    }

    fn field(&mut self, of: &Type<'e>, name: &str, at: u64) -> Type<'e> {
        let found = match of {
            Type::Object(schema, root) => Type::of_field(schema, *root, name),
            _ if of.is(METADATA) => ["name", "generateName"].contains(&name).then(|| Type::simple("string")),
            Type::Named("map", of) => of.get(1).cloned(),
            Type::Named("optional_type", inner) => {
                let inner = inner.first().cloned().unwrap_or_else(Type::dynamic);
                return Type::optional(self.field(&inner, name, at));
            }
            _ if of.is("dyn") => Some(Type::dynamic()),
            _ => return self.problem(at, format!("type '{of}' does not support field selection")),
        };
        found.unwrap_or_else(|| self.problem(at, format!("undefined field '{name}'")))
    }

    fn call(&mut self, call: &'e CallExpr, at: u64) -> Type<'e> {
        if let ("_?._", [of, field]) = (call.func_name.as_str(), call.args.as_slice()) {
            let of = self.look(of);
            let name = match &field.expr {
                Expr::Literal(LiteralValue::String(name)) => name.inner(),
                _ => "",
            };
            return match self.field(&of, name, at) {
                found @ Type::Named("optional_type", _) => found,
                found => Type::optional(found),
            };
        }
        let qualified = qualified(call);
        let name = qualified.as_deref().unwrap_or(&call.func_name);
        let receiver = call.target.as_deref().filter(|_| qualified.is_none());
        let mut given: Vec<Type<'e>> = receiver.into_iter().map(|target| self.look(target)).collect();
        let mixed = mem::replace(&mut self.mixes, name == "format");
        given.extend(call.args.iter().map(|argument| self.look(argument)).collect::<Vec<_>>());
        self.mixes = mixed;
        let known = ways(name);
        if known.is_empty() && is_lacking(name, call.args.len()) {
            self.lacking.get_or_insert(&call.func_name);
            return Type::dynamic();
        }
        if known.is_empty() {
            return self.undeclared(name, at);
        }
        if let operators::LOGICAL_AND | operators::LOGICAL_OR = name {
            let truth = Type::simple("bool");
            for (given, argument) in given.iter().zip(&call.args) {
                if !truth.takes(given, &mut Vec::new()) {
                    self.mismatch(&truth, given, argument.id);
                }
            }
            return truth;
        }
        self.literal(name, call);
        let mut gives: Vec<Type<'e>> = Vec::new();
        for way in known.iter().filter(|way| way.member == receiver.is_some()) {
            gives.extend(given_by(way, &given).filter(|found| !gives.contains(found)));
        }
        match gives.len() {
            0 => self.no_way(name, receiver.is_some(), &given, at),
            1 => gives.remove(0),
            _ => Type::dynamic(),
        }
    }

    fn no_way(&mut self, name: &str, member: bool, given: &[Type<'e>], at: u64) -> Type<'e> {
        let types: Vec<String> = given.iter().map(Type::to_string).collect();
        let applied = match types.split_first() {
            Some((receiver, rest)) if member => format!("{receiver}.({})", rest.join(", ")),
            _ => format!("({})", types.join(", ")),
        };
        self.problem(at, format!("found no matching overload for '{name}' applied to '{applied}'"))
    }

    /// Texts that mean something have to mean it.
    fn literal(&mut self, name: &str, call: &'e CallExpr) {
        let Some(argument) = call.args.last() else { return };
        let Expr::Literal(LiteralValue::String(text)) = &argument.expr else { return };
        let means_nothing = match name {
            "matches" => regex::Regex::new(text.inner()).is_err(),
            "duration" | "timestamp" => library::converted(name, text.inner().to_owned()).is_none(),
            _ => false,
        };
        if means_nothing {
            self.problem(argument.id, format!("invalid {name} argument"));
        }
    }

    fn comprehension(&mut self, of: &'e ComprehensionExpr) -> Type<'e> {
        let range = self.look(&of.iter_range);
        let item = match &range {
            Type::Named("list" | "map", of) => of.first().cloned().unwrap_or_else(Type::dynamic),
            _ if range.is("dyn") => Type::dynamic(),
            other => {
                let what = format!(
                    "expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)"
                );
                self.problem(of.iter_range.id, what)
            }
        };
        let start = self.look(&of.accu_init);
        let names = self.names.len();
        self.names.extend([(of.accu_var.as_str(), start), (of.iter_var.as_str(), item)]);
        self.look(&of.loop_cond);
        let step = self.look(&of.loop_step);
        self.names.truncate(names);
        self.names.push((of.accu_var.as_str(), step));
        let gives = self.look(&of.result);
        self.names.truncate(names);
        gives
    }
}

fn of_literal<'e>(literal: &LiteralValue) -> Type<'e> {
    Type::simple(match literal {
        LiteralValue::Boolean(_) => "bool",
        LiteralValue::Bytes(_) => "bytes",
        LiteralValue::Double(_) => "double",
        LiteralValue::Int(_) => "int",
        LiteralValue::Null => "null_type",
        LiteralValue::String(_) => "string",
        LiteralValue::UInt(_) => "uint",
    })
}

/// What a way to call a function gives for these, if it takes them.
fn given_by<'e>(way: &Signature, given: &[Type<'e>]) -> Option<Type<'e>>
where
    'static: 'e,
{
    let mut bound = Vec::new();
    let fits = way.takes.len() == given.len()
        && way.takes.iter().zip(given).all(|(takes, given)| {
            let takes: &Type<'e> = takes;
            takes.takes(given, &mut bound)
        });
    let gives: &Type<'e> = &way.gives;
    fits.then(|| gives.with(&bound))
}

/// The whole name of a function that a call has in two parts: `lists.range`.
pub(super) fn qualified(call: &CallExpr) -> Option<String> {
    let name = format!("{}.{}", spelled(call.target.as_deref()?)?, call.func_name);
    (!ways(&name).is_empty() || is_lacking(&name, call.args.len())).then_some(name)
}

/// The name that an expression spells: `a.b.c`.
fn spelled(expression: &IdedExpr) -> Option<String> {
    match &expression.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => Some(format!("{}.{}", spelled(&select.operand)?, select.field)),
        _ => None,
    }
}

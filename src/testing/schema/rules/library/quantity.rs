//! Quantities: `quantity('1Gi').isLessThan(quantity('2Gi'))`.

use std::any::Any;

use cel::{
    DeclarationError, Env, ExecutionError,
    common::{
        types::{CelBool, CelDouble, CelInt, CelString, Type},
        value::{StaticVal, Val},
    },
};

use super::failed;
use crate::testing::quantity;

static TYPE: Type = Type::new_unspecified_type("kubernetes.Quantity");

const NANO: i128 = 1_000_000_000;

/// An amount in billionths.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Quantity(i128);

impl Val for Quantity {
    fn get_type(&self) -> &Type {
        &TYPE
    }

    fn cel_type() -> &'static Type {
        &TYPE
    }

    fn equals(&self, other: &dyn Val) -> bool {
        other.downcast_ref::<Quantity>() == Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(*self)
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Quantity {}

pub(super) fn declare(environment: &mut Env) -> Result<(), DeclarationError> {
    cel::add_overload!(environment, fn quantity: (CelString) -> Result<Quantity>)?;
    cel::add_overload!(environment, fn is_quantity: (CelString) -> CelBool)?;
    cel::add_member_overload!(environment, fn add: (Quantity, Quantity) -> Result<Quantity>)?;
    cel::add_member_overload!(environment, fn add_int: (Quantity, CelInt) -> Result<Quantity>, name = "add")?;
    cel::add_member_overload!(environment, fn sub: (Quantity, Quantity) -> Result<Quantity>)?;
    cel::add_member_overload!(environment, fn sub_int: (Quantity, CelInt) -> Result<Quantity>, name = "sub")?;
    cel::add_member_overload!(environment, fn compare_to: (Quantity, Quantity) -> CelInt)?;
    cel::add_member_overload!(environment, fn is_greater_than: (Quantity, Quantity) -> CelBool)?;
    cel::add_member_overload!(environment, fn is_less_than: (Quantity, Quantity) -> CelBool)?;
    cel::add_member_overload!(environment, fn is_integer: (Quantity) -> CelBool)?;
    cel::add_member_overload!(environment, fn as_integer: (Quantity) -> Result<CelInt>)?;
    cel::add_member_overload!(environment, fn as_approximate_float: (Quantity) -> CelDouble)?;
    cel::add_overload!(environment, fn sign: (Quantity) -> CelInt)
}

fn quantity(text: &CelString<'_>) -> Result<Quantity, ExecutionError> {
    let why = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    nanos(text.inner()).map(Quantity).ok_or_else(|| failed(why))
}

fn is_quantity(text: &CelString<'_>) -> CelBool {
    nanos(text.inner()).is_some().into()
}

/// How many billionths a text says, which has no spaces around it.
fn nanos(text: &str) -> Option<i128> {
    quantity::nanos(text).filter(|_| text.trim() == text)
}

fn sum(one: i128, other: Option<i128>) -> Result<Quantity, ExecutionError> {
    other.and_then(|other| one.checked_add(other)).map(Quantity).ok_or_else(|| failed("integer overflow"))
}

fn add(one: &Quantity, other: &Quantity) -> Result<Quantity, ExecutionError> {
    sum(one.0, Some(other.0))
}

fn add_int(one: &Quantity, other: &CelInt) -> Result<Quantity, ExecutionError> {
    sum(one.0, i128::from(*other.inner()).checked_mul(NANO))
}

fn sub(one: &Quantity, other: &Quantity) -> Result<Quantity, ExecutionError> {
    sum(one.0, other.0.checked_neg())
}

fn sub_int(one: &Quantity, other: &CelInt) -> Result<Quantity, ExecutionError> {
    sum(one.0, i128::from(*other.inner()).checked_mul(-NANO))
}

fn compare_to(one: &Quantity, other: &Quantity) -> CelInt {
    (one.0.cmp(&other.0) as i64).into()
}

fn is_greater_than(one: &Quantity, other: &Quantity) -> CelBool {
    (one.0 > other.0).into()
}

fn is_less_than(one: &Quantity, other: &Quantity) -> CelBool {
    (one.0 < other.0).into()
}

fn whole(quantity: &Quantity) -> Option<i64> {
    i64::try_from(quantity.0 / NANO).ok().filter(|_| quantity.0 % NANO == 0)
}

fn is_integer(quantity: &Quantity) -> CelBool {
    whole(quantity).is_some().into()
}

fn as_integer(quantity: &Quantity) -> Result<CelInt, ExecutionError> {
    whole(quantity).map(CelInt::from).ok_or_else(|| failed("cannot convert value to integer"))
}

fn as_approximate_float(quantity: &Quantity) -> CelDouble {
    (quantity.0 as f64 / NANO as f64).into()
}

fn sign(quantity: &Quantity) -> CelInt {
    (quantity.0.signum() as i64).into()
}

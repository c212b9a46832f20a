//! What a configuration may say, and how it is told what is wrong with it.

mod fixtures;
mod mistakes;
mod spelling;
mod watching;

//! Products, clouds and ways out in combination: every entry of every catalog can be expressed, and what is compiled for
//! a combination lets through what is needed and nothing else.

mod combinations;
mod compiled;
mod expressible;
mod factors;
mod left_open;
mod pairwise;
mod setup;
mod unknown;
mod values;

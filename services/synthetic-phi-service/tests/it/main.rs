//! The service over real sockets: in this process with a fixed clock, and as the real process.

#[cfg(test)]
mod api;
#[cfg(test)]
mod callers;
#[cfg(test)]
mod fhir;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod process;
#[cfg(test)]
mod prometheus;
#[cfg(test)]
mod python;
#[cfg(test)]
mod shutdown;
#[cfg(test)]
mod stream;
#[cfg(test)]
mod telemetry;

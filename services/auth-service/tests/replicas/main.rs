//! Three replicas as processes, over one PostgreSQL and one Redis: what one does the others know, and what fails under them
//! leads to nothing unsafe.

#[cfg(test)]
mod api;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod consistency;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod history;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod loss;
#[cfg(test)]
mod outages;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod skew;

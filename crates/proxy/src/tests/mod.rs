//! Links between scripted peers, over loopback. What a link let through is what the peers read, to the byte.

mod binary;
mod bulk;
mod counting;
mod cut;
mod forwarding;
mod gates;
mod half_close;
mod hold;
mod many;
mod matches;
mod orders;
mod peer;
mod refuse;
mod standing;
mod toxics;

//! What the guest's CPU asks of the machine: time stamps, the processor's number, random numbers, square roots.

use cpu::Environment;
use host::io::Segments;
use host::{arithmetic, counter, identity};

pub struct Machine;

impl Environment for Machine {
    fn time_stamp(&self) -> u64 {
        counter::read()
    }

    fn time_stamp_frequency(&self) -> Option<u64> {
        counter::frequency()
    }

    /// As Linux fills IA32_TSC_AUX: the node above bit 12, the CPU's number below.
    fn processor(&self) -> u32 {
        identity::getcpu().map_or(0, |[cpu, node]| node << 12 | cpu & 0xfff)
    }

    fn random(&self) -> u64 {
        u64::from_le_bytes(random())
    }

    fn square_root(&self, number: f64) -> Option<f64> {
        arithmetic::square_root(number)
    }
}

/// Random bytes of the host. Where it has none, bytes that at least differ from run to run.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let mut segments = Segments::new();
    segments.push_mut(&mut bytes);
    let is_filled = host::io::random(&segments, 0) == Ok(N);
    drop(segments);
    if !is_filled {
        let mut state = counter::read() ^ (host::process::pid() as u64) << 32 | 1;
        for byte in &mut bytes {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *byte = (state >> 24) as u8;
        }
    }
    bytes
}

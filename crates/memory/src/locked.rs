//! Locked operations: atomic against every other access of guest threads, at any width and alignment.
//!
//! The host's own instruction does it where it can; elsewhere no other guest thread runs meanwhile.

use crate::access::{self, NeedsExclusion};
use crate::fault::{Access, Faulted};
use crate::memory::{Memory, Span};

/// What a locked read-modify-write makes of the old value and the operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rmw {
    Add,
    /// Old less operand.
    Sub,
    And,
    Or,
    Xor,
    Xchg,
}

impl Rmw {
    /// The new value; only the operand's width of it counts.
    #[inline(always)]
    pub fn apply(self, old: u64, operand: u64) -> u64 {
        match self {
            Rmw::Add => old.wrapping_add(operand),
            Rmw::Sub => old.wrapping_sub(operand),
            Rmw::And => old & operand,
            Rmw::Or => old | operand,
            Rmw::Xor => old ^ operand,
            Rmw::Xchg => operand,
        }
    }
}

impl Memory {
    /// If the `N` bytes hold `expected`, makes them `new`: `Ok(expected)`; else `Err` of what they hold. Needs the right to write
    /// in both cases.
    #[inline]
    pub fn compare_exchange<const N: usize>(
        &mut self,
        address: u64,
        expected: u64,
        new: u64,
    ) -> Result<Result<u64, u64>, Faulted> {
        let (expected, new) = (access::cut::<N>(expected), access::cut::<N>(new));
        let old = self.locked(
            address,
            N,
            // SAFETY: `locked` passes a writable place of `N` bytes.
            |place| unsafe { access::compare_exchange::<N>(place, expected, new) },
            |old| if old == expected { new } else { old },
        )?;
        Ok(if old == expected { Ok(old) } else { Err(old) })
    }

    /// Replaces the `N` bytes by what `operation` makes of them; returns what they were.
    #[inline]
    pub fn rmw<const N: usize>(&mut self, address: u64, operation: Rmw, value: u64) -> Result<u64, Faulted> {
        self.locked(
            address,
            N,
            // SAFETY: `locked` passes a writable place of `N` bytes.
            |place| unsafe { access::rmw::<N>(place, operation, value) },
            |old| operation.apply(old, value),
        )
    }

    #[inline]
    fn locked(
        &mut self,
        address: u64,
        count: usize,
        native: impl Fn(usize) -> Result<u64, NeedsExclusion>,
        make: impl Fn(u64) -> u64,
    ) -> Result<u64, Faulted> {
        self.inside(|memory| {
            let span = memory.span(address, count as u64, Access::Write)?;
            if let Some(place) = span.contiguous()
                && let Ok(old) = native(place)
            {
                return Ok(old);
            }
            memory.alone(address, count as u64, |span| {
                // SAFETY: `alone` passes a valid writable span.
                unsafe {
                    let old = span.load();
                    span.store(make(old));
                    old
                }
            })
        })
    }

    /// The 16-byte compare-and-swap, lower halves first. The address is a multiple of 16.
    pub fn compare_exchange16(
        &mut self,
        address: u64,
        expected: [u64; 2],
        new: [u64; 2],
    ) -> Result<Result<[u64; 2], [u64; 2]>, Faulted> {
        debug_assert!(address & 15 == 0);
        let old = self.inside(|memory| {
            let span = memory.span(address, 16, Access::Write)?;
            let place = span.pieces()[0].0;
            // SAFETY: 16 writable bytes at a multiple of 16, in the guest.
            if let Ok(old) = unsafe { access::compare_exchange16(place, expected, new) } {
                return Ok(old);
            }
            memory.alone(address, 16, |span| {
                let place = span.pieces()[0].0;
                // SAFETY: `alone` passes a valid writable span.
                unsafe {
                    let old = access::load16(place, 0);
                    if old == expected {
                        access::store16(place, 0, new);
                    }
                    old
                }
            })
        })?;
        Ok(if old == expected { Ok(old) } else { Err(old) })
    }

    /// Runs `f` on a valid writable span while no other thread is in the guest.
    ///
    /// The lock of the threads' list comes after those of the backing, whose changes shoot while they hold them. So the pages are
    /// looked up before, and once more if mappings changed until all others were out.
    #[cold]
    #[inline(never)]
    fn alone<T>(&mut self, address: u64, count: u64, f: impl Fn(Span) -> T) -> Result<T, Faulted> {
        let backing = self.backing().clone();
        let own = self.attention_handle().clone();
        loop {
            let span = self.span(address, count, Access::Write)?;
            let Some(threads) = backing.threads() else { return Ok(f(span)) };
            own.leave();
            if let Some(result) = threads.exclusive(Some(&own), || (!own.enter()).then(|| f(span))) {
                return Ok(result);
            }
            // Drops what changed.
            self.enter_guest();
        }
    }
}

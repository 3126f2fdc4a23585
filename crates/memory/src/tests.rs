//! One view on plain memory, and several threads on it.

use crate::attention::Spin;
use crate::*;
use alloc::sync::Arc;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::vec;

const RW: Rights = Rights::READ.with(Rights::WRITE);

fn memory() -> (Arc<Ram>, Memory) {
    let ram = Arc::new(Ram::new());
    ram.map(0x1000, 0x2000, Rights::ALL);
    ram.map(0x3000, 0x1000, Rights::READ);
    (ram.clone(), Memory::new(ram))
}

#[test]
fn what_is_stored_is_loaded_across_a_page_too() {
    let (_, mut memory) = memory();
    for address in [0x1000, 0x1ffd, 0x1fff, 0x2123] {
        memory.store::<8>(address, 0x1122_3344_5566_7788).expect("mapped");
        assert_eq!(memory.load::<8>(address), Ok(0x1122_3344_5566_7788));
        memory.store::<2>(address, 0xabcd).expect("mapped");
        assert_eq!(memory.load::<4>(address), Ok(0x5566_abcd));
        assert_eq!(memory.load_for_update::<1>(address), Ok(0xcd));
        memory.store16(address, [1, 2]).expect("mapped");
        assert_eq!(memory.load16(address), Ok([1, 2]));
        memory.store32(address, [3, 4, 5, 6]).expect("mapped");
        assert_eq!(memory.load32(address), Ok([3, 4, 5, 6]));
    }
}

#[test]
fn a_fault_names_its_first_byte_and_nothing_happens() {
    let (_, mut memory) = memory();
    let fault = |address, access, cause| Fault { address, access, cause };
    assert_eq!(memory.store::<8>(0x2ffc, u64::MAX), Err(Faulted));
    assert_eq!(memory.fault(), fault(0x3000, Access::Write, Cause::Protected));
    assert_eq!(memory.load::<4>(0x2ffc), Ok(0));
    assert_eq!(memory.load::<8>(0x3ffc), Err(Faulted));
    assert_eq!(memory.fault(), fault(0x4000, Access::Read, Cause::Unmapped));
    assert_eq!(memory.load::<2>(0xfff), Err(Faulted));
    assert_eq!(memory.fault(), fault(0xfff, Access::Read, Cause::Unmapped));
    assert_eq!(memory.load_for_update::<1>(0x3000), Err(Faulted));
    assert_eq!(memory.fault(), fault(0x3000, Access::Write, Cause::Protected));
    assert_eq!(memory.rmw::<4>(0x3ffe, Rmw::Add, 1), Err(Faulted));
    assert_eq!(memory.fault(), fault(0x3ffe, Access::Write, Cause::Protected));
    for address in [1 << 47, (1 << 47) - 1, !(1 << 47), 1 << 63] {
        assert_eq!(memory.load::<8>(address), Err(Faulted));
        assert_eq!(memory.fault().cause, Cause::NonCanonical, "{address:#x}");
    }
    assert_eq!(memory.load::<8>(u64::MAX), Err(Faulted));
    assert_eq!(memory.fault(), fault(u64::MAX, Access::Read, Cause::Unmapped));
    assert_eq!(memory.store_bytes(0x2000, &[1; 0x1001]), Err(Faulted));
    assert_eq!(memory.fault(), fault(0x3000, Access::Write, Cause::Protected));
    assert_eq!(memory.store_bytes(0x1000, &[1; 0x2001]), Err(Faulted));
    let mut all = [9; 0x3000];
    memory.load_bytes(0x1000, &mut all).expect("mapped");
    assert!(all.iter().all(|byte| *byte == 0));
    assert_eq!(memory.probe(0x1000, 0x3001, Access::Read), Err(Faulted));
    assert_eq!(memory.fault(), fault(0x4000, Access::Read, Cause::Unmapped));
    assert_eq!(memory.probe(0x1000, 0x3000, Access::Read), Ok(()));
    assert_eq!(memory.probe(0x1000, 0x3000, Access::Write), Err(Faulted));
}

#[test]
fn long_transfers_cross_pages() {
    let (_, mut memory) = memory();
    let bytes: vec::Vec<u8> = (0..0x1800).map(|i| ((i * 7) >> 3) as u8).collect();
    memory.store_bytes(0x1777, &bytes).expect("mapped");
    let mut back = vec![0; bytes.len()];
    memory.load_bytes(0x1777, &mut back).expect("mapped");
    assert_eq!(back, bytes);
}

#[test]
fn a_store_into_code_stops_until_it_is_announced() {
    let (_, mut memory) = memory();
    memory.store::<1>(0x1ffa, 0x90).expect("mapped");
    let mut bytes = [0; 15];
    assert_eq!(memory.fetch(0x1ffa, &mut bytes), 15);
    assert_eq!(bytes[0], 0x90);
    assert!(!memory.is_code_volatile(0x1ffa));
    for page in [0x1000, 0x2000] {
        let epoch = memory.code_epoch(page);
        assert_eq!(memory.store::<1>(page + 8, 1), Err(Faulted));
        assert_eq!(memory.fault(), Fault { address: page + 8, access: Access::Write, cause: Cause::Code });
        assert_eq!(memory.load::<1>(page + 8), Ok(0));
        memory.code_written(page + 8);
        assert_eq!(memory.store::<1>(page + 8, 1), Ok(()));
        assert_ne!(memory.code_epoch(page), epoch);
        assert_ne!(memory.attend() & attention::CODE, 0);
        assert_eq!(memory.attention(), 0);
    }
    // A fetch marks it again, though the page was fetched from before.
    assert_eq!(memory.fetch(0x1ffa, &mut bytes), 15);
    assert_eq!(memory.store::<1>(0x1000, 1), Err(Faulted));
    // The host's calls invalidate by themselves.
    let epoch = memory.code_epoch(0x1000);
    memory.leave_guest();
    assert_eq!(memory.store_bytes(0x1000, &[1, 2]), Ok(()));
    assert_ne!(memory.code_epoch(0x1000), epoch);
    memory.fetch(0x1000, &mut bytes);
    let epoch = memory.code_epoch(0x1000);
    let range = memory.range(0x1000, 0x2000, Access::Write).expect("mapped");
    assert_eq!(range.len(), 0x2000);
    let now = memory.code_epoch(0x1000);
    assert_ne!(now, epoch);
    memory.fetch(0x1000, &mut bytes);
    drop(range);
    assert_ne!(memory.code_epoch(0x1000), now);
}

#[test]
fn code_ends_where_it_cannot_be_fetched() {
    let (ram, mut memory) = memory();
    let mut bytes = [0; 15];
    assert_eq!(memory.fetch(0x2ffa, &mut bytes), 6);
    assert_eq!(memory.fault(), Fault { address: 0x3000, access: Access::Fetch, cause: Cause::Protected });
    assert_eq!(memory.fetch(0x5000, &mut bytes), 0);
    assert_eq!(memory.fault(), Fault { address: 0x5000, access: Access::Fetch, cause: Cause::Unmapped });
    assert_eq!(memory.fetch(1 << 60, &mut bytes), 0);
    assert_eq!(memory.fault().cause, Cause::NonCanonical);
    ram.unmap(0x2000, 0x1000);
    assert_eq!(memory.fetch(0x2ffa, &mut bytes), 0);
}

#[test]
fn a_change_counts_after_the_acknowledgement() {
    let (ram, mut memory) = memory();
    memory.store::<4>(0x1000, 7).expect("mapped");
    ram.unmap(0x1000, 0x1000);
    assert_eq!(memory.attention(), attention::TLB);
    memory.attend();
    assert_eq!(memory.attention(), 0);
    assert_eq!(memory.load::<4>(0x1000), Err(Faulted));
    ram.map(0x1000, 0x1000, Rights::READ);
    memory.attend();
    assert_eq!(memory.load::<4>(0x1000), Ok(0));
    assert_eq!(memory.store::<4>(0x1000, 1), Err(Faulted));
}

/// Threads add under a lock of every kind while others store plainly beside the operand.
fn check_atomic<const N: usize>(address: u64) {
    const ROUNDS: u64 = 3000;
    let ram = Arc::new(Ram::new());
    ram.map(0x1000, 0x2000, RW);
    let mut main = Memory::new(ram.clone());
    let start = Arc::new(Barrier::new(3));
    main.leave_guest();
    let add = |way: u64| {
        let (ram, start) = (ram.clone(), start.clone());
        thread::spawn(move || {
            start.wait();
            let mut memory = Memory::new(ram);
            for _ in 0..ROUNDS {
                if way == 0 {
                    memory.rmw::<N>(address, Rmw::Add, 1).expect("mapped");
                } else {
                    let mut old = 0;
                    while let Err(seen) =
                        memory.compare_exchange::<N>(address, old, old.wrapping_add(1)).expect("mapped")
                    {
                        old = seen;
                        if memory.attention() != 0 {
                            memory.attend();
                        }
                    }
                }
                if memory.attention() != 0 {
                    memory.attend();
                }
            }
        })
    };
    let done = Arc::new(AtomicBool::new(false));
    let (adders, stop) = ([add(0), add(1)], done.clone());
    let (others, begin) = (ram.clone(), start.clone());
    let neighbour = thread::spawn(move || {
        begin.wait();
        let mut memory = Memory::new(others);
        let mut count = 0u64;
        while !stop.load(SeqCst) {
            count += 1;
            // Never may a locked operation bring an old byte back.
            for at in [address - 1, address + N as u64] {
                memory.store::<1>(at, count).expect("mapped");
                assert_eq!(memory.load::<1>(at), Ok(count & 0xff));
            }
            if memory.attention() != 0 {
                memory.attend();
            }
            if count.is_multiple_of(64) {
                thread::yield_now();
            }
        }
    });
    adders.into_iter().for_each(|thread| thread.join().expect("no panic"));
    done.store(true, SeqCst);
    neighbour.join().expect("no panic");
    main.enter_guest();
    assert_eq!(main.load::<N>(address), Ok(access::cut::<N>(2 * ROUNDS)), "{N} bytes at {address:#x}");
}

#[test]
fn locked_operations_are_atomic_wherever_they_lie() {
    for address in [0x1040, 0x1041, 0x1043, 0x1047, 0x104c, 0x107f, 0x107e, 0x107d, 0x1fff, 0x1ffe, 0x1ffd, 0x1ff9] {
        check_atomic::<1>(address);
        check_atomic::<2>(address);
        check_atomic::<4>(address);
        check_atomic::<8>(address);
    }
}

#[test]
fn sixteen_byte_swaps_are_atomic() {
    const ROUNDS: u64 = 5000;
    let ram = Arc::new(Ram::new());
    ram.map(0x1000, 0x1000, RW);
    let threads: [_; 2] = core::array::from_fn(|_| {
        let ram = ram.clone();
        thread::spawn(move || {
            let mut memory = Memory::new(ram);
            for _ in 0..ROUNDS {
                let mut old = [0; 2];
                loop {
                    if memory.attention() != 0 {
                        memory.attend();
                    }
                    match memory.compare_exchange16(0x1ff0, old, [old[0] + 1, old[1] + 3]).expect("mapped") {
                        Ok(_) => break,
                        Err(seen) => old = seen,
                    }
                    assert_eq!(old[0] * 3, old[1]);
                }
            }
        })
    });
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
    assert_eq!(Memory::new(ram).load16(0x1ff0), Ok([2 * ROUNDS, 6 * ROUNDS]));
}

/// A backing as an operating system has it: who changes mappings holds its lock until nobody uses the old ones.
struct Locking {
    lock: Lock<()>,
    ram: Ram,
    changes: AtomicUsize,
}

impl Backing for Locking {
    fn threads(&self) -> Option<&Threads> {
        self.ram.threads()
    }
    fn page(&self, page: u64, access: Access) -> Result<Page, Cause> {
        let _locked = self.lock.lock();
        self.ram.page(page, access)
    }
    fn code_written(&self, page: u64) {
        self.ram.code_written(page);
    }
    fn code_epoch(&self, page: u64) -> u32 {
        self.ram.code_epoch(page)
    }
}

/// It hangs if a thread that is alone waits for a lock whose holder waits for the list of threads.
#[test]
fn a_thread_that_is_alone_asks_nothing_of_the_backing() {
    const PAGES: u64 = 16;
    let backing = Arc::new(Locking { lock: Lock::new((), &Spin), ram: Ram::new(), changes: AtomicUsize::new(0) });
    // One by one, so that they are scattered on the host.
    (0..PAGES).for_each(|page| backing.ram.map(page << 12, 0x1000, RW));
    let done = Arc::new(AtomicBool::new(false));
    let (changed, stop) = (backing.clone(), done.clone());
    let changer = thread::spawn(move || {
        while !stop.load(SeqCst) {
            let locked = changed.lock.lock();
            changed.changes.fetch_add(1, SeqCst);
            changed.ram.threads().expect("it has threads").shoot_down();
            drop(locked);
            thread::yield_now();
        }
    });
    let adders: [_; 2] = core::array::from_fn(|_| {
        let backing = backing.clone();
        thread::spawn(move || {
            let mut memory = Memory::new(backing.clone());
            let mut rounds = 0u64;
            while rounds < 2000 || backing.changes.load(SeqCst) < 200 {
                memory.rmw::<8>((rounds % (PAGES - 1) + 1) * 0x1000 - 4, Rmw::Add, 1).expect("mapped");
                rounds += 1;
                if memory.attention() != 0 {
                    memory.attend();
                }
            }
            rounds
        })
    });
    let rounds: u64 = adders.into_iter().map(|thread| thread.join().expect("no panic")).sum();
    done.store(true, SeqCst);
    changer.join().expect("no panic");
    let mut memory = Memory::new(backing);
    let sum: u64 = (1..PAGES).map(|page| memory.load::<8>(page * 0x1000 - 4).expect("mapped")).sum();
    assert_eq!(sum, rounds);
}

/// Threads that each write code of their own into one page, and run it as an engine does: decoded once, and looked at again when
/// `CODE` was raised or a store stopped.
#[test]
fn nobody_runs_old_code_of_its_own_beside_others_that_write() {
    const ROUNDS: u64 = 20_000;
    let ram = Arc::new(Ram::new());
    ram.map(0x1000, 0x1000, Rights::ALL);
    let writers: [_; 4] = core::array::from_fn(|i| {
        let (ram, address) = (ram.clone(), 0x1000 + 64 * i as u64);
        thread::spawn(move || {
            let mut memory = Memory::new(ram);
            let mut block: Option<(u32, u8)> = None;
            for round in 0..ROUNDS {
                let mut is_fresh = true;
                while memory.store::<1>(address, round & 0xff).is_err() {
                    assert_eq!(memory.fault().cause, Cause::Code);
                    memory.code_written(address);
                    is_fresh = false;
                }
                if memory.attention() != 0 && memory.attend() & attention::CODE != 0 {
                    is_fresh = false;
                }
                if !is_fresh && block.is_some_and(|(epoch, _)| epoch != memory.code_epoch(address)) {
                    block = None;
                }
                let (_, found) = *block.get_or_insert_with(|| {
                    let (epoch, mut bytes) = (memory.code_epoch(address), [0; 15]);
                    assert_eq!(memory.fetch(address, &mut bytes), 15);
                    (epoch, bytes[0])
                });
                assert_eq!(found, round as u8, "round {round}");
            }
        })
    });
    writers.into_iter().for_each(|thread| thread.join().expect("no panic"));
}

//! What holds of guest memory in both forms: threads that unmap under each other, code that changes, nothing of blink in reach.

use linux::mm::AddressSpace;
use linux::mm::calls::{Flags, Prot};
use memory::{Access, Backing, Cause, Memory, Rmw, attention};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;

const PAGE: u64 = 4096;
const RW: Prot = Prot(3);
const PRIVATE: Flags = Flags(Flags::PRIVATE.0 | Flags::ANONYMOUS.0);
const FIXED: Flags = Flags(PRIVATE.0 | Flags::FIXED.0);
const SHARED: Flags = Flags(Flags::SHARED.0 | Flags::ANONYMOUS.0);

/// Runs a test in both forms; the linear one exists once in a process.
fn in_both_forms(test: impl Fn(&Arc<AddressSpace>)) {
    static LINEAR: std::sync::OnceLock<Option<Arc<AddressSpace>>> = std::sync::OnceLock::new();
    if let Some(space) = LINEAR.get_or_init(|| AddressSpace::linear(8 << 20, [0; 2]).map(Arc::new)) {
        test(space);
    }
    test(&Arc::new(AddressSpace::paged(8 << 20)));
}

fn map(space: &AddressSpace, length: u64, prot: Prot, flags: Flags) -> u64 {
    space.mmap(0, length, prot, flags, -1, 0).expect("room")
}

/// A guest thread that never leaves its engine; each step has to look at the attention bits.
fn guest(
    space: &Arc<AddressSpace>,
    stop: &Arc<AtomicBool>,
    mut step: impl FnMut(&mut Memory) + Send + 'static,
) -> thread::JoinHandle<()> {
    let (space, stop) = (space.clone(), stop.clone());
    thread::spawn(move || {
        let mut memory = Memory::new(space);
        while !stop.load(SeqCst) {
            step(&mut memory);
        }
    })
}

#[test]
fn threads_unmap_under_each_other() {
    const ROUNDS: u64 = 3000;
    in_both_forms(|space| {
        let base = map(space, 16 * PAGE, RW, PRIVATE);
        let stop = Arc::new(AtomicBool::new(false));
        let (hits, misses) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let writers: Vec<_> = (0..2)
            .map(|writer| {
                let (hits, misses) = (hits.clone(), misses.clone());
                let mut count = writer;
                guest(space, &stop, move |memory| {
                    if memory.attention() != 0 {
                        memory.attend();
                    }
                    count += 1;
                    let at = base + count % 16 * PAGE + 8 * writer;
                    let counter = if memory.store::<8>(at, count).is_ok() { &hits } else { &misses };
                    counter.fetch_add(1, SeqCst);
                })
            })
            .collect();
        let unmappers: Vec<_> = (0..2u64)
            .map(|unmapper| {
                let space = space.clone();
                thread::spawn(move || {
                    let mut memory = Memory::new_outside(space.clone());
                    for round in 0..ROUNDS {
                        let page = base + (round * 2 + unmapper) % 16 * PAGE;
                        match round % 4 {
                            0 => drop(space.munmap(page, PAGE)),
                            1 => {
                                // Once mprotect has returned, nobody writes there.
                                let is_protected = space.mprotect(page, PAGE, Prot(1)).is_ok();
                                let mut seen = [[0; 16]; 2];
                                let _ = memory.load_bytes(page, &mut seen[0]);
                                let _ = memory.load_bytes(page, &mut seen[1]);
                                assert!(seen[0] == seen[1] || !is_protected);
                            }
                            2 => drop(space.madvise(page, PAGE, 4)),
                            _ => {}
                        }
                        space.mmap(page, PAGE, RW, FIXED, -1, 0).expect("room");
                    }
                })
            })
            .collect();
        unmappers.into_iter().for_each(|thread| thread.join().expect("no panic"));
        stop.store(true, SeqCst);
        writers.into_iter().for_each(|thread| thread.join().expect("no panic"));
        assert!(hits.load(SeqCst) > 0);
        space.munmap(base, 16 * PAGE).expect("mapped");
    });
}

#[test]
fn locked_operations_across_pages_exclude_everybody() {
    const ROUNDS: u64 = 2000;
    in_both_forms(|space| {
        let base = map(space, 2 * PAGE, RW, PRIVATE);
        let at = base + PAGE - 3;
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let space = space.clone();
                thread::spawn(move || {
                    let mut memory = Memory::new(space);
                    for _ in 0..ROUNDS {
                        memory.rmw::<8>(at, Rmw::Add, 1).expect("mapped");
                        if memory.attention() != 0 {
                            memory.attend();
                        }
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
        assert_eq!(Memory::new(space.clone()).load::<8>(at), Ok(2 * ROUNDS));
        space.munmap(base, 2 * PAGE).expect("mapped");
    });
}

#[test]
fn code_that_another_thread_writes_is_noticed() {
    in_both_forms(|space| {
        let base = map(space, PAGE, Prot(7), PRIVATE);
        let stop = Arc::new(AtomicBool::new(false));
        let mut writer = Memory::new_outside(space.clone());
        let latest = Arc::new(AtomicU64::new(0));
        let seen = latest.clone();
        // Decodes a "block" once and believes it until it is told to look again.
        let mut block = None;
        let runner = guest(space, &stop, move |memory| {
            let wanted = seen.load(SeqCst);
            let has_code_changed = memory.attention() != 0 && memory.attend() & attention::CODE != 0;
            if has_code_changed && block.is_some_and(|(epoch, _)| epoch != memory.code_epoch(base)) {
                block = None;
            }
            let (_, value) = *block.get_or_insert_with(|| {
                let (epoch, mut bytes) = (memory.code_epoch(base), [0; 15]);
                assert_eq!(memory.fetch(base, &mut bytes), 15);
                (epoch, u64::from_le_bytes(bytes[..8].try_into().expect("eight")))
            });
            assert!(value >= wanted, "ran {value} after {wanted} was complete");
        });
        for value in 1..2000u64 {
            writer.enter_guest();
            while writer.store::<8>(base, value).is_err() {
                assert_eq!(writer.fault().cause, Cause::Code);
                writer.code_written(base);
            }
            writer.leave_guest();
            latest.store(value, SeqCst);
        }
        stop.store(true, SeqCst);
        runner.join().expect("no panic");
        space.munmap(base, PAGE).expect("mapped");
    });
}

#[test]
fn code_of_shared_mappings_is_volatile_and_goes_with_its_right() {
    in_both_forms(|space| {
        let mut memory = Memory::new_outside(space.clone());
        let mut bytes = [0; 15];
        for (flags, is_volatile) in [(PRIVATE, false), (SHARED, true)] {
            let base = map(space, 2 * PAGE, Prot(7), flags);
            assert_eq!(memory.fetch(base, &mut bytes), 15);
            assert_eq!(memory.is_code_volatile(base), is_volatile);
            let epoch = memory.code_epoch(base);
            space.mprotect(base, PAGE, RW).expect("mapped");
            assert_ne!(memory.code_epoch(base), epoch);
            assert_eq!(memory.fetch(base, &mut bytes), 0);
            assert_eq!(memory.fault().cause, Cause::Protected);
            space.munmap(base, 2 * PAGE).expect("mapped");
            assert_eq!(memory.fetch(base, &mut bytes), 0);
            assert_eq!(memory.fault().cause, Cause::Unmapped);
        }
    });
}

#[test]
fn huge_reservations_cost_nothing() {
    in_both_forms(|space| {
        let before = space.mmap(0, 1 << 40, Prot(0), PRIVATE, -1, 0).expect("a terabyte");
        let mut memory = Memory::new_outside(space.clone());
        let middle = before + (1 << 39);
        assert_eq!(memory.probe(middle, 1, Access::Read), Err(memory::Faulted));
        space.mprotect(middle, 2 * PAGE, RW).expect("mapped");
        memory.store_bytes(middle + PAGE - 2, &[1, 2, 3, 4]).expect("writable");
        assert_eq!(memory.probe(middle + 2 * PAGE, 1, Access::Read), Err(memory::Faulted));
        space.munmap(before, 1 << 40).expect("mapped");
        assert!(!space.is_mapped(middle));
    });
}

#[test]
fn the_heap_gives_back_zeros() {
    in_both_forms(|space| {
        let start = map(space, 64 * PAGE, Prot(0), PRIVATE);
        space.munmap(start, 64 * PAGE).expect("mapped");
        space.set_brk_start(start);
        let mut memory = Memory::new_outside(space.clone());
        assert_eq!(space.brk(0), start);
        assert_eq!(space.brk(start + 3 * PAGE + 5), start + 3 * PAGE + 5);
        memory.store_bytes(start, &[7; 4 * PAGE as usize]).expect("four pages");
        assert_eq!(space.brk(start + 1), start + 1);
        assert_eq!(memory.store_bytes(start + PAGE, &[1]), Err(memory::Faulted));
        assert_eq!(space.brk(start + 2 * PAGE), start + 2 * PAGE);
        let mut bytes = [1; 2 * PAGE as usize];
        memory.load_bytes(start, &mut bytes).expect("two pages");
        assert!(
            bytes[..PAGE as usize].iter().all(|byte| *byte == 7)
                && bytes[PAGE as usize..].iter().all(|byte| *byte == 0)
        );
        assert_eq!(space.brk(start - 1), start + 2 * PAGE);
        // What lies in the way stops it, one page before.
        space.mmap(start + 8 * PAGE, PAGE, RW, FIXED, -1, 0).expect("free");
        assert_eq!(space.brk(start + 8 * PAGE), start + 2 * PAGE);
        assert_eq!(space.brk(start + 7 * PAGE), start + 7 * PAGE);
        assert_eq!(space.brk(start), start);
        space.munmap(start + 8 * PAGE, PAGE).expect("mapped");
    });
}

#[test]
fn areas_that_grow_down_keep_their_distance() {
    in_both_forms(|space| {
        const GAP: u64 = 1 << 20;
        let base = map(space, 4 * GAP, Prot(0), PRIVATE);
        space.munmap(base, 4 * GAP).expect("mapped");
        let stack = base + 3 * GAP;
        space.mmap(stack, PAGE, RW, Flags(FIXED.0 | Flags::GROWSDOWN.0), -1, 0).expect("free");
        let mut memory = Memory::new_outside(space.clone());
        memory.store_bytes(stack - 8 * PAGE, &[1]).expect("it grows");
        space.mmap(base, PAGE, RW, FIXED, -1, 0).expect("free");
        let lowest = base + PAGE + GAP;
        assert_eq!(memory.store_bytes(lowest - 1, &[1]), Err(memory::Faulted));
        assert_eq!(memory.fault().cause, Cause::Unmapped);
        memory.store_bytes(lowest, &[1]).expect("it grows to the gap");
        // More than the limit allows is not to be had either.
        assert_eq!(memory.store_bytes(stack - (9 << 20), &[1]), Err(memory::Faulted));
        space.munmap(base, 4 * GAP).expect("mapped");
    });
}

/// In paged form no address of the host means anything to the guest.
#[test]
#[cfg(target_os = "linux")]
fn nothing_of_blink_is_in_reach_of_a_paged_guest() {
    let space = Arc::new(AddressSpace::paged(8 << 20));
    let base = map(&space, 4 * PAGE, RW, PRIVATE);
    let secret = Box::new([0x5au8; 64]);
    let mut memory = Memory::new_outside(space.clone());
    memory.store_bytes(base, &[0xa5; 4 * PAGE as usize]).expect("mapped");
    let text = std::fs::read_to_string("/proc/self/maps").expect("the host's areas");
    let number = |digits| u64::from_str_radix(digits, 16).expect("a number");
    let mut tried = 0;
    for line in text.lines() {
        let (start, end) = line.split_once(' ').and_then(|(range, _)| range.split_once('-')).expect("a range");
        let (start, end) = (number(start), number(end));
        for at in [start, (start + (end - start) / 2) & !7, end - 8, start.wrapping_sub(4)] {
            if (base - PAGE..base + 4 * PAGE).contains(&at) {
                continue;
            }
            tried += 1;
            for access in [Access::Read, Access::Write, Access::Fetch] {
                assert!(space.page(at & !(PAGE - 1), access).is_err(), "{at:#x}: {line}");
            }
            assert!(memory.load_bytes(at, &mut [0; 8]).is_err(), "{at:#x}: {line}");
            assert!(memory.store_bytes(at, &[0; 8]).is_err(), "{at:#x}: {line}");
            assert!(memory.range(at, 8, Access::Write).is_err(), "{at:#x}: {line}");
        }
    }
    let address = secret.as_ptr() as u64;
    assert!(memory.store_bytes(address, &[0; 8]).is_err());
    // Mapping there gives the guest its own memory, not blink's.
    let page = address & !(PAGE - 1);
    if page < 1 << 47 {
        space.mmap(page, PAGE, RW, FIXED, -1, 0).expect("free for the guest");
        memory.store_bytes(address, &[0; 8]).expect("the guest's own");
    }
    assert!(secret.iter().all(|byte| *byte == 0x5a));
    assert!(tried > 50);
}

/// In linear form what blink uses is refused.
#[test]
#[cfg(target_os = "linux")]
fn a_linear_guest_cannot_map_over_blink() {
    in_both_forms(|space| {
        if !space.is_linear() {
            return;
        }
        let secret = Box::new([0x5au8; 64]);
        let page = secret.as_ptr() as u64 & !(PAGE - 1);
        assert_eq!(space.mmap(page, PAGE, RW, FIXED, -1, 0), Err(linux::Errno::ENOMEM));
        let elsewhere = space.mmap(page, PAGE, RW, PRIVATE, -1, 0).expect("elsewhere");
        assert_ne!(elsewhere, page);
        space.munmap(elsewhere, PAGE).expect("mapped");
        space.munmap(page, PAGE).expect("nothing there");
        let mut memory = Memory::new_outside(space.clone());
        assert!(memory.store_bytes(secret.as_ptr() as u64, &[0; 8]).is_err());
        assert!(secret.iter().all(|byte| *byte == 0x5a));
    });
}

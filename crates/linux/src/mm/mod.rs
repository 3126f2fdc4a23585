//! The guest's address space: Linux's mapping rules over host memory, in two forms.
//!
//! [`AddressSpace`] keeps the areas ([`area`]) as Linux would; the system calls on them are in [`calls`] and [`remap`]. In the
//! **linear** form a guest address is the host address, inside a window that was reserved at start; in the **paged** form pages
//! are anywhere, anonymous ones each on its own, and nothing of blink can be reached. Both forms have the same areas and the same
//! rules, and every access that misses a TLB comes here ([`memory::Backing`]), so that faults are exact in both.
//!
//! Order of every change that takes something away: the areas, then [`Threads::shoot_down`], then the host's memory. A thread that
//! misses meanwhile waits for the lock outside the guest.

mod advice;
pub mod area;
pub mod calls;
mod code;
mod commit;
mod loading;
mod maps;
mod remap;
mod segment;

use crate::errno::Errno;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use area::{Area, Areas, AtFork};
pub use code::Translations;
use core::ops::Range;
use host::mapping::{self, Sharing, Source, Window};
use host::park::FUTEX;
use memory::attention::Locked;
use memory::{Access, Attention, Backing, Cause, Codes, Lock, PAGE_SIZE, Page, Rights, Threads};

/// User addresses end here; the last page of the lower half is never mapped.
pub const TASK_SIZE: u64 = (1 << 47) - PAGE_SIZE;
/// Distance that stays between the stack and what lies below it (`stack_guard_gap`).
const GUARD_GAP: u64 = 256 * PAGE_SIZE;
/// Pages that a new stack has at once.
const INITIAL_STACK: u64 = 132 * 1024;
/// What the stack keeps free below it for its growth, at least and at most (`MIN_GAP`, `MAX_GAP`).
const STACK_ROOM: Range<u64> = 128 << 20..TASK_SIZE / 6 * 5;

/// Where things go.
#[derive(Clone, Debug)]
pub struct Layout {
    /// End of the stack.
    pub stack_top: u64,
    /// Mappings are placed below.
    pub mmap_top: u64,
    /// Nothing is placed below, and only the privileged may ask for it (`vm.mmap_min_addr`).
    pub lowest: u64,
    /// Position-independent programs go here.
    pub dynamic_base: u64,
    /// Limit of the stack's size at start.
    pub stack_limit: u64,
}

enum Form {
    Linear(Window),
    Paged,
}

struct Inner {
    areas: Areas,
    /// Paged form: the anonymous private pages that have been touched.
    frames: BTreeMap<u64, Page>,
    brk_start: u64,
    brk: u64,
    layout: Layout,
    limits: Limits,
    translations: Option<Arc<dyn Translations>>,
    /// Pages of code that the host protects though the guest may write them.
    guarded: BTreeSet<u64>,
    /// How often pages of code have been written.
    writes: BTreeMap<u64, u32>,
}

/// Limits, soft and hard, that hold for the guest's memory alone, where there are any: the host's own would count blink's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// RLIMIT_AS.
    pub address_space: Option<[u64; 2]>,
    /// RLIMIT_DATA.
    pub data: Option<[u64; 2]>,
}

impl Inner {
    /// May `length` more bytes like those of `area` be mapped (`may_expand_vm`)?
    fn check_total(&self, length: u64, is_data: bool) -> Result<(), Errno> {
        if let Some([soft, _]) = self.limits.address_space
            && self.areas.total().saturating_add(length) > soft
        {
            return Err(Errno::ENOMEM);
        }
        if is_data { self.check_data(length) } else { Ok(()) }
    }

    /// May `length` more bytes be private and writable?
    fn check_data(&self, length: u64) -> Result<(), Errno> {
        if let Some([soft, _]) = self.limits.data {
            let data: u64 =
                self.areas.iter().filter(|(_, area)| area.is_data()).map(|(start, area)| area.end - start).sum();
            if data.saturating_add(length) > soft {
                return Err(Errno::ENOMEM);
            }
        }
        Ok(())
    }
}

pub struct AddressSpace {
    form: Form,
    inner: Lock<Inner>,
    codes: Codes,
    threads: Threads,
}

impl AddressSpace {
    /// The linear form, where the host allows it. `random` moves the places of stack and mappings.
    pub fn linear(stack_limit: u64, random: [u64; 2]) -> Option<AddressSpace> {
        let window = Window::reserve()?;
        let top = window.end();
        let stack_top = top - (random[0] % (1 << 22)) * PAGE_SIZE;
        let layout = Layout {
            stack_top,
            mmap_top: below_stack(stack_top, stack_limit) - (random[1] % (1 << 28)) * PAGE_SIZE,
            lowest: window.start(),
            dynamic_base: (top / 3 * 2) & !(PAGE_SIZE - 1),
            stack_limit,
        };
        Some(AddressSpace::new(Form::Linear(window), layout))
    }

    /// The paged form, with the layout that Linux has without randomisation.
    pub fn paged(stack_limit: u64) -> AddressSpace {
        let stack_top = TASK_SIZE;
        let layout = Layout {
            stack_top,
            mmap_top: below_stack(stack_top, stack_limit),
            lowest: host::mapping::lowest_address(),
            dynamic_base: 0x5555_5555_4000,
            stack_limit,
        };
        AddressSpace::new(Form::Paged, layout)
    }

    fn new(form: Form, layout: Layout) -> AddressSpace {
        let inner = Inner {
            areas: Areas::default(),
            frames: BTreeMap::new(),
            brk_start: 0,
            brk: 0,
            layout,
            limits: Limits::default(),
            translations: None,
            guarded: BTreeSet::new(),
            writes: BTreeMap::new(),
        };
        AddressSpace { form, inner: Lock::new(inner, &FUTEX), codes: Codes::new(&FUTEX), threads: Threads::new(&FUTEX) }
    }

    pub fn is_linear(&self) -> bool {
        matches!(self.form, Form::Linear(_))
    }

    pub fn layout(&self) -> Layout {
        self.lock().layout.clone()
    }

    /// Runs `fork`, the host's fork, at a moment when no thread holds a lock of the memory. In the child, for which `is_child` says
    /// so, `own` is the only thread.
    pub fn fork<T>(&self, own: &Attention, fork: impl FnOnce() -> T, is_child: impl Fn(&T) -> bool) -> T {
        let mut inner = self.lock();
        let marks = self.codes.hold();
        let translations = inner.translations.clone();
        let mut result = None;
        let mut fork = Some(fork);
        let mut run = || result = fork.take().map(|fork| self.threads.fork(own, fork, &is_child));
        match translations {
            Some(translations) => translations.fork(&mut run),
            None => run(),
        }
        let Some(result) = result else { unreachable!("it runs once") };
        drop(marks);
        if is_child(&result) {
            self.settle_child(&mut inner, own);
        }
        result
    }

    /// `MADV_WIPEONFORK` and `MADV_DONTFORK`.
    fn settle_child(&self, inner: &mut Inner, own: &Attention) {
        let marked: Vec<(u64, u64, AtFork)> = inner
            .areas
            .iter()
            .filter(|(_, area)| area.at_fork != AtFork::Copied)
            .map(|(start, area)| (start, area.end, area.at_fork))
            .collect();
        for (start, end, at_fork) in marked {
            if at_fork == AtFork::Nothing {
                // The areas go in any case; the host cannot fail to reserve what it had mapped.
                let _ = self.unmap(inner, start..end);
            } else if let Form::Linear(window) = &self.form {
                let _ = window.forget(start, end - start);
            } else {
                self.drop_frames(inner, start..end);
                own.raise(memory::attention::TLB);
            }
        }
    }

    pub fn limits(&self) -> Limits {
        self.lock().limits
    }

    pub fn set_limits(&self, limits: Limits) {
        self.lock().limits = limits;
    }

    /// Runs `shrink`, which may take pages off the end of a mapped file, while no thread uses what it cached of mapped files.
    pub fn truncating<T>(&self, shrink: impl FnOnce() -> T) -> T {
        let inner = self.lock();
        if inner.areas.iter().any(|(_, area)| area.file.is_some()) {
            self.threads.shoot_down();
        }
        shrink()
    }

    fn lock(&self) -> Locked<'_, Inner> {
        self.inner.lock()
    }

    /// The areas of the range have been changed or taken out: returns when no thread uses what it cached of them, and its decoded
    /// code is stale.
    fn revoke(&self, inner: &mut Inner, range: Range<u64>) {
        self.release_code(inner, range);
        self.threads.shoot_down();
    }

    /// Takes everything in the range out, frames included; true if there was anything. The host's memory is still there.
    fn discard(&self, inner: &mut Inner, range: Range<u64>) -> bool {
        if inner.areas.remove(range.clone()).is_empty() {
            return false;
        }
        self.revoke(inner, range.clone());
        self.drop_frames(inner, range);
        true
    }

    fn drop_frames(&self, inner: &mut Inner, range: Range<u64>) {
        let mut rest = inner.frames.split_off(&range.start);
        let mut behind = rest.split_off(&range.end);
        inner.frames.append(&mut behind);
    }

    /// Lets the stack, or another area that grows down, reach `address`. True if it does now (`expand_downwards`).
    fn grow_down(&self, inner: &mut Inner, address: u64) -> bool {
        let page = address & !(PAGE_SIZE - 1);
        let Some((start, area)) = inner.areas.find_above(address) else {
            return false;
        };
        if inner.check_total(start.saturating_sub(page), false).is_err() {
            return false;
        }
        if !area.grows_down || start <= page || page < inner.layout.lowest || area.end - page > stack_limit() {
            return false;
        }
        if let Some((_, below)) = inner.areas.find_below(start)
            && !below.grows_down
            && below.rights != Rights::NONE
            && page < below.end.saturating_add(GUARD_GAP)
        {
            return false;
        }
        if inner.areas.find_below(start).is_some_and(|(_, below)| below.end > page) {
            return false;
        }
        let extension = Area { end: start, ..area.clone() };
        if let Form::Linear(window) = &self.form
            && window.map(page, start - page, Source::Anonymous, Sharing::Private, extension.rights).is_err()
        {
            return false;
        }
        inner.areas.insert(page, extension);
        true
    }

    /// The host page of an area, made if need be, and how many of its pages follow each other on the host too.
    fn host_page(&self, inner: &mut Inner, page: u64, access: Access) -> Result<(Page, u64), Cause> {
        if inner.areas.find(page).is_none() && !self.grow_down(inner, page) {
            return Err(Cause::Unmapped);
        }
        let Some((start, area)) = inner.areas.find(page) else {
            return Err(Cause::Unmapped);
        };
        let mut rights = area.page_rights();
        if !rights.allows(access) {
            return Err(Cause::Protected);
        }
        if rights.contains(Rights::EXEC) && (area.is_shared || self.is_restless(inner, page)) {
            rights = rights.with(Rights::VOLATILE);
        }
        let rest = (area.end - page) / PAGE_SIZE;
        // DEVIATION: where the host does not tell, a file ends where it ended when it was mapped.
        if let Some((file, offset)) = &area.file
            && offset + (page - start) >= file.size
            && !mapping::tells_end_of_file()
        {
            return Err(Cause::Bus);
        }
        match &self.form {
            Form::Linear(window) => {
                if area.file.is_some() && window.is_beyond_file(page) {
                    return Err(Cause::Bus);
                }
                Ok((window.page(page, rights).ok_or(Cause::Unmapped)?, rest))
            }
            Form::Paged => match &area.region {
                Some((region, offset)) => {
                    let at = offset + (page - start);
                    if at >= region.len() || area.file.is_some() && region.is_beyond_file(at) {
                        return Err(Cause::Bus);
                    }
                    Ok((region.page(at, rights), rest.min((region.len() - at) / PAGE_SIZE)))
                }
                None => Ok((inner.frames.entry(page).or_insert_with(Page::zeroed).restricted(rights), 1)),
            },
        }
    }

    /// Reports whether anything is mapped at the address.
    pub fn is_mapped(&self, address: u64) -> bool {
        self.lock().areas.find(address).is_some()
    }

    /// The line of `/proc/self/maps` that holds the address, for reports.
    pub fn describe(&self, address: u64) -> Option<String> {
        let inner = self.lock();
        let (start, area) = inner.areas.find(address)?;
        Some(maps::line(start, area, &inner))
    }
}

/// The soft limit of the stack's size now; it counts at the moment of growth.
fn stack_limit() -> u64 {
    const STACK: u32 = 3;
    host::identity::prlimit(0, STACK, None).map_or(8 << 20, |limit| limit[0])
}

/// Where mappings begin below a stack (`mmap_base`).
fn below_stack(stack_top: u64, stack_limit: u64) -> u64 {
    let room = stack_limit.saturating_add(GUARD_GAP).clamp(STACK_ROOM.start, STACK_ROOM.end);
    (stack_top.saturating_sub(room)) & !(PAGE_SIZE - 1)
}

impl Backing for AddressSpace {
    fn threads(&self) -> Option<&Threads> {
        Some(&self.threads)
    }

    fn page(&self, page: u64, access: Access) -> Result<Page, Cause> {
        self.run(page, 1, access).map(|(page, _)| page)
    }

    fn run(&self, page: u64, most: u64, access: Access) -> Result<(Page, u64), Cause> {
        let mut inner = self.lock();
        let (found, count) = self.host_page(&mut inner, page, access)?;
        if !found.rights().contains(Rights::EXEC) {
            // Where no code can be fetched there are no marks.
            return Ok((found, count.min(most)));
        }
        if found.rights().contains(Rights::VOLATILE) && self.is_restless(&inner, page) {
            return Ok((found, 1));
        }
        if access == Access::Fetch {
            if self.codes.mark(page) && found.rights().contains(Rights::WRITE) {
                // Others may hold the page as writable.
                self.threads.shoot_down();
                self.guard(&mut inner, page);
            }
            return Ok((found.restricted(Rights::READ.with(Rights::EXEC)), 1));
        }
        let mut count = count.min(most);
        match self.codes.first_in(page..page + count * PAGE_SIZE) {
            Some(code) if code > page => count = (code - page) / PAGE_SIZE,
            Some(_) if access == Access::Write => return Err(Cause::Code),
            Some(_) => return Ok((found.restricted(Rights::READ.with(Rights::EXEC)), 1)),
            None => {}
        }
        Ok((found, count))
    }

    fn code_written(&self, page: u64) {
        self.code_written_in(page, page);
    }

    fn code_written_in(&self, first: u64, last: u64) {
        self.release_code(&mut self.lock(), first..last.saturating_add(PAGE_SIZE));
    }

    fn code_epoch(&self, page: u64) -> u32 {
        self.codes.epoch(page)
    }
}

//! The guest's address space: Linux's mapping rules over host memory, in two forms.
//!
//! [`AddressSpace`] keeps the areas ([`area`]) as Linux would; the system calls on them are in [`calls`]. In the **linear** form a
//! guest address is the host address, inside a window that was reserved at start; in the **paged** form pages are anywhere,
//! anonymous ones each on its own, and nothing of blink can be reached. Both forms have the same areas and the same rules, and
//! every access that misses a TLB comes here ([`memory::Backing`]), so that faults are exact in both.

pub mod area;
pub mod calls;
mod loading;
mod maps;

use area::{Area, Areas, Name};
use host::mapping::{Sharing, Source, Window};
use memory::attention::{CODE, TLB};
use memory::{Access, Attention, Backing, Cause, Memory, PAGE_SIZE, Page, Rights};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

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
    /// Nothing is mapped below.
    pub lowest: u64,
    /// Position-independent programs go here.
    pub dynamic_base: u64,
    /// Limit of the stack's size.
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
    /// Pages from which code has been fetched, and how often it has changed.
    code: HashMap<u64, Code>,
    brk_start: u64,
    brk: u64,
    layout: Layout,
}

#[derive(Clone, Copy, Default)]
struct Code {
    /// Does somebody hold decoded code of this page?
    is_held: bool,
    epoch: u32,
}

pub struct AddressSpace {
    form: Form,
    inner: Mutex<Inner>,
    /// The attention words of all guest threads.
    threads: Mutex<Vec<Attention>>,
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
            lowest: 0x1_0000,
            dynamic_base: 0x5555_5555_4000,
            stack_limit,
        };
        AddressSpace::new(Form::Paged, layout)
    }

    fn new(form: Form, layout: Layout) -> AddressSpace {
        AddressSpace {
            form,
            inner: Mutex::new(Inner {
                areas: Areas::default(),
                frames: BTreeMap::new(),
                code: HashMap::new(),
                brk_start: 0,
                brk: 0,
                layout,
            }),
            threads: Mutex::new(Vec::new()),
        }
    }

    pub fn is_linear(&self) -> bool {
        matches!(self.form, Form::Linear(_))
    }

    pub fn layout(&self) -> Layout {
        self.lock().layout.clone()
    }

    /// Adds a thread, which is told of changes from now on.
    pub fn join(&self, attention: Attention) {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(attention);
    }

    /// Takes a thread off.
    pub fn leave(&self, attention: &Attention) {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.retain(|thread| !std::sync::Arc::ptr_eq(thread.word(), attention.word()));
    }

    /// A fork is about to happen in this thread.
    pub fn before_fork(&self) {}

    /// It has happened; in the child no other thread is left.
    pub fn after_fork(&self, is_child: bool, memory: &mut Memory) {
        if is_child {
            let own = memory.attention_handle().clone();
            *self.threads.lock().unwrap_or_else(PoisonError::into_inner) = vec![own];
        }
        memory.flush();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells all threads.
    fn alert(&self, bits: u32) {
        for thread in self.threads.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            thread.raise(bits);
        }
    }

    /// Mappings in the range change: cached translations and decoded code of it are worth nothing.
    fn changed(&self, inner: &mut Inner, range: Range<u64>) {
        let mut bits = TLB;
        if range.end - range.start > (inner.code.len() as u64) * PAGE_SIZE {
            for (page, code) in &mut inner.code {
                if range.contains(page) {
                    code.epoch = code.epoch.wrapping_add(1);
                    bits |= CODE;
                }
            }
        } else {
            for page in range.step_by(PAGE_SIZE as usize) {
                if let Some(code) = inner.code.get_mut(&page) {
                    code.epoch = code.epoch.wrapping_add(1);
                    bits |= CODE;
                }
            }
        }
        self.alert(bits);
    }

    /// Lets the stack, or another area that grows down, reach `address`. True if it does now.
    fn grow_down(&self, inner: &mut Inner, address: u64) -> bool {
        let page = address & !(PAGE_SIZE - 1);
        let Some((start, area)) = inner.areas.find_above(address) else {
            return false;
        };
        if !area.grows_down || start <= page || area.end - page > inner.layout.stack_limit {
            return false;
        }
        let below_end = inner.areas.find_below(start).map(|(_, below)| (below.end, below.rights, below.grows_down));
        if let Some((end, rights, grows_down)) = below_end
            && page < end.saturating_add(if rights == Rights::NONE || grows_down { 0 } else { GUARD_GAP })
        {
            return false;
        }
        if page < inner.layout.lowest {
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

    /// The host page of an area, made if need be.
    fn host_page(&self, inner: &mut Inner, page: u64, access: Access) -> Result<Page, Cause> {
        if inner.areas.find(page).is_none() && !self.grow_down(inner, page) {
            return Err(Cause::Unmapped);
        }
        let Some((start, area)) = inner.areas.find(page) else {
            return Err(Cause::Unmapped);
        };
        let needed = match access {
            Access::Read => Rights::READ,
            Access::Write => Rights::WRITE,
            Access::Fetch => Rights::EXEC,
        };
        // On x86 every mapping with any right is readable.
        let rights = if area.rights == Rights::NONE { Rights::NONE } else { area.rights.with(Rights::READ) };
        if !rights.contains(needed) {
            return Err(Cause::Protected);
        }
        match &self.form {
            Form::Linear(window) => {
                if area.file.is_some() && window.is_beyond_file(page) {
                    return Err(Cause::Bus);
                }
                window.page(page, rights).ok_or(Cause::Unmapped)
            }
            Form::Paged => match &area.region {
                Some((region, offset)) => {
                    let at = offset + (page - start);
                    if at >= region.len() || area.file.is_some() && region.is_beyond_file(at) {
                        return Err(Cause::Bus);
                    }
                    Ok(region.page(at, rights))
                }
                None => Ok(inner.frames.entry(page).or_insert_with(Page::zeroed).restricted(rights)),
            },
        }
    }
}

/// Where mappings begin below a stack (`mmap_base`).
fn below_stack(stack_top: u64, stack_limit: u64) -> u64 {
    let room = stack_limit.saturating_add(GUARD_GAP).clamp(STACK_ROOM.start, STACK_ROOM.end);
    (stack_top - room) & !(PAGE_SIZE - 1)
}

impl Backing for AddressSpace {
    fn page(&self, page: u64, access: Access) -> Result<Page, Cause> {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let found = self.host_page(inner, page, access)?;
        if access == Access::Fetch {
            let code = inner.code.entry(page).or_default();
            if !code.is_held {
                code.is_held = true;
                if found.rights().contains(Rights::WRITE) {
                    // Others may hold the page as writable.
                    self.alert(TLB);
                }
            }
        }
        let holds_code = inner.code.get(&page).is_some_and(|code| code.is_held);
        if !holds_code {
            return Ok(found);
        }
        if access == Access::Write {
            return Err(Cause::Code);
        }
        Ok(found.restricted(Rights::READ.with(Rights::EXEC)))
    }

    fn code_epoch(&self, address: u64) -> u32 {
        self.lock().code.get(&(address & !(PAGE_SIZE - 1))).map_or(0, |code| code.epoch)
    }

    fn is_code_volatile(&self, address: u64) -> bool {
        self.lock().areas.find(address).is_some_and(|(_, area)| area.is_shared)
    }

    fn code_written(&self, address: u64) {
        if let Some(code) = self.lock().code.get_mut(&(address & !(PAGE_SIZE - 1))) {
            code.epoch = code.epoch.wrapping_add(1);
            code.is_held = false;
        }
        self.alert(CODE);
    }
}

impl AddressSpace {
    /// Why an access would fail, for reports: the area that holds the address.
    pub fn describe(&self, address: u64) -> Option<String> {
        let inner = self.lock();
        let (start, area) = inner.areas.find(address)?;
        Some(maps::line(start, area))
    }

    /// Does the guest have anything at the address?
    pub fn is_mapped(&self, address: u64) -> bool {
        self.lock().areas.find(address).is_some()
    }

    /// The name of a fresh stack area.
    fn stack_area(end: u64, rights: Rights) -> Area {
        Area {
            end,
            rights,
            is_shared: false,
            grows_down: true,
            name: Name::Stack,
            file: None,
            may_write: true,
            region: None,
        }
    }
}

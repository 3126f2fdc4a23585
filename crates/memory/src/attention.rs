//! How threads get each other's attention, and wait until they have it (quiescence).
//!
//! Each guest thread has an [`Attention`]: a state and a set of bits that its engine reads once per block. Who changes what
//! other threads may have cached sets a bit on all of them and waits until each one in state `GUEST` has acknowledged; one
//! outside acknowledges on its way in, before it touches memory. Correct by the order of two writes and two reads: the thread
//! writes its state and then reads the bits, the other writes the bits and then reads the state, all sequentially consistent.
//!
//! Rule: a thread leaves the guest before it waits for anything, locks included.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering::*};

/// A signal is in the thread's slot.
pub const SIGNAL: u32 = 1;
/// Mappings changed: drop what is cached of them.
pub const TLB: u32 = 2;
/// Code changed: look at each block before it runs again.
pub const CODE: u32 = 4;
/// Leave the engine.
pub const STOP: u32 = 8;
/// Somebody needs to be alone in the guest's memory.
pub const EXCLUSIVE: u32 = 16;

/// Outside the guest: in a system call, in blink's own code.
const HOST: u32 = 0;
/// May be accessing guest memory.
const GUEST: u32 = 1;
/// Waits for the end of somebody's exclusive section.
const PARKED: u32 = 2;
/// Runs translated code: accesses guest memory where the host has it, with nothing cached.
const NATIVE: u32 = 3;
/// Somebody sleeps on the state.
const WAITED: u32 = 0x80;

/// How a thread sleeps. The host implements it by a futex.
pub trait Park: Send + Sync {
    /// Sleeps unless `word` is not `expected` (any more), until woken; may return early.
    fn wait(&self, word: &AtomicU32, expected: u32);
    /// Wakes all who sleep on `word`.
    fn wake(&self, word: &AtomicU32);
    /// A number of the calling thread, not 0, or 0 if the implementation cannot tell.
    fn current(&self) -> usize {
        0
    }
    /// Makes the thread with that number leave translated code, if it runs any, and look at its bits.
    fn kick(&self, thread: usize) {
        let _ = thread;
    }
}

/// Waits by looking again; for tests and for a single thread.
#[derive(Debug)]
pub struct Spin;

impl Park for Spin {
    fn wait(&self, _: &AtomicU32, _: u32) {
        core::hint::spin_loop();
    }
    fn wake(&self, _: &AtomicU32) {}
}

/// A lock for short critical sections, sleeping by [`Park`].
pub struct Lock<T> {
    /// 0 free, 1 taken, 2 taken and waited for.
    word: AtomicU32,
    park: &'static dyn Park,
    value: UnsafeCell<T>,
}

// SAFETY: the word lets one thread at a time reach the value.
unsafe impl<T: Send> Send for Lock<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Lock<T> {}

/// The value, while locked.
pub struct Locked<'a, T>(&'a Lock<T>);

impl<T> Lock<T> {
    pub const fn new(value: T, park: &'static dyn Park) -> Lock<T> {
        Lock { word: AtomicU32::new(0), park, value: UnsafeCell::new(value) }
    }

    pub fn lock(&self) -> Locked<'_, T> {
        if self.word.compare_exchange(0, 1, Acquire, Relaxed).is_err() {
            self.lock_slowly();
        }
        Locked(self)
    }

    #[cold]
    fn lock_slowly(&self) {
        for _ in 0..100 {
            core::hint::spin_loop();
            if self.word.load(Relaxed) == 0 && self.word.compare_exchange(0, 1, Acquire, Relaxed).is_ok() {
                return;
            }
        }
        while self.word.swap(2, Acquire) != 0 {
            self.park.wait(&self.word, 2);
        }
    }
}

impl<T> Drop for Locked<'_, T> {
    fn drop(&mut self) {
        if self.0.word.swap(0, Release) == 2 {
            self.0.park.wake(&self.0.word);
        }
    }
}

impl<T> Deref for Locked<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the lock is held as long as the guard lives.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for Locked<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held as long as the guard lives, and the guard is borrowed mutably.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> core::fmt::Debug for Lock<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Lock")
    }
}

/// One thread's state and bits, shared with everybody who may raise them. All public methods may be called in a signal handler.
#[derive(Clone)]
pub struct Attention(Arc<Word>);

struct Word {
    bits: AtomicU32,
    state: AtomicU32,
    owner: AtomicUsize,
    park: &'static dyn Park,
}

impl Attention {
    pub(crate) fn new(park: &'static dyn Park) -> Attention {
        let state = AtomicU32::new(HOST);
        Attention(Arc::new(Word { bits: AtomicU32::new(0), state, owner: AtomicUsize::new(0), park }))
    }

    fn is(&self, other: &Attention) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The bits that are set.
    #[inline(always)]
    pub fn bits(&self) -> u32 {
        self.0.bits.load(Relaxed)
    }

    /// The bits where translated code finds them, as long as the object lives.
    pub fn word(&self) -> *const AtomicU32 {
        &raw const self.0.bits
    }

    /// Sets bits.
    pub fn raise(&self, bits: u32) {
        self.0.bits.fetch_or(bits, SeqCst);
    }

    /// Clears bits that have been dealt with; returns which of them were set.
    pub fn take(&self, bits: u32) -> u32 {
        self.0.bits.fetch_and(!bits, SeqCst) & bits
    }

    /// Is the thread in the guest?
    #[inline(always)]
    pub fn is_guest(&self) -> bool {
        self.0.state.load(Relaxed) & !WAITED == GUEST
    }

    fn set_state(&self, state: u32) {
        if self.0.state.swap(state, SeqCst) & WAITED != 0 {
            self.0.park.wake(&self.0.state);
        }
    }

    /// The thread will not touch guest memory until it [enters](Self::enter) again.
    pub(crate) fn leave(&self) {
        self.set_state(HOST);
    }

    /// Enters the guest, after the end of any exclusive section. True if the caller must drop what it cached and then call
    /// [`acknowledge`](Self::acknowledge), before it touches memory.
    pub(crate) fn enter(&self) -> bool {
        self.enter_as(GUEST) & TLB != 0
    }

    /// Enters the guest for translated code, after the end of any exclusive section.
    pub(crate) fn enter_native(&self) {
        self.enter_as(NATIVE);
    }

    /// The bits that are set then.
    fn enter_as(&self, state: u32) -> u32 {
        if self.0.owner.load(Relaxed) == 0 {
            self.0.owner.store(self.0.park.current(), Relaxed);
        }
        loop {
            self.set_state(state);
            let bits = self.0.bits.load(SeqCst);
            if bits & EXCLUSIVE == 0 {
                return bits;
            }
            self.set_state(PARKED);
            self.0.park.wait(&self.0.bits, bits);
        }
    }

    /// Everything that was cached of the mappings has been dropped.
    pub(crate) fn acknowledge(&self) {
        self.0.bits.fetch_and(!TLB, SeqCst);
        if self.0.state.load(SeqCst) & WAITED != 0 {
            self.0.state.fetch_and(!WAITED, SeqCst);
            self.0.park.wake(&self.0.state);
        }
    }

    /// The thread object moves to another host thread, or to the child of a fork.
    pub fn disown(&self) {
        self.0.owner.store(0, Relaxed);
    }

    /// Waits until the thread is outside the guest or has acknowledged `wanted`. Translated code has cached nothing, so that
    /// it is in the way of exclusive sections only.
    fn wait_for(&self, wanted: u32) {
        let (mut spins, mut is_kicked) = (0, false);
        loop {
            let state = self.0.state.load(SeqCst);
            let is_native = state & !WAITED == NATIVE && wanted == EXCLUSIVE;
            if !is_native && state & !WAITED != GUEST || self.0.bits.load(SeqCst) & wanted == 0 {
                return;
            }
            if is_native && !core::mem::replace(&mut is_kicked, true) {
                self.0.park.kick(self.0.owner.load(SeqCst));
            }
            spins += 1;
            if spins < 200 {
                core::hint::spin_loop();
            } else if self.0.state.compare_exchange(state, state | WAITED, SeqCst, SeqCst).is_ok()
                && self.0.bits.load(SeqCst) & wanted != 0
            {
                self.0.park.wait(&self.0.state, state | WAITED);
            }
        }
    }
}

impl Default for Attention {
    /// One that belongs to no backing.
    fn default() -> Attention {
        Attention::new(&Spin)
    }
}

impl core::fmt::Debug for Attention {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Attention({:#x}, state {})", self.0.bits.load(Relaxed), self.0.state.load(Relaxed))
    }
}

/// The guest threads that share a [`Backing`](crate::Backing).
pub struct Threads {
    list: Lock<Vec<Attention>>,
    park: &'static dyn Park,
}

impl Threads {
    pub fn new(park: &'static dyn Park) -> Threads {
        Threads { list: Lock::new(Vec::new(), park), park }
    }

    pub fn park(&self) -> &'static dyn Park {
        self.park
    }

    /// Number of threads.
    pub fn count(&self) -> usize {
        self.list.lock().len()
    }

    pub(crate) fn register(&self) -> Attention {
        let attention = Attention::new(self.park);
        self.list.lock().push(attention.clone());
        attention
    }

    pub(crate) fn forget(&self, attention: &Attention) {
        self.list.lock().retain(|other| !other.is(attention));
    }

    /// Runs `fork` while no thread joins, leaves or shoots. In the child, for which `is_child` says so, only this one is left.
    pub fn fork<T>(&self, own: &Attention, fork: impl FnOnce() -> T, is_child: impl FnOnce(&T) -> bool) -> T {
        let mut list = self.list.lock();
        let result = fork();
        if is_child(&result) {
            list.retain(|other| other.is(own));
            own.0.bits.fetch_and(!EXCLUSIVE, SeqCst);
            own.disown();
        }
        result
    }

    /// Sets bits on all threads and does not wait.
    pub fn raise_all(&self, bits: u32) {
        self.list.lock().iter().for_each(|thread| thread.raise(bits));
    }

    /// After a change of mappings: returns when no thread can use what it cached of the old ones.
    ///
    /// To be called from outside the guest. (A caller that is inside is not waited for; its own cache goes at its next
    /// acknowledgement.)
    pub fn shoot_down(&self) {
        let current = self.park.current();
        let list = self.list.lock();
        list.iter().for_each(|thread| thread.raise(TLB));
        for thread in list.iter() {
            if current == 0 || thread.0.owner.load(Relaxed) != current {
                thread.wait_for(TLB);
            }
        }
    }

    /// Runs `f` while no other thread is in the guest. The caller has left the guest; `f` may enter it as `own`.
    pub fn exclusive<T>(&self, own: Option<&Attention>, f: impl FnOnce() -> T) -> T {
        let list = self.list.lock();
        let others = || list.iter().filter(|thread| own.is_none_or(|own| !thread.is(own)));
        others().for_each(|thread| thread.raise(EXCLUSIVE));
        others().for_each(|thread| thread.wait_for(EXCLUSIVE));
        let result = f();
        for thread in others() {
            thread.take(EXCLUSIVE);
            self.park.wake(&thread.0.bits);
        }
        result
    }
}

impl core::fmt::Debug for Threads {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Threads")
    }
}

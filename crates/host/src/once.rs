//! A value that is made when it is first asked for and lives as long as the process: for statics.

use alloc::boxed::Box;
use core::marker::PhantomData;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

/// Two threads may make the value at once: the first one that is done wins.
pub struct Once<T: 'static> {
    /// Null, or a box that is never freed.
    value: AtomicPtr<T>,
    owner: PhantomData<T>,
}

impl<T> Once<T> {
    pub const fn new() -> Once<T> {
        Once { value: AtomicPtr::new(null_mut()), owner: PhantomData }
    }

    pub fn get(&self) -> Option<&T> {
        // SAFETY: null or a box that was leaked, whole before it was published, and that only shared references reach.
        unsafe { self.value.load(Ordering::Acquire).as_ref() }
    }

    pub fn get_or_make(&self, make: impl FnOnce() -> T) -> &T {
        match self.get() {
            Some(value) => value,
            None => self.keep(make()),
        }
    }

    #[cold]
    fn keep(&self, value: T) -> &T {
        let made = Box::into_raw(Box::new(value));
        match self.value.compare_exchange(null_mut(), made, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: published, and never freed.
            Ok(_) => unsafe { &*made },
            Err(first) => {
                // SAFETY: nobody has seen ours.
                drop(unsafe { Box::from_raw(made) });
                // SAFETY: as in `get`.
                unsafe { &*first }
            }
        }
    }
}

impl<T> Default for Once<T> {
    fn default() -> Once<T> {
        Once::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Once;

    #[test]
    fn all_threads_see_one_value() {
        static VALUE: Once<u64> = Once::new();
        let seen: Vec<u64> = std::thread::scope(|scope| {
            let threads: Vec<_> = (1..=8).map(|i| scope.spawn(move || *VALUE.get_or_make(|| i))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(seen.iter().all(|value| Some(value) == VALUE.get()));
    }
}

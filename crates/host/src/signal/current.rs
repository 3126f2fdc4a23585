//! The state of the guest thread that runs on the calling host thread.
//!
//! It lies in the C library's storage for threads, which the handler may read: neither reading nor setting allocates for the few
//! first keys of a process.

use super::Shared;
use crate::once::Once;
use core::ptr::null;

static KEY: Once<libc::pthread_key_t> = Once::new();

/// Null on a thread that is no guest thread (any more).
pub(super) fn get() -> *const Shared {
    match KEY.get() {
        // SAFETY: the key was made and is never deleted.
        Some(&key) => unsafe { libc::pthread_getspecific(key) }.cast(),
        None => null(),
    }
}

pub(super) fn set(state: *const Shared) {
    let key = *KEY.get_or_make(|| {
        let mut key = 0;
        // SAFETY: `key` takes the answer; values have no destructor.
        let error = unsafe { libc::pthread_key_create(&mut key, None) };
        assert_eq!(error, 0, "the C library has no room for a thread's value");
        key
    });
    // SAFETY: as in `get`.
    unsafe { libc::pthread_setspecific(key, state.cast()) };
}

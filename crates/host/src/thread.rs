//! Threads of the host, one for each guest thread.

use crate::errno::Errno;
use crate::park::FUTEX;
use crate::process;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::mem::MaybeUninit;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use memory::Park;

/// Bytes of a guest thread's host stack.
const STACK: usize = 256 << 10;

/// What the creator waits on: nothing yet, the new thread's id, or that it ended without being ready.
const WAITING: u32 = 0;
const NEVER: u32 = u32::MAX;

/// Lets the creator of a thread go on, once.
#[derive(Debug)]
pub struct Ready {
    creator: Arc<AtomicU32>,
    /// The new thread's id.
    pub tid: i32,
}

impl Ready {
    pub fn go_on(self) {
        self.answer(self.tid as u32);
    }

    fn answer(&self, answer: u32) {
        if self.creator.compare_exchange(WAITING, answer, SeqCst, SeqCst).is_ok() {
            FUTEX.wake(&self.creator);
        }
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        self.answer(NEVER);
    }
}

/// What a new thread runs.
struct Body {
    run: Box<dyn FnOnce(Ready) + Send>,
    creator: Arc<AtomicU32>,
}

extern "C" fn begin(body: *mut libc::c_void) -> *mut libc::c_void {
    // SAFETY: the box that `spawn` gave away.
    let Body { run, creator } = *unsafe { Box::from_raw(body.cast::<Body>()) };
    // The C library begins with its own two signals unblocked, whatever its caller blocked; to the guest they are like others.
    crate::signal::set_exact_mask(!crate::signal::never_blocked());
    run(Ready { creator, tid: process::tid() });
    null_mut()
}

/// Runs `body` on a new thread of this process, with all signals blocked, and waits until it says that it is ready. Returns
/// the thread's id. The first one may change the host's action for [`crate::signal::RESERVED`], whether it starts or not.
pub fn spawn(body: impl FnOnce(Ready) + Send + 'static) -> Result<i32, Errno> {
    let creator = Arc::new(AtomicU32::new(WAITING));
    let body = Box::into_raw(Box::new(Body { run: Box::new(body), creator: creator.clone() }));
    let mut thread = MaybeUninit::uninit();
    let mut attributes = MaybeUninit::uninit();
    // SAFETY: the attributes are made before they are used; `begin` takes the box over if the thread starts.
    let error = unsafe {
        libc::pthread_attr_init(attributes.as_mut_ptr());
        libc::pthread_attr_setstacksize(attributes.as_mut_ptr(), STACK);
        libc::pthread_attr_setdetachstate(attributes.as_mut_ptr(), libc::PTHREAD_CREATE_DETACHED);
        let error = libc::pthread_create(thread.as_mut_ptr(), attributes.as_ptr(), begin, body.cast());
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        error
    };
    if error != 0 {
        // SAFETY: no thread was started, so the box is still ours.
        drop(unsafe { Box::from_raw(body) });
        return Err(Errno(error));
    }
    loop {
        match creator.load(SeqCst) {
            WAITING => FUTEX.wait(&creator, WAITING),
            NEVER => return Err(Errno::EAGAIN),
            tid => return Ok(tid as i32),
        }
    }
}

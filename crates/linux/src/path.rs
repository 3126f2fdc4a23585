//! Where a path leads: to the host's file system, or to a file that only the guest sees (`/proc/self/maps`).

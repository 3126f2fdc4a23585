//! System V shared memory in the address space (man 2 shmop).

use super::area::{Area, AtFork, MappedFile};
use super::calls::Flags;
use super::{AddressSpace, TASK_SIZE};
use crate::errno::Errno;
use alloc::sync::Arc;
use alloc::vec::Vec;
use host::ipc;
use host::mapping::Source;
use memory::{PAGE_SIZE, Rights};

const SHM_RDONLY: i32 = 0o10000;
const SHM_RND: i32 = 0o20000;
const SHM_REMAP: i32 = 0o40000;
const SHM_EXEC: i32 = 0o100000;

impl AddressSpace {
    /// man 2 shmat: where the segment lies now.
    pub fn shmat(&self, id: i32, address: u64, flags: i32) -> Result<u64, Errno> {
        const IPC_STAT: i32 = 2;
        let mut address = address;
        if address & (PAGE_SIZE - 1) != 0 {
            if flags & SHM_RND == 0 {
                return Err(Errno::EINVAL);
            }
            address &= !(PAGE_SIZE - 1);
        }
        if address == 0 && flags & SHM_REMAP != 0 {
            return Err(Errno::EINVAL);
        }
        let (_, status) = ipc::shm_stat(id, IPC_STAT)?;
        let length = status.size.next_multiple_of(PAGE_SIZE);
        let mut inner = self.lock();
        if address != 0 && flags & SHM_REMAP == 0 {
            let end = address.checked_add(length).filter(|end| *end <= TASK_SIZE).ok_or(Errno::EINVAL)?;
            if !inner.areas.is_free(address..end) {
                return Err(Errno::EINVAL);
            }
        }
        let placing = if address == 0 { Flags::NONE } else { Flags::FIXED };
        let start = self.place(&inner, address, length, placing)?;
        let mut rights = Rights::READ;
        if flags & SHM_RDONLY == 0 {
            rights = rights.with(Rights::WRITE);
        }
        let may_write = rights.contains(Rights::WRITE);
        if flags & SHM_EXEC != 0 {
            rights = rights.with(Rights::EXEC);
        }
        let path = format!("/SYSV{:08x} (deleted)", status.permissions.key).into_bytes();
        let file = Arc::new(MappedFile { path, device: (0, 1), inode: id as u64, size: u64::MAX });
        let area = Area {
            end: start + length,
            rights,
            is_shared: true,
            grows_down: false,
            may_write,
            file: Some((file, 0)),
            region: None,
            at_fork: AtFork::Copied,
        };
        self.establish(&mut inner, start, area, Source::Segment { id })?;
        Ok(start)
    }

    /// man 2 shmdt: all that is left of the attachment which begins at `address`.
    pub fn shmdt(&self, address: u64) -> Result<u64, Errno> {
        if address & (PAGE_SIZE - 1) != 0 {
            return Err(Errno::EINVAL);
        }
        let mut inner = self.lock();
        let file = match inner.areas.find_above(address) {
            Some((start, area)) => match &area.file {
                Some((file, offset)) if file.path.starts_with(b"/SYSV") && start.wrapping_sub(address) == *offset => {
                    file.clone()
                }
                _ => return Err(Errno::EINVAL),
            },
            None => return Err(Errno::EINVAL),
        };
        let parts: Vec<(u64, u64)> = inner
            .areas
            .overlapping(address..TASK_SIZE)
            .filter(|(start, area)| {
                area.file
                    .as_ref()
                    .is_some_and(|(other, offset)| Arc::ptr_eq(other, &file) && start.wrapping_sub(address) == *offset)
            })
            .map(|(start, area)| (start, area.end))
            .collect();
        for (start, end) in parts {
            self.unmap(&mut inner, start..end)?;
        }
        Ok(0)
    }
}

//! How the loader fills a fresh address space.

use super::area::{Area, AtFork};
use super::calls::{Flags, Prot};
use super::{AddressSpace, Form, INITIAL_STACK};
use crate::errno::Errno;
use crate::loader::map::{At, Space};
use crate::loader::open::ProgramFile;
use alloc::sync::Arc;
use host::mapping::{Sharing, Source};
use memory::{Access, Backing, PAGE_SIZE, Rights};

impl Space<ProgramFile> for Arc<AddressSpace> {
    fn map(&self, at: At, length: u64, protection: u32, file: Option<(&ProgramFile, u64)>) -> Result<u64, Errno> {
        let (address, fixed) = match at {
            At::Anywhere => (0, Flags::NONE),
            At::Free(address) => (address, Flags::FIXED_NOREPLACE),
            At::Over(address) => (address, Flags::FIXED),
        };
        let (fd, offset, kind) = match file {
            Some((file, offset)) => (file.descriptor(), offset, Flags::NONE),
            None => (-1, 0, Flags::ANONYMOUS),
        };
        let flags = Flags(Flags::PRIVATE.0 | fixed.0 | kind.0);
        self.mmap(address, length, Prot(protection), flags, fd, offset)
    }

    fn unmap(&self, address: u64, length: u64) -> Result<(), Errno> {
        self.munmap(address, length).map(drop)
    }

    fn store(&self, address: u64, bytes: &[u8]) -> Result<(), Errno> {
        let backing: Arc<dyn Backing> = self.clone();
        let mut memory = memory::Memory::new_outside(backing);
        memory.probe(address, bytes.len() as u64, Access::Write).map_err(|_| Errno::EFAULT)?;
        memory.store_bytes(address, bytes).map_err(|_| Errno::EFAULT)
    }

    fn map_stack(&self, executable: bool) -> Result<u64, Errno> {
        let mut inner = self.lock();
        let end = inner.layout.stack_top;
        let start = (end - INITIAL_STACK.min(inner.layout.stack_limit.max(PAGE_SIZE))) & !(PAGE_SIZE - 1);
        let rights = Rights::READ.with(Rights::WRITE).with(if executable { Rights::EXEC } else { Rights::NONE });
        if let Form::Linear(window) = &self.form {
            window.map(start, end - start, Source::Anonymous, Sharing::Private, rights)?;
        }
        let stack = Area {
            end,
            rights,
            is_shared: false,
            grows_down: true,
            file: None,
            may_write: true,
            region: None,
            at_fork: AtFork::Copied,
        };
        inner.areas.insert(start, stack);
        Ok(end)
    }
}

impl AddressSpace {
    /// Where the heap begins; nothing is in it yet.
    pub fn set_brk_start(&self, address: u64) {
        let mut inner = self.lock();
        inner.brk_start = address;
        inner.brk = address;
    }
}

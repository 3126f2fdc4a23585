//! Any file: the loader makes a plan or refuses it with one line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use linux::Errno;
use linux::loader::elf::Source;
use linux::loader::{Files, Refusal, find};

/// A disk on which every path leads to the same file.
struct Disk<'a>(&'a [u8]);
struct File<'a>(&'a [u8]);

impl Source for File<'_> {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Errno> {
        self.0.read_at(offset, buffer)
    }

    fn size(&self) -> u64 {
        self.0.len() as u64
    }
}

impl<'a> Files for Disk<'a> {
    type File = File<'a>;

    fn open(&self, _: &[u8]) -> Result<File<'a>, Refusal> {
        Ok(File(self.0))
    }
}

fuzz_target!(|bytes: &[u8]| {
    match find(&Disk(bytes), b"program", &[b"program".to_vec()]) {
        Ok(found) => {
            let plan = found.program.plan;
            assert!(plan.start() <= plan.end() && plan.alignment.is_power_of_two());
        }
        Err(error) => assert!(!error.to_string().contains('\n')),
    }
});

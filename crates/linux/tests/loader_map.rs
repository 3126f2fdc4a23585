//! Where the loader puts the segments of a program, seen by an address space that only writes down.

use linux::Errno;
use linux::loader::elf::{Placement, Plan, Segment};
use linux::loader::find::{Found, Image, Kind};
use linux::loader::map::{At, DYNAMIC_BASE, Layout, Randomness, Space, load};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Pages by address: protection, and the page of the file (`None`: zeros).
#[derive(Default)]
struct Pages {
    map: RefCell<BTreeMap<u64, (u32, Option<u64>)>>,
    zeroed: RefCell<Vec<(u64, u64)>>,
}

/// Where the mock's address space puts what may go anywhere, downwards.
const TOP: u64 = 0x7fff_f7ff_f000;

impl Pages {
    fn is_free(&self, address: u64, length: u64) -> bool {
        self.map.borrow().range(address..address + length).next().is_none()
    }

    /// `(first, last + 1, protection, page of the file)` of each run.
    fn runs(&self) -> Vec<(u64, u64, u32, Option<u64>)> {
        let mut runs: Vec<(u64, u64, u32, Option<u64>)> = Vec::new();
        for (&page, &(protection, file)) in self.map.borrow().iter() {
            match runs.last_mut() {
                Some(run) if run.1 == page && run.2 == protection && run.3.map(|at| at + page - run.0) == file => {
                    run.1 += 4096
                }
                _ => runs.push((page, page + 4096, protection, file)),
            }
        }
        runs
    }
}

impl Space<()> for Pages {
    fn map(&self, at: At, length: u64, protection: u32, file: Option<(&(), u64)>) -> Result<u64, Errno> {
        assert!(length > 0 && length.is_multiple_of(4096) && file.is_none_or(|file| file.1.is_multiple_of(4096)));
        if length > 1 << 32 {
            return Err(Errno::ENOMEM);
        }
        let address = match at {
            At::Anywhere => (1..).map(|i| TOP - length - i * 4096 + 4096).find(|&at| self.is_free(at, length)).unwrap(),
            At::Free(address) if !self.is_free(address, length) => return Err(Errno::EEXIST),
            At::Free(address) | At::Over(address) => address,
        };
        assert!(address.is_multiple_of(4096));
        for page in (address..address + length).step_by(4096) {
            self.map.borrow_mut().insert(page, (protection, file.map(|file| file.1 + page - address)));
        }
        Ok(address)
    }

    fn unmap(&self, address: u64, length: u64) -> Result<(), Errno> {
        self.map.borrow_mut().retain(|&page, _| page < address || page >= address + length);
        Ok(())
    }

    fn map_stack(&self, _: bool) -> Result<u64, Errno> {
        unreachable!("the stack is mapped elsewhere")
    }

    fn store(&self, address: u64, bytes: &[u8]) -> Result<(), Errno> {
        assert!(bytes.iter().all(|&byte| byte == 0));
        let length = bytes.len() as u64;
        assert_eq!((address + length) % 4096, 0);
        assert_ne!(self.map.borrow()[&(address & !4095)].0 & 2, 0);
        self.zeroed.borrow_mut().push((address, length));
        Ok(())
    }
}

fn segment(protection: u32, offset: u64, address: u64, file_size: u64, memory_size: u64) -> Segment {
    let (read, write, execute) = (protection & 1 != 0, protection & 2 != 0, protection & 4 != 0);
    Segment { address, offset, file_size, memory_size, read, write, execute }
}

fn plan(placement: Placement, segments: Vec<Segment>) -> Plan {
    let headers = segments[0].address + 64;
    Plan {
        placement,
        segments,
        entry: 0x1100,
        headers,
        header_count: 3,
        interpreter: None,
        executable_stack: false,
        alignment: 4096,
    }
}

fn found(program: Plan, interpreter: Option<Plan>) -> Found<()> {
    let image = |plan| Image { path: b"x".to_vec(), file: (), plan };
    Found { kind: Kind::Elf, program: image(program), interpreter: interpreter.map(image), argv: Vec::new() }
}

fn usual(base: u64) -> Vec<Segment> {
    vec![segment(5, 0, base, 0x1800, 0x1800), segment(3, 0x1e00, base + 0x2e00, 0x300, 0x2000)]
}

fn run(pages: &Pages, program: Plan, interpreter: Option<Plan>, random: Randomness) -> Layout {
    load(pages, &found(program, interpreter), random).unwrap()
}

#[test]
fn a_fixed_program_lies_where_it_says() {
    let pages = Pages::default();
    let layout = run(&pages, plan(Placement::Fixed, usual(0x40_0000)), None, Randomness::default());
    let runs =
        [(0x40_0000, 0x40_2000, 5, Some(0)), (0x40_2000, 0x40_4000, 3, Some(0x1000)), (0x40_4000, 0x40_5000, 3, None)];
    assert_eq!(pages.runs(), runs);
    assert_eq!(*pages.zeroed.borrow(), [(0x40_3100, 0xf00)]);
    let wanted = Layout {
        bias: 0,
        ip: 0x1100,
        entry: 0x1100,
        headers: 0x40_0040,
        header_count: 3,
        base: 0,
        brk: 0x40_5000,
        code: 0x40_0000..0x40_1800,
        data: 0x40_2e00..0x40_3100,
        executable_stack: false,
    };
    assert_eq!(layout, wanted);
}

#[test]
fn zeros_follow_only_where_memory_is_larger_and_writable() {
    let pages = Pages::default();
    let segments = vec![segment(5, 0, 0x1_0000, 0x800, 0x2800), segment(1, 0x1010, 0x2_0010, 0, 0x10)];
    run(&pages, plan(Placement::Fixed, segments), None, Randomness::default());
    let runs = [(0x1_0000, 0x1_1000, 5, Some(0)), (0x1_1000, 0x1_3000, 7, None), (0x2_0000, 0x2_1000, 3, None)];
    assert_eq!(pages.runs(), runs);
    assert_eq!(*pages.zeroed.borrow(), []);
}

#[test]
fn segments_may_share_a_page_and_the_later_one_decides() {
    let pages = Pages::default();
    let segments = vec![segment(7, 0x1000, 0x40_1000, 0x1800, 0x1800), segment(3, 0x2800, 0x40_2800, 0x100, 0x100)];
    run(&pages, plan(Placement::Fixed, segments), None, Randomness::default());
    assert_eq!(pages.runs(), [(0x40_1000, 0x40_2000, 7, Some(0x1000)), (0x40_2000, 0x40_3000, 3, Some(0x2000))]);
}

#[test]
fn a_static_pie_lies_among_the_mappings_and_its_heap_does_not() {
    let pages = Pages::default();
    let layout = run(&pages, plan(Placement::Anywhere, usual(0)), None, Randomness::default());
    assert_eq!((layout.bias, layout.ip, layout.brk), (TOP - 0x5000, TOP - 0x5000 + 0x1100, DYNAMIC_BASE + 0x1000));
    let random = Randomness { base: 5, brk: Some(7), ..Randomness::default() };
    assert_eq!(run(&Pages::default(), plan(Placement::Anywhere, usual(0)), None, random).brk, DYNAMIC_BASE + 8 * 4096);
}

#[test]
fn a_dynamic_program_goes_to_two_thirds_and_its_interpreter_elsewhere() {
    let pages = Pages::default();
    let random = Randomness { base: 5, brk: Some(7), ..Randomness::default() };
    let layout = run(&pages, plan(Placement::Anywhere, usual(0)), Some(plan(Placement::Anywhere, usual(0))), random);
    assert_eq!((layout.bias, layout.entry), (DYNAMIC_BASE + 0x5000, DYNAMIC_BASE + 0x6100));
    assert_eq!((layout.base, layout.ip), (TOP - 0x5000, TOP - 0x5000 + 0x1100));
    assert_eq!(layout.headers, DYNAMIC_BASE + 0x5040);
    assert_eq!(layout.brk, DYNAMIC_BASE + 0x5000 + 0x5000 + 0x1000 + 7 * 4096);
}

#[test]
fn alignment_is_kept_and_what_is_taken_is_avoided() {
    let mut program = plan(Placement::Anywhere, usual(0x3000));
    program.alignment = 0x20_0000;
    let layout = run(&Pages::default(), program.clone(), None, Randomness::default());
    assert_eq!(layout.bias, (TOP & !0x1f_ffff) - 0x3000);
    let pages = Pages::default();
    pages.map(At::Free(DYNAMIC_BASE), 4096, 1, None).unwrap();
    program.alignment = 4096;
    let layout = run(&pages, program.clone(), Some(plan(Placement::Anywhere, usual(0))), Randomness::default());
    assert!(layout.bias + 0x3000 > DYNAMIC_BASE && layout.bias + 0x3000 < TOP - 0x1000_0000, "{:#x}", layout.bias);
    for shift in [12, 20, 33, 47, 63] {
        program.alignment = 1 << shift;
        let result = load(&Pages::default(), &found(program.clone(), None), Randomness::default());
        assert!(result.is_ok_and(|layout| layout.bias.wrapping_add(0x3000).is_multiple_of(1 << shift)) || shift > 32);
    }
}

#[test]
fn a_fixed_program_whose_place_is_taken_is_refused() {
    let pages = Pages::default();
    pages.map(At::Free(0x40_1000), 4096, 1, None).unwrap();
    let error =
        load(&pages, &found(plan(Placement::Fixed, usual(0x40_0000)), None), Randomness::default()).unwrap_err();
    assert_eq!(error.to_string(), "cannot map the segment at 0x400000 (file exists)");
}

//! The areas of an address space: what is mapped from where to where, as Linux's `vm_area_struct`s.

use super::GUARD_GAP;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use host::mapping::Region;
use memory::Rights;

/// The file behind a mapping, as `/proc/self/maps` shows it.
#[derive(Debug, PartialEq, Eq)]
pub struct MappedFile {
    pub path: Vec<u8>,
    /// Major and minor number.
    pub device: (u32, u32),
    pub inode: u64,
    /// Its size when it was mapped, for hosts that do not tell what lies beyond the end of a file.
    pub size: u64,
}

#[derive(Clone)]
pub struct Area {
    pub end: u64,
    pub rights: Rights,
    pub is_shared: bool,
    pub grows_down: bool,
    /// The file, and the offset of the area's first byte in it.
    pub file: Option<(Arc<MappedFile>, u64)>,
    /// A shared mapping of a file that is not open for writing can never become writable.
    pub may_write: bool,
    /// Paged form: the host mapping that holds the bytes and where the area begins in it; anonymous private memory has none.
    pub region: Option<(Arc<Region>, u64)>,
    /// What the child of a fork has there.
    pub at_fork: AtFork,
}

/// `MADV_WIPEONFORK` and `MADV_DONTFORK`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AtFork {
    #[default]
    Copied,
    Zeros,
    Nothing,
}

impl Area {
    /// Private, writable and no stack: what RLIMIT_DATA counts.
    pub fn is_data(&self) -> bool {
        !self.is_shared && !self.grows_down && self.rights.contains(Rights::WRITE)
    }

    /// The part from `start` to `end` of this area, which begins at `own_start`.
    pub(super) fn part(&self, own_start: u64, start: u64, end: u64) -> Area {
        let skipped = start - own_start;
        Area {
            end,
            file: self.file.as_ref().map(|(file, offset)| (file.clone(), offset + skipped)),
            region: self.region.as_ref().map(|(region, offset)| (region.clone(), offset + skipped)),
            ..self.clone()
        }
    }

    /// What a page of the area allows: on x86 every right brings reading.
    pub fn page_rights(&self) -> Rights {
        readable(self.rights)
    }

    pub fn is_private_anonymous(&self) -> bool {
        !self.is_shared && self.file.is_none()
    }

    /// Where other areas must end: below what grows down a gap stays free.
    pub fn start_with_gap(&self, start: u64) -> u64 {
        if self.grows_down { start.saturating_sub(GUARD_GAP) } else { start }
    }

    /// Is `next`, which begins where this one ends, the same mapping going on?
    pub fn continues(&self, start: u64, next: &Area) -> bool {
        let length = self.end - start;
        let is_same_file = match (&self.file, &next.file) {
            (None, None) => true,
            (Some((a, at)), Some((b, next_at))) => a == b && at + length == *next_at,
            _ => false,
        };
        let is_same_region = match (&self.region, &next.region) {
            (None, None) => true,
            (Some((a, at)), Some((b, next_at))) => Arc::ptr_eq(a, b) && at + length == *next_at,
            _ => false,
        };
        is_same_file
            && is_same_region
            && self.rights == next.rights
            && self.is_shared == next.is_shared
            && self.grows_down == next.grows_down
            && self.at_fork == next.at_fork
            && self.may_write == next.may_write
    }
}

/// The rights with reading, which on x86 comes with any other.
pub fn readable(rights: Rights) -> Rights {
    if rights == Rights::NONE { rights } else { rights.with(Rights::READ) }
}

/// Areas by start address; they do not overlap, and neighbours that are one mapping are one area.
#[derive(Default)]
pub struct Areas {
    map: BTreeMap<u64, Area>,
    /// Where the guest has nothing and can have nothing.
    excluded: Vec<Range<u64>>,
}

impl Areas {
    /// The area with `address` inside.
    pub fn find(&self, address: u64) -> Option<(u64, &Area)> {
        let (start, area) = self.map.range(..=address).next_back()?;
        (address < area.end).then_some((*start, area))
    }

    /// The first area that ends above `address`.
    pub fn find_above(&self, address: u64) -> Option<(u64, &Area)> {
        self.find(address).or_else(|| self.map.range(address..).next().map(|(start, area)| (*start, area)))
    }

    /// The last area that begins below `address`.
    pub fn find_below(&self, address: u64) -> Option<(u64, &Area)> {
        self.map.range(..address).next_back().map(|(start, area)| (*start, area))
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &Area)> {
        self.map.iter().map(|(start, area)| (*start, area))
    }

    /// The areas that overlap a range.
    pub fn overlapping(&self, range: Range<u64>) -> impl Iterator<Item = (u64, &Area)> {
        let first = self.find(range.start).map_or(range.start, |(start, _)| start);
        self.map.range(first..range.end.max(first)).map(|(start, area)| (*start, area))
    }

    pub fn is_free(&self, range: Range<u64>) -> bool {
        self.overlapping(range.clone()).next().is_none() && self.excluded_in(&range).is_none()
    }

    /// Keeps the guest out of a free range for ever.
    pub fn exclude(&mut self, range: Range<u64>) {
        self.excluded.push(range);
    }

    fn excluded_in(&self, range: &Range<u64>) -> Option<&Range<u64>> {
        self.excluded.iter().find(|excluded| excluded.start < range.end && range.start < excluded.end)
    }

    /// Is every byte of the range in an area?
    pub fn covers(&self, range: Range<u64>) -> bool {
        let mut at = range.start;
        for (start, area) in self.overlapping(range.clone()) {
            if start > at {
                return false;
            }
            at = area.end;
        }
        at >= range.end
    }

    /// Takes everything in the range out, splitting areas at its ends.
    pub fn remove(&mut self, range: Range<u64>) -> Vec<(u64, Area)> {
        self.split(range.start);
        self.split(range.end);
        let starts: Vec<u64> = self.map.range(range).map(|(start, _)| *start).collect();
        starts.into_iter().filter_map(|start| Some((start, self.map.remove(&start)?))).collect()
    }

    /// Puts an area into a free place, and joins it with its neighbours where they are one mapping.
    pub fn insert(&mut self, start: u64, mut area: Area) {
        if let Some(next) = self.map.get(&area.end)
            && area.continues(start, next)
        {
            let end = area.end;
            if let Some(next) = self.map.remove(&end) {
                area.end = next.end;
            }
        }
        if let Some((_, before)) = self.map.range_mut(..start).next_back().map(|(s, a)| (*s, a))
            && before.end == start
        {
            let before_start = self.find_below(start).map_or(0, |(s, _)| s);
            if let Some(before) = self.map.get_mut(&before_start)
                && before.continues(before_start, &area)
            {
                before.end = area.end;
                return;
            }
        }
        self.map.insert(start, area);
    }

    fn split(&mut self, at: u64) {
        let Some((start, area)) = self.find(at) else {
            return;
        };
        if start == at {
            return;
        }
        let (low, high) = (area.part(start, start, at), area.part(start, at, area.end));
        self.map.insert(start, low);
        self.map.insert(at, high);
    }

    /// The highest free place of `length` bytes in the range.
    pub fn highest_gap(&self, length: u64, range: Range<u64>) -> Option<u64> {
        let mut top = range.end;
        for (start, area) in self.map.range(..range.end).rev() {
            if area.end < top && top - area.end >= length {
                break;
            }
            top = top.min(area.start_with_gap(*start));
        }
        let start = top.checked_sub(length).filter(|start| *start >= range.start)?;
        match self.excluded_in(&(start..start + length)) {
            Some(excluded) => self.highest_gap(length, range.start..excluded.start),
            None => Some(start),
        }
    }

    /// The lowest free place of `length` bytes in the range.
    pub fn lowest_gap(&self, length: u64, range: Range<u64>) -> Option<u64> {
        let mut at = range.start;
        for (start, area) in self.overlapping(range.clone()) {
            if area.start_with_gap(start).checked_sub(at).is_some_and(|room| room >= length) {
                break;
            }
            at = at.max(area.end);
        }
        let end = at.checked_add(length).filter(|&end| end <= range.end)?;
        match self.excluded_in(&(at..end)) {
            Some(excluded) => self.lowest_gap(length, excluded.end..range.end),
            None => Some(at),
        }
    }

    /// Bytes mapped in a range.
    pub fn mapped_in(&self, range: Range<u64>) -> u64 {
        self.overlapping(range.clone()).map(|(start, area)| area.end.min(range.end) - start.max(range.start)).sum()
    }

    /// Bytes mapped.
    pub fn total(&self) -> u64 {
        self.iter().map(|(start, area)| area.end - start).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(end: u64, rights: Rights) -> Area {
        Area {
            end,
            rights,
            is_shared: false,
            grows_down: false,
            file: None,
            may_write: true,
            region: None,
            at_fork: AtFork::Copied,
        }
    }

    fn spans(areas: &Areas) -> Vec<(u64, u64)> {
        areas.iter().map(|(start, area)| (start, area.end)).collect()
    }

    #[test]
    fn neighbours_join_and_parts_split() {
        let mut areas = Areas::default();
        areas.insert(0x1000, area(0x2000, Rights::READ));
        areas.insert(0x3000, area(0x4000, Rights::READ));
        areas.insert(0x2000, area(0x3000, Rights::READ));
        assert_eq!(spans(&areas), [(0x1000, 0x4000)]);
        let removed = areas.remove(0x2000..0x3000);
        assert_eq!(removed.len(), 1);
        assert_eq!(spans(&areas), [(0x1000, 0x2000), (0x3000, 0x4000)]);
        areas.insert(0x2000, area(0x3000, Rights::WRITE));
        assert_eq!(spans(&areas).len(), 3);
        assert!(areas.covers(0x1000..0x4000));
        assert!(!areas.covers(0x1000..0x4001));
    }

    #[test]
    fn gaps_are_found_from_both_ends() {
        let mut areas = Areas::default();
        areas.insert(0x5000, area(0x6000, Rights::READ));
        areas.insert(0x8000, area(0x9000, Rights::READ));
        assert_eq!(areas.highest_gap(0x1000, 0x1000..0xa000), Some(0x9000));
        assert_eq!(areas.highest_gap(0x2000, 0x1000..0xa000), Some(0x6000));
        assert_eq!(areas.highest_gap(0x3000, 0x1000..0xa000), Some(0x2000));
        assert_eq!(areas.highest_gap(0x8000, 0x1000..0xa000), None);
        assert_eq!(areas.lowest_gap(0x1000, 0x1000..0xa000), Some(0x1000));
        assert_eq!(areas.lowest_gap(0x5000, 0x1000..0xa000), None);
    }
}

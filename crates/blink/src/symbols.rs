//! Names for addresses: the symbol tables of an ELF file. Small and forgiving, since it serves reports about broken programs:
//! what cannot be read is left out.

use alloc::vec::Vec;

/// The function symbols of one ELF file.
#[derive(Debug, Default)]
pub struct Symbols {
    /// Address in the file's own terms, size, name; sorted by address.
    list: Vec<(u64, u64, Vec<u8>)>,
    /// Address, file offset and size of the loadable segments.
    segments: Vec<(u64, u64, u64)>,
}

const SHT_SYMTAB: u32 = 2;
const SHT_DYNSYM: u32 = 11;
const STT_FUNC: u8 = 2;
const STT_NOTYPE: u8 = 0;
const STT_GNU_IFUNC: u8 = 10;

impl Symbols {
    /// Reads the tables of an ELF-64 little-endian file; of anything else, nothing.
    pub fn read(file: &[u8]) -> Symbols {
        let mut symbols = Symbols::default();
        if !file.starts_with(b"\x7fELF\x02\x01") {
            return symbols;
        }
        for header in table(file, 32, 54, 56) {
            if let (Some(1), Some(offset), Some(address), Some(size)) =
                (u32_at(header, 0), u64_at(header, 8), u64_at(header, 16), u64_at(header, 32))
            {
                symbols.segments.push((address, offset, size));
            }
        }
        let sections: Vec<&[u8]> = table(file, 40, 58, 60).collect();
        for kind in [SHT_SYMTAB, SHT_DYNSYM] {
            for section in sections.iter().filter(|section| u32_at(section, 4) == Some(kind)) {
                symbols.read_table(file, section, &sections);
            }
            if !symbols.list.is_empty() {
                break;
            }
        }
        symbols.list.sort();
        symbols
    }

    fn read_table(&mut self, file: &[u8], section: &[u8], sections: &[&[u8]]) {
        let strings = u32_at(section, 40).and_then(|link| sections.get(link as usize)).and_then(|s| contents(file, s));
        let (Some(rows), Some(strings)) = (contents(file, section), strings) else { return };
        for row in rows.chunks_exact(24) {
            let (Some(name), Some(address), Some(size)) = (u32_at(row, 0), u64_at(row, 8), u64_at(row, 16)) else {
                continue;
            };
            let defined = row[6] != 0 || row[7] != 0;
            if !defined || address == 0 || !matches!(row[4] & 15, STT_FUNC | STT_NOTYPE | STT_GNU_IFUNC) {
                continue;
            }
            let Some(name) = strings.get(name as usize..) else { continue };
            let name: Vec<u8> = name.iter().copied().take_while(|&byte| byte != 0).take(200).collect();
            if !name.is_empty() {
                self.list.push((address, size, name));
            }
        }
    }

    /// The function that contains `address` (in the file's own terms) and the distance from its start.
    pub fn find(&self, address: u64) -> Option<(&[u8], u64)> {
        let at = self.list.partition_point(|row| row.0 <= address);
        // Of several at one address the last sorts longest; look a little further back for one that is long enough.
        let near = self.list[..at].iter().rev().take(16);
        let best = near.clone().find(|row| address - row.0 < row.1).or_else(|| near.clone().find(|row| row.1 == 0))?;
        Some((&best.2, address - best.0))
    }

    /// What to add to the file's addresses where file offset `offset` is mapped at `start`.
    pub fn bias(&self, start: u64, offset: u64) -> Option<u64> {
        let page = |value: u64| value & !4095;
        let holds = |row: &&(u64, u64, u64)| page(row.1) <= offset && offset < row.1.saturating_add(row.2);
        let (address, at, _) = self.segments.iter().find(holds)?;
        Some(start.wrapping_sub(page(*address)).wrapping_sub(offset - page(*at)))
    }
}

/// Rows of the table whose offset, row size and count stand at these places of the file header.
fn table(file: &[u8], offset: usize, size: usize, count: usize) -> impl Iterator<Item = &[u8]> {
    let start = u64_at(file, offset).and_then(|start| usize::try_from(start).ok()).unwrap_or(usize::MAX);
    let size = u16_at(file, size).unwrap_or(0).max(1);
    let count = u16_at(file, count).unwrap_or(0);
    file.get(start..).unwrap_or_default().chunks_exact(usize::from(size)).take(usize::from(count))
}

fn contents<'a>(file: &'a [u8], section: &[u8]) -> Option<&'a [u8]> {
    let start = usize::try_from(u64_at(section, 24)?).ok()?;
    let size = usize::try_from(u64_at(section, 32)?).ok()?;
    file.get(start..start.checked_add(size)?)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_get_the_name_of_the_function_around_them() {
        let list = vec![(100, 10, b"a".to_vec()), (110, 0, b"label".to_vec()), (120, 5, b"b".to_vec())];
        let symbols = Symbols { list, segments: vec![(0x1010, 0x10, 0x500)] };
        assert_eq!(symbols.find(99), None);
        assert_eq!(symbols.find(109), Some((&b"a"[..], 9)));
        assert_eq!(symbols.find(115), Some((&b"label"[..], 5)));
        assert_eq!(symbols.find(124), Some((&b"b"[..], 4)));
        assert_eq!(symbols.bias(0x7000, 0), Some(0x6000));
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let mut file = vec![0u8; 400];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        let mut seed = 1u64;
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            file[6 + (seed >> 33) as usize % 394] = (seed >> 20) as u8 & (seed >> 50) as u8;
            let symbols = Symbols::read(&file);
            symbols.find(seed >> 40);
            symbols.bias(seed, seed >> 50);
        }
        assert!(Symbols::read(&[]).list.is_empty());
    }
}

//! A zip archive with stored files: what Actually Portable Executables carry at their end.

/// Appends an archive with one file to `bytes`, so that offsets in it count from the start of `bytes`.
pub fn append(bytes: &mut Vec<u8>, name: &str, contents: &[u8]) {
    let start = bytes.len() as u32;
    let mut common = Vec::new();
    common.extend([10, 0, 0, 0, 0, 0]); // version, flags, stored
    common.extend([0, 0, 0x21, 0x58]); // midnight, 1 January 2024
    common.extend(crc32(contents).to_le_bytes());
    common.extend((contents.len() as u32).to_le_bytes());
    common.extend((contents.len() as u32).to_le_bytes());
    common.extend((name.len() as u16).to_le_bytes());
    common.extend([0, 0]); // no extra field

    bytes.extend(b"PK\x03\x04");
    bytes.extend(&common);
    bytes.extend(name.as_bytes());
    bytes.extend(contents);

    let directory = bytes.len() as u32;
    bytes.extend(b"PK\x01\x02\x0a\x03");
    bytes.extend(&common);
    bytes.extend([0; 6]); // no comment, disk 0, binary
    bytes.extend(0o100_644u32.wrapping_shl(16).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend(name.as_bytes());
    let size = bytes.len() as u32 - directory;

    bytes.extend(b"PK\x05\x06");
    bytes.extend([0, 0, 0, 0, 1, 0, 1, 0]); // one disk, one entry
    bytes.extend(size.to_le_bytes());
    bytes.extend(directory.to_le_bytes());
    bytes.extend([0, 0]); // no comment
}

fn crc32(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xedb8_8320;
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { POLYNOMIAL } else { 0 };
        }
    }
    !crc
}

//! Who the process is: users, groups, capabilities, process groups are `process` (man 2 setresuid, getgroups, capget).

use super::{Answer, answer};
use crate::abi::{Abi, CapData, CapHeader};
use crate::errno::Errno;
use crate::task::Task;
use crate::user::{UserMut, UserPtr};
use host::identity;

macro_rules! plain {
    ($($name:ident($($arg:ident: $ty:ty),*);)*) => {$(
        pub fn $name(_task: &mut Task, $($arg: $ty),*) -> Answer {
            answer(identity::$name($($arg),*))
        }
    )*};
}

plain! {
    getuid();
    getgid();
    geteuid();
    getegid();
    setuid(uid: u32);
    setgid(gid: u32);
    setreuid(ruid: u32, euid: u32);
    setregid(rgid: u32, egid: u32);
    setresuid(ruid: u32, euid: u32, suid: u32);
    setresgid(rgid: u32, egid: u32, sgid: u32);
    setfsuid(uid: u32);
    setfsgid(gid: u32);
}

fn write_three(task: &mut Task, ids: [u32; 3], to: [UserMut<u32>; 3]) -> Answer {
    for (pointer, id) in to.into_iter().zip(ids) {
        pointer.write(task, &id)?;
    }
    Ok(0)
}

pub fn getresuid(task: &mut Task, ruid: UserMut<u32>, euid: UserMut<u32>, suid: UserMut<u32>) -> Answer {
    write_three(task, identity::getresuid()?, [ruid, euid, suid])
}

pub fn getresgid(task: &mut Task, rgid: UserMut<u32>, egid: UserMut<u32>, sgid: UserMut<u32>) -> Answer {
    write_three(task, identity::getresgid()?, [rgid, egid, sgid])
}

pub fn getgroups(task: &mut Task, size: i32, list: UserMut<u32>) -> Answer {
    if size < 0 {
        return Err(Errno::EINVAL);
    }
    let groups = identity::groups()?;
    if size > 0 {
        if groups.len() > size as usize {
            return Err(Errno::EINVAL);
        }
        list.write_array(task, &groups)?;
    }
    Ok(groups.len() as u64)
}

pub fn setgroups(task: &mut Task, size: i32, list: UserPtr<u32>) -> Answer {
    // The privilege is looked at first: an empty list asks the host nothing else.
    const CAP_SETGID: u32 = 6;
    let groups = match size {
        0..=65536 => list.read_array(task, size as u64),
        _ => Err(Errno::EINVAL),
    };
    if groups.is_err() && !identity::has_capability(CAP_SETGID) {
        return Err(Errno::EPERM);
    }
    let groups = groups?;
    identity::set_groups(&groups)?;
    Ok(0)
}

/// Two sets of 32 bits each from version 2 on.
fn sets(version: u32) -> usize {
    if version == 0x1998_0330 { 1 } else { 2 }
}

/// man 2 capget: an unknown version is answered by the known one, and `EINVAL` unless only that was asked.
pub fn capget(task: &mut Task, hdrp: UserMut<CapHeader>, datap: UserMut<CapData>) -> Answer {
    let header = hdrp.read(task)?;
    let mut raw = [header.version, header.pid as u32];
    let result = identity::capget(&mut raw, datap.address != 0);
    if raw[0] != header.version {
        hdrp.write(task, &CapHeader { version: raw[0], pid: header.pid })?;
    }
    let data = result?;
    if datap.address != 0 {
        for (index, set) in data.chunks_exact(3).take(sets(header.version)).enumerate() {
            let value = CapData { effective: set[0], permitted: set[1], inheritable: set[2] };
            datap.write_at(task, index as u64, &value)?;
        }
    }
    Ok(0)
}

pub fn capset(task: &mut Task, hdrp: UserMut<CapHeader>, datap: UserPtr<CapData>) -> Answer {
    let header = hdrp.read(task)?;
    let mut raw = [header.version, header.pid as u32];
    let mut data = [0; 6];
    let known = [0x1998_0330, 0x2007_1026, 0x2008_0522].contains(&header.version);
    if known {
        for (index, set) in data.chunks_exact_mut(3).take(sets(header.version)).enumerate() {
            let mut bytes = [0; CapData::SIZE];
            datap.read_at(task, index as u64)?.encode(&mut bytes);
            for (word, field) in set.iter_mut().zip(bytes.chunks_exact(4)) {
                *word = u32::decode(field);
            }
        }
    }
    let result = identity::capset(&mut raw, &data);
    if raw[0] != header.version {
        hdrp.write(task, &CapHeader { version: raw[0], pid: header.pid })?;
    }
    result?;
    Ok(0)
}

pub fn personality(_task: &mut Task, persona: crate::user::Hex) -> Answer {
    answer(identity::personality(persona.0 as u32))
}

//! The guest's root: the host's, a directory of it, or a list of directories that are tried in order.
//!
//! Where the root is the host's, the host's kernel resolves every path by itself. Elsewhere [`Root::resolve`] walks a path name by
//! name: absolute links start again at the guest's root, `..` stays within it, and all of it works without privileges. A
//! directory that has no `/proc`, `/dev` or `/sys` of its own shows the host's.

use crate::errno::Errno;
use alloc::borrow::ToOwned;
use alloc::ffi::CString;
use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::CStr;
use host::file;
use host::own::{self, Own};

const O_DIRECTORY: u32 = 0o200000;
const O_NOFOLLOW: u32 = 0o400000;
const O_CLOEXEC: u32 = 0o2000000;
const O_PATH: u32 = 0o10000000;
const AT_SYMLINK_NOFOLLOW: u32 = 0x100;
const S_IFMT: u16 = 0o170000;
const S_IFDIR: u16 = 0o040000;
const S_IFLNK: u16 = 0o120000;
/// Linux's `MAXSYMLINKS`.
const LINKS_MAX: u32 = 40;
/// More directories than this are no list that anyone meant; each holds a descriptor.
const LAYERS_MAX: usize = 8;

/// What becomes of a link at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    Follow,
    /// It is the link that is meant, unless a slash behind it asks for a directory.
    Keep,
    /// The name is meant, to be made or taken away, whatever it names now and with or without a slash behind it.
    Name,
}

/// `RESOLVE_*` of `openat2`: what a path may not lead over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restrictions(pub u64);

impl Restrictions {
    const NO_XDEV: u64 = 1;
    const NO_MAGICLINKS: u64 = 2;
    const NO_SYMLINKS: u64 = 4;
    const BENEATH: u64 = 8;
    const IN_ROOT: u64 = 0x10;

    fn has(self, one: u64) -> bool {
        self.0 & one != 0
    }

    /// Nothing above the directory that the path begins at can be reached: the host needs no help.
    fn is_bounded(self) -> bool {
        self.has(Restrictions::BENEATH | Restrictions::IN_ROOT)
    }
}

/// Device and inode of a file.
pub type Identity = ((u32, u32), u64);

/// A directory of the host that stands for `/`.
#[derive(Debug)]
struct Directory {
    own: Own,
    id: Identity,
    /// Its path on the host, absolute.
    path: Vec<u8>,
}

impl Drop for Directory {
    fn drop(&mut self) {
        own::close(self.own);
    }
}

#[derive(Debug)]
enum Layer {
    Host,
    Directory(Directory),
}

/// What `/` is for the guest.
#[derive(Debug)]
pub struct Root {
    layers: Vec<Layer>,
    /// Directories at the top that are the host's own: `proc`, `dev`, `sys`.
    bound: Vec<(&'static str, Identity)>,
}

/// An open directory on the way, closed when dropped unless it is somebody else's.
#[derive(Debug)]
struct Handle {
    fd: i32,
    is_ours: bool,
}

impl Handle {
    fn lent(fd: i32) -> Handle {
        Handle { fd, is_ours: false }
    }
    fn open(dir: i32, path: &CStr, flags: u32) -> Result<Handle, Errno> {
        let fd = file::open(dir, path, O_PATH | O_CLOEXEC | flags, 0)?;
        Ok(Handle { fd, is_ours: true })
    }
    fn id(&self) -> Result<Identity, Errno> {
        identity(self.fd)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if self.is_ours {
            let _ = file::close(self.fd);
        }
    }
}

fn identity(fd: i32) -> Result<Identity, Errno> {
    let status = if fd == file::CWD { file::status_at(fd, c".", 0) } else { file::status(fd) }?;
    Ok((status.device, status.inode))
}

/// Where a path leads: a directory of the host and a path from there, which the host can be asked with as it is.
#[derive(Debug)]
pub struct Place {
    dir: Handle,
    path: CString,
}

impl Place {
    /// A path as the guest gave it.
    pub fn given(dir: i32, path: CString) -> Place {
        Place { dir: Handle::lent(dir), path }
    }
    pub fn dir(&self) -> i32 {
        self.dir.fd
    }
    pub fn path(&self) -> &CStr {
        &self.path
    }
    /// For calls that take no directory.
    pub fn text(&self) -> CString {
        if self.dir.fd == file::CWD || self.path.to_bytes().starts_with(b"/") {
            return self.path.clone();
        }
        let mut text = format!("/proc/self/fd/{}/", self.dir.fd).into_bytes();
        text.extend(self.path.to_bytes());
        CString::new(text).unwrap_or_default()
    }
}

/// A place, and whether something is there.
struct Found {
    place: Place,
    exists: bool,
}

/// Says which program the link `exe` in a directory of procfs, given by its path, stands for.
pub type ExeOf<'a> = &'a dyn Fn(&[u8]) -> Option<Vec<u8>>;

impl Root {
    /// The host's root.
    pub fn host() -> Root {
        Root { layers: vec![Layer::Host], bound: Vec::new() }
    }

    /// The directories of a colon-separated list; an empty element is the host's root. Of several, those that do not exist are
    /// left out; of one alone that is an error.
    pub fn from_list(list: &[u8]) -> Result<Root, Errno> {
        let elements: Vec<&[u8]> = list.split(|&byte| byte == b':').collect();
        let mut layers = Vec::new();
        for element in &elements {
            if element.is_empty() {
                layers.push(Layer::Host);
                continue;
            }
            match CString::new(*element).map_err(|_| Errno::ENOENT).and_then(|path| open_layer(file::CWD, &path)) {
                Ok(directory) => layers.push(Layer::Directory(directory)),
                Err(error) if elements.len() == 1 => return Err(error),
                Err(_) => {}
            }
            if layers.len() > LAYERS_MAX {
                return Err(Errno::E2BIG);
            }
        }
        if layers.is_empty() {
            return Err(Errno::ENOENT);
        }
        Ok(Root::of(layers))
    }

    fn of(layers: Vec<Layer>) -> Root {
        let mut root = Root { layers, bound: Vec::new() };
        if !root.layers.iter().any(|layer| matches!(layer, Layer::Host)) {
            root.bound =
                ["proc", "dev", "sys"].into_iter().filter_map(|name| Some((name, root.binding(name)?))).collect();
        }
        root
    }

    /// The host's directory `/NAME`, if no layer has anything there.
    fn binding(&self, name: &str) -> Option<Identity> {
        let path = CString::new(name).ok()?;
        let is_filled = self.directories().any(|layer| {
            let fd = file::open(layer.own.number(), &path, O_DIRECTORY | O_CLOEXEC, 0);
            let Ok(fd) = fd else { return false };
            let count = host::dir::entries(fd, 4096).map_or(0, |entries| entries.len());
            let _ = file::close(fd);
            count > 2
        });
        let hosts = Handle::open(file::CWD, &CString::new(format!("/{name}")).ok()?, O_DIRECTORY).ok()?;
        if is_filled { None } else { hosts.id().ok() }
    }

    fn directories(&self) -> impl Iterator<Item = &Directory> {
        self.layers.iter().filter_map(|layer| match layer {
            Layer::Host => None,
            Layer::Directory(directory) => Some(directory),
        })
    }

    /// True where the host's kernel resolves all paths by itself.
    pub fn is_host(&self) -> bool {
        matches!(self.layers[..], [Layer::Host])
    }

    /// The one directory that is the whole root, as after `chroot`.
    fn only(&self) -> Option<&Directory> {
        match &self.layers[..] {
            [Layer::Directory(directory)] => Some(directory),
            _ => None,
        }
    }

    /// The list for [`Root::from_list`], with absolute paths; `None` for the host's root.
    pub fn list(&self) -> Option<Vec<u8>> {
        if self.is_host() {
            return None;
        }
        let texts: Vec<&[u8]> = self
            .layers
            .iter()
            .map(|layer| match layer {
                Layer::Host => &b""[..],
                Layer::Directory(directory) => &directory.path,
            })
            .collect();
        Some(texts.join(&b':'))
    }

    /// Makes the root the current directory, if it is one directory.
    pub fn enter(&self) -> Result<(), Errno> {
        if let Some(directory) = self.only() {
            host::dir::fchdir(directory.own.number())?;
        }
        Ok(())
    }

    /// The guest's name of a path of the host: `None` if it lies outside.
    pub fn inside(&self, path: &[u8]) -> Option<Vec<u8>> {
        let Some(root) = self.only() else { return Some(path.to_vec()) };
        match path.strip_prefix(&root.path[..]) {
            Some(b"") => Some(b"/".to_vec()),
            Some(rest) if rest.starts_with(b"/") => Some(rest.to_vec()),
            _ => self.is_bound(path).then(|| path.to_vec()),
        }
    }

    fn is_bound(&self, path: &[u8]) -> bool {
        let first = path.split(|&byte| byte == b'/').nth(1).unwrap_or_default();
        self.bound.iter().any(|(name, _)| name.as_bytes() == first)
    }

    /// [`Root::inside`], or the host's name where the guest has none.
    pub fn name(&self, path: Vec<u8>) -> Vec<u8> {
        self.inside(&path).unwrap_or(path)
    }

    /// The text of `/proc/PID/maps` with the guest's names.
    pub fn rename_areas(&self, text: String) -> String {
        let Some(prefix) = self.only().and_then(|root| core::str::from_utf8(&root.path).ok()) else { return text };
        text.replace(&format!(" {prefix}/"), " /")
    }

    /// A root at a directory of this one, for `chroot`.
    pub fn changed(&self, place: &Place) -> Result<Root, Errno> {
        Ok(Root::of(vec![Layer::Directory(open_layer(place.dir(), place.path())?)]))
    }

    /// Where `path`, relative to `dir`, leads.
    pub fn resolve(&self, dir: i32, path: &CStr, last: Last, exe_of: ExeOf) -> Result<Place, Errno> {
        self.resolve_within(dir, path, last, Restrictions::default(), exe_of)
    }

    /// [`Root::resolve`], with less allowed on the way.
    pub fn resolve_within(
        &self,
        dir: i32,
        path: &CStr,
        last: Last,
        restrictions: Restrictions,
        exe_of: ExeOf,
    ) -> Result<Place, Errno> {
        let bytes = path.to_bytes();
        // Directories that are tried in order concern absolute paths only.
        let is_given = self.is_host() || bytes.is_empty() || (self.only().is_none() && !bytes.starts_with(b"/"));
        if is_given || restrictions.is_bounded() {
            return Ok(Place::given(dir, path.to_owned()));
        }
        let mut walk = Walk { root: self, exe_of, restrictions, links: 0, exe: None };
        let found = if bytes.starts_with(b"/") {
            walk.absolute(bytes, last)
        } else {
            walk.from(Handle::lent(dir), bytes.to_vec(), last)
        }?;
        Ok(found.place)
    }

    /// The program that a path leads to by a link `exe` of procfs, wherever on the way the link is met. For a path that was found to
    /// end at blink itself.
    pub fn exe_on_the_way(&self, dir: i32, path: &CStr, exe_of: ExeOf) -> Option<Vec<u8>> {
        let bytes = path.to_bytes();
        let mut walk = Walk { root: self, exe_of, restrictions: Restrictions::default(), links: 0, exe: None };
        let _ = if bytes.starts_with(b"/") {
            walk.absolute(bytes, Last::Follow)
        } else {
            walk.from(Handle::lent(dir), bytes.to_vec(), Last::Follow)
        };
        walk.exe
    }
}

fn open_layer(dir: i32, path: &CStr) -> Result<Directory, Errno> {
    let fd = file::open(dir, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0)?;
    let own = own::adopt(fd).inspect_err(|_| {
        let _ = file::close(fd);
    })?;
    let name = crate::path::name(own.number()).filter(|name| name.starts_with(b"/"));
    let mut directory = Directory { own, id: ((0, 0), 0), path: name.unwrap_or_else(|| path.to_bytes().to_vec()) };
    directory.id = identity(own.number())?;
    // The host's root itself: nothing to take away.
    if directory.path == b"/" {
        directory.path.clear();
    }
    Ok(directory)
}

/// One resolution.
struct Walk<'a> {
    root: &'a Root,
    exe_of: ExeOf<'a>,
    restrictions: Restrictions,
    /// Links followed so far.
    links: u32,
    /// What the last link `exe` of procfs stood for.
    exe: Option<Vec<u8>>,
}

impl Walk<'_> {
    /// An absolute path: in the first directory that has it, else in the first that could.
    fn absolute(&mut self, path: &[u8], last: Last) -> Result<Found, Errno> {
        let mut could = None;
        let mut error = None;
        for layer in &self.root.layers {
            let found = match layer {
                Layer::Host if self.root.is_host() => self.from(Handle::open(file::CWD, c"/", 0)?, path.to_vec(), last),
                Layer::Host => host_place(path, last),
                Layer::Directory(directory) => self.from(Handle::lent(directory.own.number()), path.to_vec(), last),
            };
            match found {
                Ok(found) if found.exists => return Ok(found),
                Ok(found) => could = could.or(Some(found)),
                Err(refusal @ (Errno::ENOENT | Errno::ENOTDIR)) => error = error.or(Some(refusal)),
                Err(refusal) => return Err(refusal),
            }
        }
        could.ok_or(error.unwrap_or(Errno::ENOENT))
    }

    /// Walks `path` from a directory.
    fn from(&mut self, mut dir: Handle, path: Vec<u8>, last: Last) -> Result<Found, Errno> {
        // The rest of the path, in reverse, so that the next name is the last one.
        let mut is_directory = ends_at_directory(&path);
        let mut rest = names(&path);
        while let Some(name) = rest.pop() {
            match &name[..] {
                b"." => continue,
                b".." => {
                    dir = self.parent(dir)?;
                    continue;
                }
                _ => {}
            }
            let is_last = rest.is_empty();
            let text = c_string(&name)?;
            let is_kept = last == Last::Name || last == Last::Keep && !is_directory;
            if is_last && is_kept && self.bound(&dir, &name).is_none() {
                let exists = file::status_at(dir.fd, &text, AT_SYMLINK_NOFOLLOW).is_ok();
                return ended(dir, name, is_directory, exists);
            }
            let next = match self.bound(&dir, &name) {
                Some(bound) => bound,
                None => match Handle::open(dir.fd, &text, O_NOFOLLOW) {
                    Ok(next) => next,
                    Err(Errno::ENOENT) if is_last => return ended(dir, name, is_directory, false),
                    Err(error) => return Err(error),
                },
            };
            let status = file::status(next.fd)?;
            let kind = status.mode & S_IFMT;
            if self.restrictions.has(Restrictions::NO_XDEV) && status.device != dir.id()?.0 {
                return Err(Errno::EXDEV);
            }
            if kind == S_IFLNK {
                self.links += 1;
                if self.links > LINKS_MAX || self.restrictions.has(Restrictions::NO_SYMLINKS) {
                    return Err(Errno::ELOOP);
                }
                match self.target(&dir, &name, &next)? {
                    Target::Path(target) => {
                        is_directory |= is_last && ends_at_directory(&target);
                        if target.starts_with(b"/") {
                            let mut whole = target;
                            for name in rest.iter().rev() {
                                whole.push(b'/');
                                whole.extend(name);
                            }
                            if is_directory {
                                whole.push(b'/');
                            }
                            return self.absolute(&whole, last);
                        }
                        rest.extend(names(&target));
                    }
                    // The kernel knows the way.
                    Target::Magic if is_last => return ended(dir, name, is_directory, true),
                    Target::Magic => dir = Handle::open(dir.fd, &text, 0)?,
                }
                continue;
            }
            if is_last && self.bound(&dir, &name).is_none() {
                return ended(dir, name, is_directory, true);
            }
            if kind != S_IFDIR {
                return Err(Errno::ENOTDIR);
            }
            dir = next;
        }
        Ok(Found { place: Place { dir, path: c".".to_owned() }, exists: true })
    }

    /// The host's directory in the place of an empty one of the root.
    fn bound(&self, dir: &Handle, name: &[u8]) -> Option<Handle> {
        let (name, _) = self.root.bound.iter().find(|(bound, _)| bound.as_bytes() == name)?;
        let id = dir.id().ok()?;
        if !self.root.directories().any(|directory| directory.id == id) {
            return None;
        }
        Handle::open(file::CWD, &CString::new(format!("/{name}")).ok()?, O_DIRECTORY).ok()
    }

    fn parent(&self, dir: Handle) -> Result<Handle, Errno> {
        let id = dir.id()?;
        if self.root.directories().any(|directory| directory.id == id) {
            return Ok(dir);
        }
        if self.root.bound.iter().any(|(_, bound)| *bound == id)
            && let Some(directory) = self.root.directories().next()
        {
            return Ok(Handle::lent(directory.own.number()));
        }
        Handle::open(dir.fd, c"..", O_DIRECTORY)
    }

    /// What a link says. Those of procfs that lead to open files have no path.
    fn target(&mut self, dir: &Handle, name: &[u8], link: &Handle) -> Result<Target, Errno> {
        let text = file::readlinkat(link.fd, c"", 4096)?;
        if !file::is_proc(link.fd) {
            return Ok(Target::Path(text));
        }
        if name == b"exe"
            && let Some(exe) = crate::path::name(dir.fd).and_then(|directory| (self.exe_of)(&directory))
        {
            self.exe = Some(exe.clone());
            return self.magic(Target::Path(exe));
        }
        match &text[..] {
            _ if name == b"root" && self.root.only().is_some() => self.magic(Target::Path(b"/".to_vec())),
            [b'/', ..] => self.magic(Target::Magic),
            text if text.windows(2).any(|pair| pair == b":[") => self.magic(Target::Magic),
            _ => Ok(Target::Path(text)),
        }
    }

    /// A link that the kernel makes up, if such may be followed.
    fn magic(&self, target: Target) -> Result<Target, Errno> {
        if self.restrictions.has(Restrictions::NO_MAGICLINKS) { Err(Errno::ELOOP) } else { Ok(target) }
    }
}

enum Target {
    Path(Vec<u8>),
    Magic,
}

/// The last name of a path; a slash behind it stays, since it asks for a directory.
fn ended(dir: Handle, mut name: Vec<u8>, is_directory: bool, exists: bool) -> Result<Found, Errno> {
    if is_directory {
        name.push(b'/');
    }
    Ok(Found { place: Place { dir, path: c_string(&name)? }, exists })
}

/// An absolute path of the host's root, as one directory among others.
fn host_place(path: &[u8], last: Last) -> Result<Found, Errno> {
    let text = c_string(path)?;
    let flags = if last == Last::Follow { 0 } else { AT_SYMLINK_NOFOLLOW };
    let exists = file::status_at(file::CWD, &text, flags).is_ok();
    if !exists {
        let trimmed = path.iter().rposition(|&byte| byte != b'/').map_or(0, |end| end + 1);
        let parent = path[..trimmed].iter().rposition(|&byte| byte == b'/').map_or(&b"/"[..], |slash| &path[..=slash]);
        file::status_at(file::CWD, &c_string(parent)?, 0)?;
    }
    Ok(Found { place: Place::given(file::CWD, text), exists })
}

fn c_string(bytes: &[u8]) -> Result<CString, Errno> {
    CString::new(bytes).map_err(|_| Errno::ENOENT)
}

/// The names of a path, the first one last.
fn names(path: &[u8]) -> Vec<Vec<u8>> {
    path.split(|&byte| byte == b'/').filter(|name| !name.is_empty()).rev().map(<[u8]>::to_vec).collect()
}

fn ends_at_directory(path: &[u8]) -> bool {
    path.ends_with(b"/") || path.ends_with(b"/.") || path.ends_with(b"/..")
}

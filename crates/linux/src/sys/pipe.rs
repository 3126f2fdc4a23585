//! Pipes (man 2 pipe).

use super::Answer;
use crate::abi::flags::PipeFlags;
use crate::task::Task;
use crate::user::UserMut;

pub fn pipe(task: &mut Task, pipefd: UserMut<[i32; 2]>) -> Answer {
    pipe2(task, pipefd, PipeFlags(0))
}

/// The descriptors are closed again if the numbers cannot be written, as the kernel does.
pub fn pipe2(task: &mut Task, pipefd: UserMut<[i32; 2]>, flags: PipeFlags) -> Answer {
    let ends = host::file::pipe(flags.0 as u32)?;
    if let Err(error) = pipefd.write(task, &ends) {
        for fd in ends {
            let _ = host::file::close(fd);
        }
        return Err(error);
    }
    Ok(0)
}

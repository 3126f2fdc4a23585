// fork, vfork, exec and wait. `exec` tries them all on itself; `exec run PROGRAM [ARG...]` becomes that program.
#include "small.h"

static u32 machine(void) { // the name that the hypervisor leaf gives, folded into one number
  u32 a = 0x40000000, b, c = 0, d;
  __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  return b ^ c ^ d;
}

static void decimal(u32 v, char *to) {
  for (int i = 9; i >= 0; i--) to[i] = '0' + v % 10, v /= 10;
  to[10] = 0;
}

static int wait_for(long pid) {
  int status = 0;
  long r = call(WAIT4, pid, (long)&status, 0, 0, 0, 0);
  return r == pid ? status : -1;
}

void start(long *stack) {
  long argc = stack[0];
  char **argv = (char **)(stack + 1), **envp = argv + argc + 1;
  char own[16];
  decimal(machine(), own);

  if (argc > 2 && same(argv[1], "run")) {
    long r = call(EXECVE, (long)argv[2], (long)(argv + 2), (long)envp, 0, 0, 0);
    row("execve failed", r);
    end(126);
  }
  if (argc > 2 && same(argv[1], "child")) {
    row("child has arguments", argc);
    text("argv[0] "), text(argv[0]), text("\n");
    text("environment "), text(envp[0] ? envp[0] : "none"), text("\n");
    row("same machine as its parent", same(argv[2], own));
    if (argc > 3) { // once more, one level down
      long pid = call(FORK, 0, 0, 0, 0, 0, 0);
      if (pid == 0) {
        char *args[] = {"grandchild", "child", own, 0}, *environment[] = {"LEVEL=2", 0};
        call(EXECVE, (long)"/proc/self/exe", (long)args, (long)environment, 0, 0, 0);
        end(99);
      }
      row("grandchild ended", wait_for(pid));
    }
    end(23);
  }

  for (int code = 0; code <= 255; code += 85) {
    long pid = call(FORK, 0, 0, 0, 0, 0, 0);
    if (pid == 0) end(code);
    row("fork, exit status", wait_for(pid) >> 8);
  }
  long pid = call(FORK, 0, 0, 0, 0, 0, 0);
  if (pid == 0) {
    call(KILL, call(GETPID, 0, 0, 0, 0, 0, 0), 9, 0, 0, 0, 0);
    end(0);
  }
  row("fork, killed by", wait_for(pid));

  pid = call(FORK, 0, 0, 0, 0, 0, 0);
  if (pid == 0) {
    char *args[] = {"another name", "child", own, "deeper", 0}, *environment[] = {"LEVEL=1", 0};
    call(EXECVE, (long)"/proc/self/exe", (long)args, (long)environment, 0, 0, 0);
    end(99);
  }
  row("exec, exit status", wait_for(pid) >> 8);

  pid = call(VFORK, 0, 0, 0, 0, 0, 0);
  if (pid == 0) {
    char *args[] = {"x", 0};
    end(-call(EXECVE, (long)"/nonexistent/program", (long)args, 0, 0, 0, 0));
  }
  row("vfork, error of exec", wait_for(pid) >> 8);

  int ends[2];
  char letters[8] = {0};
  call(PIPE, (long)ends, 0, 0, 0, 0, 0);
  pid = call(FORK, 0, 0, 0, 0, 0, 0);
  if (pid == 0) {
    call(WRITE, ends[1], (long)"through", 7, 0, 0, 0);
    end(0);
  }
  call(CLOSE, ends[1], 0, 0, 0, 0, 0);
  long n = 0, r;
  while ((r = call(READ, ends[0], (long)letters + n, 7 - n, 0, 0, 0)) > 0) n += r;
  text("pipe "), text(letters), text("\n");
  row("pipe, exit status", wait_for(pid));
  row("no more children", call(WAIT4, -1, 0, 0, 0, 0, 0));
  end(0);
}

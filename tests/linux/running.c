// A program that runs is not written to, and knows where its file has gone.
// not under qemu: the processes of /proc run qemu, so that none is seen to run the program.
#include "check.h"

static void where(void)
{
    char text[PATH_MAX] = "";
    if (readlink("/proc/self/exe", text, sizeof text - 1) > 0) printf("exe: %s\n", strrchr(text, '/'));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    char own[PATH_MAX] = "", command[2 * PATH_MAX], byte;
    if (argc > 1 && !strcmp(argv[1], "wait")) write(1, "x", 1), pause();
    if (argc > 1) {
        where();
        rename("copy", "moved"), where();
        rename("moved", "copy"), where();
        unlink("copy"), where();
        return 0;
    }
    readlink("/proc/self/exe", own, sizeof own - 1);
    in_new_directory();
    snprintf(command, sizeof command, "cp '%s' copy && chmod 755 copy", own);
    if (system(command)) return 1;
    int ready[2];
    pipe(ready);
    pid_t child = fork();
    if (!child) dup2(ready[1], 1), execl("./copy", "copy", "wait", (char *)0), _exit(9);
    close(ready[1]);
    SHOW(read(ready[0], &byte, 1));
    T(open("copy", O_WRONLY)), T(open("copy", O_RDONLY | O_TRUNC)), T(open("copy", O_RDWR)), T(open("copy", O_WRONLY | O_CREAT, 0777));
    T(truncate("copy", 5)), OK(open("copy", O_RDONLY)), OK(open("copy", O_PATH)), T(open(own, O_WRONLY)), T(open("/proc/self/exe", O_RDWR));
    symlink("copy", "link"), T(open("link", O_RDWR)), OK(open("other", O_WRONLY | O_CREAT, 0777)), OK(open("other", O_WRONLY | O_TRUNC));
    kill(child, SIGKILL), waitpid(child, 0, 0);
    OK(close(open("copy", O_WRONLY)));
    // A user's own link leads to the guest's program, not to blink.
    symlink("/proc/self/exe", "self");
    struct stat first, second;
    stat("self", &first), stat(own, &second), SHOW(first.st_ino == second.st_ino);
    fstat(open("self", O_RDONLY), &first), SHOW(first.st_ino == second.st_ino);
    child = fork();
    if (!child) execl("./copy", "copy", "where", (char *)0), _exit(9);
    waitpid(child, 0, 0);
    remove_directory();
}

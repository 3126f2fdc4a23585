// What costs when threads and processes work with each other; each loop is a program of its own (`-DLOOP=name`).
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void must(int condition) {
    if (!condition) abort();
}

// Two threads hand a turn to each other.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn;

static void *player(void *argument) {
    int own = argument != 0;
    for (int i = 0; i < 20000; i++) {
        pthread_mutex_lock(&lock);
        while (turn != own) pthread_cond_wait(&changed, &lock);
        turn = !own;
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&lock);
    }
    return 0;
}

static void conditions(void) {
    pthread_t other;
    must(pthread_create(&other, 0, player, &turn) == 0);
    player(0);
    pthread_join(other, 0);
}

static void *nothing(void *argument) { return argument; }

static void threads(void) {
    for (int i = 0; i < 4000; i++) {
        pthread_t thread;
        must(pthread_create(&thread, 0, nothing, 0) == 0);
        pthread_join(thread, 0);
    }
}

static void forks(void) {
    for (int i = 0; i < 500; i++) {
        int pid = fork(), status;
        must(pid >= 0);
        if (pid == 0) _exit(0);
        must(waitpid(pid, &status, 0) == pid && status == 0);
    }
}

static void spawns(void) {
    for (int i = 0; i < 200; i++) {
        char *arguments[] = {"/bin/true", 0};
        int pid, status;
        must(posix_spawn(&pid, arguments[0], 0, 0, arguments, environ) == 0);
        must(waitpid(pid, &status, 0) == pid && status == 0);
    }
}

// Two processes send a byte to and fro.
static void pipes(void) {
    int there[2], back[2];
    char byte = 0;
    must(pipe(there) == 0 && pipe(back) == 0);
    int pid = fork();
    for (int i = 0; i < 20000; i++) {
        if (pid) {
            must(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1);
        } else {
            must(read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1);
        }
    }
    if (pid == 0) _exit(0);
    waitpid(pid, 0, 0);
}

static volatile int seen;
static void count(int number) { seen += number; }

static void signals(void) {
    signal(SIGUSR1, count);
    for (int i = 0; i < 200000; i++) raise(SIGUSR1);
    must(seen == 200000 * SIGUSR1);
}

int main(void) {
    LOOP();
    return 0;
}

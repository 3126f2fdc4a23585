// not under qemu: ioctl knows no TIOCGDEV.
#include "check.h"
#include <sys/sysmacros.h>
#include <termios.h>
#include <linux/kd.h>

static void show(struct termios *t)
{
    printf("%x %x %x %x line %d:", t->c_iflag, t->c_oflag, t->c_cflag, t->c_lflag, t->c_line);
    for (int i = 0; i < 19; i++) printf(" %d", t->c_cc[i]);
    puts("");
}

int main(void)
{
    signal(SIGHUP, SIG_IGN);
    int m = open("/dev/ptmx", O_RDWR | O_NOCTTY); OK(m);
    int zero = 0, number = -1; T(ioctl(m, TIOCSPTLCK, &zero)); OK(ioctl(m, TIOCGPTN, &number));
    char name[32]; snprintf(name, sizeof name, "/dev/pts/%d", number);
    setsid();
    int s = open(name, O_RDWR | O_NOCTTY); OK(s);
    struct termios t; T(tcgetattr(s, &t)); show(&t);
    T(isatty(s)); T(isatty(m)); T(ioctl(s, TIOCGPGRP, &number)); T(ioctl(s, TIOCSCTTY, 0)); T(ioctl(s, TIOCGPGRP, &number)); SHOW(number == getpgrp()); T(ioctl(s, TIOCGSID, &number)); SHOW(number == getsid(0)); number = getpgrp(); T(ioctl(s, TIOCSPGRP, &number)); number = 999999; T(ioctl(s, TIOCSPGRP, &number));
    struct winsize w; T(ioctl(s, TIOCGWINSZ, &w)); SHOW(w.ws_row); w.ws_row = 24; w.ws_col = 80; signal(SIGWINCH, SIG_IGN); T(ioctl(m, TIOCSWINSZ, &w)); memset(&w, 0, sizeof w); T(ioctl(s, TIOCGWINSZ, &w)); SHOW(w.ws_col); T(ioctl(s, TIOCGWINSZ, BAD));
    T(write(m, "line\n", 5)); char b[100]; T(read(s, b, 100)); T(read(m, b, 100)); printf("%.6s", b); T(write(s, "out\n", 4)); T(read(m, b, 100)); SHOW(b[3]); SHOW(b[4]);
    t.c_lflag &= ~(ICANON | ECHO); t.c_oflag &= ~OPOST; t.c_cc[VMIN] = 1; t.c_cc[VTIME] = 0; T(tcsetattr(s, TCSAFLUSH, &t)); T(tcgetattr(s, &t)); show(&t); T(write(m, "raw", 3)); T(read(s, b, 100)); T(write(m, "xyz", 3)); usleep(50000); T(ioctl(s, FIONREAD, &number)); SHOW(number); T(tcflush(s, TCIFLUSH)); T(ioctl(s, FIONREAD, &number)); SHOW(number); T(tcdrain(s)); T(tcsendbreak(s, 0)); T(tcflow(s, TCOON)); T(cfsetispeed(&t, B38400)); T(tcsetattr(s, TCSANOW, &t)); T(ioctl(s, TIOCGETD, &number)); SHOW(number); T(ioctl(s, TIOCEXCL)); T(open(name, O_RDWR | O_NOCTTY) >= -1); T(ioctl(s, TIOCNXCL)); T(ioctl(s, TIOCMGET, &number)); T(ioctl(s, KDGKBTYPE, b)); struct { unsigned f[4]; unsigned char l, c[19]; unsigned i, o; } t2; T(ioctl(s, 0x802c542a, &t2)); SHOW(t2.i); SHOW(t2.o); T(ioctl(s, TIOCGDEV, &number)); SHOW(major(number)); T(ioctl(m, TIOCPKT, &zero)); T(ioctl(s, TIOCSTI, BAD)); int peer = ioctl(m, TIOCGPTPEER, O_RDWR | O_NOCTTY); OK(peer);
    T(ioctl(s, TIOCNOTTY)); T(close(m)); T(read(s, b, 1)); T(write(s, b, 1)); T(ioctl(s, TCGETS, b));
    return 0;
}

// What a paced request takes at the least: BURST requests every BURST/RATE s, each with a client port and the kernel's times of arrival as attack asks for them, and the
// answers of the last burst read with the next one, so that one wake-up serves it all. No records, no timeouts, no parser.
// usage: least PORT RATE SECONDS [BURST=1]; prints the mean time of each call, of which waking the server's processor is a part of connect.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_BURST 64
static const char request[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: c\r\nConnection: close\r\n\r\n";
static const char *const calls[] = {"socket", "options and bind", "connect", "send", "recvmsg", "close"};
static double spent[6], last;

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
static void took(int call) { double t = now(); spent[call] += t - last; last = t; }

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    double rate = atof(argv[2]), begin = now(), end = begin + atof(argv[3]);
    int burst = argc > 4 ? atoi(argv[4]) : 1, on = 1, fds[MAX_BURST], count = 0, port = 20000;
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    unsigned long sent = 0, done = 0;
    char buffer[4096], control[64];
    if (burst < 1 || burst > MAX_BURST) return 2;
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    // Keeps the kernel's stamps on between connections.
    setsockopt(socket(AF_INET, SOCK_DGRAM, 0), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    while (now() < end) {
        double due = begin + (sent + burst) / rate;
        struct timespec until = {.tv_sec = (time_t)due, .tv_nsec = (long)((due - (time_t)due) * 1e9)};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, 0);
        int answered[MAX_BURST], waiting = count;
        memcpy(answered, fds, sizeof fds);
        for (count = 0; count < burst; count++, sent++) {
            last = now();
            int fd = fds[count] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
            took(0);
            struct sockaddr_in client = {.sin_family = AF_INET, .sin_port = htons(port = port < 60000 ? port + 2 : 20000)};
            setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
            setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
            bind(fd, (struct sockaddr *)&client, sizeof client);
            took(1);
            if (connect(fd, (struct sockaddr *)&server, sizeof server) && errno != EINPROGRESS) { perror("connect"); return 1; }
            took(2);
            if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) < 0 && errno != EAGAIN) { perror("send"); return 1; }
            took(3);
        }
        for (int i = 0; i < waiting; i++) {
            struct iovec bytes = {buffer, sizeof buffer};
            struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
            last = now();
            done += recvmsg(answered[i], &message, MSG_DONTWAIT) > 12 && !memcmp(buffer, "HTTP/1.1 200", 12);
            took(4);
            close(answered[i]);
            took(5);
        }
    }
    printf("%lu sent, %lu answered by the next burst;", sent, done);
    for (int i = 0; i < 6; i++) printf(" %s %.1f", calls[i], spent[i] / sent * 1e6);
    printf(" µs\n");
}

// The limit of the comparison: a bare epoll loop with a fresh connection per request, without pacing, timeouts or records.
// It checks the status and waits for the whole response like every other client.
// usage: client PORT CONNECTIONS SECONDS [RATE]; with a rate it starts one request every 1/RATE s instead of keeping CONNECTIONS busy.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char request[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: c\r\nConnection: close\r\n\r\n";
static struct sockaddr_in address;
static int epoll;
static unsigned long done, failed;

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }

static void start(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (fd < 0 || (connect(fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS)) { perror("connect"); exit(1); }
    if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) < 0) event.events = EPOLLOUT;
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    int connections = atoi(argv[2]);
    double end = now() + atof(argv[3]);
    static char buffer[65536];
    struct epoll_event events[256];
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    epoll = epoll_create1(0);
    double rate = argc > 4 ? atof(argv[4]) : 0, begin = now();
    unsigned long hits = 0;
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    for (int i = 0; i < connections && rate == 0; i++) start();
    while (now() < end) {
        double wait = 0.1;
        if (rate > 0) {
            while ((wait = begin + hits / rate - now()) <= 0) { start(); hits++; }
        }
        struct timespec timeout = {.tv_sec = (time_t)wait, .tv_nsec = (long)((wait - (time_t)wait) * 1e9)};
        int count = epoll_pwait2(epoll, events, 256, &timeout, 0);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (events[i].events & EPOLLOUT) {
                struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
                if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) >= 0) { epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event); continue; }
            }
            ssize_t length = recv(fd, buffer, sizeof buffer - 1, 0);
            if (length < 0 && errno == EAGAIN) continue;
            buffer[length > 0 ? length : 0] = 0;
            char *body = length > 12 && !memcmp(buffer, "HTTP/1.1 200", 12) ? strstr(buffer, "\r\n\r\n") : 0;
            if (body && buffer + length - body == 7) done++; else failed++;
            close(fd);
            if (rate == 0) start();
        }
    }
    printf("%lu done, %lu failed\n", done, failed);
}

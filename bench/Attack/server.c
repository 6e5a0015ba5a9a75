// The server of the comparison: one epoll loop, one response per connection (or more, when the client keeps it alive).
// usage: server PORT [poll]. GET /count answers with the number of requests served so far; those are not counted themselves.
// With poll it never sleeps: over loopback the kernel charges the waking of the server's processor to the client that sends, which is not what a client costs.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_FDS 65536
static const char close_head[] = "HTTP/1.1 200 OK\r\nX-Pod: pod-1\r\nX-Node: node-1\r\nContent-Length: 3\r\nConnection: close\r\n\r\nfoo";
static const char keep_head[] = "HTTP/1.1 200 OK\r\nX-Pod: pod-1\r\nX-Node: node-1\r\nContent-Length: 3\r\n\r\nfoo";
static char buffer[65536];

int main(int argc, char **argv) {
    int port = argc > 1 ? atoi(argv[1]) : 18080, timeout = argc > 2 && !strcmp(argv[2], "poll") ? 0 : -1, on = 1;
    unsigned long served = 0;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) { perror("listen"); return 1; }
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(epoll, events, 256, timeout);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                while ((fd = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0) {
                    event.events = EPOLLIN; event.data.fd = fd;
                    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
                }
                continue;
            }
            ssize_t length = recv(fd, buffer, sizeof buffer - 1, 0);
            if (length <= 0) { if (length == 0 || errno != EAGAIN) close(fd); continue; }
            buffer[length] = 0;
            if (!strncmp(buffer, "GET /count", 10)) {
                int n = sprintf(buffer, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n%lu\n", served);
                send(fd, buffer, n, MSG_NOSIGNAL); close(fd);
                continue;
            }
            served++;
            int closes = strcasestr(buffer, "\r\nConnection: close") != 0 || strstr(buffer, " HTTP/1.0\r\n") != 0;
            if (closes) { send(fd, close_head, sizeof close_head - 1, MSG_NOSIGNAL); close(fd); }
            else send(fd, keep_head, sizeof keep_head - 1, MSG_NOSIGNAL);
        }
    }
}

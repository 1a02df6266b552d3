// The function under test as WebAssembly, for WasmEdge. It answers as cmd/coldfn does: with
// its pod, the number of requests that it has served, and when it began and listened. When
// its process started it cannot know.
//
// WASI has no call that opens a socket, so the ones here are WasmEdge's own, imported from
// the same module as WASI's:
// https://wasmedge.org/docs/develop/rust/socket_networking/server
// It serves one connection at a time, each for one request without a body.
//
// scripts/install-wasmedge builds it.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(name)))

// What WasmEdge calls the addresses and the kinds of sockets.
enum { INET4 = 1, STREAM = 2 };

// An array of bytes, of an address or of a message.
struct bytes {
    const void *at;
    uint32_t length;
};

IMPORT("sock_open") int sock_open(int family, int type, int *fd);
IMPORT("sock_bind") int sock_bind(int fd, const struct bytes *address, int port);
IMPORT("sock_listen") int sock_listen(int fd, int backlog);
IMPORT("sock_accept") int sock_accept(int fd, int *connection);
IMPORT("sock_recv") int sock_recv(int fd, const struct bytes *buffers, int count, int flags, uint32_t *length, uint32_t *out_flags);
IMPORT("sock_send") int sock_send(int fd, const struct bytes *buffers, int count, int flags, uint32_t *length);

// now is the wall clock's time in nanoseconds.
static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void must(int error, const char *what) {
    if (error != 0) {
        fprintf(stderr, "coldfn: %s: WASI error %d\n", what, error);
        exit(1);
    }
}

static int listen_at(int port) {
    static const uint8_t any[4] = {0, 0, 0, 0};
    const struct bytes address = {any, sizeof any};
    int fd = -1;
    must(sock_open(INET4, STREAM, &fd), "open a socket");
    must(sock_bind(fd, &address, port), "bind it");
    must(sock_listen(fd, 128), "listen");
    return fd;
}

// receive reads the head of a request. Its return value is 0 if the client, such as a
// probe, has gone without one.
static int receive(int connection) {
    static char head[16384];
    size_t have = 0;
    while (have < sizeof head - 1) {
        const struct bytes rest = {head + have, sizeof head - 1 - have};
        uint32_t length = 0, flags = 0;
        if (sock_recv(connection, &rest, 1, 0, &length, &flags) != 0 || length == 0)
            return 0;
        have += length;
        head[have] = 0;
        if (strstr(head, "\r\n\r\n") != NULL)
            return 1;
    }
    return 0;
}

static void send_all(int connection, const char *text, size_t length) {
    while (length > 0) {
        const struct bytes rest = {text, length};
        uint32_t sent = 0;
        if (sock_send(connection, &rest, 1, 0, &sent) != 0 || sent == 0)
            return; // a client that has gone has gone
        text += sent;
        length -= sent;
    }
}

int main(void) {
    const long long entered = now();
    const char *port = getenv("PORT"), *pod = getenv("HOSTNAME");
    const int listener = listen_at(port != NULL ? atoi(port) : 8080);
    const long long listening = now();
    uint64_t nonce[2];
    must(getentropy(nonce, sizeof nonce), "read random bytes");
    for (long long requests = 0;;) {
        int connection = -1;
        if (sock_accept(listener, &connection) != 0)
            continue;
        if (receive(connection)) {
            char body[1024], answer[2048];
            int length = snprintf(body, sizeof body,
                "{\"pod\":\"%s\",\"nonce\":\"%016llx%016llx\",\"mainEnteredUnixNs\":%lld,\"listeningUnixNs\":%lld,"
                "\"answeredUnixNs\":%lld,\"requests\":%lld}\n",
                pod != NULL ? pod : "", nonce[0], nonce[1], entered, listening, now(), ++requests);
            length = snprintf(answer, sizeof answer,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", length, body);
            send_all(connection, answer, length);
        }
        close(connection);
    }
}

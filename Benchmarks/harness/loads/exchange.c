// Sends one request again and again over many connections, pipelined, and checks every reply byte for byte.
//
// exchange PORT CLIENTS PIPELINE REQUESTS REQUEST REPLY
//
// REQUESTS is a multiple of CLIENTS times PIPELINE. Each connection sends PIPELINE requests at once, waits for all
// their replies and begins again until REQUESTS were sent in all. One line of JSON says how many were answered, in how
// many seconds, and two percentiles of the time from the sending of a batch to each of its replies, in microseconds.
// Whatever else comes than REPLY, or nothing for ten seconds, ends the program with code 1.

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 16, EVENTS = 256, PATIENCE_MS = 10000, SHOWN_BYTES = 80, LONGEST_US = 1 << 21 };

struct connection {
    int descriptor;
    size_t sent;         // bytes of the batch
    size_t received;     // bytes of the batch's replies
    uint64_t sent_at;    // nanoseconds
    uint32_t interest;   // what epoll was told to wait for
};

static int queue;
static char *batch, *replies;
static size_t batch_bytes, replies_bytes, reply_bytes;
static uint64_t left, answered, latencies[LONGEST_US + 1];

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void end(const char *what) {
    fprintf(stderr, "exchange: %s: %s\n", what, strerror(errno));
    exit(1);
}

// Shows the bytes from the first that differs from what was expected.
static void unexpected(const char *bytes, size_t count, const char *expected, size_t expected_count) {
    size_t first = 0;
    while (first < count && first < expected_count && bytes[first] == expected[first]) first++;
    fprintf(stderr, "exchange: not the expected reply: ");
    for (size_t at = first; at < count && at < first + SHOWN_BYTES; at++) {
        int visible = bytes[at] >= ' ' && bytes[at] <= '~';
        fprintf(stderr, visible ? "%c" : "\\x%02x", (unsigned char)bytes[at]);
    }
    fputc('\n', stderr);
    exit(1);
}

static char *repeated(const char *text, size_t length, size_t times) {
    char *all = malloc(length * times);
    if (!all) end("memory");
    for (size_t at = 0; at < times; at++) memcpy(all + at * length, text, length);
    return all;
}

static void await(struct connection *one, uint32_t interest) {
    if (one->interest == interest) return;
    struct epoll_event event = {.events = interest, .data.ptr = one};
    if (epoll_ctl(queue, one->interest ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, one->descriptor, &event) < 0) end("epoll");
    one->interest = interest;
}

static void keep_sending(struct connection *one) {
    while (one->sent < batch_bytes) {
        ssize_t count = send(one->descriptor, batch + one->sent, batch_bytes - one->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && errno == EAGAIN) break;
        if (count < 0) end("send");
        one->sent += (size_t)count;
    }
    await(one, one->sent < batch_bytes ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void begin(struct connection *one, uint64_t pipeline) {
    if (left == 0) return;
    left -= pipeline;
    one->sent = one->received = 0;
    one->sent_at = now();
    keep_sending(one);
}

static void receive(struct connection *one, uint64_t pipeline) {
    static char bytes[READ_BYTES];
    ssize_t got = recv(one->descriptor, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got < 0) end("receive");
    if (got == 0) {
        fprintf(stderr, "exchange: a connection was closed before all was answered\n");
        exit(1);
    }
    size_t count = (size_t)got, room = replies_bytes - one->received;
    if (count > room || memcmp(bytes, replies + one->received, count) != 0) {
        unexpected(bytes, count, replies + one->received, room);
    }
    size_t whole = (one->received + count) / reply_bytes - one->received / reply_bytes;
    one->received += count;
    uint64_t taken = (now() - one->sent_at + 500) / 1000;
    latencies[taken < LONGEST_US ? taken : LONGEST_US] += whole;
    answered += whole;
    if (one->received == replies_bytes) begin(one, pipeline);
}

static unsigned percentile(double share) {
    uint64_t seen = 0;
    for (unsigned at = 0; at < LONGEST_US; at++) {
        seen += latencies[at];
        if ((double)seen >= share * (double)answered) return at;
    }
    return LONGEST_US;
}

static uint64_t number(const char *text, const char *name) {
    char *rest;
    errno = 0;
    unsigned long long value = strtoull(text, &rest, 10);
    if (errno || *rest || value == 0 || *text == '-') {
        fprintf(stderr, "exchange: %s: expected a number above 0, found %s\n", name, text);
        exit(2);
    }
    return value;
}

static void open_connection(struct connection *one, uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int at_once = 1;
    *one = (struct connection){.descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (one->descriptor < 0) end("socket");
    if (connect(one->descriptor, (struct sockaddr *)&address, sizeof address) < 0) end("connect");
    setsockopt(one->descriptor, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
}

int main(int count, char **words) {
    if (count != 7) {
        fprintf(stderr, "usage: exchange PORT CLIENTS PIPELINE REQUESTS REQUEST REPLY\n");
        return 2;
    }
    uint64_t port = number(words[1], "PORT"), clients = number(words[2], "CLIENTS");
    uint64_t pipeline = number(words[3], "PIPELINE"), requests = number(words[4], "REQUESTS");
    size_t request_bytes = strlen(words[5]);
    reply_bytes = strlen(words[6]);
    if (port > UINT16_MAX || clients > 10000 || pipeline > 10000 || requests % (clients * pipeline) != 0
        || request_bytes == 0 || reply_bytes == 0) {
        fprintf(stderr, "exchange: REQUESTS must be a multiple of CLIENTS times PIPELINE, each up to 10000\n");
        return 2;
    }
    batch_bytes = request_bytes * pipeline, replies_bytes = reply_bytes * pipeline;
    batch = repeated(words[5], request_bytes, pipeline), replies = repeated(words[6], reply_bytes, pipeline);
    struct connection *connections = calloc(clients, sizeof *connections);
    if (!connections || (queue = epoll_create1(EPOLL_CLOEXEC)) < 0) end("start");
    for (uint64_t at = 0; at < clients; at++) open_connection(&connections[at], (uint16_t)port);

    uint64_t begun = now();
    left = requests;
    for (uint64_t at = 0; at < clients; at++) begin(&connections[at], pipeline);
    while (answered < requests) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(queue, events, EVENTS, PATIENCE_MS);
        if (ready < 0 && errno != EINTR) end("epoll");
        if (ready == 0) {
            fprintf(stderr, "exchange: nothing came for %d ms, %llu of %llu requests answered\n", PATIENCE_MS,
                    (unsigned long long)answered, (unsigned long long)requests);
            return 1;
        }
        for (int at = 0; at < ready; at++) {
            struct connection *one = events[at].data.ptr;
            if (events[at].events & EPOLLOUT) keep_sending(one);
            if (events[at].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(one, pipeline);
        }
    }
    printf("{\"requests\": %llu, \"seconds\": %.6f, \"p50\": %u, \"p99\": %u}\n", (unsigned long long)answered,
           (double)(now() - begun) / 1e9, percentile(0.50), percentile(0.99));
    return 0;
}

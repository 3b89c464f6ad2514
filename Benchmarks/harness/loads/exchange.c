// Sends the same requests again and again over many connections, pipelined, and checks every reply byte for byte.
//
// exchange PORT CLIENTS PIPELINE REQUESTS < SCRIPT
//
// The script is a list of exchanges, each a line with two numbers and then so many bytes of a request and of its reply.
// Every connection goes through it from a place of its own, and from its end to its beginning. REQUESTS is a multiple of
// CLIENTS times PIPELINE. Each connection sends PIPELINE requests at once, waits for all
// their replies and begins again until REQUESTS were sent in all. One line of JSON says how many were answered, in how
// many seconds, and two percentiles of the time from the sending of a batch to each of its replies, in microseconds.
// Whatever else comes than the reply, or nothing for ten seconds, ends the program with code 1.

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

enum {
    READ_BYTES = 1 << 16, EVENTS = 256, PATIENCE_MS = 10000, SHOWN_BYTES = 80, LONGEST_US = 1 << 21,
    EXCHANGES = 1000, BATCH_BYTES = 1 << 30
};

struct connection {
    int descriptor;
    size_t first;        // exchange of the batch
    size_t whole;        // replies of the batch
    size_t sent;         // bytes of the batch
    size_t received;     // bytes of the batch's replies
    uint64_t sent_at;    // nanoseconds
    uint32_t interest;   // what epoll was told to wait for
};

static int queue;
// The script, repeated until a batch can begin anywhere in it; of each exchange where its bytes begin, and one more.
static char *requests, *replies;
static size_t *request_at, *reply_at, exchanges;
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

static void *room(size_t bytes) {
    void *all = malloc(bytes);
    if (!all) end("memory");
    return all;
}

static void bad_script(void) {
    fprintf(stderr, "exchange: the script is no list of two numbers, a line end and the bytes they count\n");
    exit(2);
}

// Reads the script and lays it out so often that `pipeline` exchanges follow from each place of it.
static void read_script(size_t pipeline) {
    static size_t sizes[2][EXCHANGES];
    static char *texts[2][EXCHANGES];
    size_t all[2] = {0, 0};
    for (exchanges = 0; exchanges < EXCHANGES; exchanges++) {
        int found = scanf("%zu %zu", &sizes[0][exchanges], &sizes[1][exchanges]);
        if (found == EOF) break;
        if (found != 2 || getchar() != '\n') bad_script();
        for (int side = 0; side < 2; side++) {
            size_t size = sizes[side][exchanges];
            if (size == 0 || size > BATCH_BYTES) bad_script();
            texts[side][exchanges] = room(size);
            if (fread(texts[side][exchanges], 1, size, stdin) != size) bad_script();
        }
    }
    if (exchanges == 0) bad_script();
    size_t places = exchanges + pipeline;
    for (size_t at = 0; at < places; at++)
        for (int side = 0; side < 2; side++)
            if ((all[side] += sizes[side][at % exchanges]) > BATCH_BYTES) bad_script();
    requests = room(all[0]), replies = room(all[1]);
    request_at = room((places + 1) * sizeof *request_at), reply_at = room((places + 1) * sizeof *reply_at);
    request_at[0] = reply_at[0] = 0;
    for (size_t at = 0; at < places; at++) {
        size_t one = at % exchanges;
        memcpy(requests + request_at[at], texts[0][one], sizes[0][one]);
        memcpy(replies + reply_at[at], texts[1][one], sizes[1][one]);
        request_at[at + 1] = request_at[at] + sizes[0][one], reply_at[at + 1] = reply_at[at] + sizes[1][one];
    }
}

static void await(struct connection *one, uint32_t interest) {
    if (one->interest == interest) return;
    struct epoll_event event = {.events = interest, .data.ptr = one};
    if (epoll_ctl(queue, one->interest ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, one->descriptor, &event) < 0) end("epoll");
    one->interest = interest;
}

static void keep_sending(struct connection *one, size_t pipeline) {
    const char *batch = requests + request_at[one->first];
    size_t bytes = request_at[one->first + pipeline] - request_at[one->first];
    while (one->sent < bytes) {
        ssize_t count = send(one->descriptor, batch + one->sent, bytes - one->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && errno == EAGAIN) break;
        if (count < 0) end("send");
        one->sent += (size_t)count;
    }
    await(one, one->sent < bytes ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void begin(struct connection *one, size_t pipeline) {
    if (left == 0) return;
    left -= pipeline;
    one->sent = one->received = one->whole = 0;
    one->sent_at = now();
    keep_sending(one, pipeline);
}

static void receive(struct connection *one, size_t pipeline) {
    static char bytes[READ_BYTES];
    ssize_t got = recv(one->descriptor, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got < 0) end("receive");
    if (got == 0) {
        fprintf(stderr, "exchange: a connection was closed before all was answered\n");
        exit(1);
    }
    size_t start = reply_at[one->first], expected = reply_at[one->first + pipeline] - start;
    size_t count = (size_t)got, rest = expected - one->received;
    if (count > rest || memcmp(bytes, replies + start + one->received, count) != 0) {
        unexpected(bytes, count, replies + start + one->received, rest);
    }
    one->received += count;
    size_t before = one->whole;
    while (one->whole < pipeline && reply_at[one->first + one->whole + 1] - start <= one->received) one->whole++;
    uint64_t taken = (now() - one->sent_at + 500) / 1000;
    latencies[taken < LONGEST_US ? taken : LONGEST_US] += one->whole - before;
    answered += one->whole - before;
    if (one->whole < pipeline) return;
    one->first = (one->first + pipeline) % exchanges;
    begin(one, pipeline);
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
    if (count != 5) {
        fprintf(stderr, "usage: exchange PORT CLIENTS PIPELINE REQUESTS < SCRIPT\n");
        return 2;
    }
    uint64_t port = number(words[1], "PORT"), clients = number(words[2], "CLIENTS");
    uint64_t pipeline = number(words[3], "PIPELINE"), wanted = number(words[4], "REQUESTS");
    if (port > UINT16_MAX || clients > 10000 || pipeline > 10000 || wanted % (clients * pipeline) != 0) {
        fprintf(stderr, "exchange: REQUESTS must be a multiple of CLIENTS times PIPELINE, each up to 10000\n");
        return 2;
    }
    read_script(pipeline);
    struct connection *connections = calloc(clients, sizeof *connections);
    if (!connections || (queue = epoll_create1(EPOLL_CLOEXEC)) < 0) end("start");
    for (uint64_t at = 0; at < clients; at++) {
        open_connection(&connections[at], (uint16_t)port);
        connections[at].first = at % exchanges;
    }

    uint64_t begun = now();
    left = wanted;
    for (uint64_t at = 0; at < clients; at++) begin(&connections[at], pipeline);
    while (answered < wanted) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(queue, events, EVENTS, PATIENCE_MS);
        if (ready < 0 && errno != EINTR) end("epoll");
        if (ready == 0) {
            fprintf(stderr, "exchange: nothing came for %d ms, %llu of %llu requests answered\n", PATIENCE_MS,
                    (unsigned long long)answered, (unsigned long long)wanted);
            return 1;
        }
        for (int at = 0; at < ready; at++) {
            struct connection *one = events[at].data.ptr;
            if (events[at].events & EPOLLOUT) keep_sending(one, pipeline);
            if (events[at].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(one, pipeline);
        }
    }
    printf("{\"requests\": %llu, \"seconds\": %.6f, \"p50\": %u, \"p99\": %u}\n", (unsigned long long)answered,
           (double)(now() - begun) / 1e9, percentile(0.50), percentile(0.99));
    return 0;
}

// io_uring as far as a worker uses it: multishot receives into a ring of buffers, sends, and one wait for all.
#ifndef FAIRLEAD_CRING_H
#define FAIRLEAD_CRING_H

#include <stdint.h>

struct fl_ring;

// What became of a request.
struct fl_completion {
    uint64_t data;
    int32_t result;
    // The buffer that holds the bytes, or -1.
    int32_t buffer;
    // Whether the request stays and completes again.
    int32_t more;
};

// A ring with `count` (a power of two) receive buffers of `size` bytes; NULL and errno where the kernel has none, or an
// old one. It may be made on any thread; fl_ring_enable binds it to the thread that is to use it.
struct fl_ring *fl_ring_open(unsigned entries, unsigned count, unsigned size);
// 0, or -1 and errno.
int fl_ring_enable(struct fl_ring *ring);
void fl_ring_close(struct fl_ring *ring);

// Requests; they leave with the next fl_ring_submit or fl_ring_wait.
void fl_ring_poll(struct fl_ring *ring, int fd, uint64_t data);
void fl_ring_receive(struct fl_ring *ring, int fd, uint64_t data);
void fl_ring_send(struct fl_ring *ring, int fd, const void *bytes, unsigned count, uint64_t data);
// Ends the request with `data`; its own completion has no data.
void fl_ring_cancel(struct fl_ring *ring, uint64_t data);
// Ends all requests of `fd`.
void fl_ring_cancel_all(struct fl_ring *ring, int fd);

// Hands over what was requested.
void fl_ring_submit(struct fl_ring *ring);
// Hands over what was requested and waits until something has completed, or for `milliseconds` (-1: for ever).
void fl_ring_wait(struct fl_ring *ring, int milliseconds);
// The next completion; 0 when there is none.
int fl_ring_next(struct fl_ring *ring, struct fl_completion *completion);

void *fl_ring_buffer(struct fl_ring *ring, int buffer);
void fl_ring_recycle(struct fl_ring *ring, int buffer);

#endif

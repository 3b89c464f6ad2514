// io_uring(7) by its system calls: the library for it is not among what Fairlead builds on.
#define _GNU_SOURCE
#include "CLinux.h"

#include <linux/io_uring.h>
#include <linux/time_types.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct fl_ring {
    int fd;
    // Its place among the thread's registered descriptors, or -1.
    int place;
    void *map;
    size_t map_size;
    struct io_uring_sqe *requests;
    unsigned entries;
    _Atomic unsigned *request_head, *request_tail;
    unsigned request_mask;
    // Written, and handed over.
    unsigned tail, submitted;
    _Atomic unsigned *completion_head, *completion_tail;
    unsigned completion_mask;
    struct io_uring_cqe *completions;
    struct io_uring_buf_ring *buffers;
    unsigned char *memory;
    unsigned buffer_count, buffer_size, buffer_tail;
};

static void *map_memory(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

struct fl_ring *fl_ring_open(unsigned entries, unsigned count, unsigned size) {
    struct io_uring_params params;
    memset(&params, 0, sizeof params);
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_R_DISABLED
        | IORING_SETUP_CLAMP | IORING_SETUP_CQSIZE;
    params.cq_entries = entries * 4;
    int fd = (int)syscall(SYS_io_uring_setup, entries, &params);
    if (fd < 0) return NULL;
    struct fl_ring *ring = calloc(1, sizeof *ring);
    if (!ring) {
        close(fd);
        return NULL;
    }
    ring->fd = fd;
    ring->place = -1;
    ring->entries = params.sq_entries;
    ring->buffer_count = count;
    ring->buffer_size = size;
    size_t requests = params.sq_off.array + params.sq_entries * sizeof(unsigned);
    size_t completions = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    // IORING_FEAT_SINGLE_MMAP is older than the flags above.
    ring->map_size = requests > completions ? requests : completions;
    ring->map = mmap(NULL, ring->map_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQ_RING);
    ring->requests = mmap(NULL, ring->entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQES);
    ring->buffers = map_memory(count * sizeof(struct io_uring_buf));
    ring->memory = map_memory((size_t)count * size);
    if (ring->map == MAP_FAILED || ring->requests == MAP_FAILED || !ring->buffers || !ring->memory) {
        fl_ring_close(ring);
        errno = ENOMEM;
        return NULL;
    }
    char *map = ring->map;
    ring->request_head = (_Atomic unsigned *)(map + params.sq_off.head);
    ring->request_tail = (_Atomic unsigned *)(map + params.sq_off.tail);
    ring->request_mask = *(unsigned *)(map + params.sq_off.ring_mask);
    unsigned *order = (unsigned *)(map + params.sq_off.array);
    for (unsigned index = 0; index < ring->entries; index++) order[index] = index;
    ring->completion_head = (_Atomic unsigned *)(map + params.cq_off.head);
    ring->completion_tail = (_Atomic unsigned *)(map + params.cq_off.tail);
    ring->completion_mask = *(unsigned *)(map + params.cq_off.ring_mask);
    ring->completions = (struct io_uring_cqe *)(map + params.cq_off.cqes);
    struct io_uring_buf_reg registration = {.ring_addr = (uint64_t)(uintptr_t)ring->buffers, .ring_entries = count};
    if (syscall(SYS_io_uring_register, fd, IORING_REGISTER_PBUF_RING, &registration, 1) != 0) {
        int code = errno;
        fl_ring_close(ring);
        errno = code;
        return NULL;
    }
    for (unsigned index = 0; index < count; index++) fl_ring_recycle(ring, (int)index);
    return ring;
}

int fl_ring_enable(struct fl_ring *ring) {
    if (syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0) != 0) return -1;
    struct io_uring_rsrc_update update = {.offset = -1U, .data = (uint64_t)ring->fd};
    if (syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_RING_FDS, &update, 1) == 1) {
        ring->place = (int)update.offset;
    }
    return 0;
}

void fl_ring_close(struct fl_ring *ring) {
    // Closed first: the kernel lets go of the buffers before their memory goes.
    close(ring->fd);
    if (ring->map && ring->map != MAP_FAILED) munmap(ring->map, ring->map_size);
    if (ring->requests && ring->requests != MAP_FAILED) munmap(ring->requests, ring->entries * sizeof(struct io_uring_sqe));
    if (ring->buffers) munmap(ring->buffers, ring->buffer_count * sizeof(struct io_uring_buf));
    if (ring->memory) munmap(ring->memory, (size_t)ring->buffer_count * ring->buffer_size);
    free(ring);
}

static long enter(struct fl_ring *ring, unsigned count, unsigned wanted, unsigned flags, void *argument, size_t size) {
    int fd = ring->place >= 0 ? ring->place : ring->fd;
    if (ring->place >= 0) flags |= IORING_ENTER_REGISTERED_RING;
    return syscall(SYS_io_uring_enter, fd, count, wanted, flags | IORING_ENTER_GETEVENTS, argument, size);
}

static void show_requests(struct fl_ring *ring) {
    atomic_store_explicit(ring->request_tail, ring->tail, memory_order_release);
}

void fl_ring_submit(struct fl_ring *ring) {
    show_requests(ring);
    while (ring->submitted != ring->tail) {
        long count = enter(ring, ring->tail - ring->submitted, 0, 0, NULL, 0);
        if (count > 0) ring->submitted += (unsigned)count;
        // Completions that do not fit any more have to be taken first; they are kept by the kernel meanwhile.
        if (count < 0 && errno != EINTR && errno != EAGAIN) return;
    }
}

void fl_ring_wait(struct fl_ring *ring, int milliseconds) {
    unsigned head = atomic_load_explicit(ring->completion_head, memory_order_relaxed);
    int has_some = head != atomic_load_explicit(ring->completion_tail, memory_order_acquire);
    unsigned count = ring->tail - ring->submitted;
    if (has_some && count == 0) return;
    show_requests(ring);
    struct __kernel_timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = (milliseconds % 1000) * 1000000ll};
    struct io_uring_getevents_arg argument = {.ts = milliseconds >= 0 ? (uint64_t)(uintptr_t)&time : 0, .sigmask_sz = 8};
    unsigned wanted = has_some || milliseconds == 0 ? 0 : 1;
    long done = enter(ring, count, wanted, IORING_ENTER_EXT_ARG, &argument, sizeof argument);
    // What was handed over counts even where the wait itself was cut short.
    ring->submitted =
        done >= 0 ? ring->submitted + (unsigned)done : atomic_load_explicit(ring->request_head, memory_order_acquire);
}

int fl_ring_next(struct fl_ring *ring, struct fl_completion *completion) {
    unsigned head = atomic_load_explicit(ring->completion_head, memory_order_relaxed);
    if (head == atomic_load_explicit(ring->completion_tail, memory_order_acquire)) return 0;
    const struct io_uring_cqe *cqe = &ring->completions[head & ring->completion_mask];
    completion->data = cqe->user_data;
    completion->result = cqe->res;
    completion->buffer = cqe->flags & IORING_CQE_F_BUFFER ? (int32_t)(cqe->flags >> IORING_CQE_BUFFER_SHIFT) : -1;
    completion->more = (cqe->flags & IORING_CQE_F_MORE) != 0;
    atomic_store_explicit(ring->completion_head, head + 1, memory_order_release);
    return 1;
}

static struct io_uring_sqe *request(struct fl_ring *ring, int operation, int fd, uint64_t data) {
    if (ring->tail - atomic_load_explicit(ring->request_head, memory_order_acquire) >= ring->entries) fl_ring_submit(ring);
    struct io_uring_sqe *sqe = &ring->requests[ring->tail & ring->request_mask];
    ring->tail++;
    memset(sqe, 0, sizeof *sqe);
    sqe->opcode = (uint8_t)operation;
    sqe->fd = fd;
    sqe->user_data = data;
    return sqe;
}

void fl_ring_poll(struct fl_ring *ring, int fd, uint64_t data) {
    struct io_uring_sqe *sqe = request(ring, IORING_OP_POLL_ADD, fd, data);
    sqe->poll32_events = POLLIN;
    sqe->len = IORING_POLL_ADD_MULTI;
}

void fl_ring_receive(struct fl_ring *ring, int fd, uint64_t data) {
    struct io_uring_sqe *sqe = request(ring, IORING_OP_RECV, fd, data);
    sqe->ioprio = IORING_RECV_MULTISHOT;
    sqe->flags = IOSQE_BUFFER_SELECT;
}

void fl_ring_send(struct fl_ring *ring, int fd, const void *bytes, unsigned count, uint64_t data) {
    struct io_uring_sqe *sqe = request(ring, IORING_OP_SEND, fd, data);
    sqe->addr = (uint64_t)(uintptr_t)bytes;
    sqe->len = count;
    sqe->msg_flags = MSG_NOSIGNAL | MSG_WAITALL;
}

void fl_ring_cancel(struct fl_ring *ring, uint64_t data) {
    request(ring, IORING_OP_ASYNC_CANCEL, -1, 0)->addr = data;
}

void fl_ring_cancel_all(struct fl_ring *ring, int fd) {
    request(ring, IORING_OP_ASYNC_CANCEL, fd, 0)->cancel_flags = IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ALL;
}

void *fl_ring_buffer(struct fl_ring *ring, int buffer) { return ring->memory + (size_t)buffer * ring->buffer_size; }

void fl_ring_recycle(struct fl_ring *ring, int buffer) {
    struct io_uring_buf *entry = &ring->buffers->bufs[ring->buffer_tail & (ring->buffer_count - 1)];
    entry->addr = (uint64_t)(uintptr_t)fl_ring_buffer(ring, buffer);
    entry->len = ring->buffer_size;
    entry->bid = (uint16_t)buffer;
    ring->buffer_tail++;
    atomic_store_explicit((_Atomic uint16_t *)&ring->buffers->tail, (uint16_t)ring->buffer_tail, memory_order_release);
}

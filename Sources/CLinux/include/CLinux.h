// The Linux calls that Swift's Glibc module does not show, in forms that Swift can call.
#ifndef FAIRLEAD_CLINUX_H
#define FAIRLEAD_CLINUX_H

// No _GNU_SOURCE here: Swift's Glibc module is built without it, and the two must agree on every struct.
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>

#include "CRing.h"

// The worker whose loop runs on this thread, or NULL; lets an enqueue tell home from abroad without a lock.
extern _Thread_local void *fl_thread_worker;
static inline void *fl_current_worker(void) { return fl_thread_worker; }
static inline void fl_set_current_worker(void *worker) { fl_thread_worker = worker; }

static inline int fl_epoll_add(int epoll, int fd, uint32_t events, void *source) {
    struct epoll_event event = {.events = events, .data = {.ptr = source}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}
static inline int fl_epoll_remove(int epoll, int fd) { return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, 0); }
static inline uint32_t fl_event_mask(const struct epoll_event *event) { return event->events; }
static inline void *fl_event_source(const struct epoll_event *event) { return event->data.ptr; }

static const uint32_t fl_read = EPOLLIN;
static const uint32_t fl_write = EPOLLOUT;
static const uint32_t fl_read_hang_up = EPOLLRDHUP;
static const uint32_t fl_urgent = EPOLLPRI;
static const uint32_t fl_hang_up = EPOLLHUP;
static const uint32_t fl_error = EPOLLERR;
static const uint32_t fl_edge = EPOLLET;

static inline uint64_t fl_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static inline int fl_errno(void) { return errno; }

// The whole of an error's text, whatever buffer strerror_r chose.
const char *fl_error_text(int code, char *buffer, size_t size);

static inline int fl_option(int fd, int level, int name, int value) {
    return setsockopt(fd, level, name, &value, sizeof value);
}
static inline int fl_socket_error(int fd) {
    int value = 0;
    socklen_t size = sizeof value;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &size) == 0 ? value : errno;
}
int fl_accept(int fd, struct sockaddr_storage *peer, socklen_t *size);
static inline int fl_socket(int family) {
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}
static inline int fl_connect(int fd, const struct sockaddr_storage *address, socklen_t size) {
    return connect(fd, (const struct sockaddr *)address, size);
}
static inline int fl_bind(int fd, const struct sockaddr_storage *address, socklen_t size) {
    return bind(fd, (const struct sockaddr *)address, size);
}
static inline int fl_local_name(int fd, struct sockaddr_storage *address, socklen_t *size) {
    return getsockname(fd, (struct sockaddr *)address, size);
}
// The calls of the hot path go to the kernel directly: the library's own forms are cancellation points, and each would
// switch asynchronous cancellation on and off, which nobody here uses. They set errno like the originals.
long fl_send(int fd, const void *bytes, size_t count);
long fl_receive(int fd, void *bytes, size_t count);
long fl_peek(int fd, void *bytes, size_t count);
int fl_epoll_wait(int epoll, struct epoll_event *events, int count, int milliseconds);

// Lets other threads that wait for this core run first.
void fl_yield(void);

// Writing to a broken connection shall fail, not signal: OpenSSL writes without MSG_NOSIGNAL. For the calling thread only.
void fl_block_broken_pipe(void);

// Names the calling thread for ps, top and debuggers; 15 characters at most.
void fl_name_thread(const char *name);

// The cores that this process may run on, or -1.
int fl_core_count(void);

// Raises the soft limit of open files to the hard one; the new soft limit, or -1.
long fl_raise_file_limit(void);

// Copies bytes from one file to the end of another within the kernel; from where, is moved on. -1 and errno on failure.
long fl_copy_file_range(int source, int64_t *offset, int target, size_t count);
// Puts everything of the file system that holds `fd` on disk; -1 and errno on failure.
int fl_sync_file_system(int fd);

#endif

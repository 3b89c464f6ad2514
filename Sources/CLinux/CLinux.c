// What a header cannot hold: the thread-local, and the calls that need GNU's extensions.
#define _GNU_SOURCE
#include "CLinux.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

_Thread_local void *fl_thread_worker = 0;

const char *fl_error_text(int code, char *buffer, size_t size) { return strerror_r(code, buffer, size); }

int fl_accept(int fd, struct sockaddr_storage *peer, socklen_t *size) {
    return accept4(fd, (struct sockaddr *)peer, size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

void fl_block_broken_pipe(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, 0);
}

void fl_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

long fl_send(int fd, const void *bytes, size_t count) {
    return syscall(SYS_sendto, fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0);
}

long fl_receive(int fd, void *bytes, size_t count) {
    return syscall(SYS_recvfrom, fd, bytes, count, MSG_DONTWAIT, NULL, NULL);
}

long fl_peek(int fd, void *bytes, size_t count) {
    return syscall(SYS_recvfrom, fd, bytes, count, MSG_PEEK | MSG_DONTWAIT, NULL, NULL);
}

int fl_epoll_wait(int epoll, struct epoll_event *events, int count, int milliseconds) {
    // Not epoll_wait: newer architectures have only the call with a signal mask.
    return (int)syscall(SYS_epoll_pwait, epoll, events, count, milliseconds, NULL, 8);
}

void fl_yield(void) { sched_yield(); }

int fl_core_count(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : -1;
}

long fl_raise_file_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
    return (long)limit.rlim_cur;
}

long fl_copy_file_range(int source, int64_t *offset, int target, size_t count) {
    return syscall(SYS_copy_file_range, source, offset, target, NULL, count, 0);
}

int fl_sync_file_system(int fd) { return (int)syscall(SYS_syncfs, fd); }

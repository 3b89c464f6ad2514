// What a worker waits with.

/// How a worker learns of what its sockets have, and moves their bytes.
package enum ReactorEngine: String, CaseIterable, Sendable {
    /// Readiness by edge-triggered epoll, and a system call for each receive and send.
    case epoll
    /// io_uring for small messages of plain sockets (Linux 6.1 or newer), epoll for everything else; see ``Ring``.
    case ring = "io_uring"
}

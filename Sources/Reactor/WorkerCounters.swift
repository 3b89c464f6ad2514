// What a worker counts about itself.

/// Counts since a worker's start; read on its thread.
package struct WorkerCounters: Sendable, Equatable {
    /// Times the loop woke up.
    package var turns = 0
    /// Times it let others run before it waited.
    package var yields = 0
    /// Jobs enqueued from the worker's own thread.
    package var enqueues = 0
    package var receiveCalls = 0
    package var sendCalls = 0
    package var bytesReceived = 0
    package var bytesSent = 0
    /// Bytes that a peer did not take at once and that were copied to wait.
    package var bytesQueued = 0
    package var socketsOpened = 0
    package var socketsClosed = 0

    /// Sockets that are open now.
    package var openSockets: Int { socketsOpened - socketsClosed }
}

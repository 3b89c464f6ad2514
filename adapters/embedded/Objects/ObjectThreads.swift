// The threads that touch the disk, so that no worker ever waits for it.

import Capabilities
import Glibc
import Synchronization

/// A few threads that run jobs which may wait for the disk; whoever asked goes on where it was, on its worker.
///
/// The choice was between these and reading and writing on the worker. Measured with one client on two busy cores, a get of
/// 4 KiB takes 123 µs and an answer that needs no file 74 µs, so a job with its open, reads and two wake-ups costs some
/// 50 µs; on the worker it would cost less, but fsync takes milliseconds and a read that misses the page cache a seek, and
/// every other session would wait for them. So a small put is one job and a small get is one; of large bodies each piece is
/// a job, and the next piece is received while the last one is hashed and written (256 MB/s in, 800 MB/s out).
final class ObjectThreads: Sendable {
    /// More than there are cores: most of them sleep in fsync.
    private static let count = 8

    private struct State {
        var jobs: [(@Sendable () -> Void)?] = []
        var first = 0
        var isStopped = false

        mutating func next() -> (@Sendable () -> Void)? {
            guard first < jobs.count else { return nil }
            let job = jobs[first]
            // Taken out and not only passed over: what a done job held must not be let go under the lock, because the
            // last breath of an unpublished draft is to submit a job.
            jobs[first] = nil
            first += 1
            // The ones that are done go in one move when they are half of the list.
            if first * 2 >= jobs.count {
                jobs.removeFirst(first)
                first = 0
            }
            return job
        }
    }

    /// A counting semaphore at an address of its own.
    private struct Semaphore: @unchecked Sendable {
        let pointer: UnsafeMutablePointer<sem_t>

        init() {
            pointer = .allocate(capacity: 1)
            pointer.initialize(to: sem_t())
            sem_init(pointer, 0, 0)
        }

        func signal() { sem_post(pointer) }
        func wait() { while sem_wait(pointer) != 0 {} }
    }

    private let state = Mutex(State())
    private let semaphore = Semaphore()

    init() {}

    deinit {
        sem_destroy(semaphore.pointer)
        semaphore.pointer.deallocate()
    }

    /// Starts the threads; they end with ``stop()``.
    func start() {
        for _ in 0..<Self.count {
            let unmanaged = Unmanaged.passRetained(self)
            var thread = pthread_t()
            let code = pthread_create(
                &thread, nil,
                { argument in
                    if let argument {
                        Unmanaged<ObjectThreads>.fromOpaque(argument).takeRetainedValue().loop()
                    }
                    return nil
                }, unmanaged.toOpaque())
            if code == 0 { pthread_detach(thread) } else { unmanaged.release() }
        }
    }

    /// Ends the threads once all jobs are done.
    func stop() {
        state.withLock { $0.isStopped = true }
        for _ in 0..<Self.count { semaphore.signal() }
    }

    private func loop() {
        while true {
            semaphore.wait()
            let (job, isStopped) = state.withLock { ($0.next(), $0.isStopped) }
            if let job { job() } else if isStopped { return }
        }
    }

    /// Does `work` soon, on one of the threads; at once when they have ended.
    func submit(_ work: @escaping @Sendable () -> Void) {
        let isStopped = state.withLock { state in
            if !state.isStopped { state.jobs.append(work) }
            return state.isStopped
        }
        if isStopped { work() } else { semaphore.signal() }
    }

    /// Does `work` on one of the threads and gives what it gives.
    func run<R: Sendable>(
        _ work: @escaping @Sendable () throws(ObjectFailure) -> R
    ) async throws(ObjectFailure) -> R {
        let result: Result<R, ObjectFailure> = await withUnsafeContinuation { continuation in
            submit {
                do throws(ObjectFailure) {
                    continuation.resume(returning: .success(try work()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}

// The threads on which statements run, so that no worker ever waits for a disk or a lock.

import Glibc
import Synchronization

/// Threads that come and go with the statements that run at one time.
///
/// A statement may wait for another session's transaction, whose end is itself a statement. So no thread belongs to
/// several sessions and no number of threads is fixed: whoever has work takes an idle thread or starts one.
final class SQLThreads: Sendable {
    /// Idle threads that are kept; a busier moment's are given back.
    private static let kept = 8
    /// What the typed pass takes of a query as deep as it reads; memory is only used as far as it goes.
    private static let stackSize = 8 << 20

    private let idle = Mutex<[Seat]>([])

    /// Where one thread waits for its next work.
    private final class Seat: @unchecked Sendable {
        let bell = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
        var work: (@Sendable () -> Void)?
        let threads: SQLThreads

        init(_ threads: SQLThreads, _ work: @escaping @Sendable () -> Void) {
            self.threads = threads
            self.work = work
            sem_init(bell, 0, 0)
        }

        deinit {
            sem_destroy(bell)
            bell.deallocate()
        }
    }

    /// Runs `work` on a thread of its own, at once.
    func run(_ work: @escaping @Sendable () -> Void) {
        // The last one to become idle has the warmest caches.
        if let seat = idle.withLock({ $0.popLast() }) {
            seat.work = work
            sem_post(seat.bell)
            return
        }
        let seat = Unmanaged.passRetained(Seat(self, work))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, Self.stackSize)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let code = pthread_create(&thread, &attributes, { SQLThreads.main($0) }, seat.toOpaque())
        pthread_attr_destroy(&attributes)
        if code != 0 {
            // No thread is to be had: late is better than never.
            seat.release()
            work()
        }
    }

    private static func main(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        let seat = Unmanaged<Seat>.fromOpaque(argument).takeRetainedValue()
        while true {
            seat.work?()
            seat.work = nil
            let stays = seat.threads.idle.withLock { idle in
                guard idle.count < kept else { return false }
                idle.append(seat)
                return true
            }
            guard stays else { return nil }
            while sem_wait(seat.bell) != 0 {}
            // Woken without work: the store is closed.
            if seat.work == nil { return nil }
        }
    }

    /// Ends the idle threads.
    func close() {
        let seats = idle.withLock { idle in
            let seats = idle
            idle = []
            return seats
        }
        for seat in seats { sem_post(seat.bell) }
    }
}

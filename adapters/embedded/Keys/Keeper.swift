// The thread that looks after a store: expiry, writing to the disk, snapshots.

import Glibc
import Synchronization

/// Upkeep of one store on threads of its own, so that no worker waits for a disk.
final class Keeper: Sendable {
    /// How often it looks: items of queues come back at most so much late to those who wait for them.
    private static let interval: useconds_t = 50_000
    /// A snapshot is taken of logs above this size only.
    static let minimumLog = 64 << 20
    /// Rounds of deleting expired keys in one look, each under a lock of its own.
    private static let rounds = 400

    private let store: EmbeddedStore
    private let now: @Sendable () -> Int64
    private let synchronizes: Bool
    private let minimumLog: Int
    private let isStopping = Atomic(false)
    private let isTakingSnapshot = Atomic(false)
    private let isRunning = Atomic(false)

    init(
        _ store: EmbeddedStore, synchronizes: Bool, minimumLog: Int = Keeper.minimumLog,
        now: @escaping @Sendable () -> Int64 = Keeper.timeOfDay
    ) {
        self.store = store
        self.synchronizes = synchronizes
        self.minimumLog = minimumLog
        self.now = now
    }

    /// Milliseconds since 1970.
    @Sendable static func timeOfDay() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Starts the thread; false when the system gives none.
    func start() -> Bool {
        isRunning.store(true, ordering: .releasing)
        let hasStarted = Self.startThread { [self] in look() }
        if !hasStarted { isRunning.store(false, ordering: .releasing) }
        return hasStarted
    }

    /// Ends the threads and waits for them; a snapshot under way is finished first.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        while isRunning.load(ordering: .acquiring) || isTakingSnapshot.load(ordering: .acquiring) { usleep(1000) }
    }

    private func look() {
        var looks = 0
        while !isStopping.load(ordering: .acquiring) {
            usleep(Self.interval)
            looks += 1
            var rounds = 0
            while rounds < Self.rounds, store.keep(now()) { rounds += 1 }
            store.flush()
            guard looks % 20 == 0 else { continue }
            if synchronizes { store.synchronize() }
            if store.wantsSnapshot(now(), minimum: minimumLog) { startSnapshot() }
        }
        isRunning.store(false, ordering: .releasing)
    }

    private func startSnapshot() {
        guard !isTakingSnapshot.exchange(true, ordering: .acquiringAndReleasing) else { return }
        let hasStarted = Self.startThread { [self] in
            // A snapshot that fails leaves the log as it was; it is tried again a minute later.
            try? store.takeSnapshot(now())
            isTakingSnapshot.store(false, ordering: .releasing)
        }
        if !hasStarted { isTakingSnapshot.store(false, ordering: .releasing) }
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private static func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
        let work = Unmanaged.passRetained(Work(body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, work.toOpaque())
        guard code == 0 else {
            work.release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}

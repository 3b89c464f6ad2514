// Host names to addresses, off the workers' threads.

import CLinux
import Glibc
import Synchronization

/// Looks host names up on threads of its own and remembers the answers for a while.
///
/// `getaddrinfo` blocks, for half a minute when a name server is silent; a worker must not. Addresses written in
/// figures and Unix paths never come here.
package final class Resolver: Sendable {
    /// Names that are remembered; more are looked up each time.
    fileprivate static let capacity = 1024

    fileprivate struct Answer: Sendable {
        let addresses: [SocketAddress]
        let expiry: UInt64
    }

    fileprivate typealias Outcome = Result<[SocketAddress], IOError>

    fileprivate struct State: Sendable {
        var answers: [String: Answer] = [:]
        /// Who waits for the look-ups that are under way, by name: a silent name server is asked once, not by each session.
        var waiting: [String: [@Sendable (Outcome) -> Void]] = [:]
    }

    private let state = Mutex(State())
    private let threads = LookupThreads(count: 2)
    private let ask: @Sendable (String) -> Outcome
    /// How long an answer is used again, in nanoseconds.
    private let lifetime: UInt64

    /// A resolver that asks the system and uses an answer for 10 s.
    package convenience init() { self.init(lifetime: 10_000_000_000, asking: Self.blockingLookUp) }

    /// A resolver that asks `lookUp` and uses an answer for `lifetime` nanoseconds.
    init(lifetime: UInt64, asking lookUp: @escaping @Sendable (String) -> Result<[SocketAddress], IOError>) {
        ask = lookUp
        self.lifetime = lifetime
    }

    deinit { threads.stop() }

    /// The addresses of `target`, before the waker's deadline.
    package func addresses(
        of target: ConnectTarget, waker: Waker
    ) async throws(IOError) -> [SocketAddress] {
        switch target {
        case .unix(let path):
            guard let address = SocketAddress(path: path) else {
                throw .resolution(host: path, reason: "a Unix socket's path has 1 to 107 bytes")
            }
            return [address]
        case .host(let host, let port):
            if let address = SocketAddress(literal: host, port: port) { return [address] }
            let known = state.withLock { $0.answers[host] }
            if let known, known.expiry > waker.worker.now { return known.addresses.map { $0.with(port: port) } }
            return try await lookUp(host, waker: waker).map { $0.with(port: port) }
        }
    }

    private func lookUp(_ host: String, waker: Waker) async throws(IOError) -> [SocketAddress] {
        let box = ResultBox()
        let isFirst = state.withLock { state in
            state.waiting[host, default: []].append { outcome in
                waker.worker.submit {
                    box.result = outcome
                    waker.wake()
                }
            }
            return state.waiting[host]?.count == 1
        }
        if isFirst { threads.add { [self] in settle(host, ask(host)) } }
        while true {
            if let result = box.result { return try result.get() }
            try waker.check("resolving '\(host)'")
            await waker.wait()
        }
    }

    /// The addresses that a listener on `host` binds; `*` is every address, IPv4 and IPv6.
    ///
    /// It blocks: for the start only.
    package static func addressesToBind(_ host: String) throws(IOError) -> [SocketAddress] {
        if host == "*" {
            return [SocketAddress(literal: "0.0.0.0", port: 0), SocketAddress(literal: "::", port: 0)].compactMap { $0 }
        }
        if let address = SocketAddress(literal: host, port: 0) { return [address] }
        return try blockingLookUp(host).get()
    }

    /// Remembers an answer and hands it, or the failure, to everyone who waits for it.
    private func settle(_ host: String, _ outcome: Outcome) {
        let waiting = state.withLock { state in
            if case .success(let addresses) = outcome {
                let now = fl_now()
                state.remember(host, addresses, now: now, until: now &+ lifetime)
            }
            return state.waiting.removeValue(forKey: host) ?? []
        }
        for deliver in waiting { deliver(outcome) }
    }

    private static func blockingLookUp(_ host: String) -> Outcome {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else {
            return .failure(.resolution(host: host, reason: String(cString: gai_strerror(code))))
        }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var entry = list
        while let current = entry {
            if let address = current.pointee.ai_addr,
                let copy = SocketAddress(address, size: current.pointee.ai_addrlen)
            {
                addresses.append(copy)
            }
            entry = current.pointee.ai_next
        }
        return addresses.isEmpty ? .failure(.resolution(host: host, reason: "no address")) : .success(addresses)
    }
}

extension Resolver.State {
    fileprivate mutating func remember(_ host: String, _ addresses: [SocketAddress], now: UInt64, until expiry: UInt64)
    {
        if answers.count >= Resolver.capacity { answers = answers.filter { $0.value.expiry > now } }
        guard answers.count < Resolver.capacity else { return }
        answers[host] = .init(addresses: addresses, expiry: expiry)
    }
}

/// Where an answer waits for its session; read and written on the session's worker only.
private final class ResultBox: @unchecked Sendable {
    var result: Result<[SocketAddress], IOError>?
}

/// Threads that run blocking work in the order it came.
private final class LookupThreads: Sendable {
    private let queue: BlockingQueue

    init(count: Int) {
        queue = BlockingQueue()
        for _ in 0..<count {
            var thread = pthread_t()
            let argument = Unmanaged.passRetained(queue).toOpaque()
            let code = pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    let queue = Unmanaged<BlockingQueue>.fromOpaque(argument).takeRetainedValue()
                    while let work = queue.next() { work() }
                    return nil
                }, argument)
            if code == 0 {
                pthread_detach(thread)
            } else {
                Unmanaged<BlockingQueue>.fromOpaque(argument).release()
            }
        }
    }

    func add(_ work: @escaping @Sendable () -> Void) { queue.add(work) }
    func stop() { queue.close() }
}

/// A queue whose reader sleeps while it is empty.
private final class BlockingQueue: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var work: [@Sendable () -> Void] = []
    private var isClosed = false

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func add(_ item: @escaping @Sendable () -> Void) {
        pthread_mutex_lock(mutex)
        work.append(item)
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    /// The next item, or nil when the queue is closed.
    func next() -> (@Sendable () -> Void)? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while work.isEmpty, !isClosed { pthread_cond_wait(condition, mutex) }
        return work.isEmpty ? nil : work.removeFirst()
    }
}

// Workers, sessions and plain sockets for the tests of the reactor.

import Glibc
import Synchronization
import TestSupport

@testable import Reactor

/// A started worker that stops with its owner.
final class Loop: Sendable {
    let worker: Worker

    init(index: Int = 0, engine: ReactorEngine = .epoll) throws {
        worker = try Worker(index: index, engine: engine)
        try worker.start()
    }

    deinit { worker.stop() }

    /// Starts `body` as a session: a task on the worker, with a waker that hears of its cancellation.
    ///
    /// The waker's deadline is far away; it turns what would hang into a failure.
    func session<Value: Sendable>(
        _ body: @escaping @Sendable (Waker) async throws -> Value
    ) -> Task<Value, any Error> {
        let waker = Waker(worker: worker)
        return Task(executorPreference: worker) {
            waker.setDeadline(after: 50_000_000_000)
            return try await withTaskCancellationHandler {
                try await body(waker)
            } onCancel: {
                waker.cancel()
            }
        }
    }

    /// Runs `body` on the worker's thread.
    func inside<Value: Sendable>(_ body: @escaping @Sendable (Worker) -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            worker.submit { [worker] in continuation.resume(returning: body(worker)) }
        }
    }
}

extension Waker {
    /// Waits until `condition` holds.
    func until(_ condition: () -> Bool) async throws {
        while !condition() {
            try check("the test's condition")
            await wait()
        }
    }
}

extension Socket {
    /// The bytes that come next; nil at the end.
    func next() async throws -> [UInt8]? {
        while true {
            switch try receive() {
            case .bytes(let count): return worker.withReceived(count) { $0.withUnsafeBufferPointer { Array($0) } }
            case .end: return nil
            case .nothing: try await untilReadable("the test's reading")
            }
        }
    }

    /// Everything until the end.
    func rest() async throws -> [UInt8] {
        var all: [UInt8] = []
        while let bytes = try await next() { all += bytes }
        return all
    }

    /// At least `count` bytes, or what came before the end.
    func atLeast(_ count: Int) async throws -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count, let bytes = try await next() { all += bytes }
        return all
    }

    /// Sends all of it as the peer takes it.
    func deliver(_ bytes: [UInt8]) async throws {
        var start = 0
        while start < bytes.count {
            try await waker.until { !isCongested || writeError != nil }
            if let writeError { throw writeError }
            let end = min(start + 100_000, bytes.count)
            send(bytes.span.extracting(start..<end))
            start = end
        }
        try await untilSent("the test's sending")
        if let writeError { throw writeError }
    }

    /// Sends `bytes` and the end, and gives what comes until the end, both at once.
    func exchange(_ bytes: [UInt8]) async throws -> [UInt8] {
        var all: [UInt8] = []
        var start = 0
        while !hasEnded || start < bytes.count {
            while start < bytes.count, !isCongested {
                let end = min(start + 100_000, bytes.count)
                send(bytes.span.extracting(start..<end))
                start = end
            }
            if start == bytes.count { finish() }
            switch try receive() {
            case .bytes(let count):
                worker.withReceived(count) { $0.withUnsafeBufferPointer { all.append(contentsOf: $0) } }
            case .end where start == bytes.count: break
            case .end, .nothing:
                try waker.check("the test's exchange")
                await waker.wait()
            }
        }
        return all
    }

    /// Passes on what comes from here to `other` until the end, which is passed on too.
    func pass(to other: Socket) async throws {
        while true {
            try await waker.until { isReadable && !other.isCongested }
            switch try receive() {
            case .bytes(let count): worker.withReceived(count) { other.send($0) }
            case .end:
                other.finish()
                return
            case .nothing: break
            }
        }
    }
}

/// A blocking socket: the peer of what is tested.
///
/// Its calls block, so they run on a thread of the test.
final class Peer: Sendable {
    let number: Int32

    init(_ number: Int32) {
        self.number = number
        // A test that waits for ever is worse than one that fails.
        var limit = timeval(tv_sec: 50, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    }

    deinit { Glibc.close(number) }

    /// A connected pair over loopback TCP: a non-blocking end for a ``Socket``, and the peer.
    static func pair() throws -> (end: Int32, peer: Peer) {
        let listening = try PlainListener()
        let peer = try listening.connect()
        let end = accept(listening.number, nil, nil)
        guard end >= 0, fcntl(end, F_SETFL, O_NONBLOCK) == 0 else { throw SupportError("accept: \(errno)") }
        return (end, Peer(peer))
    }

    func send(_ bytes: [UInt8]) throws {
        var start = 0
        while start < bytes.count {
            let sent = bytes[start...].withUnsafeBytes {
                Glibc.send(number, $0.baseAddress, $0.count, Int32(truncatingIfNeeded: MSG_NOSIGNAL))
            }
            guard sent > 0 else { throw SupportError("send: \(errno)") }
            start += sent
        }
    }

    /// Up to `count` bytes; fewer at the end.
    func receive(_ count: Int) throws -> [UInt8] {
        var all = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let received = all[filled...].withUnsafeMutableBytes { recv(number, $0.baseAddress, $0.count, 0) }
            guard received >= 0 else { throw SupportError("recv: \(errno)") }
            if received == 0 { break }
            filled += received
        }
        return Array(all[..<filled])
    }

    func receiveToEnd() throws -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let more = try receive(65536)
            all += more
            if more.count < 65536 { return all }
        }
    }

    func finish() { shutdown(number, Int32(SHUT_WR)) }

    /// Makes the close at the end a reset.
    func prepareReset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(number, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    }
}

/// A listening socket that nobody accepts from by itself.
final class PlainListener: Sendable {
    let number: Int32
    let address: SocketAddress

    init(backlog: Int32 = 8) throws {
        guard let any = SocketAddress(literal: "127.0.0.1", port: 0) else { throw SupportError("no loopback") }
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.number = number
        var wanted = any
        let bound = withUnsafeBytes(of: &wanted.storage) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { bind(number, $0.baseAddress, any.size) }
        }
        guard bound == 0, listen(number, backlog) == 0 else { throw SupportError("listen: \(errno)") }
        var name = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutableBytes(of: &name) { bytes in
            _ = bytes.withMemoryRebound(to: sockaddr.self) { getsockname(number, $0.baseAddress, &size) }
        }
        address = any.with(port: UInt16(bigEndian: name.sin_port))
    }

    deinit { Glibc.close(number) }

    /// A blocking descriptor that is connected, or is trying to when `isBlocking` is false.
    func connect(isBlocking: Bool = true) throws -> Int32 {
        let flags = isBlocking ? 0 : Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | flags, 0)
        var target = address
        let result = withUnsafeBytes(of: &target.storage) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { Glibc.connect(descriptor, $0.baseAddress, address.size) }
        }
        guard result == 0 || !isBlocking else { throw SupportError("connect: \(errno)") }
        return descriptor
    }
}

/// Bytes that show their place: any loss, repetition or swap changes them.
func pattern(_ count: Int) -> [UInt8] {
    let words = (count + 7) / 8
    return [UInt8](unsafeUninitializedCapacity: words * 8) { buffer, filled in
        for index in 0..<words {
            let word = (UInt64(index) &+ 1) &* 0x9E37_79B9_7F4A_7C15
            UnsafeMutableRawBufferPointer(buffer).storeBytes(of: word, toByteOffset: index * 8, as: UInt64.self)
        }
        filled = count
    }
}

/// Whether two arrays are equal; a failed expectation would print millions of bytes of the arrays themselves.
func same(_ left: [UInt8], _ right: [UInt8]) -> Bool { left == right }

/// A number that threads count up.
final class Counter: Sendable {
    private let number = Atomic(0)

    var value: Int { number.load(ordering: .relaxed) }
    func count() { number.add(1, ordering: .relaxed) }
}

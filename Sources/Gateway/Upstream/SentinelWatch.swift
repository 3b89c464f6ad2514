// Asks sentinels which server is the master, and listens for word that it is another.

import Reactor
import RedisWire

/// One worker's ear at the sentinels of one backend; touched on its worker's thread only.
///
/// It subscribes to `+switch-master` at one sentinel and asks the same one every ``period``; when that one fails, does not
/// know the master, or names a server that says itself that it is none (Redis documentation, "Guidelines for Redis clients
/// with support for Redis Sentinel", step 3), it goes on to the next. Connections to a master that was replaced are ended, so that their sessions
/// answer what was in flight with errors, in order.
final class SentinelWatch: @unchecked Sendable {
    /// Nanoseconds from one question to the next.
    static let period: UInt64 = 5_000_000_000
    /// Nanoseconds to wait after every sentinel has failed.
    static let patience: UInt64 = 500_000_000

    private let master: SentinelMaster
    private let sentinels: [ConnectTarget]
    private let backend: Backend
    private unowned let local: WorkerState
    private let waker: Waker
    private var task: Task<Void, Never>?
    /// How many sentinels were asked.
    private var attempts = 0
    private var waiting: [Waker] = []

    init(_ backend: Backend, _ local: WorkerState) {
        self.backend = backend
        self.local = local
        waker = Waker(worker: local.worker)
        master = backend.master ?? SentinelMaster("")
        guard case .sentinel(_, let endpoints) = backend.configuration.topology else {
            sentinels = []
            return
        }
        sentinels = endpoints.map { ConnectTarget($0) }
    }

    /// Waits until a sentinel has named the master, or each was asked in vain.
    func learn(_ session: Session) async {
        if task == nil {
            task = Task(executorPreference: local.worker) { [self] in await run() }
        }
        session.waker.setDeadline(after: backend.connectTimeout.nanoseconds)
        defer { session.waker.setDeadline(after: nil) }
        while master.target == nil, attempts < sentinels.count, !session.waker.hasTimedOut, !session.waker.isCancelled,
            !session.client.isHungUp
        {
            if !waiting.contains(where: { $0 === session.waker }) { waiting.append(session.waker) }
            await session.waker.wait()
        }
        waiting.removeAll { $0 === session.waker }
    }

    /// Ends the watch.
    func close() async {
        waker.cancel()
        await task?.value
    }

    private func run() async {
        var turn = 0
        while !waker.isCancelled {
            let hasServed = await listen(at: sentinels[turn % sentinels.count])
            attempts += 1
            for session in waiting { session.wake() }
            turn += 1
            guard !hasServed, turn % sentinels.count == 0 else { continue }
            waker.setDeadline(after: Self.patience)
            while !waker.isCancelled, !waker.hasTimedOut { await waker.wait() }
        }
    }

    /// Stays with one sentinel until it fails; false when it has not even named the master.
    private func listen(at sentinel: ConnectTarget) async -> Bool {
        var hasServed = false
        do throws(IOError) {
            let channel = try await open(sentinel)
            defer { channel.socket.close() }
            // First, so that no switch falls between the question and the subscription.
            channel.send(["SUBSCRIBE", "+switch-master"])
            while !waker.isCancelled {
                guard let address = try await ask(sentinel) else { return hasServed }
                guard await take(address) else { return hasServed }
                hasServed = true
                waker.setDeadline(after: Self.period)
                guard try await hear(channel) else { return hasServed }
            }
        } catch {
            // The next sentinel may be better; clients hear of it when none names a master.
        }
        return hasServed
    }

    private func open(_ sentinel: ConnectTarget) async throws(IOError) -> RedisQuestion {
        waker.setDeadline(after: backend.connectTimeout.nanoseconds)
        let socket = try await Socket.connect(to: sentinel, resolver: local.resolver, waker: waker)
        do throws(IOError) {
            try await backend.secure(socket, sentinel)
        } catch {
            socket.close()
            throw error
        }
        return RedisQuestion(socket)
    }

    private func ask(_ sentinel: ConnectTarget) async throws(IOError) -> RedisNodeAddress? {
        let question = try await open(sentinel)
        defer { question.socket.close() }
        let reply = try await question.ask(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", master.name])
        return RedisSentinelReply.master(reply.span)
    }

    /// Takes what the channel says until it is time to ask again; false when it has named a server that is no master.
    private func hear(_ channel: RedisQuestion) async throws(IOError) -> Bool {
        while !waker.isCancelled {
            do throws(IOError) {
                let message = try await channel.next()
                guard let address = RedisSentinelReply.switched(message.span, name: master.name) else { continue }
                guard await take(address) else { return false }
                waker.setDeadline(after: Self.period)
            } catch .timedOut {
                return true
            }
        }
        return true
    }

    /// Takes a sentinel's word, unless the server denies it; false then.
    private func take(_ address: RedisNodeAddress) async -> Bool {
        let target = ConnectTarget.host(address.host, port: address.port)
        if master.target != target, await isMaster(target) == false {
            master.denied(by: target)
            return false
        }
        master.isNow(at: target, local.worker)
        for session in waiting { session.wake() }
        return true
    }

    /// What the server says of itself; nil when it cannot be reached or does not tell the gateway, so that clients get its own
    /// answer.
    private func isMaster(_ target: ConnectTarget) async -> Bool? {
        do throws(IOError) {
            let reply = try await role(of: target)
            return RedisSentinelReply.isMaster(reply.span)
        } catch {
            return nil
        }
    }

    private func role(of target: ConnectTarget) async throws(IOError) -> [UInt8] {
        let question = try await open(target)
        defer { question.socket.close() }
        var identity = RedisIdentity()
        identity.login = backend.login
        let opening = identity.opening
        question.socket.send(opening.commands)
        for _ in 0..<opening.replies { _ = try await question.next() }
        return try await question.ask(["ROLE"])
    }
}

// A backend as sessions use it: its address, TLS settings and time-outs, ready to connect.

import Glibc
import Reactor
import RedisWire

/// A named target that speaks a trusted protocol.
package final class Backend: Sendable {
    package let name: String
    /// Its place among the gateway's backends; workers keep what they hold for it under this index.
    package let index: Int
    package let configuration: BackendConfiguration
    package let target: ConnectTarget
    package let tls: TLSContext?
    /// Who the gateway is to it (Redis), where it does not pass its clients' own logins.
    let login: RedisIdentity.Login?
    /// Where sentinels say that it is (Redis); nil where ``target`` says it.
    let master: SentinelMaster?
    /// Whether connections say READONLY, because it is a replica of a cluster.
    let isReplica: Bool
    /// Whether it is asked at all; nil: always.
    let breaker: CircuitBreaker?
    package var connectTimeout: Duration { configuration.connectTimeout }

    init(_ configuration: BackendConfiguration, index: Int, alpn: [String]) throws(IOError) {
        self.configuration = configuration
        self.index = index
        name = configuration.name
        target = ConnectTarget(configuration.endpoint)
        isReplica = false
        breaker = configuration.circuitBreaker.map(CircuitBreaker.init)
        master = if case .sentinel(let name, _) = configuration.topology { SentinelMaster(name) } else { nil }
        login = try configuration.login.map { login throws(IOError) in
            .init(user: login.user.map { Array($0.utf8) }, password: try Self.password(login.password))
        }
        tls = try configuration.tls.map { tls throws(IOError) in
            try TLSContext.client(
                ca: tls.ca, certificate: tls.certificate, key: tls.key, verify: tls.verify,
                minimum: TLSVersion(tls.minimumVersion), alpn: alpn)
        }
    }

    private static func password(_ password: BackendLogin.Password) throws(IOError) -> [UInt8] {
        guard let bytes = password.bytes else { throw .system(call: "reading the password-file", code: ENOENT) }
        return bytes
    }

    /// A node of the cluster that `cluster` leads to.
    init(node: RedisNodeAddress, isReplica: Bool, of cluster: Backend) {
        let seed = cluster.configuration.endpoint
        var settings = cluster.configuration
        settings.endpoint = .host(node.host, port: node.port)
        // A name that was set holds for all nodes; the URL's own is that of one.
        if case .host(let host, _) = seed, settings.tls?.serverName == host { settings.tls?.serverName = node.host }
        configuration = settings
        index = cluster.index
        name = cluster.name
        target = ConnectTarget(settings.endpoint)
        login = cluster.login
        tls = cluster.tls
        master = nil
        breaker = settings.circuitBreaker.map(CircuitBreaker.init)
        self.isReplica = isReplica
    }

    /// How errors and logs name it.
    package var label: String { "backend '\(name)' (\(master?.description ?? target.description))" }

    /// Connects, without TLS, before `waker`'s deadline, unless the circuit breaker is open.
    package func connect(_ resolver: Resolver, waker: Waker) async throws(GatewayFailure) -> Socket {
        if let breaker { try await admit(breaker, waker) }
        do throws(IOError) {
            let socket = try await open(resolver, waker: waker)
            breaker?.succeeded(at: waker.worker.now)
            return socket
        } catch {
            // A session that ends meanwhile says nothing of the backend.
            if error != .cancelled { breaker?.failed(at: waker.worker.now) }
            throw .connecting(to: self, error)
        }
    }

    private func open(_ resolver: Resolver, waker: Waker) async throws(IOError) -> Socket {
        guard let master else { return try await Socket.connect(to: target, resolver: resolver, waker: waker) }
        guard let target = master.target else {
            throw .resolution(host: master.name, reason: master.reason)
        }
        let socket = try await Socket.connect(to: target, resolver: resolver, waker: waker)
        master.connected(socket, to: target)
        return socket
    }

    /// Waits for the turn that `breaker` gives.
    private func admit(_ breaker: CircuitBreaker, _ waker: Waker) async throws(GatewayFailure) {
        let due = waker.deadline
        let now = waker.worker.now
        let patience = due > now ? due &- now : 0
        switch breaker.admit(at: now, patience: min(patience, connectTimeout.nanoseconds)) {
        case .go: break
        case .wait(let turn):
            waker.setDeadline(at: turn)
            while !waker.hasTimedOut, !waker.isCancelled { await waker.wait() }
            waker.setDeadline(at: due)
            if waker.isCancelled { throw .connecting(to: self, .cancelled) }
        case .refused(let until):
            let milliseconds = (until &- min(until, now)) / 1_000_000
            throw GatewayFailure(
                .circuitOpen,
                "\(label) is left alone for another \(milliseconds) ms, because it failed \(breaker.failures) times in a row "
                    + "(circuit-breaker)")
        }
    }

    /// The failure of a backend that did not answer within its response-timeout, which its circuit breaker hears of.
    func fellSilent(at now: UInt64) -> GatewayFailure {
        breaker?.fellSilent(at: now)
        return GatewayFailure(.silent, "\(label) did not answer in time")
    }

    /// Encrypts a fresh connection when the backend asks for it, before the waker's deadline.
    package func secure(_ upstream: Socket) async throws(IOError) {
        guard let tls else { return }
        _ = try await upstream.connectTLS(tls, serverName: serverName)
    }

    /// The same for a connection to one of its sentinels.
    func secure(_ upstream: Socket, _ sentinel: ConnectTarget) async throws(IOError) {
        guard let tls, case .host(let host, _) = sentinel else { return }
        _ = try await upstream.connectTLS(tls, serverName: host)
    }

    /// The name that its certificate has to hold.
    private var serverName: String? {
        guard let master, case .host(let host, _)? = master.target, case .host(let first, _) = configuration.endpoint,
            configuration.tls?.serverName == first
        else { return configuration.tls?.serverName }
        // The URL's own name is that of a sentinel.
        return host
    }
}

extension ConnectTarget {
    init(_ endpoint: Endpoint) {
        switch endpoint {
        case .host(let host, let port): self = .host(host, port: port)
        case .unix(let path): self = .unix(path: path)
        }
    }
}

extension TLSVersion {
    init(_ version: MinimumTLS) {
        switch version {
        case .tls12: self = .tls12
        case .tls13: self = .tls13
        }
    }
}

extension Duration {
    /// Whole nanoseconds, not negative, at most `UInt64.max`.
    package var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (product, overflowed) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carried) = product.addingReportingOverflow(UInt64(attoseconds / 1_000_000_000))
        return overflowed || carried ? .max : sum
    }
}

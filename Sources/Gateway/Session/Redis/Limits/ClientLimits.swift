// The rate limits that hold for one client, and how far it has got with them.

import RedisWire

/// What becomes of the next command of a client.
enum RateVerdict: Equatable {
    case passes
    /// It is answered with this error.
    case refused([UInt8])
    /// It may pass at these nanoseconds of the worker's clock.
    case waits(UInt64)
}

/// The limits of a listener and of its routes as one client meets them.
///
/// A client that has to wait takes its place at once and is woken once, however many wait: clients pass in the order in which
/// they came.
struct ClientLimits {
    private struct Place {
        let lease: RateLease
        let excess: RateLimit.Excess
        let refusal: [UInt8]
        /// When the token is there that the client waits for; nil when it waits for none.
        var reserved: UInt64?
    }

    private var places: [Place] = []
    /// By the listener's routes: which of `places` is the route's.
    private var routes: [Int?]
    private let hasOwn: Bool
    /// Whether a command's route matters.
    let dependsOnRoute: Bool

    /// nil where nothing is limited.
    init?(_ listener: ListenerState, _ local: WorkerState) {
        guard listener.hasRateLimits else { return nil }
        let leases = local.rateLeases(of: listener)
        func place(_ limit: RateLimit, _ index: Int, _ whose: String) -> Place {
            let lease = leases[index] ?? RateLease(RateBucket(limit, workers: 1))
            let unit = limit.owner == .client ? "commands/s and client" : "commands/s"
            let words = "\(whose) takes \(limit.commands) \(unit), \(limit.burst) at once (rate-limit): try again later"
            return Place(lease: lease, excess: limit.excess, refusal: RedisErrorReply.busy(words))
        }
        let settings = listener.configuration
        if let limit = settings.rateLimit {
            places.append(place(limit, settings.allRoutes.count, "listener '\(listener.name)'"))
        }
        hasOwn = !places.isEmpty
        routes = settings.allRoutes.map { _ in nil }
        for (index, route) in settings.allRoutes.enumerated() {
            guard let limit = route.rateLimit else { continue }
            routes[index] = places.count
            places.append(place(limit, index, "the route of \(route.match) on listener '\(listener.name)'"))
        }
        dependsOnRoute = places.count > (hasOwn ? 1 : 0)
    }

    /// What becomes of `command`, which belongs to the listener's route `route`; asking again changes nothing.
    mutating func verdict(on command: RedisCommand, route: Int, at now: UInt64) -> RateVerdict {
        if hasOwn {
            let verdict = verdict(at: 0, command, now)
            guard verdict == .passes else { return verdict }
        }
        guard let place = routes[route] else { return .passes }
        return verdict(at: place, command, now)
    }

    private mutating func verdict(at place: Int, _ command: RedisCommand, _ now: UInt64) -> RateVerdict {
        if let reserved = places[place].reserved { return reserved <= now ? .passes : .waits(reserved) }
        if places[place].lease.holds(at: now) { return .passes }
        switch places[place].excess {
        case .refuse: return Self.changesState(command) ? .passes : .refused(places[place].refusal)
        case .wait:
            let due = places[place].lease.reserve(at: now)
            places[place].reserved = due
            return due <= now ? .passes : .waits(due)
        }
    }

    /// Counts a command of the route, which passes.
    mutating func spend(route: Int, at now: UInt64) {
        if hasOwn { spend(at: 0, now) }
        if let place = routes[route] { spend(at: place, now) }
    }

    private mutating func spend(at place: Int, _ now: UInt64) {
        if places[place].reserved != nil {
            places[place].reserved = nil
        } else {
            places[place].lease.spend(at: now)
        }
    }

    /// The client goes: the tokens that it still waits for are others'.
    mutating func giveBack() {
        for index in places.indices where places[index].reserved != nil {
            places[index].reserved = nil
            places[index].lease.giveBack()
        }
    }

    /// Whether the commands behind it would do something else if it were refused: in another database, or at once.
    static func changesState(_ command: RedisCommand) -> Bool { changing[Int(command.rawValue)] }

    private static let changing: [Bool] = {
        let names: Set<String> = [
            "multi", "exec", "discard", "watch", "unwatch", "select", "auth", "hello", "reset", "quit",
        ]
        return RedisCommand.names.map { names.contains($0.description) }
    }()
}

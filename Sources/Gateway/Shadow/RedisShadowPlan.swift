// Which commands of a listener go to a shadow's candidate.

import RedisWire
import Wire

/// Decides for each command, from the configuration, the command and where its client is.
struct RedisShadowPlan {
    /// Where a client is as it sends a command.
    struct Place {
        let identity: RedisIdentity
        /// Whether it is in no transaction, subscribed to nothing, and on its way to no other database, user or version.
        let isFree: Bool
        let isInTransaction: Bool
        /// Whether it is on its way to another database, user or version.
        let isChanging: Bool
        /// Whether it may be in any database.
        let isDatabaseUntold: Bool
        /// The databases that it is on its way to.
        let selected: [[UInt8]]

        /// What routes go by.
        var state: RoutedState { state(in: identity.database) }

        func state(in database: [UInt8]) -> RoutedState {
            let user = identity.login.map { $0.user ?? RoutedState.defaultUser } ?? RoutedState.defaultUser
            return RoutedState(user: user, database: database)
        }
    }

    /// What is done about a command.
    enum Action {
        case nothing
        /// It goes to the candidate.
        case send(RedisShadowJob)
        /// It writes these keys at the primary alone; nobody's write to them at the same time is to be trusted.
        case follow([UInt64])
        /// It writes these keys at the primary alone, which no write to the candidate has ever written.
        case markStale([UInt64])
        /// It may write any key at the primary alone.
        case markAllStale
    }

    /// An action, and why the command is not compared.
    struct Verdict {
        let action: Action
        let drop: ShadowDrop?
        /// Whether the command is the shadow's; of others it minds only what they write.
        var isOwn = true
    }

    /// The keys of a command, as far as the shadow minds them.
    private struct Keys {
        /// Those in the share.
        var sampled: [UInt64] = []
        var count = 0
        var optedCount = 0
        /// Those in the share that others write where the shadow compares.
        var beside: [UInt64] = []
        /// As they are spelled: all, those of the shadow's routes, and those that it compares.
        var total = 0
        var ownCount = 0
        var comparedCount = 0
        /// Whether one is, or may be, among what the shadow compares.
        var reaches = false

        var all: [UInt64] { sampled + beside }
    }

    private let shadow: Shadow
    private let scope: RedisShadowScope
    private let mayRename: Bool
    /// The database that goes to a scratch database.
    private let database: [UInt8]

    /// Keys of one command that are looked at.
    private static let keyLimit = 1024

    init(_ shadow: Shadow, _ scope: RedisShadowScope) {
        self.shadow = shadow
        self.scope = scope
        mayRename = shadow.renaming != nil
        database = Array("\(shadow.route?.match.database ?? 0)".utf8)
    }

    func verdict(
        _ request: RedisRequest, _ whole: RedisWholeCommand?, _ bytes: Span<UInt8>, at start: Int, _ place: Place
    ) -> Verdict {
        let mayWrite = RedisShadowing.mayWrite(request.command)
        guard let whole else { return unseen(request, bytes, at: start, place, mayWrite: mayWrite) }
        let shadowing = shadowing(of: whole, bytes)
        let keys = keys(whole, bytes, place.state)
        if place.isFree, !mayWrite || shadowing != .incomparable && shadowing != .stateful {
            return verdict(shadowing, whole, bytes, keys, place)
        }
        let isOwn = isOwn(keys, place)
        let reason: ShadowDrop = shadowing == .incomparable && place.isFree ? .incomparable : .stateful
        return Verdict(
            action: mayWrite ? alone(whole, bytes, keys, place) : .nothing, drop: isOwn ? reason : nil, isOwn: isOwn)
    }

    /// Whether commands without keys of a client there are the shadow's.
    func isHome(_ place: Place) -> Bool { scope.home(place.state).isOwn }

    /// Whether a reply with this error code says that the server cannot answer now, or not to this user.
    static func isUnready(_ code: RedisErrorCode?) -> Bool {
        guard let code else { return false }
        return unready.contains(code.name.description)
    }

    private static let unready: Set<String> = [
        "NOAUTH", "NOPERM", "WRONGPASS", "MOVED", "ASK", "TRYAGAIN", "CROSSSLOT", "CLUSTERDOWN", "LOADING", "BUSY",
        "READONLY", "MASTERDOWN", "MISCONF", "NOREPLICAS", "OOM", "EXECABORT",
    ]
    /// Their replies name keys, or their patterns do.
    private static let naming = Set(["sort", "sort_ro", "lmpop", "zmpop"])

    private func shadowing(of whole: RedisWholeCommand, _ bytes: Span<UInt8>) -> RedisShadowing {
        if mayRename, whole.command == .xread || Self.naming.contains(whole.command.description) {
            return .incomparable
        }
        return RedisShadowing.of(whole, in: bytes)
    }

    private func verdict(
        _ shadowing: RedisShadowing, _ whole: RedisWholeCommand, _ bytes: Span<UInt8>, _ keys: Keys?, _ place: Place
    ) -> Verdict {
        if case .readsAll(let rule) = shadowing { return verdict(all: rule, whole, bytes, place) }
        var isWrite = false
        if case .writes = shadowing { isWrite = true }
        let isOwn = isOwn(keys, place)
        guard let keys else {
            let reason: ShadowDrop = isWrite ? .incomparable : .notSampled
            return Verdict(action: isWrite ? .markAllStale : .nothing, drop: isOwn ? reason : nil, isOwn: isOwn)
        }
        guard isOwn else {
            return Verdict(action: isWrite ? Self.follow(keys) : .nothing, drop: nil, isOwn: false)
        }
        if shadowing == .stateful { return Verdict(action: .nothing, drop: .stateful) }
        if shadowing == .incomparable { return Verdict(action: .nothing, drop: .incomparable) }
        let drop: ShadowDrop? =
            keys.comparedCount < keys.total
            ? keys.ownCount < keys.total ? .otherRoutes : .incomparable
            : isElsewhere(place) ? .database : nil
        if let drop {
            let isFollowed = isWrite && drop != .database
            return Verdict(action: isFollowed ? Self.follow(keys) : .nothing, drop: drop)
        }
        switch shadowing {
        case .reads(let rule):
            guard keys.sampled.count == keys.count else { return Verdict(action: .nothing, drop: .notSampled) }
            let job = RedisShadowJob(
                whole.command, Self.frame(whole, bytes), rule, keys: keys.sampled, identity: place.identity)
            return Verdict(action: .send(job), drop: nil)
        case .writes(let rule, let isWhole): return verdict(writes: rule, isWhole: isWhole, whole, bytes, keys, place)
        case .readsAll, .stateful, .incomparable: return Verdict(action: .nothing, drop: .incomparable)
        }
    }

    private func verdict(
        writes rule: RedisReplyRule, isWhole: Bool, _ whole: RedisWholeCommand, _ bytes: Span<UInt8>, _ keys: Keys,
        _ place: Place
    ) -> Verdict {
        guard keys.count > 0 else { return Verdict(action: .markAllStale, drop: .incomparable) }
        guard keys.optedCount == keys.count else {
            return Verdict(
                action: keys.optedCount > 0 ? .follow(keys.sampled) : .markStale(keys.sampled), drop: .notOpted)
        }
        guard keys.sampled.count == keys.count else {
            return Verdict(action: Self.follow(keys), drop: .notSampled)
        }
        let job = RedisShadowJob(
            whole.command, Self.frame(whole, bytes), rule, keys: keys.sampled, isWrite: true, isWhole: isWhole,
            identity: place.identity)
        return Verdict(action: .send(job), drop: nil)
    }

    /// A read of all keys, or of those with a pattern.
    private func verdict(
        all rule: RedisReplyRule, _ whole: RedisWholeCommand, _ bytes: Span<UInt8>, _ place: Place
    ) -> Verdict {
        let (route, isAlone) = scope.whole(whole, in: bytes, place.state)
        guard route.isOwn else { return Verdict(action: .nothing, drop: nil, isOwn: false) }
        guard isAlone, route.isCompared, !mayRename else { return Verdict(action: .nothing, drop: .incomparable) }
        if isElsewhere(place) { return Verdict(action: .nothing, drop: .database) }
        let job = RedisShadowJob(
            whole.command, Self.frame(whole, bytes), rule, keys: [], isAboutAll: true, identity: place.identity)
        return Verdict(action: .send(job), drop: nil)
    }

    /// Whether the client's database has no place at the candidate.
    private func isElsewhere(_ place: Place) -> Bool {
        guard case .database = shadow.settings.scratch else { return false }
        return place.identity.database != database
    }

    /// Whether a command with these keys is the shadow's; nil: with too many.
    private func isOwn(_ keys: Keys?, _ place: Place) -> Bool {
        guard let keys, keys.total > 0 else { return isHome(place) }
        return keys.ownCount > 0
    }

    private static func follow(_ keys: Keys) -> Action {
        let all = keys.all
        return all.isEmpty ? keys.reaches ? .markStale([]) : .nothing : .follow(all)
    }

    private static func frame(_ whole: RedisWholeCommand, _ bytes: Span<UInt8>) -> [UInt8] {
        bytes.extracting(whole.range).withUnsafeBufferPointer { Array($0) }
    }

    /// What a write does that goes to the primary alone.
    private func alone(_ whole: RedisWholeCommand, _ bytes: Span<UInt8>, _ keys: Keys?, _ place: Place) -> Action {
        guard let keys, keys.total > 0 else {
            let reaches =
                keys == nil || whole.command == .unknown || place.isDatabaseUntold || scope.home(place.state).reaches
            return reaches ? .markAllStale : .nothing
        }
        if place.isDatabaseUntold { return .markAllStale }
        guard place.isChanging else { return Self.follow(keys) }
        // Which route it takes shows only when what came before is answered.
        if scope.mindsState { return .markAllStale }
        // And which of the databases it is in.
        var all = keys
        for selected in place.selected {
            guard let others = self.keys(whole, bytes, place.state(in: selected)) else { return .markAllStale }
            all.beside += others.all
        }
        return Self.follow(all)
    }

    /// What is done about a command that could not be looked into.
    private func unseen(
        _ request: RedisRequest, _ bytes: Span<UInt8>, at start: Int, _ place: Place, mayWrite: Bool
    ) -> Verdict {
        guard RedisShadowing.hasOneKey(request.command), !request.isInline, !place.isChanging, !place.isDatabaseUntold,
            let range = RedisShadowing.firstKey(in: bytes, at: start)
        else {
            let isOwn = isHome(place)
            return Verdict(action: mayWrite ? .markAllStale : .nothing, drop: isOwn ? .notWhole : nil, isOwn: isOwn)
        }
        let (route, hash) = look(at: bytes.extracting(range), place.state)
        let action: Action =
            !mayWrite || !route.reaches ? .nothing : shadow.isSampled(hash) ? .follow([hash]) : .markStale([])
        return Verdict(action: action, drop: route.isOwn ? .notWhole : nil, isOwn: route.isOwn)
    }

    /// The route of a key, and the hash of what it is at the backend.
    private func look(at key: Span<UInt8>, _ state: RoutedState) -> (route: RedisShadowScope.Route, hash: UInt64) {
        let route = scope.route(of: key, state)
        let rest = key.extracting(min(route.dropped, key.count)..<key.count)
        return (route, shadow.hash(rest, state.database, opening: route.opening))
    }

    /// Nil where there are too many of them.
    private func keys(_ whole: RedisWholeCommand, _ bytes: Span<UInt8>, _ state: RoutedState) -> Keys? {
        let places = RedisKeys.of(whole, in: bytes)
        guard places.count <= Self.keyLimit else { return nil }
        var keys = Keys()
        var cursor = RedisKeyCursor(places, of: whole, in: bytes)
        while let range = cursor.next(in: bytes) {
            let key = bytes.extracting(range)
            let (route, hash) = look(at: key, state)
            keys.total += 1
            if route.isOwn { keys.ownCount += 1 }
            if route.reaches { keys.reaches = true }
            guard route.isCompared else {
                if route.reaches, shadow.isSampled(hash) { keys.beside.append(hash) }
                continue
            }
            keys.comparedCount += 1
            keys.count += 1
            if shadow.isOpted(key) { keys.optedCount += 1 }
            if shadow.isSampled(hash), !keys.sampled.contains(hash) {
                keys.sampled.append(hash)
            } else if shadow.isSampled(hash) {
                // The same key twice is one.
                keys.count -= 1
                if shadow.isOpted(key) { keys.optedCount -= 1 }
            }
        }
        return keys
    }
}

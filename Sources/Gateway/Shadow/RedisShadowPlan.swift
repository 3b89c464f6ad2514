// Which commands of a listener go to its shadow's candidate.

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
        /// The database that it is on its way to.
        let selected: [UInt8]?
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
    }

    /// The keys of a command, as far as the shadow minds them.
    private struct Keys {
        /// Those in the share.
        var sampled: [UInt64] = []
        var count = 0
        var optedCount = 0
    }

    private let shadow: Shadow
    private let mayRename: Bool

    /// Keys of one command that are looked at.
    private static let keyLimit = 1024

    init(_ shadow: Shadow) {
        self.shadow = shadow
        mayRename = if case .prefix = shadow.settings.scratch { true } else { false }
    }

    func verdict(
        _ request: RedisRequest, _ whole: RedisWholeCommand?, _ bytes: Span<UInt8>, at start: Int, _ place: Place
    ) -> Verdict {
        let mayWrite = RedisShadowing.mayWrite(request.command)
        guard let whole else {
            return Verdict(action: mayWrite ? unseen(request, bytes, at: start, place) : .nothing, drop: .notWhole)
        }
        let shadowing = shadowing(of: whole, bytes)
        if place.isFree, !mayWrite || shadowing != .incomparable && shadowing != .stateful {
            return verdict(shadowing, whole, bytes, place)
        }
        let reason: ShadowDrop = shadowing == .incomparable && place.isFree ? .incomparable : .stateful
        guard mayWrite else { return Verdict(action: .nothing, drop: reason) }
        return Verdict(action: alone(whole, bytes, place), drop: reason)
    }

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
        _ shadowing: RedisShadowing, _ whole: RedisWholeCommand, _ bytes: Span<UInt8>, _ place: Place
    ) -> Verdict {
        if case .database = shadow.settings.scratch, place.identity.database != [0x30] {
            return Verdict(action: .nothing, drop: .database)
        }
        switch shadowing {
        case .stateful: return Verdict(action: .nothing, drop: .stateful)
        case .incomparable: return Verdict(action: .nothing, drop: .incomparable)
        case .readsAll(let rule):
            let job = RedisShadowJob(
                whole.command, Self.frame(whole, bytes), rule, keys: [], isAboutAll: true, identity: place.identity)
            return Verdict(action: .send(job), drop: nil)
        case .reads(let rule):
            guard let keys = keys(whole, bytes, place.identity.database), keys.sampled.count == keys.count else {
                return Verdict(action: .nothing, drop: .notSampled)
            }
            let job = RedisShadowJob(
                whole.command, Self.frame(whole, bytes), rule, keys: keys.sampled, identity: place.identity)
            return Verdict(action: .send(job), drop: nil)
        case .writes(let rule, let isWhole):
            guard let keys = keys(whole, bytes, place.identity.database), keys.count > 0 else {
                return Verdict(action: .markAllStale, drop: .incomparable)
            }
            guard keys.optedCount == keys.count else {
                return Verdict(
                    action: keys.optedCount > 0 ? .follow(keys.sampled) : .markStale(keys.sampled), drop: .notOpted)
            }
            guard keys.sampled.count == keys.count else {
                return Verdict(
                    action: keys.sampled.isEmpty ? .markStale([]) : .follow(keys.sampled), drop: .notSampled)
            }
            let job = RedisShadowJob(
                whole.command, Self.frame(whole, bytes), rule, keys: keys.sampled, isWrite: true, isWhole: isWhole,
                identity: place.identity)
            return Verdict(action: .send(job), drop: nil)
        }
    }

    private static func frame(_ whole: RedisWholeCommand, _ bytes: Span<UInt8>) -> [UInt8] {
        bytes.extracting(whole.range).withUnsafeBufferPointer { Array($0) }
    }

    /// What a write does that goes to the primary alone.
    private func alone(_ whole: RedisWholeCommand, _ bytes: Span<UInt8>, _ place: Place) -> Action {
        guard let keys = keys(whole, bytes, place.identity.database), keys.count > 0 else { return .markAllStale }
        var sampled = keys.sampled
        // Which of the two databases it is in shows only when what came before is answered.
        if let selected = place.selected {
            guard let others = self.keys(whole, bytes, selected) else { return .markAllStale }
            sampled += others.sampled
        }
        return .follow(sampled)
    }

    /// What a write does that could not be looked into.
    private func unseen(_ request: RedisRequest, _ bytes: Span<UInt8>, at start: Int, _ place: Place) -> Action {
        guard RedisShadowing.hasOneKey(request.command), !request.isInline, place.selected == nil,
            let key = RedisShadowing.firstKey(in: bytes, at: start)
        else { return .markAllStale }
        let hash = shadow.hash(bytes.extracting(key), place.identity.database)
        return shadow.isSampled(hash) ? .follow([hash]) : .markStale([])
    }

    /// Nil where there are too many of them.
    private func keys(_ whole: RedisWholeCommand, _ bytes: Span<UInt8>, _ database: [UInt8]) -> Keys? {
        let places = RedisKeys.of(whole, in: bytes)
        guard places.count <= Self.keyLimit else { return nil }
        var keys = Keys()
        var cursor = RedisKeyCursor(places, of: whole, in: bytes)
        while let range = cursor.next(in: bytes) {
            let key = bytes.extracting(range)
            let hash = shadow.hash(key, database)
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

// What the translator does in another way than it was asked, where a backend has locks, queues or sequences instead.

import Capabilities

/// Something else that a backend does in a feature's place.
package struct FeatureStandIn: Equatable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case lock
        case queue
        case sequence
    }

    package let kind: Kind
    /// What it takes of the backend.
    package let needs: CapabilitySet

    /// What is otherwise than where the backend has what was asked for, in a sentence for the operator.
    package var limit: String {
        switch kind {
        case .lock:
            """
            SET with NX and a time takes a lock there and makes no key: GET, EXISTS, TTL and SET do not see it, DEL and the scripts \
            that release it end it only in the gateway process that took it, the connection that has it takes it again, and in MULTI it is \
            refused
            """
        case .queue:
            """
            a list is a queue there: LPUSH puts one item and answers 1, RPOP, BRPOP and RPOPLPUSH take it, LREM ends what was moved, which \
            comes back after 60 s otherwise; EXISTS, TYPE and DEL do not see it, LLEN and LRANGE are refused; in MULTI it is refused
            """
        case .sequence:
            """
            a counter is a sequence there: it only goes up, numbers may be left out, GET, SET and EXPIRE do not see it, and in MULTI it is refused
            """
        }
    }
}

extension FeatureStandIn.Kind {
    /// Features of commands that look for a key where the stand-in has made none, and those that end it as what it is: who shows some of
    /// the former and none of the latter takes it for a key.
    package var betrayals: (looking: [String], ending: [String]) {
        guard self == .lock else { return ([], []) }
        let looking =
            "get mget getex getdel getset getrange strlen append exists del unlink ttl pttl expiretime pexpiretime expire pexpire "
            + "expireat pexpireat persist type touch copy rename renamenx incr incrby"
        let ending = "eval evalsha eval_ro evalsha_ro fcall"
        func features(_ names: String) -> [String] { names.split(separator: " ").map { "redis.command.\($0)" } }
        return (features(looking), features(ending))
    }

    /// What an application has to ask for so that the stand-in is what it gets.
    package var form: String {
        switch self {
        case .lock:
            "NX only together with EX, PX, EXAT or PXAT, without GET, and release it by the usual script: then it is a lock there"
        case .queue:
            "one item at a time by LPUSH, and RPOP, BRPOP, RPOPLPUSH or LMOVE … RIGHT LEFT: then the list is a queue there"
        case .sequence: "INCR, and INCRBY with a number above 0: then the counter is a sequence there"
        }
    }
}

extension FeatureNeeds {
    static let queued = ".queued"

    /// Whether `feature` is about what MULTI holds, where nothing stands in for anything.
    package static func isQueued(_ feature: String) -> Bool { feature.hasSuffix(queued) }

    /// What a backend that `permits` these capabilities does in place of `feature`; nil when it refuses it.
    package static func standIn(for feature: String, _ permits: (Capability) -> Bool) -> FeatureStandIn? {
        let parts = feature.split(separator: ".", maxSplits: 2).map(String.init)
        guard parts.count == 3, parts[0] == "redis",
            let translation = RedisFeatureNeeds.standIn(parts[1], parts[2], permits)
        else { return nil }
        let found: FeatureStandIn? =
            switch translation {
            case .idiom(.takeLock, _): FeatureStandIn(kind: .lock, needs: CapabilitySet(.lockAcquire))
            case .perform(.sequence, _): FeatureStandIn(kind: .sequence, needs: CapabilitySet(.sequenceNext))
            case .perform(.queue, _): FeatureStandIn(kind: .queue, needs: CapabilitySet(.queuePut))
            case .idiom(.take, _), .idiom(.reserve, _):
                FeatureStandIn(kind: .queue, needs: CapabilitySet(.queueReserve, .queueAcknowledge))
            case .idiom(.acknowledge, _): FeatureStandIn(kind: .queue, needs: CapabilitySet(.queueAcknowledge))
            default: nil
            }
        guard let found, found.needs.members.allSatisfy(permits) else { return nil }
        return found
    }

    /// The kind of stand-in that a backend which `permits` these capabilities has for other forms of what `feature` is about; nil when it
    /// has none.
    package static func nearStandIn(to feature: String, _ permits: (Capability) -> Bool) -> FeatureStandIn.Kind? {
        let parts = feature.split(separator: ".").map(String.init)
        guard parts.count >= 3, parts[0] == "redis" else { return nil }
        if ["set", "setnx"].contains(parts[2]), !permits(.keyValueConditionalSet), permits(.lockAcquire) {
            return .lock
        }
        if ["incrby", "incr", "decr", "decrby"].contains(parts[2]), !permits(.keyValueIncrement), permits(.sequenceNext)
        {
            return .sequence
        }
        let lists: Set<String> = [
            "lpush", "rpush", "lpop", "rpop", "blpop", "brpop", "lmove", "blmove", "lmpop", "blmpop", "llen", "lrange",
        ]
        return lists.contains(parts[2]) && !permits(.listPush) && permits(.queuePut) ? .queue : nil
    }

    /// The form of requests that a stand-in answers, and the features that all its requests show; nil for a feature without one.
    ///
    /// Where there are more of these, a request with `feature` may be another one.
    package static func form(of feature: String) -> (shape: String, all: [String])? {
        let parts = feature.split(separator: ".").map(String.init)
        guard parts.count >= 3, parts[0] == "redis" else { return nil }
        switch (parts[1], parts[2], parts.count > 3 ? parts[3] : "") {
        case ("option", "set", "ex"), ("option", "set", "px"), ("option", "set", "exat"), ("option", "set", "pxat"):
            return ("redis.shape.set.nx-with-time", ["ex", "px", "exat", "pxat"].map { "redis.option.set.\($0)" })
        case ("option", "set", "nx"), ("command", "set", _): return ("redis.shape.set.nx-with-time", [feature])
        case ("option", "lmove", _), ("command", "lmove", _), ("option", "blmove", _), ("command", "blmove", _):
            return ("redis.shape.\(parts[2]).right-to-left", [feature])
        default: return nil
        }
    }
}

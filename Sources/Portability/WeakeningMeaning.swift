// What weakened promises mean for an application.

import Capabilities

extension Weakening {
    /// Whether who uses `feature` can see it.
    func matters(to feature: String) -> Bool {
        guard self == .wholeSeconds else { return true }
        // What is left of a time and the moment at which it is over may be a second off, too.
        return Self.isOfMilliseconds(feature)
            || ["ttl", "expiretime", "exat", "expireat"].contains(Self.lastWord(of: feature))
    }

    /// Whether who uses `feature` needs times that are no whole seconds.
    static func isOfMilliseconds(_ feature: String) -> Bool {
        ["px", "pxat", "psetex", "pexpire", "pexpireat", "pttl", "pexpiretime"].contains(lastWord(of: feature))
    }

    private static func lastWord(of feature: String) -> String {
        feature.split(separator: ".").last.map(String.init) ?? ""
    }

    /// A sentence for the operator.
    var meaning: String {
        switch self {
        case .notAtomic: "a request for several keys can be done in part, and others can see it half done"
        case .notDurable: "what was answered can be lost when the backend stops or runs out of room"
        case .wholeSeconds: "times are rounded to whole seconds, so that what is told of them can be a second off"
        case .atLeastOnce: "a message may come twice"
        case .atMostOnce: "a message may be lost"
        case .eventuallyConsistent: "what was written may not be read back at once"
        case .evicting: "values may be dropped to make room"
        case .unordered: "items come in no order, or not in the one that they were written in"
        case .partial: "some of it is refused by name, or left out of the answer"
        }
    }
}

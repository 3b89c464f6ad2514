// What weakened promises mean for an application.

import Capabilities

extension Weakening {
    /// Whether who uses `feature` can see it.
    func matters(to feature: String) -> Bool {
        guard self == .wholeSeconds else { return true }
        let word = feature.split(separator: ".").last.map(String.init) ?? ""
        return ["px", "pxat", "psetex", "pexpire", "pexpireat", "pttl", "pexpiretime"].contains(word)
    }

    /// A sentence for the operator.
    var meaning: String {
        switch self {
        case .notAtomic: "a request for several keys can be done in part, and others can see it half done"
        case .notDurable: "what was answered can be lost when the backend stops or runs out of room"
        case .wholeSeconds: "times are rounded to whole seconds"
        case .atLeastOnce: "a message may come twice"
        case .atMostOnce: "a message may be lost"
        case .eventuallyConsistent: "what was written may not be read back at once"
        case .evicting: "values may be dropped to make room"
        case .unordered: "items come in no order, or not in the one that they were written in"
        case .partial: "some of it is refused by name, or left out of the answer"
        }
    }
}

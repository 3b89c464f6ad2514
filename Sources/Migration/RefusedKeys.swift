// The keys that the other place cannot hold, each until it is settled.

/// What is refused, by key: so a key that is deleted or written anew no longer counts.
///
/// Of more keys than are kept, only how many they are is known, until all is gone through again.
package struct RefusedKeys<Key: Hashable & Sendable>: Sendable {
    /// The refusals of one type of content.
    package struct Summary: Equatable, Sendable {
        package let type: String
        package var keys: Int64
        /// Words for the first few of them.
        package var reason: String
    }

    private struct Refusal: Sendable {
        let type: String
        let reason: String
    }

    /// Keys that are kept.
    package static var keyLimit: Int { 1024 }
    /// Types that are told apart, the others being `others`.
    private static var typeLimit: Int { 64 }
    /// Characters of a reason, which may be a server's own words.
    private static var reasonLimit: Int { 512 }
    /// Reasons in a summary.
    private static var namedLimit: Int { 3 }

    private var kept: [Key: [Refusal]] = [:]
    /// By type, of what is not kept by key.
    private var others: [String: Summary] = [:]

    package init() {}

    package var isEmpty: Bool { kept.isEmpty && others.isEmpty }
    package var keys: [Key] { Array(kept.keys) }
    /// Whether there are more than ``keys``.
    package var hasOthers: Bool { !others.isEmpty }

    /// These were looked at again: what is refused of them is added anew.
    package mutating func settle(_ keys: some Sequence<Key>) {
        guard !kept.isEmpty else { return }
        for key in keys { kept[key] = nil }
    }

    /// - Parameter key: nil for one that is too long to be kept.
    package mutating func add(_ key: Key?, type: String, reason: String) {
        let reason = String(reason.prefix(Self.reasonLimit))
        if let key, kept[key] != nil || kept.count < Self.keyLimit {
            kept[key, default: []].append(Refusal(type: type, reason: reason))
            return
        }
        let type = others[type] != nil || others.count < Self.typeLimit ? type : "others"
        others[type, default: Summary(type: type, keys: 0, reason: reason)].keys += 1
    }

    /// One for each type, in the order of their names.
    package var summaries: [Summary] {
        var counts = others.mapValues(\.keys)
        var reasons = others.mapValues { [$0.reason] }
        for refusal in kept.values.joined() {
            let type = counts[refusal.type] != nil || counts.count < Self.typeLimit ? refusal.type : "others"
            counts[type, default: 0] += 1
            reasons[type, default: []].append(refusal.reason)
        }
        return counts.sorted { $0.key < $1.key }.map { type, keys in
            let named = Set(reasons[type] ?? []).sorted().prefix(Self.namedLimit)
            return Summary(type: type, keys: keys, reason: named.joined(separator: "; "))
        }
    }
}

// Holds sizes and lives to a candidate's bounds, and adds what shadows have found.

import Capabilities
import Conformance
import Usage

extension Judge {
    mutating func judgeSizes() {
        judge("redis.key.bytes", .keyBytes, "keys")
        judge("redis.value.bytes", .valueBytes, "values")
        judge("s3.body.bytes", .valueBytes, "bodies")
        judge("redis.expiry.seconds", .expirySeconds, "expiries", in: "seconds")
        judgeDatabases()
    }

    mutating func judge(_ size: String, _ kind: BoundKind, _ what: String, in unit: String = "bytes") {
        guard let ranges = application.sizes[size] else { return }
        let bounds = used.members.compactMap { capability in
            report.capabilities[capability.name]?.bounds[kind].map { (capability.name, UInt64(clamping: $0)) }
        }
        guard let (name, bound) = bounds.min(by: { $0.1 < $1.1 }) else { return }
        let (above, near) = ranges.share(above: bound)
        let subject = "\(name): \(kind.rawValue)"
        if above > 0 {
            add(
                .blocked, subject,
                "\(what) have \(bound) \(unit) at most there; \(percent(above)) of those seen have more")
        } else if near > 0 {
            add(
                .limit, subject,
                "\(what) have \(bound) \(unit) at most there; \(percent(near)) of those seen may have more")
        }
    }

    // MARK: Shadows

    mutating func add(_ differences: [ShadowDifference]) {
        for difference in differences where difference.candidate == report.name {
            guard let feature = application.features[difference.feature] else { continue }
            let share = share(of: difference.feature, feature)
            add(
                .limit, "shadow: \(difference.command) \(difference.kind)",
                "\(difference.count) replies differed, the last at \(difference.last): \(difference.example)", share)
        }
    }
}

extension SizeRanges {
    /// The shares of those that are larger than `bound` for certain, and of those that may be larger or not.
    func share(above bound: UInt64) -> (certain: Double, possible: Double) {
        let all = Double(max(1, counts.reduce(0, UInt64.sum)))
        return (Double(count(above: bound)) / all, Double(count(around: bound)) / all)
    }

    /// How many are larger than `bound` for certain.
    fileprivate func count(above bound: UInt64) -> UInt64 {
        counts.enumerated().filter { $0.offset > 0 && Self.least($0.offset) > bound }.map(\.element).reduce(
            0, UInt64.sum)
    }

    /// How many may be larger than `bound` or not.
    fileprivate func count(around bound: UInt64) -> UInt64 {
        counts.enumerated().filter {
            $0.offset > 0 && Self.least($0.offset) <= bound && Self.most($0.offset) > bound
        }.map(\.element).reduce(0, UInt64.sum)
    }

    private static func least(_ range: Int) -> UInt64 { 1 << UInt64(range - 1) }
    private static func most(_ range: Int) -> UInt64 { range == rangeCount - 1 ? .max : (1 << UInt64(range)) - 1 }
}

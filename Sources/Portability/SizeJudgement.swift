// Holds sizes and lives to a candidate's bounds, and adds what shadows have found.

import Capabilities
import Conformance
import Usage

extension Judge {
    mutating func judgeSizes() {
        judge("redis.key.bytes", .keyBytes, "keys")
        judgeEmptyKeys()
        judge("redis.value.bytes", .valueBytes, "values")
        judge("s3.body.bytes", .valueBytes, "bodies")
        judge("redis.expiry.seconds", .expirySeconds, "expiries", in: "seconds")
        judgeDatabases()
    }

    mutating func judge(_ size: String, _ kind: BoundKind, _ what: String, in unit: String = "bytes") {
        guard let ranges = application.sizes[size], ranges.counts.contains(where: { $0 > 0 }) else {
            if size == "redis.value.bytes" { judgeUnmeasured() }
            return
        }
        guard let (name, bound) = least(kind) else { return }
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

    /// Holds keys of no bytes to what is known of the candidate.
    private mutating func judgeEmptyKeys() {
        guard let counts = application.sizes["redis.key.bytes"]?.counts, let empty = counts.first, empty > 0 else {
            return
        }
        let share = percent(Double(empty) / Double(max(1, counts.reduce(0, UInt64.sum))))
        switch facts.takesEmptyKeys {
        case true?: break
        case false?:
            add(
                .blocked, "empty keys", "a key has a byte at the least there; \(share) of those seen are empty",
                remedy: Self.staying)
        case nil:
            add(.unproven, "empty keys", "no case of the report has a key without bytes; \(share) of those seen are")
        }
    }

    /// The tightest bound of this kind among what is used, and the capability that has it.
    private func least(_ kind: BoundKind) -> (String, UInt64)? {
        used.members.compactMap { capability in
            report.capabilities[capability.name]?.bounds[kind].map { (capability.name, UInt64(clamping: $0)) }
        }.min { $0.1 < $1.1 }
    }

    /// Holds the sizes of whole requests to the bound of values, of which none was looked into.
    private mutating func judgeUnmeasured() {
        guard let requests = application.sizes["redis.request.bytes"], let (name, bound) = least(.valueBytes) else {
            return
        }
        let (above, near) = requests.share(above: bound)
        guard above + near > 0 else { return }
        add(
            .limit, "\(name): \(BoundKind.valueBytes.rawValue)",
            "values have \(bound) bytes at most there; none was measured, and \(percent(above + near)) of the requests are or may be larger"
        )
    }

    // MARK: Shadows

    mutating func add(_ differences: [ShadowDifference]) {
        for difference in differences where difference.candidate.isSubject(of: report) {
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

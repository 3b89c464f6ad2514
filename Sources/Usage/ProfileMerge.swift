// How profiles become one: an operation whose order and grouping do not matter.

extension Profile {
    /// Adds what `other` has seen: counts add up, windows are united, of peaks the greater holds.
    package mutating func merge(_ other: Profile) {
        for (gateway, spans) in other.windows {
            windows[gateway] = Self.united((windows[gateway] ?? []) + spans)
        }
        var byKey: [Application.Key: Application] = [:]
        for application in applications + other.applications {
            byKey[application.key, default: application.withoutCounts].merge(application)
        }
        applications = byKey.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Keeps `limit` examples of a feature at most.
    package mutating func keepSamples(_ limit: Int) {
        for place in applications.indices {
            let kept = applications[place].samples?.mapValues { Array($0.prefix(limit)) }.filter { !$0.value.isEmpty }
            applications[place].samples = kept?.isEmpty == true ? nil : kept
        }
    }

    /// The gateways whose windows overlap in both: what they saw then would be counted twice.
    package func overlaps(with other: Profile) -> [String] {
        windows.keys.filter { gateway in
            let theirs = other.windows[gateway] ?? []
            return windows[gateway]?.contains { mine in
                theirs.contains { $0.start < mine.end && mine.start < $0.end || $0 == mine }
            } ?? false
        }.sorted()
    }

    /// The same seconds as `windows`, in as few spans as say so.
    static func united(_ windows: [Window]) -> [Window] {
        var result: [Window] = []
        for window in windows.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
            if let last = result.last, window.start <= last.end {
                result[result.count - 1].end = max(last.end, window.end)
            } else {
                result.append(window)
            }
        }
        return result
    }
}

extension Application {
    fileprivate var withoutCounts: Application {
        Application(protocol: self.protocol, listener: listener, identity: identity)
    }

    mutating func merge(_ other: Application) {
        features.merge(other.features) { $0.merged($1) }
        sizes.merge(other.sizes) { $0.merged($1) }
        peaks.merge(other.peaks, uniquingKeysWith: max)
        for (feature, texts) in other.samples ?? [:] {
            // The first of them in their own order, so that the order of merging does not matter.
            let short = texts.map { text in
                let end = text.utf8.index(text.startIndex, offsetBy: Profile.sampleLength, limitedBy: text.endIndex)
                // An index inside of a scalar is taken for its beginning.
                return end.map { String(text.unicodeScalars[..<$0]) } ?? text
            }
            let all = Set(short).union(samples?[feature] ?? []).sorted()
            samples = samples ?? [:]
            samples?[feature] = Array(all.prefix(Profile.sampleLimit))
        }
    }
}

extension Feature {
    func merged(_ other: Feature) -> Feature {
        Feature(
            count: UInt64.sum(count, other.count), first: min(first, other.first), last: max(last, other.last),
            estimated: estimated || other.estimated)
    }
}

extension SizeRanges {
    func merged(_ other: SizeRanges) -> SizeRanges {
        let count = max(counts.count, other.counts.count)
        return SizeRanges(
            counts: (0..<count).map { place in
                UInt64.sum(
                    place < counts.count ? counts[place] : 0, place < other.counts.count ? other.counts[place] : 0)
            })
    }
}

extension UInt64 {
    /// The sum, or the greatest number where it does not fit: a document from elsewhere may say anything.
    package static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (sum, overflows) = left.addingReportingOverflow(right)
        return overflows ? .max : sum
    }
}

extension Application {
    /// This with what `other` has seen at the same time of the same application: peaks may have been together, so they add up.
    package func joined(with other: Application) -> Application {
        var joined = self
        joined.merge(other)
        joined.peaks = peaks.merging(other.peaks, uniquingKeysWith: UInt64.sum)
        return joined
    }
}

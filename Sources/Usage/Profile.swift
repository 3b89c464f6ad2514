// What applications use of a gateway, as one document that gateways write and tools read.

/// Everything that was seen, of one gateway or of several.
package struct Profile: Codable, Equatable, Sendable {
    /// The form of the document; another number is another form.
    package static let schema = "fairlead-usage/1"

    package var schema = Profile.schema
    /// When each gateway looked, by the gateway's id; what was outside these windows is unknown.
    package var windows: [String: [Window]]
    /// In the order of their keys.
    package var applications: [Application]

    /// Examples of one feature of an application, and bytes of one, at most.
    package static let sampleLimit = 10
    package static let sampleLength = 256

    package init(windows: [String: [Window]] = [:], applications: [Application] = []) {
        self.windows = windows
        self.applications = applications
    }

    /// A span of time in which a gateway recorded, in seconds since 1970; `end` is the last second of it.
    package struct Window: Codable, Equatable, Hashable, Sendable {
        package var start: UInt64
        package var end: UInt64

        package init(start: UInt64, end: UInt64) {
            self.start = start
            self.end = max(start, end)
        }
    }
}

/// What one application was seen to use at one listener.
package struct Application: Codable, Equatable, Sendable {
    /// `redis`, `postgres` or `s3`.
    package var `protocol`: String
    package var listener: String
    /// What the application says of itself, by the kind of saying: `name`, `user`, `library`, `database`, `access-key`, `agent`.
    ///
    /// Empty where it says nothing; `other` as the name stands for all beyond the most that are told apart.
    package var identity: [String: String]
    /// By dotted name, such as `redis.option.set.px`.
    package var features: [String: Feature]
    /// By what was measured, such as `redis.value.bytes`.
    package var sizes: [String: SizeRanges]
    /// The most of something at one time, such as `sessions` and `requests per second`; of several workers, the sum of what each had.
    package var peaks: [String: UInt64]
    /// Redacted examples by feature; nil where none are kept.
    package var samples: [String: [String]]?

    package init(
        protocol: String, listener: String, identity: [String: String] = [:], features: [String: Feature] = [:],
        sizes: [String: SizeRanges] = [:], peaks: [String: UInt64] = [:]
    ) {
        self.protocol = `protocol`
        self.listener = listener
        self.identity = identity
        self.features = features
        self.sizes = sizes
        self.peaks = peaks
    }

    /// Which application this is; applications with equal keys are one.
    package var key: Key { Key(protocol: self.protocol, listener: listener, identity: identity) }

    /// What tells applications apart.
    package struct Key: Hashable, Comparable, Sendable {
        package var `protocol`: String
        package var listener: String
        package var identity: [String: String]

        private var words: [String] {
            [self.protocol, listener] + identity.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        }

        package static func < (left: Key, right: Key) -> Bool {
            left.words.lexicographicallyPrecedes(right.words)
        }
    }
}

/// How often and when a feature was seen.
package struct Feature: Codable, Equatable, Sendable {
    /// Exact for what every request shows, otherwise an estimate: see `estimated`.
    package var count: UInt64
    /// Seconds since 1970.
    package var first: UInt64
    /// Seconds since 1970.
    package var last: UInt64
    /// Whether `count` was made of a sample: the first requests of each kind, then one of ``Sampling/interval``.
    package var estimated: Bool

    package init(count: UInt64, first: UInt64, last: UInt64, estimated: Bool = false) {
        self.count = count
        self.first = first
        self.last = last
        self.estimated = estimated
    }
}

/// How a recorder takes its samples.
package enum Sampling {
    /// Requests of one kind by one application on one worker that are all looked at.
    package static let first: UInt64 = 64
    /// After those, one of so many is on average, drawn at random, and counts for all since the last.
    package static let interval: UInt64 = 64
    /// The shortest and the longest distance from one that is looked at to the next.
    package static let shortest = interval / 2
    package static let longest = interval + interval / 2

    /// How many of `count` requests of a kind were looked at, at the least: by one application on one worker.
    package static func least(of count: UInt64) -> UInt64 {
        count <= first ? count : first + (count - first) / longest
    }
}

/// How often values of each size were seen: ranges between powers of two.
package struct SizeRanges: Codable, Equatable, Sendable {
    /// By the number of binary digits of the size: `counts[0]` is of size 0, `counts[n]` of 2ⁿ⁻¹ up to 2ⁿ - 1.
    ///
    /// The last of ``rangeCount`` ranges has no end; ranges behind the last that was seen are left out.
    package var counts: [UInt64]

    package static let rangeCount = 40

    package init(counts: [UInt64] = []) { self.counts = Array(counts.prefix(Self.rangeCount)) }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(counts: try container.decode([UInt64].self, forKey: .counts))
    }

    /// The range that `size` belongs to.
    package static func range(of size: UInt64) -> Int { min(64 - size.leadingZeroBitCount, rangeCount - 1) }
}

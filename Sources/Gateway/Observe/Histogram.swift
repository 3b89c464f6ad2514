// Latencies in buckets that double.

/// A histogram of durations; recording is one shift and two additions.
package struct Histogram: Sendable, Equatable {
    /// Bucket `k` ends at 2^(k + 15) nanoseconds: 33 µs, 66 µs, … 8.6 s; the last one has no end.
    package static let bucketCount = 20
    private static let firstShift = 15

    private(set) var counts = InlineBuckets()
    package private(set) var sum: UInt64 = 0
    package private(set) var count: UInt64 = 0

    package init() {}

    package mutating func record(_ nanoseconds: UInt64) {
        let scaled = nanoseconds >> UInt64(Self.firstShift)
        let bucket = UInt64.bitWidth - scaled.leadingZeroBitCount
        counts[min(bucket, Self.bucketCount - 1)] &+= 1
        sum &+= nanoseconds
        count &+= 1
    }

    /// The upper end of a bucket in seconds, or nil of the last.
    package static func end(of bucket: Int) -> Double? {
        guard bucket < bucketCount - 1 else { return nil }
        return Double(UInt64(1) << UInt64(bucket + firstShift)) / 1e9
    }

    package subscript(bucket: Int) -> UInt64 { counts[bucket] }

    package mutating func add(_ other: Histogram) {
        for bucket in 0..<Self.bucketCount { counts[bucket] &+= other.counts[bucket] }
        sum &+= other.sum
        count &+= other.count
    }
}

/// Twenty numbers in place, so that a histogram is no object of its own.
struct InlineBuckets: Sendable, Equatable {
    private var values: InlineArray<20, UInt64> = .init(repeating: 0)

    subscript(index: Int) -> UInt64 {
        get { values[index] }
        set { values[index] = newValue }
    }

    static func == (left: InlineBuckets, right: InlineBuckets) -> Bool {
        (0..<20).allSatisfy { left[$0] == right[$0] }
    }
}

// What memcached can do, and what it does not promise.

import Capabilities
import Glibc

/// The manifest of memcached by its text protocol.
enum MemcachedManifest {
    /// Longer keys are refused by the server (protocol.txt, "Keys").
    static let keyBytes = 250
    /// Keys of one request for several; memcached itself sets no bound to the keys of a `get`.
    static let batch = 1000
    /// The server holds times in 32 bits with a sign, which ends on 2038-01-19.
    static let latestExpiry: Int64 = 2_147_483_647

    /// Seconds that a key may live at the most as `now` is, in seconds since 1970: whole years of 365 days.
    static func longestLife(now: Int64) -> Int {
        let year: Int64 = 365 * 86_400
        return Int(max(0, latestExpiry - now) / year * year)
    }

    static func make(valueBytes: Int) -> Manifest {
        let cache: Set<Weakening> = [.evicting, .notDurable]
        let sizes: [BoundKind: Int] = [.keyBytes: keyBytes, .valueBytes: valueBytes]
        let key: [BoundKind: Int] = [.keyBytes: keyBytes]
        let keys = "keys with spaces or control characters are refused"
        return Manifest(
            adapter: "memcached-swift",
            [
                .keyValueGet: ManifestEntry(.native, bounds: key, weakenings: [.evicting, .partial], note: keys),
                .keyValueSet: ManifestEntry(
                    .native, bounds: sizes, weakenings: cache.union([.partial]), note: keys),
                .keyValueDelete: ManifestEntry(.native, bounds: key, weakenings: [.notDurable]),
                .keyValueExists: ManifestEntry(.native, bounds: key, weakenings: [.evicting]),
                .keyValueType: ManifestEntry(.emulated, note: "every value is a string"),
                .keyValueTTL: ManifestEntry(
                    .native, bounds: [.expirySeconds: longestLife(now: Int64(time(nil)))],
                    weakenings: [.wholeSeconds, .notAtomic, .evicting],
                    note: "times up to 2038-01-19; a condition on the present expiry is looked at before it is set"),
                .keyValueConditionalSet: ManifestEntry(.native, bounds: sizes, weakenings: cache),
                .keyValueCompareAndSet: ManifestEntry(.native, bounds: sizes, weakenings: cache),
                .keyValueMultiKey: ManifestEntry(
                    .native, bounds: [.batch: batch], weakenings: [.notAtomic],
                    note: "several keys cannot be set only if all are absent"),
                .keyValueClear: ManifestEntry(.native, weakenings: [.notDurable]),
            ])
    }
}

// Hot keys and big values, for people, programs and Prometheus.

import RedisWire

/// The samples of every listener that takes some, joined over the workers.
struct KeyReport {
    private struct HotKey {
        let key: SampledKey
        /// Shares of the sampled accesses: as found, and what it is at the least.
        let share: Double
        let least: Double
        /// Commands a second.
        let rate: Double
    }

    private struct BigValue {
        let key: SampledKey
        let value: BigValues.Value
        /// Seconds since it was seen.
        let age: UInt64
    }

    private struct Row {
        let listener: String
        let every: Int
        let commands: UInt64
        let blindClients: UInt64
        let hot: [HotKey]
        let big: [BigValue]
    }

    private let rows: [Row]

    init(_ listeners: [ListenerState], _ workers: [WorkerSnapshot]) {
        rows = listeners.compactMap { listener in
            guard let sampling = listener.configuration.sampling else { return nil }
            let parts = workers.compactMap { $0.keySamples[listener.index] }
            return Row(
                listener: listener.name, every: sampling.every, commands: parts.reduce(0) { $0 + $1.commands },
                blindClients: parts.reduce(0) { $0 + $1.blindClients },
                hot: Array(Self.hotKeys(parts, every: sampling.every).prefix(sampling.top)),
                big: Array(Self.bigValues(parts).prefix(sampling.top)))
        }
    }

    /// The most frequent first; a key that is in the tables of several workers is one.
    private static func hotKeys(_ parts: [KeySampleSnapshot], every: Int) -> [HotKey] {
        var counts: [SampledKey: (count: HotKeySnapshot.Count, rate: Double)] = [:]
        for part in parts {
            for (key, count) in part.hot.keys {
                var sum = counts[key] ?? (HotKeySnapshot.Count(most: 0, error: 0), 0)
                sum.count.most += count.most
                sum.count.error += count.error
                if part.hot.seconds > 0 { sum.rate += count.most * Double(every) / part.hot.seconds }
                counts[key] = sum
            }
        }
        let total = parts.reduce(0) { $0 + $1.hot.total }
        guard total > 0 else { return [] }
        // Met once, or as good as forgotten, a key is anybody's.
        return counts.filter { $0.value.count.most - $0.value.count.error >= 1.5 }.map { key, sum in
            HotKey(
                key: key, share: sum.count.most / total, least: (sum.count.most - sum.count.error) / total,
                rate: sum.rate)
        }.sorted { ($1.least, $1.share, $0.key.text) < ($0.least, $0.share, $1.key.text) }
    }

    /// The largest first; of a key that several workers have seen, the largest.
    private static func bigValues(_ parts: [KeySampleSnapshot]) -> [BigValue] {
        var values: [SampledKey: BigValue] = [:]
        for part in parts {
            for (key, value) in part.big where value.bytes > values[key]?.value.bytes ?? 0 {
                values[key] = BigValue(key: key, value: value, age: (part.now &- value.seen) / 1_000_000_000)
            }
        }
        return values.values.sorted { ($1.value.bytes, $0.key.text) < ($0.value.bytes, $1.key.text) }
    }

    // MARK: Prometheus

    /// Numbers only: a key is nobody's label.
    func write(to page: inout PrometheusText) {
        guard !rows.isEmpty else { return }
        page.family(
            "fairlead_hot_key_share", .gauge,
            "Share of the sampled accesses that the most frequent key had, at the least.")
        for row in rows {
            page.sample("fairlead_hot_key_share", [("listener", row.listener)], row.hot.first?.least ?? 0)
        }
        page.family(
            "fairlead_big_value_bytes", .gauge, "Bytes of the largest command or reply of one key in the last hour.")
        for row in rows {
            page.sample("fairlead_big_value_bytes", [("listener", row.listener)], row.big.first?.value.bytes ?? 0)
        }
    }

    // MARK: JSON

    /// One object; `listeners` has one entry for each listener that samples keys.
    var json: String {
        let entries = rows.map { row in
            let hot = row.hot.map { key in
                """
                \n      {"key": \(JSONText.quoted(key.key.text)), "length": \(key.key.length), \
                "share": \(Self.rounded(key.share)), "share-at-least": \(Self.rounded(key.least)), \
                "commands-per-second": \(Self.rounded(key.rate))}
                """
            }
            let big = row.big.map { value in
                """
                \n      {"key": \(JSONText.quoted(value.key.text)), "length": \(value.key.length), \
                "bytes": \(value.value.bytes), "command": \(JSONText.quoted(value.value.command.name.description)), \
                "of": \(JSONText.quoted(value.value.part)), "seconds-ago": \(value.age)}
                """
            }
            return """
                \n  {"listener": \(JSONText.quoted(row.listener)), "every": \(row.every), "commands": \(row.commands), \
                "blind-clients": \(row.blindClients),
                    "hot-keys": [\(hot.joined(separator: ","))],
                    "big-values": [\(big.joined(separator: ","))]}
                """
        }
        return "{\"listeners\": [\(entries.joined(separator: ","))]}\n"
    }

    /// With four digits behind the point at most: the samples say no more.
    private static func rounded(_ number: Double) -> Double { (number * 10_000).rounded() / 10_000 }

    // MARK: Text

    /// Two tables for each listener that samples keys, for a terminal.
    var text: String {
        rows.isEmpty
            ? "no listener samples keys: write sample-keys: {} there\n" : rows.map(Self.tables).joined(separator: "\n")
    }

    private static func tables(_ row: Row) -> String {
        var text = "\(row.listener): one in \(row.every) of \(row.commands) commands"
        if row.blindClients > 0 { text += ", \(row.blindClients) clients not followed" }
        text += row.hot.isEmpty ? "\n  no key was sampled yet\n" : "\n"
        if !row.hot.isEmpty {
            text += TextTable.aligned(
                [["share", "at least", "commands/s", "hot key"]]
                    + row.hot.map { [percent($0.share), percent($0.least), "\(Int($0.rate.rounded()))", $0.key.text] })
        }
        guard !row.big.isEmpty else { return text }
        return text
            + TextTable.aligned(
                [["bytes", "of", "ago", "big value of"]]
                    + row.big.map {
                        [
                            "\($0.value.bytes)", "\($0.value.command.name) \($0.value.part)", "\($0.age) s",
                            $0.key.text,
                        ]
                    })
    }

    private static func percent(_ share: Double) -> String {
        let tenths = Int((share * 1000).rounded())
        return "\(tenths / 10).\(tenths % 10) %"
    }
}

extension BigValues.Value {
    fileprivate var part: String { isReply ? "reply" : "command" }
}

// What the shadows have found, for people, programs and Prometheus.

import Glibc
import Usage

/// The counts of every shadow, summed over the workers.
struct ShadowReport {
    private struct Row {
        let listener: String
        /// What the one route takes that it is about; nil for a listener's own.
        let route: String?
        let candidate: String
        let wire: String
        let load: (jobs: Int, bytes: Int)
        let tables: (known: Int, stale: Int)
        let sum: ShadowSnapshot

        var labels: [(String, String)] {
            [("listener", listener)] + (route.map { [("route", $0)] } ?? []) + [("candidate", candidate)]
        }
        /// The most frequent first.
        var causes: [(key: ShadowCause, value: ShadowDifference)] {
            sum.causes.sorted {
                ($1.value.count, $0.key.command, $0.key.kind) < ($0.value.count, $1.key.command, $1.key.kind)
            }
        }
    }

    private let rows: [Row]

    init(_ listeners: [ListenerState], _ workers: [WorkerSnapshot]) {
        rows = listeners.flatMap { listener in
            listener.shadows.map { shadow in
                var sum = ShadowSnapshot()
                for reason in ShadowDrop.allCases { sum.drops[reason] = 0 }
                for worker in workers { if let part = worker.shadows[ObjectIdentifier(shadow)] { sum.add(part) } }
                return Row(
                    listener: listener.name, route: (shadow.route?.match).map { "\($0)" },
                    candidate: shadow.settings.backend, wire: listener.configuration.protocol.rawValue,
                    load: shadow.load, tables: shadow.tableCounts, sum: sum)
            }
        }
    }

    // MARK: Prometheus

    func write(to page: inout PrometheusText) {
        guard !rows.isEmpty else { return }
        each("seen_total", .counter, "Commands that the shadow has looked at.", &page) { $0.sum.seen }
        each("sent_total", .counter, "Commands taken for the candidate.", &page) { $0.sum.sent }
        each("compared_total", .counter, "Replies that were compared, with a result.", &page) { $0.sum.compared }
        page.family("fairlead_shadow_differences_total", .counter, "Replies confirmed to differ, by command and kind.")
        for row in rows {
            for (cause, difference) in row.causes {
                page.sample(
                    "fairlead_shadow_differences_total",
                    row.labels + [("command", cause.command), ("kind", cause.kind)], difference.count)
            }
        }
        page.family("fairlead_shadow_dropped_total", .counter, "Commands that were not compared, by reason.")
        for row in rows {
            for reason in ShadowDrop.allCases {
                page.sample(
                    "fairlead_shadow_dropped_total", row.labels + [("reason", reason.rawValue)],
                    row.sum.drops[reason] ?? 0)
            }
        }
        each("waiting", .gauge, "Commands that wait for the candidate, or for the client's reply.", &page) {
            UInt64(max(0, $0.load.jobs))
        }
        each("waiting_bytes", .gauge, "Bytes of them.", &page) { UInt64(max(0, $0.load.bytes)) }
        each("tables", .gauge, "Tables of PostgreSQL databases that are told apart.", &page) {
            UInt64($0.tables.known)
        }
        each("stale_tables", .gauge, "Of them those that are known to differ, or in doubt.", &page) {
            UInt64($0.tables.stale)
        }
    }

    private func each(
        _ name: String, _ kind: PrometheusText.Kind, _ help: String, _ page: inout PrometheusText,
        _ value: (Row) -> UInt64
    ) {
        page.family("fairlead_shadow_\(name)", kind, help)
        for row in rows { page.sample("fairlead_shadow_\(name)", row.labels, value(row)) }
    }

    // MARK: JSON

    /// One object; `shadows` has one entry for each.
    func json(in configuration: Configuration) -> String {
        let shadows = rows.map { Self.shadow($0, MigrationSubject($0.candidate, in: configuration)) }
        return ShadowDocument(shadows: shadows).json()
    }

    private static func shadow(_ row: Row, _ subject: MigrationSubject) -> ShadowDocument.Shadow {
        let sum = row.sum
        var differing: [String: UInt64] = [:]
        for (cause, difference) in sum.causes { differing[cause.command, default: 0] += difference.count }
        let features = Set(sum.same.keys).union(differing.keys).sorted().map { command in
            ShadowDocument.Feature(
                feature: ShadowDocument.feature(command, of: row.wire), identical: sum.same[command] ?? 0,
                differing: differing[command] ?? 0)
        }
        return ShadowDocument.Shadow(
            listener: row.listener, route: row.route, candidate: row.candidate, adapter: subject.adapter,
            configuration: subject.configuration, protocol: row.wire, verdict: sum.verdict, seen: sum.seen,
            sent: sum.sent, identical: sum.identical, differing: sum.differing,
            waiting: ShadowDocument.Waiting(commands: row.load.jobs, bytes: row.load.bytes),
            dropped: Dictionary(uniqueKeysWithValues: sum.drops.map { ($0.key.rawValue, $0.value) }),
            features: features,
            differences: row.causes.map { cause, difference in
                ShadowDocument.Difference(
                    feature: ShadowDocument.feature(cause.command, of: row.wire), command: cause.command,
                    kind: cause.kind, count: difference.count, first: time(difference.first),
                    last: time(difference.last),
                    example: difference.example, place: difference.place, primary: difference.primary,
                    candidate: difference.candidate)
            })
    }

    // MARK: Text

    /// A table for each shadow, for a terminal.
    var text: String {
        rows.isEmpty ? "no listener has a shadow\n" : rows.map(Self.table).joined(separator: "\n")
    }

    private static func table(_ row: Row) -> String {
        let sum = row.sum
        let place = ([row.listener] + (row.route.map { [$0] } ?? [])).joined(separator: ", ")
        var text = "\(place) -> \(row.candidate): \(sum.verdict)\n"
        text += "  \(sum.seen) seen, \(sum.sent) sent, \(sum.compared) compared, \(sum.differing) differ\n"
        let drops = ShadowDrop.allCases.compactMap { reason -> String? in
            guard let count = sum.drops[reason], count > 0 else { return nil }
            return "\(count) \(reason.rawValue)"
        }
        if !drops.isEmpty { text += "  not compared: \(drops.joined(separator: ", "))\n" }
        if row.tables.stale > 0 { text += "  in doubt: \(row.tables.stale) of \(row.tables.known) tables\n" }
        guard !row.causes.isEmpty else { return text }
        let head = ["count", "command", "kind", "first", "last", "example", "where", "primary", "candidate"]
        let lines =
            [head]
            + row.causes.map { cause, difference in
                [
                    "\(difference.count)", cause.command, cause.kind, time(difference.first), time(difference.last),
                    difference.example, difference.place.isEmpty ? "-" : difference.place, difference.primary,
                    difference.candidate,
                ]
            }
        text += TextTable.aligned(lines)
        return text
    }

    /// RFC 3339, in UTC, with milliseconds.
    private static func time(_ milliseconds: Int64) -> String {
        var seconds = time_t(milliseconds / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let rest = String(1000 + milliseconds % 1000).dropFirst()
        return "\(1900 + parts.tm_year)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
            + "T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(rest)Z"
    }
}

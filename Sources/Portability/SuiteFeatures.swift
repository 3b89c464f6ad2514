// Which features the requests of cases show, read as the recorder reads live traffic.

import Conformance
import Gateway

/// What cases ask for, request by request.
package struct SuiteFeatures: Sendable {
    private struct Shown {
        /// Features of requests whose answers the case looks at and that are not to fail.
        var proven: Set<String> = []
        /// All features by the line of the step that shows them, without those of requests that are to fail.
        var byLine: [Int: Set<String>] = [:]
    }

    private var cases: [String: Shown] = [:]

    package init() {}

    /// Reads the cases of `library` that are in `reports`.
    package init(_ library: SuiteLibrary, of reports: [Report]) throws {
        let wanted = reports.reduce(into: Set<String>()) { $0.formUnion($1.cases.map(\.id)) }
        let reading = try UsageReading()
        for one in library.suites.flatMap(\.cases) where wanted.contains(one.id) {
            var shown = Shown()
            for sent in one.requests where !sent.request.isToFail {
                let features = reading.features(
                    of: sent.request.bytes, on: one.wire.rawValue, ahead: sent.request.ahead)
                shown.byLine[sent.line, default: []].formUnion(features)
                if sent.isChecked { shown.proven.formUnion(features) }
            }
            cases[one.id] = shown
        }
    }

    /// Whether the case called `id`, once it holds, shows that `feature` works.
    func proves(_ feature: String, in id: String) -> Bool { cases[id]?.proven.contains(feature) ?? false }

    /// Whether the step of the case at `line` asks for `feature`.
    func shows(_ feature: String, in id: String, at line: Int) -> Bool {
        cases[id]?.byLine[line]?.contains(feature) ?? false
    }
}

// The matrix: what is proven, by backend.

/// Commands, operations and capabilities by the backends of reports.
package struct Matrix: Sendable {
    /// What the cases of a row say together at one backend.
    package struct Cell: Sendable, Equatable {
        package var cases: [Report.Entry] = []

        package func count(_ verdict: Verdict) -> Int { cases.count { $0.verdict == verdict } }
        /// Cases that were run.
        package var run: Int { cases.count - count(.skipped) }

        /// The worst verdict; nil where there is no case.
        package var verdict: Verdict? {
            [.failed, .differs, .refused, .identical, .skipped].first { count($0) > 0 }
        }
        /// Whether something departs that is not declared.
        package var isUndeclared: Bool {
            cases.contains { [.failed, .differs, .refused].contains($0.verdict) && $0.declared == nil }
        }
        /// The figures of all cases, the least of each.
        package var figures: [String: Int64] {
            cases.reduce(into: [:]) { $0.merge($1.figures) { min($0, $1) } }
        }
    }

    package struct Row: Sendable {
        package var name: String
        package var cells: [Cell]

        /// All tags of the row's cases.
        package var tags: [String] { Set(cells.flatMap(\.cases).flatMap(\.tags)).sorted() }
    }

    package struct Group: Sendable {
        package var name: String
        package var rows: [Row]

        /// The columns that have a case here, in the order of the reports.
        package var columns: [Int] {
            let count = rows.first?.cells.count ?? 0
            return (0..<count).filter { column in rows.contains { !$0.cells[column].cases.isEmpty } }
        }
    }

    package var reports: [Report]
    package var groups: [Group]
    /// A number for each case, the same at every backend.
    let numbers: [String: Int]

    /// The matrix of `reports`, in their order; rows in the order of the alphabet.
    package init(_ reports: [Report]) {
        self.reports = reports
        var numbers: [String: Int] = [:]
        for entry in reports.flatMap(\.cases) where numbers[entry.id] == nil { numbers[entry.id] = numbers.count }
        self.numbers = numbers
        var rows: [String: [String: Row]] = [:]
        for (column, report) in reports.enumerated() {
            for entry in report.cases {
                for name in Set(entry.proves) {
                    let empty = Row(name: name, cells: Array(repeating: Cell(), count: reports.count))
                    rows[entry.group, default: [:]][name, default: empty].cells[column].cases.append(entry)
                }
            }
        }
        let known = ["capabilities"] + Target.Wire.allCases.map(\.rawValue)
        let names = known.filter { rows[$0] != nil } + rows.keys.filter { !known.contains($0) }.sorted()
        groups = names.map { name in
            Group(name: name, rows: (rows[name] ?? [:]).values.sorted { $0.name < $1.name })
        }
    }

    /// The heading of a group for people.
    package static func title(of group: String) -> String {
        ["capabilities": "Capabilities", "redis": "Redis", "postgres": "PostgreSQL", "s3": "S3"][group] ?? group
    }
}

// A report as JSON, by the words of conformance/REPORT.md.

import Capabilities

extension Report {
    /// The text of the report's file.
    package func json() -> String { asJSON.text() }

    private var asJSON: JSON {
        let counts = counts
        return .object([
            "format": .string(Self.formatName),
            "version": .integer(Self.formatVersion),
            "name": .string(name),
            "standing": .string(standing.rawValue),
            "fairlead": .string(fairlead),
            "suites": .string(suites),
            "adapter": adapter.map(JSON.string),
            "configuration": configuration.map(JSON.string),
            "targets": .array(targets.map(\.asJSON)),
            "against": against.isEmpty ? nil : .array(against.map(\.asJSON)),
            "command": .string(command),
            // A reader that has only floating-point numbers would lose its last digits.
            "seed": .string("\(seed)"),
            "started": .string(started),
            "milliseconds": .integer(duration),
            "interruption": interruption.map(JSON.string),
            "counts": .object(
                Verdict.allCases.map { JSON.Member(name: $0.rawValue, value: .integer(counts[$0] ?? 0)) }),
            "drift": .strings(drift),
            "capabilities": capabilities.isEmpty ? nil : .object(sorted(capabilities, \.asJSON)),
            "cases": .array(cases.map(\.asJSON)),
        ])
    }
}

private func sorted<Value>(_ values: [String: Value], _ text: (Value) -> JSON) -> [JSON.Member] {
    values.sorted { $0.key < $1.key }.map { JSON.Member(name: $0.key, value: text($0.value)) }
}

extension ManifestEntry {
    fileprivate var asJSON: JSON {
        let bounds = Dictionary(uniqueKeysWithValues: bounds.map { ($0.key.rawValue, $0.value) })
        return .object([
            "support": .string(support.rawValue),
            "bounds": bounds.isEmpty ? nil : .object(sorted(bounds) { .integer($0) }),
            "weakenings": weakenings.isEmpty ? nil : .strings(weakenings.map(\.rawValue).sorted()),
        ])
    }
}

extension Report.Target {
    fileprivate var asJSON: JSON {
        .object([
            "wire": .string(wire), "label": .string(label), "product": .string(product), "version": .string(version),
            "features": .strings(features),
        ])
    }
}

extension Report.Entry {
    fileprivate var asJSON: JSON {
        .object([
            "id": .string(id),
            "verdict": .string(verdict.rawValue),
            "proves": .strings(proves),
            "title": .string(title),
            "source": .string(source),
            "tags": tags.isEmpty ? nil : .strings(tags),
            "client": .string(client),
            "reason": reason.isEmpty ? nil : .string(reason),
            "refused": refusedCapability.map(JSON.string),
            "declared": declared.map(JSON.string),
            "figures": figures.isEmpty ? nil : .object(sorted(figures) { .integer($0) }),
            "open-figures": openFigures.isEmpty ? nil : .strings(openFigures),
            "milliseconds": duration.map { .integer($0) },
            "steps": steps.isEmpty ? nil : .array(steps.map(\.asJSON)),
            "steps-against": otherSteps.isEmpty ? nil : .array(otherSteps.map(\.asJSON)),
        ])
    }
}

extension Report.Moment {
    fileprivate var asJSON: JSON {
        .object([
            "line": .integer(line),
            "action": .string(action),
            "on": connection == Step.ownConnection ? nil : .string(connection),
            "observed": observed.map(JSON.string),
            "problem": problem.map(JSON.string),
            "bytes": pieces.isEmpty ? nil : .array(pieces.map(\.asJSON)),
            "dropped": dropped == 0 ? nil : .integer(dropped),
        ])
    }
}

extension Report.Piece {
    fileprivate var asJSON: JSON {
        .object([
            direction.rawValue: .string(EvidenceText.escaped(bytes)),
            "of": count == bytes.count ? nil : .integer(count),
        ])
    }
}

// What `fairlead adapters show` tells about a file.

import Capabilities

extension DeclaredAdapterFile {
    /// The file for a person: how the server is reached, what it can do, and what is sent for it.
    public var describe: String {
        let file = description
        var lines = ["\(name): \(summary)", ""]
        lines.append("reached by \(file.transport.schemes.joined(separator: ", ")), \(framing), \(correlation)")
        lines.append(
            "\(file.transport.connections) connection\(file.transport.connections == 1 ? "" : "s") of each worker, up to "
                + "\(pipeline) requests on each")
        for setting in file.settings {
            let standard = setting.standard.map { $0.isEmpty ? "" : ", \($0) by default" } ?? ", has to be given"
            lines.append("option \(setting.name): \(setting.text)\(standard)")
        }
        lines += ["", "capabilities (all others are refused)"]
        let width = manifest.mentioned.map(\.name.count).max() ?? 0
        for capability in manifest.mentioned {
            let entry = manifest[capability]
            var parts = [entry.support.rawValue]
            parts += entry.bounds.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" }
            parts += entry.weakenings.map(\.rawValue).sorted()
            if !entry.note.isEmpty { parts.append(entry.note) }
            lines.append(
                "  \(capability.name)\(spaces(width - capability.name.count))  \(parts.joined(separator: "; "))")
        }
        lines += ["", "operations"]
        for operation in file.operations {
            let steps = operation.steps.count == 1 ? "" : ", \(operation.steps.count) steps"
            lines.append("  \(operation.shape.name) (\(operation.shape.capability.name))\(steps)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }

    private var framing: String {
        switch description.framing {
        case .lines: "lines"
        case .length(let width, _, _): "messages behind a length of \(width) bytes"
        case .header(let header): "messages behind a header of \(header.fields.reduce(0) { $0 + $1.width }) bytes"
        case .http: "HTTP/1.1"
        case .untilClose: "one message per connection"
        }
    }

    private var correlation: String {
        description.idField.map { "answers by the field \($0.name)" } ?? "answers in the order of the requests"
    }

    private var pipeline: Int { description.pipeline }
}

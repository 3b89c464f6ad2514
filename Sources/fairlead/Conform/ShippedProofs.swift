// What this build knows of the adapters that come with it: the results of the committed reports.

import Conformance
import Gateway

/// The reports on shipped adapters, as far as the start-up gate asks for them.
///
/// `table` is made by `fairlead conform matrix --proofs` from `conformance/reports`, and a test holds it to them.
enum ShippedProofs {
    /// The gate of a configuration from `file`, or from options.
    static func gate(file: String?) -> ConformanceGate {
        // An adapter whose manifest depends on its settings is somebody's program, and no report of ours is about that.
        let kinds = ShippedKinds.all.filter { $0.manifest != nil }
        let shipped = Dictionary(uniqueKeysWithValues: kinds.map { ($0.name, table[$0.name]) })
        return ConformanceGate(version: fairleadVersion, shipped: shipped, ownStore: "embedded", file: file)
    }

    /// The Swift file with the table of `reports`.
    static func source(of reports: [Report]) -> String {
        let names = Set(ShippedKinds.all.filter { $0.manifest != nil }.map(\.name))
        let proofs = reports.filter { names.contains($0.adapter ?? "") }.sorted {
            ($0.adapter ?? "") < ($1.adapter ?? "")
        }
        let lines = proofs.map { report in
            """
                    "\(report.adapter ?? "")": ShippedProof(
                        fairlead: "\(report.fairlead)", suites: "\(report.suites)", passed: \(report.standing == .passed)),

            """
        }
        return """
            // Made by `fairlead conform matrix --proofs` from conformance/reports; not edited by hand.

            import Gateway

            extension ShippedProofs {
                static let table: [String: ShippedProof] = [\(lines.isEmpty ? ":" : "\n" + lines.joined() + "    ")]
            }

            """
    }
}

// The checks that look beyond the configuration: at adapters, at contracts, and at reports.

import Capabilities

/// What a configuration's backends are held to.
package struct ConfigurationReview: Sendable {
    private let adapters: AdapterRegistry
    private let conformance: ConformanceGate

    package init(adapters: AdapterRegistry, conformance: ConformanceGate) {
        self.adapters = adapters
        self.conformance = conformance
    }

    /// Every finding in `configuration`; `known` are the keys of what was found in it before.
    ///
    /// What only follows from those is left out: a value that could not be read is not missing as well, and nothing is said of the
    /// report on a backend that has to be changed first.
    func findings(in configuration: Configuration, besides known: [String] = []) -> [ConfigurationChecks.Finding] {
        let found = AdapterChecks.findings(in: configuration, adapters).filter { finding in
            !known.contains { $0 == finding.key || $0.hasPrefix("\(finding.key).") }
        }
        let wrong = known + found.map(\.key)
        let reports = conformance.findings(in: configuration) { backend in
            !wrong.contains { $0 == "backends.\(backend)" || $0.hasPrefix("backends.\(backend).") }
        }
        return found + reports
    }
}

// The start-up gate: no private backend is bound whose abilities are neither proven nor declared to be unproven.

import Capabilities

/// What stands behind the manifest of a private backend.
package enum BackendProof: Sendable, Equatable {
    /// The store that is part of Fairlead.
    case ownStore
    /// The backend's own report.
    case report
    /// The report on the adapter that this build carries.
    case shipped
    /// Nothing; with the reason for the log.
    case unverified(String)

    package var isUnverified: Bool { if case .unverified = self { true } else { false } }
}

/// A report on an adapter that this build carries.
package struct ShippedProof: Sendable, Equatable {
    /// The version of Fairlead that was asked.
    package var fairlead: String
    package var suites: String
    package var passed: Bool

    package init(fairlead: String, suites: String, passed: Bool) {
        self.fairlead = fairlead
        self.suites = suites
        self.passed = passed
    }
}

/// Decides what a configuration's private backends are proven by.
package struct ConformanceGate: Sendable {
    /// Fairlead's version.
    package var version: String
    /// The adapters that come with Fairlead and can do the same for every backend, and the report on each.
    package var shipped: [String: ShippedProof?]
    /// The adapter that is Fairlead's own store.
    package var ownStore: String
    /// The configuration's file; nil for options, which have no place to name a report.
    package var file: String?

    package init(version: String, shipped: [String: ShippedProof?], ownStore: String, file: String?) {
        self.version = version
        self.shipped = shipped
        self.ownStore = ownStore
        self.file = file
    }

    /// Every reason not to bind a backend that `isSound`, by its name, as far as anything else goes.
    func findings(
        in configuration: Configuration, where isSound: (String) -> Bool = { _ in true }
    ) -> [ConfigurationChecks.Finding] {
        var findings: [ConfigurationChecks.Finding] = []
        for backend in configuration.backends where isSound(backend.name) {
            do throws(ConfigurationChecks.Finding) { try check(backend, in: configuration) } catch {
                findings.append(error)
            }
        }
        for backend in configuration.privateBackends where isSound(backend.name) {
            do throws(ConfigurationChecks.Finding) { _ = try proof(of: backend, in: configuration) } catch {
                findings.append(error)
            }
        }
        return findings
    }

    /// Throws why the report that a trusted backend names does not stand for it.
    ///
    /// One that was made of the server directly knows nothing of a configuration, and is about no version of Fairlead.
    func check(_ backend: BackendConfiguration, in configuration: Configuration) throws(ConfigurationChecks.Finding) {
        guard let path = backend.report else { return }
        let head = try head(of: path, backend.name)
        let wire = backend.protocol.rawValue
        if let adapter = head.adapter { throw refusal(backend.name, path, "\(path) is about adapter \(adapter)") }
        if !head.wires.contains(wire) { throw refusal(backend.name, path, "\(path) says nothing about \(wire)") }
        guard let hash = head.configuration else { return }
        try checkVersion(head, of: path, backend.name)
        if hash != configuration.hash(ofBackend: backend.name) {
            throw refusal(backend.name, path, "\(path) belongs to another configuration of the backend")
        }
    }

    /// What stands behind the manifest of `backend`.
    func proof(
        of backend: PrivateBackendConfiguration, in configuration: Configuration
    ) throws(ConfigurationChecks.Finding) -> BackendProof {
        switch backend.conformance {
        case .report(let path):
            try check(path, of: backend, in: configuration)
            return .report
        case .unverified:
            return backend.adapter == ownStore ? .ownStore : .unverified("the configuration says so")
        case .unstated where backend.adapter == ownStore: return .ownStore
        case .unstated: return try unstated(backend)
        }
    }

    /// Without a word about a report, a shipped adapter is covered by the one that the build carries, and others are not.
    private func unstated(_ backend: PrivateBackendConfiguration) throws(ConfigurationChecks.Finding) -> BackendProof {
        if let proof = shipped[backend.adapter] {
            guard let proof else { return .unverified("this build carries no report on adapter \(backend.adapter)") }
            guard proof.fairlead == version else {
                return .unverified("this build's report on adapter \(backend.adapter) is of Fairlead \(proof.fairlead)")
            }
            if proof.passed { return .shipped }
            guard file != nil else {
                return .unverified("this build's report on adapter \(backend.adapter) has failed")
            }
            throw refusal(backend, "this build's report on adapter \(backend.adapter) has failed")
        }
        guard file != nil else { return .unverified("it is given on the command line, without a report") }
        throw refusal(backend, "nothing proves what adapter \(backend.adapter) can do")
    }

    private func check(
        _ path: String, of backend: PrivateBackendConfiguration, in configuration: Configuration
    ) throws(ConfigurationChecks.Finding) {
        let head = try head(of: path, backend.name, orElse: Self.unverified)
        try checkVersion(head, of: path, backend.name, orElse: Self.unverified)
        if head.adapter != configuration.adapterName(of: backend) {
            throw refusal(backend, "\(path) is about adapter \(head.adapter ?? "none")")
        }
        if head.configuration != configuration.hash(ofBackend: backend.name) {
            throw refusal(backend, "\(path) belongs to another configuration of the backend")
        }
    }

    /// What the owner of a private backend may do instead.
    private static let unverified = "write \(ConformanceClaim.unverifiedWord)"

    private func head(
        of path: String, _ name: String, orElse other: String = "remove this key"
    ) throws(ConfigurationChecks.Finding) -> ReportHead {
        let head: ReportHead
        do throws(ReportHead.Problem) { head = try ReportHead(path: path) } catch {
            throw refusal(name, path, "\(path) \(error.description)", orElse: other)
        }
        if head.standing != "passed" {
            throw refusal(
                name, path, "\(path) says that the backend has failed: repair it, or declare less", orElse: other)
        }
        return head
    }

    private func checkVersion(
        _ head: ReportHead, of path: String, _ name: String, orElse other: String = "remove this key"
    ) throws(ConfigurationChecks.Finding) {
        guard head.fairlead != version else { return }
        throw refusal(
            name, path, "\(path) is about Fairlead \(head.fairlead), and this is \(version)", orElse: other)
    }

    private func refusal(_ backend: PrivateBackendConfiguration, _ reason: String) -> ConfigurationChecks.Finding {
        var report = "reports/\(backend.name).json"
        if case .report(let path) = backend.conformance { report = path }
        return refusal(backend.name, report, reason, orElse: Self.unverified)
    }

    private func refusal(
        _ name: String, _ report: String, _ reason: String, orElse other: String = "remove this key"
    ) -> ConfigurationChecks.Finding {
        let again = "fairlead conform \(name) --config \(file ?? "FILE") --json \(report)"
        return .init(
            key: "backends.\(name).conformance",
            message: "\(reason); run `\(again)` and name that report here, or \(other)")
    }
}

extension Configuration {
    /// The adapter's name as a report gives it: the path of a file as it stands in the configuration.
    package func adapterName(of backend: PrivateBackendConfiguration) -> String { backend.written(backend.adapter) }
}

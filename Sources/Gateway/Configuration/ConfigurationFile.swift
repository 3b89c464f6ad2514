// Loads a configuration from a YAML file: read, decode, check, and report every problem.

import FoundationEssentials
import Glibc
import Yams

/// Reads configuration files.
package enum ConfigurationFile {
    /// The configuration in the file at `path`.
    ///
    /// - Parameters:
    ///   - checkingFiles: whether the certificate and key files that it names are opened as well.
    ///   - review: what its backends are held to besides; nil for nothing.
    /// - Throws: every problem, each with line, column and key.
    package static func load(
        _ path: String, checkingFiles: Bool = false, review: ConfigurationReview? = nil
    ) throws(ConfigurationError) -> Configuration {
        func failure(_ message: String) -> ConfigurationError {
            ConfigurationError(problems: [ConfigurationProblem(source: path, key: "", message: message)])
        }
        guard access(path, R_OK) == 0 else {
            throw failure("cannot read the configuration: \(String(cString: strerror(errno)))")
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw failure("cannot read the configuration: it is not a file")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw failure("the configuration is not UTF-8 text")
        }
        let cut = path.lastIndex(of: "/").map { path[..<$0] } ?? "."
        return try parse(
            text, source: path, folder: cut.isEmpty ? "/" : String(cut), checkingFiles: checkingFiles, review: review)
    }

    /// The configuration that `text` spells; `source` names it in problems, relative paths begin at `folder`.
    package static func parse(
        _ text: String, source: String, folder: String? = nil, checkingFiles: Bool = false,
        review: ConfigurationReview? = nil
    ) throws(ConfigurationError) -> Configuration {
        var decoder = ConfigurationDecoder(source: source, folder: folder, checkingFiles: checkingFiles)
        let configuration = decoder.decode(text)
        if let configuration, let review {
            for finding in review.findings(in: configuration, besides: decoder.problems.map(\.key)) {
                decoder.add(finding.message, at: finding.key)
            }
        }
        guard decoder.problems.isEmpty, let configuration else {
            throw ConfigurationError(problems: decoder.problems.sorted(by: isEarlier))
        }
        return configuration
    }

    private static func isEarlier(_ left: ConfigurationProblem, _ right: ConfigurationProblem) -> Bool {
        (left.line ?? 0, left.column ?? 0, left.key) < (right.line ?? 0, right.column ?? 0, right.key)
    }
}

extension ConfigurationDecoder {
    /// The configuration that `text` spells; nil, or a partial one, when problems were added.
    mutating func decode(_ text: String) -> Configuration? {
        let document = YAMLDocument(text, source: source)
        problems += document.problems
        guard document.problems.isEmpty else { return nil }
        guard let root = document.root else {
            add("the file is empty: expected listeners and backends", at: "")
            return nil
        }
        guard let top = section(root, path: "", as: nil) else { return nil }

        let named = namedSections(.backends, each: .backend, in: top)
        var configuration = Configuration(
            listeners: namedSections(.listeners, each: .listener, in: top).compactMap { name, section in
                section.flatMap { listener(name, $0) }
            },
            backends: named.compactMap { name, section in
                section.flatMap { $0.has(.backendAdapter) ? nil : backend(name, $0) }
            },
            privateBackends: named.compactMap { name, section in
                section.flatMap { $0.has(.backendAdapter) ? privateBackend(name, $0) : nil }
            })
        configuration.workers = wholeNumber(.workers, in: top)
        configuration.reactor = choice(.reactor, in: top) ?? configuration.reactor
        configuration.admin = endpoint(.admin, in: top)
        configuration.shutdownGrace = duration(.shutdownGrace, in: top).flatMap(\.self) ?? configuration.shutdownGrace
        if let log = section(.log, in: top) {
            configuration.log.level = choice(.logLevel, in: log) ?? configuration.log.level
            configuration.log.format = choice(.logFormat, in: log) ?? configuration.log.format
        }
        if let usage = section(.usage, in: top) {
            configuration.usage.isEnabled = boolean(.usageEnabled, in: usage) ?? configuration.usage.isEnabled
            let file = self.text(.usageFile, in: usage)
            if file?.isEmpty == true { add("expected the path of a file", at: usage.path(of: .usageFile)) }
            configuration.usage.file = file.map(absolute)
            configuration.usage.samples = wholeNumber(.usageSamples, in: usage) ?? configuration.usage.samples
        }
        for finding in ConfigurationChecks.findings(in: configuration, declared: named.map(\.name)) {
            add(finding.message, at: finding.key)
        }
        return configuration
    }
}

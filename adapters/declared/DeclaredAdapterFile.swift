// An adapter file: read, checked, described, and made into an adapter.

import Capabilities
import FoundationEssentials
import Multiplex
import Reactor

/// An `adapter.yaml` without a mistake.
public struct DeclaredAdapterFile: Sendable {
    /// The path, or the name of a shipped one.
    public let source: String
    let description: AdapterDescription

    public var name: String { description.name }
    public var summary: String { description.summary }
    public var manifest: Manifest { description.manifest }

    // MARK: Reading

    /// Everything that is wrong with the file at `path`; nothing is connected to.
    public static func check(_ path: String) -> [AdapterProblem] {
        do throws(AdapterFileError) {
            _ = try load(path)
            return []
        } catch {
            return error.problems
        }
    }

    /// Reads the file at `path`.
    public static func load(_ path: String) throws(AdapterFileError) -> DeclaredAdapterFile {
        let text: String
        var isFolder = false
        // A folder is named for the file in it, as adapters/NAME is.
        let path =
            FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder
            ? "\(path.hasSuffix("/") ? String(path.dropLast()) : path)/adapter.yaml" : path
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            let isThere = FileManager.default.fileExists(atPath: path)
            let reason = isThere ? "cannot be read as UTF-8 text" : "there is no such file"
            throw AdapterFileError(problems: [
                AdapterProblem(
                    file: path, line: 0, column: 0, key: "", message: "\(reason); give the path of an adapter.yaml")
            ])
        }
        return try parse(text, source: path)
    }

    /// Reads `text`; problems name it `source`.
    public static func parse(_ text: String, source: String) throws(AdapterFileError) -> DeclaredAdapterFile {
        let problems = ProblemList(file: source)
        guard let root = DocumentNode.parse(text, problems) else { throw AdapterFileError(problems: problems.sorted) }
        let description = DescriptionReader.read(root, problems)
        let settings = Dictionary(description.settings.map { ($0.name, $0.standard ?? "") }) { first, _ in first }
        var compiler = ProgramCompiler(description, settings: settings, host: "localhost", problems)
        let program = compiler.compile()
        DescriptionChecks(description, program, problems).run()
        guard problems.problems.isEmpty else { throw AdapterFileError(problems: problems.sorted) }
        return DeclaredAdapterFile(source: source, description: description)
    }

    // MARK: Use

    /// The kind of adapter that a configuration names.
    public var kind: AdapterKind {
        let file = self
        return AdapterKind(name: name, summary: summary, manifest: manifest) { settings throws(AdapterError) in
            try file.makeAdapter(settings)
        }
    }

    /// The adapter of one backend; touches neither disk nor network, but for the files of its TLS.
    public func makeAdapter(_ settings: AdapterSettings) throws(AdapterError) -> DeclaredAdapter {
        let program = try program(settings)
        return DeclaredAdapter(program.program, to: program.endpoint)
    }

    private func program(_ settings: AdapterSettings) throws(AdapterError) -> (
        program: Program, endpoint: MultiplexEndpoint
    ) {
        var description = description
        let schemes = description.transport.schemes.map { $0 == "unix" ? "unix:PATH" : "\($0)://HOST:PORT" }
        let expected = "expected \(schemes.joined(separator: " or "))"
        var values: [String: String] = [:]
        for setting in description.settings {
            guard let value = settings.options[setting.name] ?? setting.standard else {
                throw AdapterError(key: "options.\(setting.name)", "has to be given: \(setting.text)")
            }
            // They go into requests as they are.
            guard !value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
                throw AdapterError(key: "options.\(setting.name)", "cannot hold control characters")
            }
            values[setting.name] = value
        }
        let own = ["connections", "ca", "verify"]
        for option in settings.options.keys.sorted() where values[option] == nil && !own.contains(option) {
            let known = description.settings.map(\.name) + own
            let clause = NearestWord.clause(for: option, among: known)
            throw AdapterError(
                key: "options.\(option)",
                "adapter \(name) has no such option\(clause.isEmpty ? "; it has \(known.joined(separator: ", "))" : clause)"
            )
        }
        if let text = settings.options["connections"] {
            guard let count = Int(text), (1...1024).contains(count) else {
                throw AdapterError(key: "options.connections", "expected a number from 1 to 1024, got \"\(text)\"")
            }
            description.transport.connections = count
        }
        guard let text = settings.url else { throw AdapterError(key: "url", "\(expected), got none") }
        let port = description.transport.port.flatMap { UInt16(exactly: $0) }
        guard let url = AdapterURL(text, defaultPort: port), description.transport.schemes.contains(url.scheme),
            url.rest.isEmpty || url.rest == "/"
        else { throw AdapterError(key: "url", "\(expected), got \"\(text)\"") }
        // Unless the configuration says otherwise, the file knows its server best.
        if settings.connectTimeout != AdapterSettings(backend: "").connectTimeout {
            description.transport.connectTimeout = settings.connectTimeout.nanoseconds
        }
        if let time = settings.responseTimeout { description.transport.replyTimeout = time.nanoseconds }
        let problems = ProblemList(file: source)
        var compiler = ProgramCompiler(description, settings: values, host: url.target.host, problems)
        let endpoint = MultiplexEndpoint(
            url.target, tls: try tls(url, settings), serverName: settings.tls?.serverName)
        return (compiler.compile(), endpoint)
    }

    private func tls(_ url: AdapterURL, _ settings: AdapterSettings) throws(AdapterError) -> TLSContext? {
        if let tls = settings.tls {
            for option in ["ca", "verify"] where settings.options[option] != nil {
                throw AdapterError(key: "options.\(option)", "is said under `tls` already; remove it here")
            }
            do throws(IOError) {
                return try TLSContext.client(
                    ca: tls.ca, certificate: tls.certificate, key: tls.key, verify: tls.verify,
                    minimum: tls.requiresTLS13 ? .tls13 : .tls12)
            } catch {
                throw AdapterError(key: "tls", "\(error)")
            }
        }
        guard url.scheme == "tls" || url.scheme == "https" else { return nil }
        let verify = settings.options["verify"] ?? "yes"
        guard verify == "yes" || verify == "no" else {
            throw AdapterError(key: "options.verify", "expected yes or no, got \"\(verify)\"")
        }
        do throws(IOError) {
            return try TLSContext.client(
                ca: settings.options["ca"].map { settings.absolute($0) }, verify: verify == "yes")
        } catch {
            throw AdapterError(key: "options.ca", "\(error)")
        }
    }
}

extension ConnectTarget {
    /// What an HTTP request names as its host.
    fileprivate var host: String {
        if case .unix = self { return "localhost" }
        return description
    }
}

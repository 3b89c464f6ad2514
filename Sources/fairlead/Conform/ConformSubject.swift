// What a run is about: a URL, a backend of a configuration, or an adapter with a URL.

import ArgumentParser
import Capabilities
import Conformance
import Gateway

/// The part of the command line that names the target.
struct ConformSubject: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "A URL (redis://, rediss://, postgres://, s3+http://KEY:SECRET@HOST) or a backend of --config.",
            valueName: "TARGET"))
    var target: String?

    @Option(help: ArgumentHelp("The configuration that TARGET is a backend of.", valueName: "FILE"))
    var config: String?

    @Option(help: ArgumentHelp("A private backend without a file: its adapter …", valueName: "NAME"))
    var adapter: String?

    @Option(help: ArgumentHelp("… and its URL.", valueName: "URL"))
    var url: String?

    @Option(help: ArgumentHelp("An option of the adapter; repeatable.", valueName: "NAME=VALUE"))
    var option: [String] = []

    func require() throws {
        func usage(_ message: String) -> UsageError { UsageError(message: message, command: "conform") }
        if adapter == nil, url != nil || !option.isEmpty {
            throw usage("--url and --option belong to --adapter: name the adapter")
        }
        if adapter != nil, target != nil || config != nil {
            throw usage("--adapter is a target without a file: leave out TARGET and --config")
        }
        if adapter == nil, target == nil {
            throw usage(
                "Nothing to run against: give a target, for example\n  fairlead conform redis://127.0.0.1:6379")
        }
        if let target, config == nil, !target.contains(":") {
            throw usage("\"\(target)\" is no URL: write redis://HOST:PORT, or --config FILE where it is a backend")
        }
        if let target, config != nil, target.contains("://") {
            throw usage("with --config the target is a backend's name, got a URL")
        }
    }

    /// The words that name it again.
    var words: [String] {
        var words: [String] = []
        if let target { words.append(Self.withoutPassword(target)) }
        if let config { words += ["--config", config] }
        if let adapter { words += ["--adapter", adapter] }
        if let url { words += ["--url", Self.withoutPassword(url)] }
        for option in option {
            let name = option.prefix { $0 != "=" }
            let isSecret = SecretNames.hides(String(name))
            words += ["--option", isSecret ? "\(name)=xxxxx" : option]
        }
        return words
    }

    /// `url` with its password replaced.
    static func withoutPassword(_ url: String) -> String {
        guard let match = url.firstMatch(of: /^([A-Za-z0-9+]+:\/\/[^:@\/]*:)[^@\/]*@/) else { return url }
        return match.1 + "xxxxx" + url[match.range.upperBound...].prepended("@")
    }

    /// Starts what is needed, and says where to go.
    func start() async throws -> ConformPlace {
        if let adapter {
            var settings = AdapterSettings(backend: adapterBackend, url: url)
            for option in option {
                let parts = option.split(separator: "=", maxSplits: 1)
                guard parts.count == 2 else {
                    throw UsageError(message: "--option takes NAME=VALUE, got \"\(option)\"", command: "conform")
                }
                settings.options[String(parts[0])] = String(parts[1])
            }
            let backend = PrivateBackendConfiguration(name: settings.backend, adapter: adapter, settings: settings)
            let configuration = Configuration(listeners: [], backends: [], privateBackends: [backend])
            return try await .gateway(configuration, backend: backend.name)
        }
        let target = target ?? ""
        guard let config else { return .direct(try Target(url: target)) }
        return try await .gateway(try ConfigurationFile.load(config), backend: target)
    }

    /// What the backend of `--adapter` is called.
    private var adapterBackend: String {
        let last = (adapter ?? "").split(separator: "/").last.map(String.init) ?? "backend"
        let stem = last.hasSuffix(".yaml") ? String(last.dropLast(5)) : last
        return stem == "adapter" ? "backend" : stem
    }
}

extension Substring {
    fileprivate func prepended(_ text: String) -> String { text + self }
}

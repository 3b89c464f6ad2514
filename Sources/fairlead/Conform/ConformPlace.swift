// Where a run goes: straight to a server, or through a gateway that lives as long as the run.

import Capabilities
import Conformance
import Gateway
import Glibc
import Logging

/// The targets of a run, one for each wire, and what stands behind them.
struct ConformPlace: Sendable {
    /// The report's heading.
    var name: String
    var targets: [Target]
    var configurationHash: String?
    /// The adapter, as the start-up gate will compare it; nil for a trusted backend.
    var adapter: String?
    private var gateway: Gateway?
    private var backend = ""

    /// A server by its URL.
    static func direct(_ target: Target) -> ConformPlace {
        ConformPlace(name: target.label, targets: [target])
    }

    /// The backend called `name` behind a gateway of this process, with a listener for each wire that fits.
    static func gateway(_ whole: Configuration, backend name: String) async throws -> ConformPlace {
        var configuration = whole
        configuration.admin = nil
        configuration.backends = whole.backends.filter { $0.name == name }
        configuration.privateBackends = whole.privateBackends.filter { $0.name == name }
        guard let hash = whole.hash(ofBackend: name) else {
            let names = whole.backends.map(\.name) + whole.privateBackends.map(\.name)
            throw RunProblem(
                "no backend is called \"\(name)\"\(NearestWord.clause(for: name, among: names)); there are: \(names.joined(separator: ", "))"
            )
        }
        let settings = configuration.privateBackends.first
        let wires =
            try settings.map { AdapterChecks.wires(of: try ShippedKinds.registry.adapter(for: $0).manifest) }
            ?? configuration.backends.map(\.protocol)
        configuration.listeners = wires.map { wire in
            var listener = ListenerConfiguration(
                name: wire.rawValue, protocol: wire, listen: [.host("127.0.0.1", port: 0)], backend: name)
            // Signatures are checked only where there is a key, and regions where there is one: a run is to see that they are.
            if wire == .s3, settings != nil {
                listener.accessKeys = [accessKey: secret]
                listener.region = region
            }
            return listener
        }
        guard !wires.isEmpty else { throw RunProblem("\(name) has nothing that clients of a wire could use") }
        let gateway = try Gateway(
            configuration: configuration, fronts: [RedisFront(), PostgresFront(), S3Front()],
            adapters: ShippedKinds.registry, logger: quietLogger)
        try await gateway.startAdapters()
        let bound = try gateway.start()
        var place = ConformPlace(name: name, targets: bound.compactMap { target($0, name, isPrivate: settings != nil) })
        place.configurationHash = hash
        place.adapter = settings.map { whole.adapterName(of: $0) }
        place.gateway = gateway
        place.backend = name
        return place
    }

    /// What clients may count on; nil for a server that is not private, or not behind this process.
    func effectiveManifest() async -> Manifest? { await gateway?.effectiveManifest(of: backend) }

    /// Ends the gateway at once; whatever of the run is still open has no use any more.
    func stop() { gateway?.abort() }

    // MARK: Addresses and logins

    private static let accessKey = "FAIRLEADCONFORM"
    /// Guards nothing but a loopback port for as long as the run lasts.
    private static let secret = "conform-\(UInt64.random(in: 0...UInt64.max))"

    private static let quietLogger: Logger = {
        var logger = Logger(label: "fairlead.conform")
        logger.logLevel = .critical
        return logger
    }()

    private static func target(_ listener: BoundListener, _ name: String, isPrivate: Bool) -> Target? {
        guard let wire = Target.Wire(rawValue: listener.protocolName), let address = listener.addresses.first,
            let port = address.split(separator: ":").last.flatMap({ Int($0) })
        else { return nil }
        let scheme = wire == .s3 ? "s3+http" : wire.rawValue
        var target = Target(label: "\(scheme)://\(name)", wire: wire, host: "127.0.0.1", port: port)
        switch wire {
        case .redis: target.password = isPrivate ? nil : environment("REDISCLI_AUTH")
        case .postgres:
            target.user = environment("PGUSER") ?? "postgres"
            target.password = environment("PGPASSWORD")
            target.database = environment("PGDATABASE") ?? "postgres"
        case .s3:
            target.user = isPrivate ? accessKey : environment("AWS_ACCESS_KEY_ID") ?? "any"
            target.password = isPrivate ? secret : environment("AWS_SECRET_ACCESS_KEY") ?? "any"
            target.options["region"] = region
        }
        return target
    }

    private static var region: String { environment("AWS_DEFAULT_REGION") ?? "us-east-1" }

    private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

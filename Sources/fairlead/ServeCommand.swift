// `fairlead serve`: starts the gateway and runs it until a signal asks it to stop.

import Admin
import ArgumentParser
import Gateway
import Glibc
import Logging
import UnixSignals

/// `fairlead serve`: the gateway itself.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Listen, and lead every session to its backend.",
        discussion: """
            Prints one line per listener once it listens. SIGTERM or SIGINT stops accepting and lets sessions finish \
            within the shutdown grace; a second signal closes them at once.

            Without a file and without listeners the embedded adapter answers behind all three fronts, on ports 6380, 6432 \
            and 9001 of 127.0.0.1, and keeps its data in --data.

            EXAMPLES
              fairlead serve
              fairlead serve --config fairlead.yaml
              fairlead serve --redis 6380=redis://127.0.0.1:6379
              fairlead serve --postgres 6432=postgres://127.0.0.1:5432 --admin 9900
              fairlead serve --redis 6390=memcached+tcp://127.0.0.1:11211
              fairlead serve --s3 0.0.0.0:9001=https://s3.example.com --workers 2 \\
                --log-format json
            """)

    @Option(help: ArgumentHelp("The configuration file.", valueName: "FILE"))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Where the embedded adapter keeps its data when nothing else is asked for.", valueName: "FOLDER"))
    var data: String?

    @OptionGroup var arguments: ConfigurationArguments

    /// The folder's name when none is given: beside whoever starts it, so that it is found again.
    private static let dataFolder = "fairlead-data"

    /// Refuses a command line that asks for two things at once.
    ///
    /// It is not `validate()`, which would speak before an option that is not known is named.
    func requireSource() throws {
        try arguments.validate(file: config, command: "serve", fileUsage: "--config fairlead.yaml", standsIn: true)
        if data != nil, config != nil || arguments.hasRoutes {
            throw UsageError(
                message: """
                    --data is for a start without listeners; write embedded:FOLDER as a listener's URL, or the backend's \
                    options in the file.
                    """, command: "serve")
        }
    }

    mutating func run() async throws {
        try requireSource()
        let configuration = try arguments.configuration(
            file: config, embedded: data ?? Self.dataFolder, checkingFiles: false)
        LogBootstrap.start(configuration.log)
        let logger = Logger(label: "fairlead")
        // Before the first listener, so that no signal can end the process between a start and its orderly stop.
        let signals = await UnixSignalsSequence(trapping: [.sigterm, .sigint])

        let gateway: Gateway
        let listeners: [BoundListener]
        do {
            gateway = try Gateway(
                configuration: configuration, fronts: [RedisFront(), PostgresFront(), S3Front()],
                adapters: ShippedKinds.registry, conformance: ShippedProofs.gate(file: config), logger: logger)
            try await gateway.startAdapters()
            listeners = try gateway.start()
        } catch {
            StandardError.write("error: \(error)")
            throw ExitCodes.failed
        }
        let admin = AdminServer(source: GatewaySource(gateway: gateway, text: configuration.rendered()), logger: logger)
        let adminAddress: AdminAddress?
        do {
            adminAddress = try await startAdmin(admin, configuration.admin)
        } catch {
            StandardError.write("error: \(error)")
            gateway.abort()
            throw ExitCodes.failed
        }
        for listener in listeners {
            print(
                ListenerLine(
                    name: listener.name, protocolName: listener.protocolName, addresses: listener.addresses,
                    destination: listener.destination))
        }
        if config == nil, !arguments.hasRoutes { Self.greet() }
        if let adminAddress { print("admin: http on \(adminAddress)") }
        // Standard output may be a file or a pipe, and whoever waits for these lines waits for them now.
        fflush(nil)

        let outcome = await StopSequence(
            grace: configuration.shutdownGrace, logger: logger, drain: { await gateway.drain() },
            abort: { gateway.abort() }
        ).run(until: signals)
        await admin.stop()
        if outcome == .aborted { throw ExitCodes.failed }
    }

    /// A line for each client, to copy.
    private static func greet() {
        print(
            """
            Nothing else was asked for, so this is a store of its own. Copy a line:
              redis-cli -p 6380
              psql -h 127.0.0.1 -p 6432 -U postgres
              AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION=us-east-1 aws --endpoint-url http://127.0.0.1:9001 s3 mb s3://bucket
            """)
    }

    private func startAdmin(_ admin: AdminServer, _ endpoint: Endpoint?) async throws -> AdminAddress? {
        switch endpoint {
        case .host(let host, let port): try await admin.start(on: .host(host, port: Int(port)))
        case .unix(let path): try await admin.start(on: .unix(path))
        case nil: nil
        }
    }
}

/// The gateway as the admin listener sees it.
private struct GatewaySource: AdminSource {
    var gateway: Gateway
    var text: String

    func metrics() async -> String { await gateway.metrics() }
    func shadows(asTable: Bool) async -> String { await gateway.shadowReport(asTable: asTable) }
    func migrations() -> String { gateway.migrationReport }
    func orderMigration(of listener: String, _ words: [String]) -> Bool { gateway.orderMigration(of: listener, words) }
    func keys(asTable: Bool) async -> String { await gateway.keyReport(asTable: asTable) }
    var readiness: (ready: Bool, reason: String) { gateway.readiness }
    func configuration() -> String { text }
    func usage() async -> String? { await gateway.usageProfile()?.json() }
    func resetUsage() async -> Bool { await gateway.resetUsage() }
}

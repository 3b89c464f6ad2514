// The admin listener: HTTP on a thread of its own, away from the workers.

import Glibc
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Serves metrics, health and the configuration over HTTP.
///
/// It has one event loop thread of its own, so a scrape takes nothing from the workers but the time to read their counters.
package actor AdminServer {
    private let source: any AdminSource
    private let logger: Logger
    private var running: Running?

    /// The thread lives as long as the process: connections that are closing use it after the server has stopped.
    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// How long a client may keep the stop waiting.
    private static let patience = Duration.seconds(2)

    private struct Running {
        let services: ServiceGroup
        let task: Task<Void, Never>
        var socketPath: String?
    }

    package init(source: any AdminSource, logger: Logger) {
        self.source = source
        self.logger = logger
    }

    /// Starts to listen on `address` and gives the address with the port that the system picked, if it picked one.
    ///
    /// - Throws: ``AdminError`` when the address cannot be listened on.
    package func start(on address: AdminAddress) async throws -> AdminAddress {
        switch address {
        case .host("*", let port):
            do {
                return try await listen(.hostname("::", port: port), as: address)
            } catch {
                // A machine without IPv6 has no "::".
                return try await listen(.hostname("0.0.0.0", port: port), as: address)
            }
        case .host(let host, let port):
            return try await listen(.hostname(host, port: port), as: address)
        case .unix(let path):
            // The library removes a socket file before it binds, so a living one is looked for first.
            guard await !isAlive(path) else {
                throw AdminError(address: address, cause: "another process listens there")
            }
            let bound = try await listen(.unixDomainSocket(path: path), as: address)
            running?.socketPath = path
            return bound
        }
    }

    /// Stops listening and closes the connections.
    package func stop() async {
        guard let running else { return }
        self.running = nil
        // Cancelling would drop connections that were accepted and not served yet, which ends the process in SwiftNIO.
        await running.services.triggerGracefulShutdown()
        await running.task.value
        if let path = running.socketPath, await !isAlive(path) { unlink(path) }
    }

    private func listen(_ bind: BindAddress, as address: AdminAddress) async throws -> AdminAddress {
        // The command line tells when this listener starts and stops; the library would tell it again, a stop even as an error.
        var quiet = logger
        quiet.logLevel = .critical
        let (events, continuation) = AsyncStream<Result<Int?, any Error>>.makeStream()
        let source = source
        let application = Application(
            responder: CallbackResponder { (request: Request, _: BasicRequestContext) in
                let answer = await AdminAnswer.to(request.method.rawValue, request.uri.path, from: source)
                return Self.response(answer, method: request.method)
            },
            configuration: ApplicationConfiguration(address: bind, serverName: "fairlead"),
            onServerRunning: { channel in continuation.yield(.success(channel.localAddress?.port)) },
            eventLoopGroupProvider: .shared(Self.group), logger: quiet)
        var configuration = ServiceGroupConfiguration(services: [application], logger: quiet)
        configuration.maximumGracefulShutdownDuration = Self.patience
        let services = ServiceGroup(configuration: configuration)
        let task = Task {
            do {
                try await services.run()
            } catch {
                continuation.yield(.failure(error))
            }
            continuation.finish()
        }
        for await event in events {
            switch event {
            case .success(let port):
                running = Running(services: services, task: task)
                if case .host(let host, _) = address, let port { return .host(host, port: port) }
                return address
            case .failure(let error):
                throw AdminError(address: address, cause: Self.cause(of: error))
            }
        }
        throw AdminError(address: address, cause: "it stopped before it listened")
    }

    /// Whether something accepts connections on the socket at `path`.
    private func isAlive(_ path: String) async -> Bool {
        do {
            let channel = try await ClientBootstrap(group: Self.group)
                .connect(unixDomainSocketPath: path).get()
            try? await channel.close()
            return true
        } catch {
            return false
        }
    }

    private static func response(_ answer: AdminAnswer, method: HTTPRequest.Method) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = answer.contentType
        headers[.cacheControl] = "no-store"
        if let allow = answer.allow { headers[.allow] = allow }
        let body = ByteBuffer(string: answer.body)
        let isHead = method == .head
        if isHead { headers[.contentLength] = "\(body.readableBytes)" }
        return Response(
            status: HTTPResponse.Status(code: answer.status), headers: headers,
            body: isHead ? ResponseBody() : ResponseBody(byteBuffer: body))
    }

    private static func cause(of error: any Error) -> String {
        switch error {
        case let error as IOError: String(cString: strerror(error.errnoCode))
        default: "\(error)"
        }
    }
}

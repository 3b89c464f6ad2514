// One HTTP/2 connection to the process.

import NIOCore
import NIOHTTP2
import NIOPosix

/// A connection and what is made on it; belongs to its event loop.
final class LinkConnection: @unchecked Sendable {
    let channel: any Channel
    private let multiplexer: NIOHTTP2Handler.StreamMultiplexer

    private init(_ channel: any Channel, _ multiplexer: NIOHTTP2Handler.StreamMultiplexer) {
        self.channel = channel
        self.multiplexer = multiplexer
    }

    /// Connects to the Unix socket at `path`.
    static func open(
        _ path: String, on loop: any EventLoop, timeout: Int64,
        report: @escaping @Sendable (ConnectionWatcher.Event) -> Void
    ) -> EventLoopFuture<LinkConnection> {
        let made = loop.makePromise(of: NIOHTTP2Handler.StreamMultiplexer.self)
        let channel = ClientBootstrap(group: loop)
            .connectTimeout(.milliseconds(timeout))
            .channelInitializer { channel in
                loop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    let multiplexer = try pipeline.configureHTTP2Pipeline(
                        mode: .client, connectionConfiguration: connectionConfiguration,
                        streamConfiguration: streamConfiguration
                    ) { stream in stream.close() }
                    try pipeline.addHandler(ConnectionWatcher(report))
                    made.succeed(multiplexer)
                }
            }
            .connect(unixDomainSocketPath: path)
        channel.whenFailure { made.fail($0) }
        return channel.and(made.futureResult).map { LinkConnection($0, $1) }
    }

    /// Bytes that the process may send before they are taken, in all and on one stream.
    private static let window = 1 << 20

    private static var connectionConfiguration: NIOHTTP2Handler.ConnectionConfiguration {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings.append(HTTP2Setting(parameter: .enablePush, value: 0))
        configuration.initialSettings.append(HTTP2Setting(parameter: .initialWindowSize, value: window))
        configuration.targetWindowSize = window * 4
        // gRPC's own library measures the bandwidth with a PING for every burst of data.
        configuration.controlFrameRateLimit.maximumCount = 100_000
        return configuration
    }

    private static var streamConfiguration: NIOHTTP2Handler.StreamConfiguration {
        var configuration = NIOHTTP2Handler.StreamConfiguration()
        configuration.targetWindowSize = window
        // A server resets the stream of every call that it answers before it has read all of it.
        configuration.streamResetFrameRateLimit.maximumCount = 1_000_000
        configuration.streamErrorRateLimit.maximumCount = 1_000_000
        return configuration
    }

    /// Makes a stream with `handler`.
    func makeStream(_ handler: @escaping @Sendable () -> CallHandler) -> EventLoopFuture<any Channel> {
        multiplexer.createStreamChannel { channel in
            channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handler()) }
        }
    }
}

/// Tells the link how its connection fares.
final class ConnectionWatcher: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame

    enum Event: Sendable {
        /// The process takes no new calls and finishes those it has.
        case goingAway
        case closed(String)
    }

    private let report: (Event) -> Void
    private var fault: String?

    init(_ report: @escaping (Event) -> Void) { self.report = report }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .goAway = unwrapInboundIn(data).payload { report(.goingAway) }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An error of one stream is that stream's own; everything else spoils the connection.
        if error is NIOHTTP2Errors.StreamError { return }
        if fault == nil { fault = "what it sends is not HTTP/2: \(error)" }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        report(.closed(fault ?? "it closed the connection"))
        context.fireChannelInactive()
    }
}

// What an adapter does for the connections of its protocol besides single exchanges.

/// The adapter's side of a ``Multiplexer``; called on the worker's thread only.
package protocol MultiplexDelegate: AnyObject {
    /// The codec of a new connection.
    func makeCodec() -> any FrameCodec

    /// Logs a new connection in, before anybody's request goes out on it.
    ///
    /// It sends and receives with ``MultiplexConnection/perform(_:)`` and takes no longer than the connect time-out. What
    /// it throws counts as a failed attempt to connect. It may also sign up again for what the last connection had.
    func handshake(_ connection: MultiplexConnection) async throws(MultiplexFailure)

    /// The exchange that shows whether a quiet connection still lives; nil when the protocol has none.
    ///
    /// When it fails, or is not answered in time, the connection is given up.
    func makeKeepAlive() -> Exchange?

    /// Takes what the server says by itself; nothing of the span may be kept. False when it is against the protocol: the
    /// connection is given up. An answer to it goes out with ``MultiplexConnection/submit(_:)``.
    func pushReceived(_ frame: Span<UInt8>, on connection: MultiplexConnection) -> Bool

    /// A connection that had logged in is gone, for this reason; whatever was pending on it has failed already.
    func connectionLost(_ connection: MultiplexConnection, _ failure: MultiplexFailure)
}

extension MultiplexDelegate {
    package func handshake(_ connection: MultiplexConnection) async throws(MultiplexFailure) {}
    package func makeKeepAlive() -> Exchange? { nil }
    package func pushReceived(_ frame: Span<UInt8>, on connection: MultiplexConnection) -> Bool { false }
    package func connectionLost(_ connection: MultiplexConnection, _ failure: MultiplexFailure) {}
}

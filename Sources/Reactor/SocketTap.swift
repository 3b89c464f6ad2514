// What sees the bytes of a socket as they pass, and changes nothing.

/// Sees what a socket has received and what it is given to send, in the clear; called on its worker's thread.
package protocol SocketTap: AnyObject {
    /// Bytes that came, before their session has them.
    func received(_ bytes: Span<UInt8>)
    /// Bytes that go, before the peer can have them.
    func sent(_ bytes: Span<UInt8>)
    /// The socket is closed.
    func ended()
}

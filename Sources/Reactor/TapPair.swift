// Two taps at one socket.

/// Shows what passes to one tap and then to another.
final class TapPair: SocketTap {
    private let first: any SocketTap
    private let second: any SocketTap

    init(_ first: any SocketTap, _ second: any SocketTap) {
        self.first = first
        self.second = second
    }

    func received(_ bytes: Span<UInt8>) {
        first.received(bytes)
        second.received(bytes)
    }

    func sent(_ bytes: Span<UInt8>) {
        first.sent(bytes)
        second.sent(bytes)
    }

    func ended() {
        first.ended()
        second.ended()
    }
}

extension Socket {
    /// Has `tap` see what passes, behind the taps that are there.
    package func add(tap: any SocketTap) {
        self.tap = self.tap.map { TapPair($0, tap) } ?? tap
    }
}

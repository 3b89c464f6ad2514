// How an adapter tells where the frames of its protocol begin and end, and whom they are for.

/// Cuts what a backend sends into frames; one object for each connection, so it may remember what came before.
public protocol FrameCodec: AnyObject {
    /// Finds the frame that begins at `start`; there is at least one byte.
    ///
    /// `exchange` is the oldest one that waits for an answer in order, for protocols in which the request decides how its
    /// answer is framed; nil when nothing is owed, and by id outside of the handshake. It may be one whose caller has gone.
    /// The bytes are the worker's receive buffer or what was kept of it: nothing of them may be kept.
    func cut(_ bytes: Span<UInt8>, from start: Int, for exchange: Exchange?) -> FrameCut

    /// The same after the backend has closed its direction: the frame that only the end completes.
    ///
    /// `start` may be the end of `bytes`. Not implemented, what is incomplete at the end is lost.
    func cutAtEnd(_ bytes: Span<UInt8>, from start: Int, for exchange: Exchange?) -> FrameCut
}

extension FrameCodec {
    public func cutAtEnd(_ bytes: Span<UInt8>, from start: Int, for exchange: Exchange?) -> FrameCut {
        .partial(needs: 0)
    }
}

/// What a codec has found.
public enum FrameCut: Sendable, Equatable {
    /// The frame is not complete: `needs` bytes from its start have to be there before it is worth looking again, zero
    /// when that is not known. More than the largest frame that the configuration allows breaks the protocol.
    case partial(needs: Int)
    /// It ends before the index `end`.
    case frame(end: Int, FrameOwner)
    /// It is none; the sentence says what was expected and what came.
    case broken(String)
}

/// Whom a frame is for.
public enum FrameOwner: Sendable, Equatable {
    /// The oldest exchange that waits; with in-order correlation only.
    case oldest
    /// The exchange that was encoded with this id; with correlation by id only.
    case id(UInt64)
    /// No exchange: something the server says by itself.
    case push
    /// With correlation by id only, a frame that carries none: during the handshake it is for the exchange that waits; after it
    /// nobody's, and an `error` that it tells ends the connection, since it may be any request's.
    case unnamed(error: String?)
    /// Nobody: a frame without meaning, such as padding.
    case nobody
}

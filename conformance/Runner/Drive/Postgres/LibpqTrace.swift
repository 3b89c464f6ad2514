// What libpq says that it sent and received: the lines of PQtrace.

import CPostgres
import Glibc

/// Listens to a connection of libpq during one step.
///
/// libpq encrypts and buffers by itself, so its own account of messages stands where the raw client has bytes.
struct LibpqTrace {
    /// A stream in memory, whose place and size the C library keeps up to date.
    private let text = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: 1)
    private let size = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    private let stream: UnsafeMutablePointer<FILE>?
    private let connection: OpaquePointer

    /// Bytes of the lines that are looked at; evidence keeps fewer.
    private static let keptBytes = 256 << 10

    init(_ connection: OpaquePointer) {
        text.initialize(to: nil)
        size.initialize(to: 0)
        self.connection = connection
        stream = open_memstream(text, size)
        guard let stream else { return }
        PQtrace(connection, stream)
        PQsetTraceFlags(connection, PQTRACE_SUPPRESS_TIMESTAMPS)
    }

    /// Ends listening and puts the lines into `evidence`.
    func end(_ evidence: inout Evidence) {
        PQuntrace(connection)
        if let stream { fclose(stream) }
        let all = LibpqResult.bytes(text.pointee, min(size.pointee, Self.keptBytes))
        // F is the front end, that is the client.
        for line in all.split(separator: 0x0A) {
            let bytes = Array(line) + [0x0A]
            if line.first == UInt8(ascii: "F") { evidence.sent(bytes) } else { evidence.received(bytes) }
        }
        free(text.pointee)
        text.deallocate()
        size.deallocate()
    }
}

// Bytes of the project in messages, and back.

import Foundation
import SwiftProtobuf

extension Data {
    /// Its bytes as an array.
    var array: [UInt8] { [UInt8](self) }
}

extension Array<UInt8> {
    var data: Data { Data(self) }
}

extension Array<[UInt8]> {
    var data: [Data] { map { Data($0) } }
}

extension Message {
    /// The message as bytes; nil when it cannot be written, which takes more than 2 GiB or missing required fields.
    var encoded: [UInt8]? { try? serializedBytes() }

    /// Reads a message that came from the process; nil when the bytes are none, or nested too deeply.
    init?(received bytes: [UInt8]) {
        var options = BinaryDecodingOptions()
        // The deepest answer that an operation gives has seven levels.
        options.messageDepthLimit = 32
        guard let message = try? Self(serializedBytes: bytes, options: options) else { return nil }
        self = message
    }
}

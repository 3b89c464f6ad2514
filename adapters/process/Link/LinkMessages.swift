// Calls whose messages are protocol buffers.

import Capabilities
import Reactor
import SwiftProtobuf

extension Link {
    /// Sends `request` and gives the reply back on `worker`'s thread.
    func exchange<Reply: Message>(
        _ method: Method, _ request: some Message, on worker: Worker, waits: Int64? = nil
    ) async throws(Failure) -> Reply {
        guard let message = request.encoded else { throw .tooLarge(limit: settings.messageBytes) }
        let bytes: [UInt8]
        do throws(CallEnding) { bytes = try await call(method, message, on: worker, waits: waits) } catch {
            throw error.failure(of: method)
        }
        guard let reply = Reply(received: bytes) else {
            throw .protocolBroken("the adapter process answered \(method.name) with bytes that are no such message")
        }
        return reply
    }
}

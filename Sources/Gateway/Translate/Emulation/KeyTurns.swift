// Turns: changes of one key that are done one after another.

/// Who of a worker is changing which key, and who waits for that.
///
/// Everything here belongs to the worker's thread.
final class KeyTurns: @unchecked Sendable {
    /// The keys that are being changed, each with those that want to be next.
    @exclusivity(unchecked) private var waiting: [[UInt8]: [UnsafeContinuation<Void, Never>]] = [:]

    /// Waits until nobody else is changing `key`.
    func begin(_ key: [UInt8]) async {
        guard waiting[key] != nil else {
            waiting[key] = []
            return
        }
        await withUnsafeContinuation { waiting[key]?.append($0) }
    }

    /// Lets the next one change `key`.
    func end(_ key: [UInt8]) {
        guard waiting[key]?.isEmpty == false else {
            waiting[key] = nil
            return
        }
        waiting[key]?.removeFirst().resume()
    }
}

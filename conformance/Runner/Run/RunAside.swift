// A run for callers that must not block.

import Foundation

extension ConformanceRun {
    /// The same as ``run(_:)``, on a thread of its own while the caller is suspended.
    package func runAside(_ progress: any RunProgress) async throws -> RunReport {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Result { try run(progress) }) }
            thread.start()
        }
    }
}

// The log's end: what was done is written there before it is answered.

import Capabilities
import Synchronization

/// When what was written has to be on the disk, and not only with the operating system.
package enum SynchronizePolicy: String, Sendable, CaseIterable {
    /// Before it is answered.
    case always
    /// Within about a second; a crash of the machine, but not of the process, can lose that.
    case everySecond = "everysec"
    /// When the operating system sees fit.
    case never
}

/// The file that the journal goes to.
///
/// Two locks: the store's, under which the journal is taken, and this one's, under which it is written; so other workers
/// go on while one writes. Whoever comes second finds its records written by the first.
final class LogWriter: @unchecked Sendable {
    private struct End {
        var file: LogFile
        var size: Int
        /// Frames that could not be written yet.
        var unwritten: [UInt8] = []
        /// The journal's count after them.
        var unwrittenCount: UInt64 = 0
        /// A buffer to be used again.
        var spare: [UInt8] = []
        /// Why the disk refused to keep what it had taken; nothing can be promised after that.
        var broken: FileError?
    }

    private let end: Mutex<End>
    private let policy: SynchronizePolicy
    /// The journal's count up to which all is written.
    private let written = Atomic<UInt64>(0)
    /// Whether the last write failed.
    private let failing = Atomic(false)
    private let unsynchronized = Atomic(false)

    init(_ file: LogFile, size: Int, policy: SynchronizePolicy) {
        end = Mutex(End(file: file, size: size))
        self.policy = policy
    }

    var isFailing: Bool { failing.load(ordering: .relaxed) }
    var size: Int { end.withLock { $0.size } }

    /// Whether the records up to `count` are written.
    @inline(__always)
    func hasWritten(_ count: UInt64) -> Bool { written.load(ordering: .acquiring) >= count }

    /// Writes the records up to `count`, and with them all others there are.
    func commit(_ count: UInt64, of store: EmbeddedStore) throws(Failure) {
        guard !hasWritten(count) else { return }
        try end.withLock { (end) throws(Failure) in
            guard !hasWritten(count) else { return }
            do throws(FileError) {
                try flush(&end, store)
            } catch {
                failing.store(true, ordering: .relaxed)
                throw .indeterminate("the store cannot write its log: \(error)")
            }
            failing.store(false, ordering: .relaxed)
        }
    }

    private func flush(_ end: inout End, _ store: EmbeddedStore) throws(FileError) {
        if let broken = end.broken { throw broken }
        let spare = end.spare
        end.spare = []
        let (taken, count) = store.takeJournal(reusing: spare)
        try write(&end, taken, count)
    }

    private func write(_ end: inout End, _ taken: [UInt8]?, _ count: UInt64) throws(FileError) {
        if var frame = taken {
            Frame.seal(&frame)
            if end.unwritten.isEmpty { end.unwritten = frame } else { end.unwritten += frame }
        }
        end.unwrittenCount = count
        if !end.unwritten.isEmpty {
            try end.file.write(end.unwritten, at: end.size)
            end.size += end.unwritten.count
            swap(&end.unwritten, &end.spare)
            end.unwritten = []
            if policy == .always {
                do throws(FileError) {
                    try end.file.synchronize()
                } catch {
                    end.broken = error
                    throw error
                }
            } else {
                unsynchronized.store(true, ordering: .relaxed)
            }
        }
        written.store(end.unwrittenCount, ordering: .releasing)
    }

    /// Puts what was written on the disk, without keeping anybody from writing.
    func synchronize() {
        guard unsynchronized.exchange(false, ordering: .relaxed) else { return }
        let file = end.withLock { $0.file }
        do throws(FileError) {
            try file.synchronize()
        } catch {
            // What the system could not put on the disk it may have dropped; later writes would hide that.
            end.withLock { $0.broken = error }
            failing.store(true, ordering: .relaxed)
        }
    }

    /// Goes on in `file`; `capture` sees the state that all records so far have made, under both locks.
    func rotate<R: Sendable>(
        to file: LogFile, of store: EmbeddedStore, _ capture: (StoreState) -> R
    ) throws(FileError) -> R {
        let heading = LogFile.heading
        try file.truncate(to: 0)
        try file.write(heading, at: 0)
        return try end.withLock { (end) throws(FileError) -> R in
            let (taken, count, captured) = store.takeJournal(capture)
            try write(&end, taken, count)
            let old = end.file
            end.file = file
            end.size = heading.count
            if policy != .never { try? old.synchronize() }
            return captured
        }
    }
}

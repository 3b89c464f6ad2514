// The state at one moment, and how it is written while the store goes on.

import Capabilities

/// Copies of the tables' chunk lists: what changes after is copied first, chunk by chunk, so these stay as they were.
struct Snapshot: @unchecked Sendable {
    private let databases: [[ContiguousArray<Entry>]]
    private let queues: [ContiguousArray<NamedQueue>]
    private let locks: [ContiguousArray<HeldLock>]
    private let sequences: [ContiguousArray<NumberSequence>]
    private let run: UInt64
    private let lastItem: UInt64

    /// How many bytes of records make a frame.
    private static let frameSize = 1 << 20

    /// Takes the state as it is now, under the store's lock and in no time that depends on its size.
    init(of state: StoreState) {
        state.generation += 1
        databases = state.databases.map(\.table.chunks)
        queues = state.queues.chunks
        locks = state.locks.chunks
        sequences = state.sequences.chunks
        run = state.run
        lastItem = state.lastItem
    }

    /// Writes it all; the answer is the file's size.
    func write(to file: LogFile) throws(FileError) -> Int {
        var writer = Writer(file: file)
        try writer.begin()
        writer.journal.run(run)
        writer.journal.lastItem(lastItem)
        for (number, chunks) in databases.enumerated() {
            for chunk in chunks {
                for entry in chunk {
                    if let value = entry.value.string {
                        writer.journal.set(number, entry.key, value, expiry: entry.expiry)
                    } else {
                        writer.journal.whole(number, entry.key, entry.value)
                        if entry.expiry != .max { writer.journal.expire(number, entry.key, entry.expiry) }
                    }
                    try writer.flushIfFull()
                }
            }
        }
        for chunk in queues {
            for named in chunk {
                for items in named.queue.items.chunks {
                    for item in items {
                        writer.journal.queueItem(named.key, item)
                        try writer.flushIfFull()
                    }
                }
            }
        }
        for chunk in locks { for held in chunk { writer.journal.lock(held) } }
        for chunk in sequences { for sequence in chunk { writer.journal.sequence(sequence) } }
        try writer.flush()
        try file.synchronize()
        return writer.size
    }

    private struct Writer {
        let file: LogFile
        var journal = Journal()
        var size = 0

        init(file: LogFile) {
            self.file = file
            journal.isRecording = true
        }

        mutating func begin() throws(FileError) {
            try file.truncate(to: 0)
            try file.write(LogFile.heading, at: 0)
            size = LogFile.heading.count
        }

        mutating func flushIfFull() throws(FileError) {
            if journal.buffer.count >= Snapshot.frameSize { try flush() }
        }

        mutating func flush() throws(FileError) {
            guard !journal.isEmpty else { return }
            var frame = journal.take(reusing: [])
            Frame.seal(&frame)
            try file.write(frame, at: size)
            size += frame.count
        }
    }
}

// Reading the files of a store at its start.

import Capabilities

/// What a start found.
struct LoadedLog {
    /// The generation of the file that goes on being written, and how much of it is whole.
    var generation: UInt64 = 1
    var size = 0
    /// The bytes of the logs before it that no snapshot covers.
    var olderSize = 0
    /// The size of the snapshot.
    var snapshotSize = 0
    /// Sentences for whoever runs this.
    var notices: [String] = []
}

enum LogLoader {
    /// Brings `state` to what the files of `folder` say.
    static func load(_ folder: LogFolder, into state: StoreState) throws(AdapterError) -> LoadedLog {
        var loaded = LoadedLog()
        let contents: (snapshot: UInt64?, logs: [UInt64])
        do throws(FileError) { contents = try folder.contents() } catch { throw failure("\(error)") }
        if let snapshot = contents.snapshot {
            loaded.generation = snapshot
            loaded.snapshotSize = try read(folder.snapshot(snapshot), into: state, mayBeTorn: false, &loaded.notices)
        }
        var expected = contents.snapshot ?? 1
        for generation in contents.logs {
            guard generation == expected else {
                throw failure(
                    "\(folder.log(expected)) is missing, but \(folder.log(generation)) is there; "
                        + "put it back from a backup, or move the folder's files away to start empty")
            }
            expected += 1
            loaded.olderSize += loaded.size
            loaded.generation = generation
            let isLast = generation == contents.logs.last
            loaded.size = try read(folder.log(generation), into: state, mayBeTorn: isLast, &loaded.notices)
        }
        return loaded
    }

    private static func failure(_ text: String) -> AdapterError { AdapterError(key: "options.folder", text) }

    /// Applies a file; the answer is how much of it is whole.
    private static func read(
        _ path: String, into state: StoreState, mayBeTorn: Bool, _ notices: inout [String]
    ) throws(AdapterError) -> Int {
        let result = try LogFile.read(path) { (bytes) throws(AdapterError) -> Int in
            try apply(bytes, of: path, to: state, mayBeTorn)
        }
        switch result {
        case .failure(let error): throw failure("the store's log cannot be read: \(error)")
        case .success(let size):
            let lost = torn(path, size)
            if lost > 0 {
                notices.append(
                    "\(path): the last write was cut short by a crash; \(lost) bytes at \(size), of an answer that was "
                        + "never given, are dropped")
            }
            return size
        }
    }

    private static func torn(_ path: String, _ size: Int) -> Int {
        if case .success(let total) = LogFile.read(path, { $0.count }) { total - size } else { 0 }
    }

    private static func apply(
        _ bytes: UnsafeRawBufferPointer, of path: String, to state: StoreState, _ mayBeTorn: Bool
    ) throws(AdapterError) -> Int {
        let heading = LogFile.heading
        let common = min(heading.count, bytes.count)
        guard bytes[..<common].elementsEqual(heading[..<common]) else {
            throw failure("\(path) is no log of this store's format; move it away, or choose another folder")
        }
        guard bytes.count >= heading.count else {
            guard mayBeTorn else { throw corrupt(path, 0) }
            return 0
        }
        var offset = heading.count
        while offset < bytes.count {
            guard let end = Frame.end(of: bytes, at: offset) else {
                guard mayBeTorn, !hasFrame(bytes, after: offset) else { throw corrupt(path, offset) }
                break
            }
            var records = RecordReader(UnsafeRawBufferPointer(rebasing: bytes[offset + Frame.headSize..<end]))
            do throws(MalformedRecord) {
                try records.apply(to: state)
            } catch {
                throw corrupt(path, offset + Frame.headSize + error.offset)
            }
            offset = end
        }
        return offset
    }

    private static func corrupt(_ path: String, _ offset: Int) -> AdapterError {
        failure(
            "\(path) is damaged at byte \(offset), with whole records behind it or files that build on it; restore the "
                + "folder from a backup, or cut the file there (truncate --size=\(offset)), delete later files and lose "
                + "what came after")
    }

    /// Whether a whole frame begins anywhere behind `offset`: then what is broken there is not the end of the file.
    private static func hasFrame(_ bytes: UnsafeRawBufferPointer, after offset: Int) -> Bool {
        var place = offset + 1
        while place + Frame.headSize <= bytes.count {
            if bytes[place] == UInt8(truncatingIfNeeded: Frame.mark), Frame.end(of: bytes, at: place) != nil {
                return true
            }
            place += 1
        }
        return false
    }
}

// One bucket: what is in it, and the one place where that changes.

import Capabilities
import Digest
import Synchronization

/// A bucket's objects and uploads.
///
/// Whoever changes something does so in ``commit(_:)``, one at a time, from the look at what is there to the rename that
/// changes it: so conditions hold, and the index and the disk agree. Whoever only looks takes the state's lock alone, which
/// nobody keeps while the disk works.
final class ObjectBucket: Sendable {
    struct State: Sendable {
        var index = ObjectIndex()
        var uploads: [[UInt8]: ObjectUpload] = [:]
        var isDeleted = false
    }

    let name: [UInt8]
    let created: Int64
    let path: String
    private let commits = Mutex(())
    private let state: Mutex<State>

    init(_ name: [UInt8], created: Int64, path: String, state: State = State()) {
        self.name = name
        self.created = created
        self.path = path
        self.state = Mutex(state)
    }

    /// Looks at what is there, or notes what has changed; short, because workers wait for it.
    func with<R: Sendable>(
        _ body: (inout State) throws(ObjectFailure) -> R
    ) throws(ObjectFailure) -> R {
        try state.withLock { state throws(ObjectFailure) in
            if state.isDeleted { throw .noSuchBucket }
            return try body(&state)
        }
    }

    /// Keeps others from changing anything while `body` does; on a thread that may wait for the disk.
    func commit<R: Sendable>(_ body: () throws(ObjectFailure) -> R) throws(ObjectFailure) -> R {
        try commits.withLock { _ throws(ObjectFailure) in try body() }
    }

    /// The file of the object with this key.
    func path(of key: [UInt8]) -> String {
        "\(path)/objects/\(String(decoding: hexadecimal(HashAlgorithm.sha256.hash(key)), as: UTF8.self))"
    }

    /// The folder of an upload and its parts; ids are made here and are hexadecimal.
    func path(ofUpload id: [UInt8]) -> String { "\(path)/uploads/\(String(decoding: id, as: UTF8.self))" }

    /// Gives `temporary` the name of the object that `record` describes, if the conditions hold; the object is then
    /// visible.
    func publish(
        _ temporary: String, _ record: ObjectRecord, parts: ObjectParts?, _ conditions: ObjectConditions
    ) throws(ObjectFailure) {
        let path = path(of: record.key)
        let object = StoredObject(record, parts: parts)
        try commit { () throws(ObjectFailure) in
            let present = try with { $0.index[record.key] }
            try Self.check(conditions, present)
            try ObjectFiles.rename(temporary, to: path)
            let replaced = try with { $0.index.insert(object) }
            replaced?.parts?.isDropped.store(true, ordering: .releasing)
        }
    }

    /// Whether the object was there; it is not any more.
    func remove(_ key: [UInt8], _ conditions: ObjectConditions) throws(ObjectFailure) -> Bool {
        let path = path(of: key)
        return try commit { () throws(ObjectFailure) in
            let present = try with { $0.index[key] }
            try Self.check(conditions, present)
            guard let present else { return false }
            try ObjectFiles.unlink(path)
            _ = try with { $0.index.remove(key) }
            present.parts?.isDropped.store(true, ordering: .releasing)
            return true
        }
    }

    private static func check(_ conditions: ObjectConditions, _ present: StoredObject?) throws(ObjectFailure) {
        guard !conditions.isEmpty else { return }
        if let present {
            try conditions.check(etag: present.etag, modified: present.modified, for: .changed)
        } else {
            try conditions.checkAbsent()
        }
    }
}

// What is found out about the two places while objects are copied.

import Migration
import S3Wire

/// Shared by all lanes of a copier, on one worker.
final class S3CopyHabits: @unchecked Sendable {
    /// Fields that the other place adds by itself, by names.
    var own: Set<[UInt8]> = []
    /// Storage classes, and words for access control lists, that the other place was seen not to keep.
    var unheldClasses: Set<[UInt8]> = []
    var unheldLists: Set<String> = []
    /// By how an object is encrypted.
    private var encryptions: [S3ObjectEncryption: HeldEncryption] = [:]
    private var trials = 0
    /// The largest object that one request carries, in bytes.
    let wholeLimit: Int64
    /// Whether objects go to the target; the other way leads back to where they came from.
    let isForward: Bool
    /// What stays behind because the operator has said so.
    let leaving: @Sendable () -> Set<MigrationLoss>
    /// Whether another order has come.
    let isStopped: @Sendable () -> Bool
    /// Whether the objects of a bucket have lists of their own, by place and bucket.
    private var lists: [String: [[UInt8]: Bool]] = [:]

    /// Whether the other place takes buckets of such names.
    private var held: [[UInt8]: Bool] = [:]

    /// Encryptions of which it is kept: each key of a server makes one.
    private static let encryptionLimit = 1024

    /// Buckets of which it is kept.
    private static let bucketLimit = 10_000

    init(
        isForward: Bool, wholeLimit: Int64, leaving: @escaping @Sendable () -> Set<MigrationLoss>,
        isStopped: @escaping @Sendable () -> Bool
    ) {
        self.isForward = isForward
        self.wholeLimit = wholeLimit
        self.leaving = leaving
        self.isStopped = isStopped
    }

    /// Whether a difference of this kind is one: on the way back, what was left behind is still where it was.
    func minds(_ loss: MigrationLoss) -> Bool { isForward || !leaving().contains(loss) }

    /// Whether objects in `bucket` have access control lists of their own.
    func keepsLists(_ bucket: [UInt8], _ link: S3MigrationLink) async throws(LinkProblem) -> Bool {
        if let known = lists[link.name]?[bucket] { return known }
        var keeps = try await link.accessList(bucket) != nil
        if keeps {
            // "Controlling ownership of objects": with this one, lists are switched off.
            let controls = try await link.ask(S3MigrationRequest(.get, bucket).with("ownershipControls"))
            if controls.isSuccess, let root = try? S3XMLElement.parse(controls.body),
                root.isNamed("OwnershipControls"),
                root.child("Rule")?.text("ObjectOwnership") == Array("BucketOwnerEnforced".utf8)
            {
                keeps = false
            }
        }
        if lists[link.name, default: [:]].count >= Self.bucketLimit { lists[link.name] = [:] }
        lists[link.name, default: [:]][bucket] = keeps
        return keeps
    }

    /// Whether the other place has a bucket or takes it; nil where it was not asked for.
    func isHeld(_ bucket: [UInt8]) -> Bool? { held[bucket] }

    func note(_ bucket: [UInt8], isHeld: Bool) {
        if held.count >= Self.bucketLimit { held = [:] }
        held[bucket] = isHeld
    }

    /// What the other place makes of an encryption.
    struct HeldEncryption {
        /// What it keeps of it; nil for nothing.
        let form: S3ObjectEncryption?
    }

    /// Nil where that is not known.
    func encryption(for wanted: S3ObjectEncryption) -> HeldEncryption? { encryptions[wanted] }

    func note(_ form: S3ObjectEncryption?, for wanted: S3ObjectEncryption) {
        if encryptions.count >= Self.encryptionLimit { encryptions = [:] }
        encryptions[wanted] = HeldEncryption(form: form)
    }

    /// A key to try with, which no other lane tries with.
    func trialKey() -> [UInt8] {
        trials += 1
        return S3MigrationCopier.trialKey + Array("-\(trials)".utf8)
    }

    /// Asks anew, because settings of the bucket have changed.
    func forget(_ bucket: [UInt8]) { for name in lists.keys { lists[name]?[bucket] = nil } }
}

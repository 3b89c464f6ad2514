// What a shadow lets into its queue, and what it says of requests whose keys are written meanwhile.

import Testing

@testable import Gateway

@Suite("the queue of a shadow")
struct ShadowQueueTests {
    private func write(_ key: UInt64, needs: [UInt64] = []) -> ShadowJob {
        let job = ShadowJob([1], keys: [key], isWrite: true, isWhole: true)
        job.needs = needs
        return job
    }

    private func scratch() -> Shadow {
        var settings = ShadowConfiguration(backend: "new")
        settings.scratch = .bucket("scratch")
        return Shadow(settings)
    }

    @Test("a copy goes there only where its source is, and is left alone until it is answered")
    func sources() {
        let shadow = scratch()
        #expect(shadow.admit(write(2, needs: [1])) == .stale)
        let source = write(1)
        #expect(shadow.admit(source) == .admitted)
        #expect(shadow.admit(write(2, needs: [1])) == .stale)
        #expect(shadow.enqueue(source) == nil)
        let copy = write(2, needs: [1])
        #expect(shadow.admit(copy) == .admitted && shadow.enqueue(copy) == nil)
        let late = write(3, needs: [1])
        #expect(shadow.admit(late) == .admitted)
        let other = write(1)
        #expect(shadow.admit(other) == .admitted && shadow.enqueue(other) == nil)
        #expect(shadow.enqueue(late) == .stale)
        #expect(shadow.isStale(ShadowJob([], keys: [3])) && !shadow.isStale(ShadowJob([], keys: [2])))
    }

    @Test("a copy of what has not got there is not made, whatever was written there since")
    func misled() {
        let shadow = scratch()
        func enter(_ job: ShadowJob) -> ShadowJob {
            #expect(shadow.admit(job) == .admitted && shadow.enqueue(job) == nil)
            return job
        }
        let (source, copy, again) = (enter(write(1)), enter(write(2, needs: [1])), enter(write(1)))
        #expect(!shadow.isMisled(copy))
        shadow.release(source, isLost: true)
        #expect(shadow.isMisled(copy) && !shadow.isMisled(again))
        let repaired = enter(write(1))
        let later = enter(write(3, needs: [1]))
        #expect(!shadow.isMisled(later) && !shadow.isMisled(repaired))
    }

    @Test("a runner that does not ask behind all that waits looks only when no write of its keys waits")
    func quiet() {
        let shadow = Shadow(ShadowConfiguration(backend: "new"))
        let (read, other, all) = (
            ShadowJob([], keys: [1]), ShadowJob([], keys: [2]), ShadowJob([], keys: [], isAboutAll: true)
        )
        let job = write(1)
        #expect(shadow.admit(job) == .admitted)
        #expect(shadow.version(read) == nil && shadow.version(all) == nil && shadow.version(other) != nil)
        let before = shadow.quietVersion(other)
        #expect(shadow.enqueue(job) == nil)
        #expect(shadow.version(read) != nil && shadow.quietVersion(read) == nil && shadow.quietVersion(all) == nil)
        #expect(shadow.quietVersion(other) == before)
        #expect(shadow.take(1).first === job)
        let (one, everything) = (shadow.quietVersion(read), shadow.quietVersion(all))
        #expect(one != nil && everything != nil)
        let next = write(2)
        #expect(shadow.admit(next) == .admitted && shadow.enqueue(next) == nil && shadow.take(1).first === next)
        #expect(shadow.quietVersion(read) == one && shadow.quietVersion(all) != everything)
    }

    @Test("objects have more room than commands, by what is to come of them")
    func room() {
        let large = S3ShadowJob(.putObject, .put, [], bodySize: Shadow.objectLimit, keys: [1], isWrite: true)
        let shadow = scratch()
        let count = Shadow.objectByteLimit / Shadow.objectLimit
        for _ in 0..<count { #expect(shadow.admit(large) == .admitted) }
        #expect(shadow.admit(large) == .full && shadow.load.bytes == Shadow.objectByteLimit)
        let plain = Shadow(ShadowConfiguration(backend: "new"))
        #expect(plain.admit(large) == .admitted && plain.admit(large) == .full)
    }
}

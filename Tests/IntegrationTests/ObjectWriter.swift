// A client that keeps writing objects and knows what it was promised.

import Digest
import Foundation
import S3Wire
import TestSupport

@testable import Gateway

/// A client that writes objects of its own and remembers what the server has answered.
final class ObjectWriter: Sendable {
    /// What an object holds, as its writer knows it.
    private struct Known: Sendable {
        var seed: UInt64
        var size: Int
        var fields: [String: String]
    }

    private let book = WrittenBook<Known>()
    private let thread: WritingThread
    let name: String
    private let bucket: String

    /// Begins to write with connections that `connect` makes, as soon as there is one.
    init(
        _ name: String, in bucket: String, keys: Int, uploads: Bool,
        _ connect: @escaping @Sendable () throws -> ObjectClient
    ) {
        self.name = name
        self.bucket = bucket
        let book = book
        thread = WritingThread(
            book, connect, close: { $0.close() },
            write: { client, touched, random in
                try Write(client, bucket, book, name, keys: keys).carryOut(uploads: uploads, &touched, &random)
            })
    }

    /// One write.
    private struct Write {
        let client: ObjectClient
        let bucket: String
        let book: WrittenBook<Known>
        let name: String
        let keys: Int

        init(_ client: ObjectClient, _ bucket: String, _ book: WrittenBook<Known>, _ name: String, keys: Int) {
            self.client = client
            self.bucket = bucket
            self.book = book
            self.name = name
            self.keys = keys
        }

        func carryOut(
            uploads: Bool, _ touched: inout [String], _ random: inout SystemRandomNumberGenerator
        ) throws {
            let key = "\(name)/\(Int.random(in: 0..<keys, using: &random))"
            touched = [key]
            let sizes = [0, 1, 700, 5_000, 70_000, 300_000]
            var fresh = Known(
                seed: UInt64.random(in: 0 ... .max, using: &random), size: sizes.randomElement(using: &random) ?? 0,
                fields: ["content-type": "text/x-\(Int.random(in: 0..<9, using: &random))", "x-amz-meta-writer": name])
            switch Int.random(in: 0..<24, using: &random) {
            case 0:
                try client.check(ObjectClient.request(.delete, bucket, key))
                book.note(nil, at: [key])
            case 1:
                touched.append("\(name)/\(Int.random(in: 0..<keys, using: &random))")
                try delete(Set(touched))
                book.note(nil, at: touched)
            case 2:
                guard let source = book.all.first(where: { $0.key != key && $0.value != nil }) else { break }
                var request = ObjectClient.request(.put, bucket, key)
                request.add("x-amz-copy-source", "\(bucket)/\(source.key)")
                let reply = try client.check(request)
                guard reply.code == nil else { throw SupportError(reply.summary) }
                book.note(source.value, at: [key])
            case 3 where uploads:
                fresh.size = (5 << 20) + 1000
                let bytes = objectBytes(fresh.seed, fresh.size)
                try client.upload(
                    bucket, key, [Array(bytes.prefix(5 << 20)), Array(bytes.suffix(1000))], fresh.fields)
                book.note(fresh, at: [key])
            default:
                try client.put(bucket, key, objectBytes(fresh.seed, fresh.size), fresh.fields)
                book.note(fresh, at: [key])
            }
        }

        private func delete(_ keys: Set<String>) throws {
            var request = ObjectClient.request(.post, bucket).with("delete")
            let keys = keys.map { "<Object><Key>\($0)</Key></Object>" }.joined()
            request.document = Array("<Delete>\(keys)</Delete>".utf8)
            request.add("content-md5", base64(HashAlgorithm.md5.hash(request.document)))
            let reply = try client.check(request)
            if String(decoding: reply.body, as: UTF8.self).contains("<Error>") { throw SupportError("not deleted") }
        }
    }

    func stop() throws { try thread.stop() }
    var written: Int { thread.written }
    var reconnects: Int { thread.reconnects }

    /// Objects of which `client` shows something else than was promised.
    func lost(on client: ObjectClient) throws -> [String] {
        var lost: [String] = []
        for (key, known) in book.all {
            let found = try client.object(bucket, key)
            guard let known else {
                if found != nil { lost.append("\(key) is there") }
                continue
            }
            guard let found else {
                lost.append("\(key) is not there")
                continue
            }
            if found.body != objectBytes(known.seed, known.size) { lost.append("\(key): other bytes") }
            for (name, value) in known.fields where found.fields[name] != value {
                lost.append("\(key): \(name) is \(found.fields[name] ?? "nothing")")
            }
        }
        return lost
    }
}

// The parts of the S3 driver by themselves: signatures, documents, answers and steps.

import Testing

@testable import Conformance

@Suite("The S3 driver")
struct S3DriverTests {
    /// The account of AWS's examples ("Signature calculations", Amazon S3 API Reference).
    private let target = Target(
        label: "example", wire: .s3, host: "examplebucket.s3.amazonaws.com", port: 80,
        user: "AKIAIOSFODNN7EXAMPLE", password: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")

    private func rules(_ yaml: String) throws -> S3SigningRules { try S3SigningRules(Tree(yaml: yaml, file: "t")) }

    private func signed(_ request: S3Request, _ yaml: String) throws -> S3Signer.Signed {
        S3Signer(try rules("{ time: 20130524T000000Z, \(yaml) }"), for: target).sign(request)
    }

    @Test("AWS's examples of signed requests are signed as AWS signs them")
    func header() throws {
        let host = S3Request.Field("Host", target.host)
        let get = S3Request("GET", "/test.txt", fields: [host, .init("Range", "bytes=0-9")])
        let text = try signed(get, "by: header").request.field("authorization").map {
            String(decoding: $0, as: UTF8.self)
        }
        #expect(text?.hasSuffix("Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41") == true)
        #expect(text?.contains("SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,") == true)
        let list = S3Request("GET", "/", query: [.init("prefix", "J"), .init("max-keys", "2")], fields: [host])
        let listed = try signed(list, "by: header").request.field("authorization") ?? []
        #expect(
            String(decoding: listed, as: UTF8.self).hasSuffix(
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"))
        let url = try signed(S3Request("GET", "/test.txt", fields: [host]), "by: query, expires: 86400").request.target
        #expect(
            url.hasSuffix("X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"))
    }

    @Test("AWS's example of signed chunks is signed as AWS signs it")
    func chunks() throws {
        let put = S3Request(
            "PUT", "/examplebucket/chunkObject.txt",
            fields: [
                .init("Host", "s3.amazonaws.com"), .init("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                .init("Content-Length", "66824"),
            ], body: Array(repeating: UInt8(ascii: "a"), count: 66560))
        let names =
            "[content-encoding, content-length, host, x-amz-content-sha256, x-amz-date, x-amz-decoded-content-length, x-amz-storage-class]"
        let result = try signed(put, "payload: chunks, headers: \(names)")
        let seed = String(decoding: result.request.field("authorization") ?? [], as: UTF8.self)
        #expect(seed.hasSuffix("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"))
        let lines = String(decoding: result.body, as: UTF8.self).split(separator: "\r\n").filter { $0.contains(";") }
        #expect(
            lines == [
                "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
                "400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
                "0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
            ])
        #expect(result.body.count == 66824)
    }

    @Test("AWS's example of a form's policy is signed as AWS signs it, and the file comes last")
    func form() throws {
        let policy = """
            { "expiration": "2015-12-30T12:00:00.000Z",
              "conditions": [
                {"bucket": "sigv4examplebucket"},
                ["starts-with", "$key", "user/user1/"],
                {"acl": "public-read"},
                {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},
                ["starts-with", "$Content-Type", "image/"],
                {"x-amz-meta-uuid": "14365123651274"},
                {"x-amz-server-side-encryption": "AES256"},
                ["starts-with", "$x-amz-meta-tag", ""],

                {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},
                {"x-amz-algorithm": "AWS4-HMAC-SHA256"},
                {"x-amz-date": "20151229T000000Z" }
              ]
            }
            """
        var rules = try rules("{ by: form, time: 20151229T000000Z }")
        rules.policy = policy.replacing("\n", with: "\r\n")
        let form = S3Form(fields: [.init("key", "user/user1/k")])
        let request = S3Request("POST", "/sigv4examplebucket", body: Array("hello".utf8))
        let signed = S3Signer(rules, for: target).sign(request, form: form)
        let text = String(decoding: signed.body, as: UTF8.self)
        #expect(text.contains("\r\n\r\n8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e\r\n--"))
        #expect(text.contains("name=\"key\"\r\n\r\nuser/user1/k\r\n--"))
        #expect(
            text.firstRange(of: "x-amz-signature").map { text[$0.upperBound...].contains("\r\n\r\nhello\r\n--") }
                == true)
        #expect(form.policy(bucket: "b", expiration: "t").contains("[\"starts-with\",\"$key\",\"\"]"))
    }

    @Test("what a case wants spoilt is spoilt, and nothing else")
    func spoilt() throws {
        let put = S3Request("PUT", "/b/k", fields: [.init("Host", "h")], body: Array("hello".utf8))
        let right = try signed(put, "by: header")
        let wrong = try signed(put, "spoil: signature")
        #expect(right.request.field("authorization")?.dropLast() == wrong.request.field("authorization")?.dropLast())
        #expect(right.request.field("authorization") != wrong.request.field("authorization"))
        #expect(try signed(put, "spoil: body").body == [0x68 ^ 0xFF] + Array("ello".utf8))
        #expect(try signed(put, "omit: X-Amz-Date").request.field("x-amz-date") == nil)
        let chunks = try signed(put, "payload: chunks, chunk: 2, spoil: chunk").body
        let good = try signed(put, "payload: chunks, chunk: 2").body
        // One digit of the first chunk's signature: the others follow the right one.
        #expect(zip(chunks, good).filter { $0 != $1 }.count == 1 && chunks.count == good.count)
        let trailer = try signed(put, "payload: unsigned-trailer, trailer: { x-amz-checksum-crc32: auto }").body
        #expect(String(decoding: trailer, as: UTF8.self) == "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n")
    }

    @Test("documents become fields and lists, whatever their number")
    func documents() {
        let text = """
            <?xml version="1.0"?><!-- a --><ListBucketResult xmlns="urn:x"><Name>a&amp;&#x62;</Name>
            <Contents><Key><![CDATA[<k>]]></Key></Contents><Prefix/></ListBucketResult>
            """
        let list = S3XML.value(of: Array(text.utf8))?["ListBucketResult"]
        #expect(list?["@xmlns"] == .text("urn:x") && list?["Name"] == .text("a&b") && list?["Prefix"] == .text(""))
        #expect(list?["Contents"] == .list([.fields([.init("Key", .text("<k>"))])]))
        let error = S3XML.value(of: Array("<Error><Code>A</Code></Error>".utf8))
        #expect(error?["Error"]?["Code"] == .text("A"))
        let deleted = S3XML.value(of: Array("<DeleteResult><Error><Code>A</Code></Error></DeleteResult>".utf8))
        #expect(deleted?["DeleteResult"]?["Error"]?["0"]?["Code"] == .text("A"))
        for wrong in ["", "a", "<a>", "<a></b>", "<a/><b/>", "<a>&x;</a>", "<a b=c/>", "<a><b></a></b>"] {
            #expect(S3XML.value(of: Array(wrong.utf8)) == nil, "\(wrong)")
        }
        let deep = String(repeating: "<a>", count: 40) + String(repeating: "</a>", count: 40)
        #expect(S3XML.value(of: Array(deep.utf8)) == nil)
    }

    /// Reads one answer from pieces, and then the stream's end.
    private func answer(_ pieces: [String], method: String = "GET") throws(DriverFailure) -> S3Response {
        var reader = S3ResponseReader()
        var left = pieces.map { Array($0.utf8) }[...]
        return try reader.next(method: method) { () throws(DriverFailure) -> [UInt8] in
            guard let piece = left.popFirst() else { throw DriverFailure(.closed, "the end") }
            return piece
        }
    }

    @Test("answers are the same however they come")
    func answers() throws {
        let chunked =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: 1\r\nx: 2\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: t\r\n\r\n"
        for pieces in [[chunked], chunked.unicodeScalars.map { String($0) }] {
            let response = try answer(pieces)
            #expect(response.body == Array("abc".utf8) && response.field("x") == "1, 2" && !response.closes)
        }
        let interim = try answer(["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"])
        #expect(interim.interim == [100] && interim.status == 200 && interim.body == Array("ok".utf8))
        #expect(try answer(["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"], method: "HEAD").body == [])
        let toEnd = try answer(["HTTP/1.1 200 OK\r\n\r\nab", "c"])
        #expect(toEnd.body == Array("abc".utf8) && toEnd.closes)
        for (wrong, kind) in [
            ("HTTP/2 200\r\n\r\n", DriverFailure.Kind.malformed), ("HTTP/1.1 200 OK\nA: b\r\n\r\n", .malformed),
            ("HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", .malformed),
            ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", .malformed),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", .malformed),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", .closed), ("", .closed),
        ] { #expect(throws: DriverFailure.self, "\(wrong)") { try Self.expect(kind) { try self.answer([wrong]) } } }
    }

    /// Throws what `work` throws when it is of this kind.
    private static func expect(_ kind: DriverFailure.Kind, _ work: () throws -> S3Response) throws {
        do { _ = try work() } catch let failure as DriverFailure {
            if failure.kind == kind { throw failure }
        }
    }

    @Test("steps that make no sense are refused when their file is loaded")
    func steps() throws {
        func problem(_ yaml: String, _ client: String = "raw") -> String? {
            do throws(SuiteProblem) {
                try S3Driver().check(try Tree(yaml: yaml, file: "t"), client: client)
                return nil
            } catch { return error.message }
        }
        #expect(problem("{ get: k, query: { a: null }, headers: { A: b }, sign: query }") == nil)
        #expect(problem("{ get: k, sign: query }", "libcurl")?.contains("libcurl signs by itself") == true)
        #expect(problem("{ get: k, answers: 0 }", "libcurl")?.contains("needs client: raw") == true)
        #expect(problem("{ get: k, querry: a }")?.contains("querry") == true)
        #expect(problem("{ get: k, put: k }") == "a step has one action")
        #expect(problem("{ get: k, sign: { spoil: luck } }")?.contains("luck") == true)
        #expect(problem("{ put: k, body: !hex 0 }") != nil)
        #expect(problem("{ put: k, checksum: crc7 }")?.contains("checksum takes") == true)
    }

    @Test("a mask of a wire hides every path that it names, without being named")
    func masks() throws {
        let yaml = "masks: [{ name: m, why: It varies., wire: s3, path: [headers.date, xml.L.*.T] }]"
        let masks = try Mask.read(yaml, file: "t")
        func value(_ date: String, _ time: String, _ key: String) -> Value {
            .fields([
                .init("headers", .fields([.init("date", .text(date))])),
                .init(
                    "xml",
                    .fields([
                        .init("L", .list([.fields([.init("T", .text(time)), .init("K", .text(key))])]))
                    ])),
            ])
        }
        func outcome(_ value: Value) -> CaseOutcome {
            var outcome = CaseOutcome(verdict: .identical)
            outcome.steps = [
                StepRecord(
                    line: 1, action: "get", connection: "main", observed: value, problem: nil, evidence: Evidence(),
                    varies: false, masks: [])
            ]
            return outcome
        }
        let one = outcome(value("a", "b", "k"))
        #expect(Comparison.compare(one, outcome(value("c", "d", "k")), masks: masks, wire: .s3).0 == .identical)
        #expect(Comparison.compare(one, outcome(value("c", "d", "l")), masks: masks, wire: .s3).0 == .differs)
        #expect(Comparison.compare(one, outcome(value("c", "d", "k")), masks: masks, wire: .redis).0 == .differs)
    }
}

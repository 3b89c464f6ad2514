// What is decided about ACLs, settings of buckets and consent, without a server.

import Migration
import S3Wire
import Testing

@testable import Gateway

@Suite("what objects and buckets have beside their bytes")
struct S3MigrationLossFactsTests {
    private static func list(_ grants: String) -> S3AccessList? {
        S3AccessList(
            Array(
                """
                <AccessControlPolicy><Owner><ID>me</ID></Owner><AccessControlList>\(grants)</AccessControlList>\
                </AccessControlPolicy>
                """.utf8))
    }

    private static func user(_ id: String, _ permission: String = "FULL_CONTROL") -> String {
        "<Grant><Grantee><ID>\(id)</ID></Grantee><Permission>\(permission)</Permission></Grant>"
    }

    private static func group(_ name: String, _ permission: String) -> String {
        """
        <Grant><Grantee><URI>http://acs.amazonaws.com/groups/\(name)</URI></Grantee>\
        <Permission>\(permission)</Permission></Grant>
        """
    }

    @Test("an ACL is a word where one stands for it, and never a wider one")
    func accessLists() {
        let (everybody, members) = ("global/AllUsers", "global/AuthenticatedUsers")
        let mine = Self.user("me")
        #expect(Self.list(mine) == .canned(.ownerAlone))
        #expect(Self.list(mine + Self.group(everybody, "READ")) == .canned(.publicRead))
        #expect(
            Self.list(mine + Self.group(everybody, "READ") + Self.group(everybody, "WRITE"))
                == .canned(.publicReadWrite))
        #expect(Self.list(mine + Self.group(members, "READ")) == .canned(.authenticatedRead))
        for odd in [
            Self.user("you", "READ"), Self.group(everybody, "READ_ACP"), Self.group("s3/LogDelivery", "WRITE"),
            Self.group(everybody, "READ") + Self.group(members, "READ"),
        ] {
            #expect(Self.list(mine + odd) == .own, "\(odd)")
        }
        #expect(S3AccessList(Array("<ListBucketResult/>".utf8)) == nil && S3AccessList([1, 2]) == nil)
    }

    private static func setting(_ parameter: String) throws -> S3BucketSetting {
        try #require(S3BucketSetting.moved.first { $0.parameter == parameter })
    }

    private static func reply(_ status: String, _ body: String) throws -> S3MigrationReply {
        let head = Array("HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\r\n".utf8)
        var reply = S3MigrationReply(try S3ResponseHead(head.span, answering: .get), head)
        reply.body = Array(body.utf8)
        return reply
    }

    @Test("a setting is told, or told to be none, or not known; and that is never taken for none")
    func states() throws {
        let cors = try Self.setting("cors")
        let rule = "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>"
        #expect(cors.state(try Self.reply("200", rule)) == .document(Array(rule.utf8)))
        #expect(cors.state(try Self.reply("200", "<CORSConfiguration/>")) == .nothing)
        #expect(
            cors.state(try Self.reply("404", "<Error><Code>NoSuchCORSConfiguration</Code></Error>")) == .nothing)
        for (status, body) in [
            ("404", "<Error><Code>NoSuchBucket</Code></Error>"), ("404", ""), ("501", "<Error/>"),
            ("200", "<ListBucketResult/>"),
        ] {
            #expect(cors.state(try Self.reply(status, body)) == .unknown, "\(status) \(body)")
        }
        // Nor is what may not be read.
        let denial = try Self.reply("403", "<Error><Code>AccessDenied</Code></Error>")
        #expect(cors.state(denial) == .denied && S3AccessList(denial) == .denied)
        let off =
            "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>"
        #expect(try Self.setting("ownershipControls").state(try Self.reply("200", off)) == .nothing)
        func staying(_ parameter: String, _ body: String) throws -> S3BucketSetting.State? {
            let setting = S3BucketSetting.staying.first { $0.parameter == parameter }
            return setting?.state(try Self.reply("200", body))
        }
        let bridge = "<NotificationConfiguration><EventBridgeConfiguration/></NotificationConfiguration>"
        #expect(try staying("notification", bridge) == .document(Array(bridge.utf8)))
        #expect(try staying("notification", "<NotificationConfiguration/>") == .nothing)
        #expect(try staying("logging", "<BucketLoggingStatus/>") == .nothing)
        let policy = try Self.setting("policy")
        #expect(policy.state(try Self.reply("200", "<ListBucketResult/>")) == .unknown)
        #expect(policy.state(try Self.reply("200", "{\"a\": \"b}")) == .unknown)
        // moto: another root.
        #expect(
            try Self.setting("versioning").state(try Self.reply("200", "<V><Status>Enabled</Status></V>")) != .unknown)
    }

    @Test("documents say the same in any layout, and one that says less has not kept it")
    func documents() throws {
        let policy = try Self.setting("policy")
        let short = Array(#"{"Action":"s3:*","Resource":["a","b"]}"#.utf8)
        #expect(policy.isSame(short, Array("{ \"Resource\": [\"b\", \"a\"],\n \"Action\": [\"s3:*\"] }".utf8)))
        #expect(!policy.isSame(short, Array(#"{"Action":"s3:*","Resource":["a"]}"#.utf8)))
        #expect(policy.words(of: Array("{\"a\\\"".utf8)) == nil)
        let rules = try Self.setting("lifecycle")
        func document(_ rule: String) -> [UInt8] {
            Array("<LifecycleConfiguration><Rule>\(rule)</Rule></LifecycleConfiguration>".utf8)
        }
        let given = document("<Prefix>a</Prefix><Days>1</Days>")
        #expect(rules.isSame(given, document("\n<Days> 1 </Days>\n<Prefix>a</Prefix><Filter/>")))
        #expect(rules.isKept(given, in: document("<ID>x</ID><Days>1</Days><Prefix>a</Prefix>")))
        #expect(!rules.isKept(given, in: document("<ID>x</ID><Prefix>a</Prefix>")))
        #expect(!rules.isKept(document("<Days>1</Days><Days>1</Days>"), in: document("<Days>1</Days>")))
    }

    @Test("objects are counted, and the first of them named")
    func counts() {
        var count = S3SurveyCount()
        for key in ["1", "2", "3", "4"] {
            count.add(Array("b".utf8), Array(key.utf8))
            if key == "1" { #expect(count.text("it") == "1 object has it: b/1") }
        }
        #expect(count.text("it") == "4 objects have it: b/1, b/2, b/3, …" && count.bucket == Array("b".utf8))
    }

    @Test("consent is read word by word, and nothing else is consent")
    func consent() {
        let all = MigrationConsent(["leave=uploads,storage-classes", "abort-uploads=3600", "force"])
        #expect(all?.leaving == [.uploads, .storageClasses] && all?.abortedAge == 3600 && all?.force == true)
        #expect(MigrationConsent([String]()) == MigrationConsent())
        for words in [
            ["leave="], ["leave=all"], ["leave=acls,"], ["leave"], ["force", "force"], ["abort-uploads=-1"],
            ["abort-uploads=1h"], ["5000"], ["force="],
        ] {
            #expect(MigrationConsent(words) == nil, "\(words)")
        }
        guard case .success(3600) = MigrationConsent.age("1h") else { return #expect(Bool(false), "1h") }
        guard case .failure = MigrationConsent.age("1") else { return #expect(Bool(false), "1") }
    }
}
